// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

const (
	teas = `{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"Which tea?","subtitle":"Choose one",` +
		`"elements":[{"title":"Green","subtitle":"3 EUR"},{"title":"Black"}]}}}`
	slots = `{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"When may we call?","timeZoneOffset":60,` +
		`"timeslots":[{"date":"2026-12-01T09:00+00:00","duration":30},{"date":"2026-12-01T09:30+00:00","duration":30}]}}}`
	cups = `{"templateType":"Panel","version":"1.0","data":{"content":{"title":"Which cup?","elements":[{"title":"Blue"},{"title":"Red"}]}}}`
	more = `{"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"Anything else?","elements":[{"title":"Yes"},{"title":"No"}]}}}`
	tour = `{"templateType":"Carousel","version":"1.0","data":{"content":{"title":"Which room?","elements":[` +
		`{"templateIdentifier":"a","templateType":"Panel","version":"1.0","data":{"content":{"title":"Attic","elements":[{"title":"Book"}]}}},` +
		`{"templateIdentifier":"c","templateType":"Panel","version":"1.0","data":{"content":{"title":"Cellar","elements":[{"title":"Reserve"}]}}}]}}}`
	drinks = `{"templateType":"WhatsAppInteractiveList","version":"1.0","data":{"content":{"title":"Drinks","body":{"text":"What to drink?"},` +
		`"action":{"button":"Menu","sections":[{"title":"Hot","rows":[{"id":"t","title":"Tea"},{"id":"c","title":"Coffee"}]}]}}}}`
)

func TestChatSendsAChoice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ prompt, shown, line, chosen, sent string }{
		"by its number":         {teas, `Which tea\?\n    Choose one\n    1\. Green - 3 EUR\n    2\. Black\n    \n    Reply with the number`, "2", "Black", "Black"},
		"by its title":          {teas, `2\. Black\n`, " green", "Green", "Green"},
		"of a time":             {slots, `2\. Tue 1 Dec 2026, 10:30\n`, "2.", "Tue 1 Dec 2026, 10:30", "2026-12-01T10:30:00.00+00:00"},
		"of a panel":            {cups, `Which cup\?\n    1\. Blue\n    2\. Red\n`, "1", "Blue", "Blue"},
		"of a quick reply":      {more, `Anything else\?\n    1\. Yes\n    2\. No\n`, "(2)", "No", "No"},
		"of a carousel":         {tour, `Cellar\n    2\. Reserve\n`, "2", "Reserve", `"Reserve"`},
		"of a list, WhatsApp's": {drinks, `2\. Coffee\n`, "2", "Coffee", "Coffee"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			r := s.start(t, true, "chat")
			s.System.SayInteractive(test.prompt)
			r.await(test.shown)
			r.write(test.line)
			r.awaitIn(r.stderr, `^You chose: .*`+test.chosen+`\n$`)
			require.Contains(t, s.texts()[1], test.sent)
			require.NotContains(t, r.stdout.String(), "templateType\":\"List")
			r.write(test.line, "/quit")
			r.awaitCode(exitOK)
			require.Equal(t, test.line, s.texts()[2], "a prompt got two replies")
		})
	}
}

func TestChatSendsOtherTextAsTyped(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(t, true, "chat")
	r.write("1")
	r.await(`Customer: 1\n`)
	s.System.SayInteractive(teas)
	r.await(`2\. Black\n`)
	r.write("3")
	r.await(`Customer: 3\n`)
	s.System.SayInteractive(teas)
	r.await(`(?s)2\. Black\n.*2\. Black\n`)
	s.Agent.Say("Never mind")
	r.await(`Never mind\n`)
	r.write("2")
	r.await(`Customer: 2\n`)
	r.write("/quit")
	r.awaitCode(exitOK)
	require.Equal(t, []string{"1", teas, "3", teas, "Never mind", "2"}, s.texts())
	require.Empty(t, r.stderr.String())
}

func TestChatSendsAChoiceOfTheHistory(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Customer.Join()
	s.System.SayInteractive(teas)
	r := s.start(t, true, "chat")
	r.await(`2\. Black\n`)
	r.write("2")
	r.await(`Customer: Black\n`)
}

