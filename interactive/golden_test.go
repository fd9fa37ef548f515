// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// Each message of testdata/messages is parsed, marshaled without loss, checked, converted to text
// and chosen from. The .txt file of the same name has the results.
func TestMessages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/messages/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			m, err := interactive.Parse(string(content))
			require.NoError(t, err)
			again, err := interactive.Marshal(m)
			require.NoError(t, err)
			require.JSONEq(t, string(content), again)
			if !strings.HasPrefix(filepath.Base(file), "odd-") {
				require.NoError(t, interactive.Check(m))
			}
			golden(t, strings.TrimSuffix(file, ".json")+".txt", describe(m))
		})
	}
}

// golden compares got with a file, or rewrites the file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run the tests with -update if the change is intended")
}

func describe(m interactive.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n# check\n%s\n", m.Template(), violations(interactive.Check(m)))
	fmt.Fprintf(&b, "# text\n%s\n\n", interactive.Text(m))
	newYork := time.FixedZone("", -5*60*60)
	fmt.Fprintf(&b, "# text with images, five hours behind\n%s\n", interactive.Text(m, func(o *interactive.TextOptions) {
		o.Images, o.Location = true, newYork
	}))
	for number := 1; ; number++ {
		c, ok := interactive.Choose(m, strconv.Itoa(number))
		if !ok {
			return b.String()
		}
		fmt.Fprintf(&b, "\n# choice %d\n%s\n%s\n%s\n", number, c.Title, c.ContentType, c.Content)
	}
}

func violations(err error) string {
	var check *interactive.CheckError
	var b strings.Builder
	if errors.As(err, &check) {
		for _, v := range check.Violations {
			fmt.Fprintf(&b, "%s: %s\n", v.Path, v.Limit)
		}
	}
	return b.String()
}

// sameJSON compares numbers digit by digit.
func sameJSON(t *testing.T, want, got string) {
	t.Helper()
	require.Equal(t, decode(t, want), decode(t, got))
}

func decode(t *testing.T, text string) (v any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&v))
	return v
}
