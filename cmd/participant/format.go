// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant/internal/terminal"
	"github.com/participant-go/connectparticipant/types"
)

// formats are the functions that write one item.
var formats = map[string]func(*types.Item) string{
	"text":     func(item *types.Item) string { return line(when(item, fullTime), readable(item)) },
	"json":     jsonLine,
	"markdown": func(item *types.Item) string { return markdown(readable(item)) },
}

// jsonLine writes an item with the service's names, without absent members. It loses nothing: what a
// terminal could interpret is escaped.
func jsonLine(item *types.Item) string {
	var members any
	all, _ := json.Marshal(item) // can't fail: strings and lists of strings
	_ = json.Unmarshal(all, &members)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(withoutAbsent(members))
	return escapeUnsafe(strings.TrimSuffix(b.String(), "\n")) + "\n"
}

func withoutAbsent(value any) any {
	switch v := value.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, member any) bool { return withoutAbsent(member) == nil })
	case []any:
		for i := range v {
			v[i] = withoutAbsent(v[i])
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return value
}

// escapeUnsafe escapes in JSON what terminal.Line replaces elsewhere and encoding/json doesn't escape:
// DEL, C1 controls, and characters that set the direction. They occur in strings only.
func escapeUnsafe(text string) string {
	if !strings.ContainsFunc(text, terminal.IsUnsafe) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if terminal.IsUnsafe(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// markdown formats a message as a quotation that it can't break out of.
func markdown(item *types.Item) string {
	at, who := when(item, fullTime), escapeMarkdown(nameOf(item))
	if !isMessage(item) {
		return "*" + strings.TrimSpace(at+" "+who) + ": " + escapeMarkdown(eventName(item)) + "*\n\n"
	}
	return "**" + who + "**, " + at + "\n\n> " + strings.Join(markdownContent(item), "\n> ") + "\n\n"
}

// markdownContent keeps the formatting of Markdown, fences JSON, and shows everything else literally.
func markdownContent(item *types.Item) []string {
	lines := content(item)
	switch kind := aws.ToString(item.ContentType); {
	case types.IsContentType(kind, types.ContentTypeTextMarkdown):
		return strings.Split(inert.Replace(strings.Join(lines, "\n")), "\n")
	case types.IsContentType(kind, types.ContentTypeApplicationJSON), types.IsContentType(kind, types.ContentTypeInteractive),
		types.IsContentType(kind, types.ContentTypeInteractiveResponse):
		fence := fenceFor(lines)
		return append(append([]string{fence + "json"}, lines...), fence)
	default:
		return strings.Split(escapeMarkdown(strings.Join(lines, "\n")), "\n")
	}
}

// inert keeps the Markdown of others from containing HTML, images, which a viewer would load, links
// whose text hides their target, and definitions, which would apply to the whole file. A character
// reference can't begin any of these, whatever precedes it.
var inert = strings.NewReplacer(`\\`, `\\`, `\<`, "&lt;", `\[`, "&#91;", "<", "&lt;", "[", "&#91;")

var backticks = regexp.MustCompile("`+")

// fenceFor returns a fence that is longer than any row of backticks in the lines.
func fenceFor(lines []string) string {
	longest := 2
	for _, row := range backticks.FindAllString(strings.Join(lines, "\n"), -1) {
		longest = max(longest, len(row))
	}
	return strings.Repeat("`", longest+1)
}

var (
	// A backslash at the end of a line keeps the break.
	literal = strings.NewReplacer(`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`,
		`&`, `\&`, `#`, `\#`, `|`, `\|`, `~`, `\~`, "\n", "\\\n")
	// A line becomes a list or a heading only by its beginning.
	beginnings = regexp.MustCompile(`(?m)^(\s*\d*)([-+=.)])`)
)

func escapeMarkdown(text string) string {
	return beginnings.ReplaceAllString(literal.Replace(text), `$1\$2`)
}