func TestChatRepliesToAView(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		actions    []string
		line, sent string
		notice     string
	}{
		"with a number":      {[]string{"Submit", "Back"}, "2", `{"action":"Back","data":{},"templateType":"ViewResource","version":"1.0"}`, "You chose: Back\n"},
		"with an action":     {[]string{"Submit", "Back"}, "submit", `{"action":"Submit","data":{},"templateType":"ViewResource","version":"1.0"}`, "You chose: Submit\n"},
		"with words":         {[]string{"Submit", "Back"}, "what?", `{"action":" ","data":{"content":"what?"},"templateType":"ViewResource","version":"1.0"}`, ""},
		"that has no action": {nil, "1", `{"action":" ","data":{"content":"1"},"templateType":"ViewResource","version":"1.0"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			r := s.start(t, true, "chat")
			token := s.System.ShowView(participanttest.View{ID: "address", Actions: test.actions})
			r.await(`\[view\] address\n`)
			r.write(test.line, "/quit")
			r.awaitCode(exitOK)
			last := s.Transcript()[len(s.Transcript())-1]
			require.Equal(t, test.sent, last.Content)
			require.Equal(t, types.ContentTypeInteractiveResponse, last.ContentType)
			require.Equal(t, test.notice, r.stderr.String())
			require.NotContains(t, r.stdout.String(), token)
			for i, action := range test.actions {
				require.Contains(t, r.stdout.String(), "\n    "+string(rune('1'+i))+". "+action+"\n")
			}
		})
	}
}

func TestChatShowsAViewThatFails(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.srv.Inject(participanttest.Fault{On: "DescribeView", Effect: participanttest.Fail(404, "ResourceNotFoundException")})
	r := s.start(t, true, "chat")
	token := s.System.ShowView(participanttest.View{ID: "address", Actions: []string{"Submit"}})
	r.await(`\[view\] address\n    the view can't be shown: .*ResourceNotFoundException`)
	r.write("1", "/quit")
	r.awaitCode(exitOK)
	require.Contains(t, s.texts()[1], `"data":{"content":"1"}`)
	require.NotContains(t, r.stdout.String(), token)
}

func TestChatDescribesNoOldViews(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(t, true, "chat")
	require.NoError(t, s.Customer.WaitSockets(t.Context(), 1))
	s.Push(participanttest.Item{
		Id: "old", Type: "MESSAGE", AbsoluteTime: time.Now().Add(-2 * viewAge).UTC().Format("2006-01-02T15:04:05.000Z"),
		ContentType: types.ContentTypeInteractive, ParticipantRole: types.ParticipantRoleSystem,
		Content: `{"templateType":"ViewResource","version":"1.0","data":{"content":{"viewId":"old","viewToken":"made-up"}}}`,
	})
	r.await(`\[view\] old\n`)
	require.Zero(t, s.Customer.Count("DescribeView"))
}

func TestChatEscapesPrompts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(t, true, "chat")
	s.System.SayInteractive(`{"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"\u001b[2Jowned","elements":[{"title":"a\u009b\u202eb"},{"title":"c"}]}}}`)
	r.await(`2\. c\n`)
	r.write("1", "/quit")
	r.awaitCode(exitOK)
	requireTame(t, r.stdout.String())
	require.Contains(t, r.stderr.String(), "You chose: a\ufffd\ufffdb\n")
}

func TestTranscriptShowsPromptsAsText(t *testing.T) {
	t.Parallel()
	view := `{"templateType":"ViewResource","version":"1.0","data":{"content":{"viewId":"address","viewToken":"made-up","viewData":{"Heading":"Where?"}}}}`
	for name, test := range map[string]struct{ content, text, markdown string }{
		"a picker":                {teas, "Which tea?\n    Choose one\n    1. Green - 3 EUR\n    2. Black\n", "> Which tea?\\\n> Choose one\\\n> 1\\. Green - 3 EUR\\\n> 2\\. Black\n\n"},
		"a view":                  {view, "[view] address\n    Where?\n", "> \\[view\\] address\\\n> Where?\n\n"},
		"one with nothing to see": {`{"templateType":"New"}`, "{\"templateType\":\"New\"}\n", "> ```json\n> {\"templateType\":\"New\"}\n> ```\n\n"},
		"one that isn't JSON":     {`{'templateType'}`, "{'templateType'}\n", "> ```json\n> {'templateType'}\n> ```\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			item := types.Item{Type: types.ChatItemTypeMessage, DisplayName: aws.String("Bot"), ContentType: aws.String(types.ContentTypeInteractive), Content: &test.content, AbsoluteTime: aws.String("soon")}
			require.Equal(t, "soon  Bot: "+test.text, formats["text"](&item))
			require.Equal(t, "**Bot**, soon\n\n"+test.markdown, formats["markdown"](&item))
			require.Contains(t, formats["json"](&item), "templateType")
		})
	}
}

func TestChatSignsIn(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(t, true, "chat")
	r.write("/login https://shop.example/back", "/nologin", "before")
	r.await(`Customer: before\n`)
	r.awaitIn(r.stderr, `^(participant chat: there is no request to sign in, or it has expired\n){2}$`)
	id := s.StartAuthentication(s.Customer)
	r.await(`authentication initiated\n`)
	r.write("/login", "/login https://shop.example/back")
	r.awaitIn(r.stderr, `/login needs a redirect URI .*\nSign in at: `+s.srv.URL+`/oauth2/authorize\?\S+redirect_uri=https%3A%2F%2Fshop\.example%2Fback\S*\n$`)
	s.CompleteAuthentication(id, participanttest.AuthenticationSucceeded)
	r.await(`authentication succeeded\n`)
	r.write("/nologin", "/quit")
	r.awaitCode(exitOK)
	require.Zero(t, s.Customer.Count("CancelParticipantAuthentication"))
	require.NotContains(t, r.stdout.String(), "oauth2")
}

func TestChatCancelsTheSignIn(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(t, true, "chat")
	require.NoError(t, s.Customer.WaitSockets(t.Context(), 1))
	s.StartAuthentication(s.Customer)
	r.await(`authentication initiated\n`)
	r.write("/nologin")
	r.await(`authentication cancelled\n`)
	s.srv.Inject(participanttest.Fault{On: "GetAuthenticationUrl", Effect: participanttest.Fail(400, "ValidationException")})
	s.StartAuthentication(s.Customer)
	r.await(`(?s)authentication initiated\n.*authentication initiated\n`)
	r.write("/login https://shop.example/back", "/quit")
	r.awaitCode(exitOK)
	require.Contains(t, r.stderr.String(), "participant chat: get the URL to sign in: the service refuses the request: ")
}
