// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
	"github.com/participant-go/connectparticipant/types"
)

func addMessages(f *testing.F, add func(content string)) {
	f.Helper()
	files, err := filepath.Glob("testdata/messages/*.json")
	require.NoError(f, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(f, err)
		add(string(bytes.TrimSpace(content)))
	}
}

// A parsed message is marshaled as the same JSON, and no function panics on it.
func FuzzParse(f *testing.F) {
	addMessages(f, func(content string) { f.Add(content) })
	f.Fuzz(func(t *testing.T, content string) {
		m, err := interactive.Parse(content)
		if err != nil {
			return
		}
		again := marshal(t, m)
		sameJSON(t, content, again)
		parsed, err := interactive.Parse(again)
		require.NoError(t, err)
		require.Equal(t, violations(interactive.Check(m)), violations(interactive.Check(parsed)))
		require.Equal(t, interactive.Text(m), interactive.Text(parsed))
		if c, ok := interactive.Choose(m, "1"); ok {
			require.NotEmpty(t, c.Title)
			requireContent(t, c)
		}
		if view, ok := m.(*interactive.ViewResource); ok {
			view.Data()
			requireContent(t, view.Reply(content))
		}
	})
}

func requireContent(t *testing.T, c interactive.Choice) {
	t.Helper()
	if c.ContentType == types.ContentTypeInteractiveResponse {
		require.True(t, json.Valid([]byte(c.Content)))
	} else {
		require.Equal(t, types.ContentTypeTextPlain, c.ContentType)
	}
}

// A reply that Choose accepts means the same choice as its number.
func FuzzChoose(f *testing.F) {
	addMessages(f, func(content string) {
		for _, reply := range []string{"1", " 2. ", "(3)", "book", "GREEN", "2026-12-01T09:00+00:00", ""} {
			f.Add(content, reply)
		}
	})
	f.Fuzz(func(t *testing.T, content, reply string) {
		m, err := interactive.Parse(content)
		if err != nil {
			return
		}
		c, ok := interactive.Choose(m, reply)
		if !ok {
			require.Zero(t, c)
			return
		}
		requireContent(t, c)
		again, ok := interactive.Choose(m, " \t("+strings.TrimSpace(reply)+")\n")
		require.True(t, !ok || again.Content == c.Content)
	})
}

// Each choice in the text can be chosen by its number.
func FuzzText(f *testing.F) {
	addMessages(f, func(content string) { f.Add(content, int64(3600), true) })
	f.Fuzz(func(t *testing.T, content string, offset int64, images bool) {
		m, err := interactive.Parse(content)
		if err != nil {
			return
		}
		choices := 0
		text := interactive.Text(m, func(o *interactive.TextOptions) {
			o.Location, o.Images = time.FixedZone("", int(offset)), images
			o.Hint = func(n int) string { choices = n; return "hint" }
		})
		require.Equal(t, choices > 0, strings.HasSuffix(text, "\n\nhint"))
		_, ok := interactive.Choose(m, "(1)")
		require.True(t, !ok || choices > 0)
		for _, part := range interactive.Split(text, 100) {
			require.NotEmpty(t, part)
		}
	})
}

func FuzzParseView(f *testing.F) {
	f.Add(`{"type":"object"}`, `{"Head":{"Title":"T"},"Body":[]}`, "Submit", `{"FormData":{"city":"Ulm"}}`)
	f.Add("", "", "", "null")
	f.Add("{", "[", " ", "[]")
	f.Fuzz(func(t *testing.T, schema, template, action, data string) {
		v, err := interactive.ParseView(&types.View{Content: &types.ViewContent{
			InputSchema: &schema, Template: &template, Actions: []string{action},
		}})
		if err != nil {
			return
		}
		_, err = json.Marshal(v)
		require.NoError(t, err)
		c, err := v.Respond(action, json.RawMessage(data))
		if err != nil {
			require.Zero(t, c)
			return
		}
		require.LessOrEqual(t, len(c.Content), 16384)
		require.True(t, json.Valid([]byte(c.Content)))
	})
}

// Only white space is lost, and no part is longer than the limit.
func FuzzSplit(f *testing.F) {
	for _, text := range []string{"One. Two three\nfour", "👨‍👩‍👧🇩🇪🇫🇷👍🏽", "e\u0301e\u0301", "\xff\xfe", "\u00a0 a", "क्ष한글", "1. A\n2. B"} {
		for _, limit := range []int{0, 1, 2, 5, 100} {
			f.Add(text, limit)
		}
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		parts := interactive.Split(text, limit)
		var joined string
		for _, part := range parts {
			joined += withoutSpace(part)
			require.NotEmpty(t, part)
			runes := []rune(part)
			require.True(t, limit <= 0 || len(utf16.Encode(runes)) <= limit || len(runes) == 1)
		}
		require.Equal(t, withoutSpace(text), joined)
	})
}

func withoutSpace(s string) string {
	var b strings.Builder
	for i, r := range s {
		if !unicode.IsSpace(r) {
			if r == unicode.ReplacementChar {
				b.WriteByte(s[i])
			} else {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}
