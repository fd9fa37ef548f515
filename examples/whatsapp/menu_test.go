// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

// picker returns a ListPicker with elements in JSON.
func picker(elements ...string) string {
	return `{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"Which one?","subtitle":"Choose","elements":[` +
		strings.Join(elements, ",") + `]}}}`
}

// numbered returns n elements.
func numbered(n int) (elements []string) {
	for i := range n {
		elements = append(elements, fmt.Sprintf(`{"title":"Choice %c"}`, 'A'+i))
	}
	return elements
}

func TestPromptsBecomeButtonsAndLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content, kind, text string
		titles              []string
		pick, sent          string
	}{
		"three short choices are buttons": {
			picker(numbered(3)...), "button", "Which one?\nChoose", []string{"Choice A", "Choice B", "Choice C"}, "Choice B", "Choice B",
		},
		"four are a list": {
			picker(numbered(4)...), "list", "Which one?\nChoose", []string{"Choice A", "Choice B", "Choice C", "Choice D"}, "Choice D", "Choice D",
		},
		"a title over 20 characters makes a list": {
			picker(`{"title":"A title of 24 characters"}`), "list", "Which one?\nChoose",
			[]string{"A title of 24 characters"},
			"A title of 24 characters", "A title of 24 characters",
		},
		"subtitles make a list": {
			picker(`{"title":"July","subtitle":"41 EUR"}`), "list", "Which one?\nChoose", []string{"July"}, "July", "July",
		},
		"times are sent as dates": {
			`{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"When?","timeZoneOffset":60,` +
				`"location":{"title":"Ulm"},"timeslots":[{"date":"2026-12-01T09:00+00:00","duration":60}]}}}`,
			"list", "When?\nUlm",
			[]string{"Tue 1 Dec 2026, 10:00"},
			"Tue 1 Dec 2026, 10:00", "2026-12-01T10:00:00.00+00:00",
		},
		"a list for WhatsApp": {
			`{"templateType":"WhatsAppInteractiveList","version":"1.0","data":{"content":{"title":"Bill","body":{"text":"Which bill?"},` +
				`"action":{"button":"Bills","sections":[{"title":"2026","rows":[{"id":"b7","title":"July","description":"41 EUR"}]}]}}}}`,
			"list", "Which bill?",
			[]string{"July"},
			"July", "July",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				t := s.t
				contact := s.begin()
				contact.System.SayInteractive(test.content)
				menu := s.last()
				require.Equal(t, test.kind, menu.kind)
				require.Equal(t, test.text, menu.text)
				var titles []string
				for _, o := range menu.options {
					titles = append(titles, o.Title)
				}
				require.Equal(t, test.titles, titles)
				s.picks(menu, test.pick)
				require.Equal(t, []string{"Hello!", test.sent}, words(said(contact)))
			})
		})
	}
}

func TestOtherPromptsBecomeNumberedText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 20)
	for name, test := range map[string]struct{ content, reply, sent string }{
		"a long title":     {picker(`{"title":"`+long+`"}`, `{"title":"B"}`), "1", long},
		"a long subtitle":  {picker(`{"title":"A"}`, `{"title":"B","subtitle":"`+long+`"}`), "2.", "B"},
		"eleven choices":   {picker(numbered(11)...), "(11)", "Choice K"},
		"the same twice":   {picker(`{"title":"A"}`, `{"title":"A"}`), "2", "A"},
		"with a link":      {picker(`{"title":"Shop","type":"hyperlink","url":"https://shop.example"}`, `{"title":"B"}`), "1", "B"},
		"something else":   {picker(numbered(11)...), "none of these", "none of these"},
		"two meanings":     {picker(`{"title":"2"}`, `{"title":"`+long+`"}`), "2", "2"},
		"a title, by name": {picker(numbered(11)...), " choice k ", "Choice K"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				t := s.t
				contact := s.begin()
				contact.System.SayInteractive(test.content)
				menu := s.last()
				require.Equal(t, "text", menu.kind)
				require.Contains(t, menu.text, "1. ")
				s.writes(test.reply)
				require.Equal(t, []string{"Hello!", test.sent}, words(said(contact)))
			})
		})
	}
}

func TestTypedTextIsAReplyToTheNewestMessage(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		contact.System.SayInteractive(picker(numbered(3)...))
		old := s.last()
		contact.Agent.Say("How many?")
		require.Equal(t, "How many?", s.last().text)
		s.writes("2")
		s.picks(old, "Choice A")
		contact.System.SayInteractive(picker(numbered(4)...))
		s.wait(5 * time.Second)
		s.writes("2")
		s.writes("2")
		require.Equal(t, []string{"Hello!", "2", "Choice A", "Choice B", "2"}, words(said(contact)))

		contact.System.SayInteractive(picker(numbered(3)...))
		menus := s.display()
		s.picks(menus[len(menus)-1], "Choice C")
		s.writes("2")
		require.Equal(t, []string{"Choice C", "2"}, words(said(contact))[5:])
	})
}

func TestPickFromAnEarlierChatIsSentAsItsTitle(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		contact.System.SayInteractive(picker(numbered(3)...))
		old := s.last()
		contact.End()
		require.Equal(t, goodbye, s.last().text)
		s.picks(old, "Choice A")
		require.Len(t, s.chats, 2)
		require.Equal(t, []string{"Choice A"}, words(said(s.chats[1])))
	})
}

func TestTextWhileAViewIsShown(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		contact := s.begin()
		contact.System.SayInteractive(`{"templateType":"ViewResource","version":"1.0","data":{"content":{"viewId":"form",` +
			`"viewToken":"made-up","viewData":{"Heading":"Your address"}}}}`)
		require.Equal(t, "Your address", s.last().text)
		s.writes("Ulm")
		item := said(contact)[1]
		require.Equal(t, types.ContentTypeInteractiveResponse, item.ContentType)
		require.Contains(t, item.Content, "Ulm")
	})
}

func TestInvalidPromptIsText(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		s.begin().System.SayInteractive("{'templateType': 'ListPicker'}")
		require.Equal(t, "{'templateType': 'ListPicker'}", s.last().text)
	})
}
