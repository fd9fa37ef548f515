// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"strconv"
	"strings"
)

// Choice is what a participant sends for a choice: Session.SendContent(ctx, c.ContentType,
// c.Content), or the members of the same names of SendMessageInput.
type Choice struct {
	// Title is the choice for people to read; clients show it in place of the Content.
	Title string
	// ContentType is text/plain, or application/vnd.amazonaws.connect.message.interactive.response
	// for action buttons and views, which the chat must have been started for.
	ContentType string
	// Content is what AWS's chat widget sends: the title of an element as it is; for a slot of a
	// TimePicker the date; for a Carousel and the answers to views JSON.
	Content string
}

// Choose returns the choice that a person means by a reply to the [Text] of a message: its
// number, as in "2", "2." or "(2)", or its title, without regard to case and to white space. In
// a [Carousel] the titles of the element and of the choice count together, as in "Attic - Book",
// or the latter alone; a slot of a [TimePicker] has its date for a title. Links are no choices.
//
// It returns false rather than a guess: if the reply is something else, or could mean two choices
// that are sent differently, such as "2" where another choice than the second is named 2. The
// reply may then be sent as plain text, which the bot interprets. For the words of a person who
// sees a view see [ViewResource.Reply].
//
// What the service expects from WhatsApp and Apple Messages is not documented; Choose returns the
// title there too.
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

// chosenNumber returns the number in a reply, 0 if it is none.
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
