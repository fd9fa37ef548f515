// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"fmt"
	"strings"
	"time"
)

// Option changes the result of [Text].
type Option = func(*TextOptions)

// TextOptions are the options of [Text].
type TextOptions struct {
	// Location is the time zone of times. Defaults to that of the event (timeZoneOffset), or to UTC
	// without one.
	Location *time.Location
	// Images includes the URLs of images. Defaults to false.
	Images bool
	// Time formats a time. Defaults to "Tue 1 Dec 2026, 10:00", followed by UTC if that is the time
	// zone.
	Time func(t time.Time) string
	// Hint returns the last line of a message with n choices, or "" for none. Defaults to "Reply
	// with the number of your choice."
	Hint func(n int) string
}

func newTextOptions(opts []Option) *TextOptions {
	var o TextOptions
	for _, opt := range opts {
		opt(&o)
	}
	if o.Time == nil {
		o.Time = writeTime
	}
	if o.Hint == nil {
		o.Hint = func(int) string { return "Reply with the number of your choice." }
	}
	return &o
}

func writeTime(t time.Time) string {
	s := t.Format("Mon 2 Jan 2006, 15:04")
	if t.Location() == time.UTC {
		s += " UTC"
	}
	return s
}

// outline is the readable content of a message.
type outline []section

type section struct {
	title, subtitle string
	image           Image
	entries         []entry
}

// entry is a line of a section: a choice, a link, or neither.
type entry struct {
	title, detail string
	image         Image
	link          string
	choice        *Choice
	names         []string // the replies that mean the choice, in addition to its number
}

// isChoice is false for a choice with nothing to show or to send.
func (e entry) isChoice() bool { return e.choice != nil && e.title != "" }

// Text returns a message as plain text, for channels without buttons: its titles, its choices
// (numbered, for [Choose]), its links, and a hint on how to reply. Markdown is unchanged. For a
// [ViewResource], it returns the members Heading, SubHeading and Description of the data, but not
// the actions, which are in the [View]. For an [AppleForm], it returns the questions, and for an
// [Other] the title. The text may be empty.
//
// [Split] splits the text for channels with short messages.
func Text(m Message, opts ...Option) string {
	if isNil(m) {
		return ""
	}
	o := newTextOptions(opts)
	choices := 0
	var blocks []string
	for _, s := range m.outline(o) {
		blocks = append(blocks, s.text(o, &choices))
	}
	if choices > 0 {
		blocks = append(blocks, o.Hint(choices))
	}
	return joinFilled(blocks, "\n\n")
}

// text returns the section as text, and counts the choices.
func (s section) text(o *TextOptions, choices *int) string {
	lines := []string{tidy(s.title), tidy(s.subtitle), s.image.text(o)}
	for _, e := range s.entries {
		line := e.title
		if e.detail != "" {
			line += " - " + e.detail
		}
		switch {
		case e.title == "" && e.link == "":
			line = ""
		case e.isChoice():
			*choices++
			line = fmt.Sprintf("%d. %s", *choices, line)
		case e.link != "":
			line = strings.TrimPrefix(line+": "+e.link, ": ")
		default:
			line = "- " + line
		}
		lines = append(lines, line, e.image.text(o))
	}
	return joinFilled(lines, "\n")
}

func (i Image) text(o *TextOptions) string {
	if !o.Images || i.URL == "" {
		return ""
	}
	return strings.TrimPrefix(oneLine(i.Description)+": "+i.URL, ": ")
}

// joinFilled joins the strings that aren't empty.
func joinFilled(all []string, separator string) string {
	var filled []string
	for _, s := range all {
		if s != "" {
			filled = append(filled, s)
		}
	}
	return strings.Join(filled, separator)
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func tidy(s string) string { return strings.TrimSpace(newlines.Replace(s)) }

// oneLine prevents a title from looking like two.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
