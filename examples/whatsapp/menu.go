// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/participant-go/connectparticipant/interactive"
	"github.com/participant-go/connectparticipant/types"
)

// Limits of WhatsApp's interactive messages, in characters unless they are numbers of elements.
const (
	maxButtons     = 3
	maxButtonTitle = 20
	maxButtonsBody = 1024
	maxRows        = 10
	maxRowTitle    = 24
	maxRowDetail   = 72
)

// menus are the prompts of a chat. WhatsApp returns the ID of a button or row, and keeps old ones
// visible: choices maps each ID to the choice that the chat expects. Typed text is a reply to the
// newest message only.
type menus struct {
	mu      sync.Mutex
	newest  interactive.Message // nil if the newest message isn't a prompt
	choices map[string]interactive.Choice
}

// open sets the newest prompt, and returns its form in WhatsApp, or nil if it has none.
func (m *menus) open(messageID string, prompt interactive.Message) map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest = prompt
	options := optionsOf(messageID, prompt)
	menu := menuOf(bodyOf(prompt), options)
	if menu == nil {
		return nil
	}
	if m.choices == nil {
		m.choices = map[string]interactive.Choice{}
	}
	for _, o := range options {
		m.choices[o.id] = o.choice
	}
	return menu
}

func (m *menus) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest = nil
}

// choose returns the choice for a pick or a text. An unknown pick, for example from an earlier
// chat, is sent as its title.
func (m *menus) choose(pickID, text string) interactive.Choice {
	m.mu.Lock()
	defer m.mu.Unlock()
	if choice, ok := m.choices[pickID]; ok {
		m.newest = nil
		return choice
	}
	if view, ok := m.newest.(*interactive.ViewResource); ok {
		return view.Reply(text)
	}
	if choice, ok := interactive.Choose(m.newest, text); ok {
		m.newest = nil
		return choice
	}
	return interactive.Choice{Title: text, ContentType: types.ContentTypeTextPlain, Content: text}
}

// option is a button or a row.
type option struct {
	id, title, detail string
	choice            interactive.Choice
}

// optionsOf returns the choices of a prompt, or nil if their numbers are ambiguous.
func optionsOf(messageID string, prompt interactive.Message) (options []option) {
	count := 0
	interactive.Text(prompt, func(o *interactive.TextOptions) {
		o.Hint = func(n int) string { count = n; return "" }
	})
	details := detailsOf(prompt)
	for n := 1; n <= count; n++ {
		choice, ok := interactive.Choose(prompt, fmt.Sprintf("%d.", n))
		if !ok {
			return nil
		}
		options = append(options, option{
			id:    fmt.Sprintf("%s-%d", messageID, n),
			title: choice.Title, detail: details[choice.Title], choice: choice,
		})
	}
	return options
}

// bodyOf returns the text above the choices, or "" for prompts that buttons would not show completely.
func bodyOf(prompt interactive.Message) string {
	switch p := prompt.(type) {
	case *interactive.ListPicker:
		if !hasLink(p.Elements) {
			return lines(p.Title, p.Subtitle)
		}
	case *interactive.Panel:
		if !hasLink(p.Elements) {
			return lines(p.Title, p.Subtitle)
		}
	case *interactive.QuickReply:
		return lines(p.Title, p.Subtitle)
	case *interactive.TimePicker:
		if p.Location != nil {
			return lines(p.Title, p.Subtitle, p.Location.Title)
		}
		return lines(p.Title, p.Subtitle)
	case *interactive.WhatsAppInteractiveList:
		return lines(p.Body, p.Footer)
	case *interactive.WhatsAppInteractiveReplyButton:
		return lines(p.Body, p.Footer)
	}
	return ""
}

func hasLink(elements []interactive.Element) bool {
	for _, e := range elements {
		if e.Type == interactive.ElementHyperlink {
			return true
		}
	}
	return false
}

// lines joins the strings that aren't empty.
func lines(all ...string) string {
	empty := func(s string) bool { return strings.TrimSpace(s) == "" }
	return strings.Join(slices.DeleteFunc(all, empty), "\n")
}

// detailsOf returns the second lines of choices, by title.
func detailsOf(prompt interactive.Message) map[string]string {
	details := map[string]string{}
	switch p := prompt.(type) {
	case *interactive.ListPicker:
		for _, e := range p.Elements {
			details[e.Title] = e.Subtitle
		}
	case *interactive.WhatsAppInteractiveList:
		for _, s := range p.Sections {
			for _, row := range s.Rows {
				details[row.Title] = row.Description
			}
		}
	}
	return details
}

// menuOf returns buttons or a list, or nil if the options fit into neither.
func menuOf(body string, options []option) map[string]any {
	switch {
	case body == "" || len(options) == 0:
		return nil
	case len(options) <= maxButtons && fit(options, maxButtonTitle, 0) && length(body) <= maxButtonsBody:
		return buttons(body, options)
	case len(options) <= maxRows && fit(options, maxRowTitle, maxRowDetail) && length(body) <= maxText:
		return list(body, options)
	}
	return nil
}

// fit returns false for titles that WhatsApp rejects: too long or duplicate.
func fit(options []option, title, detail int) bool {
	titles := map[string]bool{}
	for _, o := range options {
		if titles[o.title] || length(o.title) > title || length(o.detail) > detail {
			return false
		}
		titles[o.title] = true
	}
	return true
}

func length(s string) int { return len(utf16.Encode([]rune(s))) }

func buttons(body string, options []option) map[string]any {
	all := make([]map[string]any, 0, len(options))
	for _, o := range options {
		all = append(all, map[string]any{"type": "reply", "reply": map[string]string{"id": o.id, "title": o.title}})
	}
	return map[string]any{
		"type": "button", "body": map[string]string{"text": body}, "action": map[string]any{"buttons": all},
	}
}

func list(body string, options []option) map[string]any {
	rows := make([]map[string]string, 0, len(options))
	for _, o := range options {
		row := map[string]string{"id": o.id, "title": o.title}
		if o.detail != "" {
			row["description"] = o.detail
		}
		rows = append(rows, row)
	}
	return map[string]any{
		"type": "list", "body": map[string]string{"text": body},
		"action": map[string]any{"button": "Choose", "sections": []any{map[string]any{"title": "Choices", "rows": rows}}},
	}
}
