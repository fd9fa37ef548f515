// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"strconv"
	"strings"
)

// Choice is a choice that a participant sends, with Session.SendContent(ctx, c.ContentType,
// c.Content) or in the fields of the same names of SendMessageInput.
type Choice struct {
	// Title is the text of the choice; clients show it instead of the Content.
	Title string
	// ContentType is text/plain, or application/vnd.amazonaws.connect.message.interactive.response
	// for action buttons and views. The chat must have been started with that content type.
	ContentType string
	// Content is the content that AWS's chat widget sends: the unchanged title of an element, the
	// date of a slot of a TimePicker, or JSON for a Carousel and for responses to views.
	Content string
}

// Choose returns the choice that a reply to the [Text] of a message selects. The reply may be the
// number of the choice, as in "2", "2." or "(2)", or its title, regardless of case and white space.
// In a [Carousel], the title may be preceded by that of its picker or panel, as in "Attic - Book".
// A slot of a [TimePicker] is selected by its number, or by its date as in the message or the
// Choice (2026-12-01T09:00+00:00), not by the text that Text shows. Links are not choices.
//
// Choose doesn't guess. It returns false if the reply is something else, or fits two choices that
// are sent differently, such as "2" if a choice other than the second has the title 2. Such a reply
// may be sent as plain text, which the bot interprets. For text entered while a view is shown, see
// [ViewResource.Reply].
//
// The service doesn't document what it expects from WhatsApp and Apple Messages; Choose returns the
// title for these too.
func Choose(m Message, reply string) (Choice, bool) {
	reply = oneLine(reply)
	if isNil(m) || reply == "" {
		return Choice{}, false
	}
	var found []Choice
	number, position := chosenNumber(reply), 0
	for _, s := range m.outline(newTextOptions(nil)) {
		for _, e := range s.entries {
			if !e.isChoice() {
				continue
			}
			position++
			if position == number || e.isNamed(reply) {
				found = append(found, *e.choice)
			}
		}
	}
	if len(found) == 0 {
		return Choice{}, false
	}
	for _, c := range found[1:] {
		if c.Content != found[0].Content {
			return Choice{}, false
		}
	}
	return found[0], true
}

func (e entry) isNamed(reply string) bool {
	for _, name := range e.names {
		if strings.EqualFold(oneLine(name), reply) {
			return true
		}
	}
	return false
}

// chosenNumber returns the number in a reply, or 0 if the reply isn't a number.
func chosenNumber(reply string) int {
	digits := strings.TrimSuffix(reply, ".")
	if digits == reply {
		digits = strings.TrimPrefix(strings.TrimSuffix(reply, ")"), "(")
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
