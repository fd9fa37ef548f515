// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func typed(id, number, text string) map[string]any {
	return map[string]any{"id": id, "from": number, "type": "text", "text": map[string]string{"body": text}}
}

func TestWebhookVerification(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		for query, want := range map[string]int{
			"hub.mode=subscribe&hub.verify_token=" + s.verifyToken + "&hub.challenge=12345": http.StatusOK,
			"hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=12345":                 http.StatusForbidden,
			"hub.verify_token=" + s.verifyToken + "&hub.challenge=12345":                    http.StatusForbidden,
			"": http.StatusForbidden,
		} {
			w := httptest.NewRecorder()
			s.webhook.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/webhook?"+query, nil))
			require.Equal(t, want, w.Code, query)
			require.Equal(t, want == http.StatusOK, w.Body.String() == "12345", query)
		}
	})
}

func TestUnsignedMessagesAreRefused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		status, err := s.notify(t.Context(), "another secret", typed("wamid.1", s.number, "forged"))
		require.NoError(t, err)
		require.Equal(t, http.StatusForbidden, status)

		w := httptest.NewRecorder()
		s.webhook.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/webhook", http.NoBody))
		require.Equal(t, http.StatusForbidden, w.Code)
		s.wait(time.Minute)
		require.Empty(t, s.chats)
	})
}

func TestDuplicatesAreIgnored(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		for _, pause := range []time.Duration{0, 5 * time.Second, time.Hour} {
			status, err := s.notify(t.Context(), s.secret, typed("wamid.1", s.number, "once"))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
			s.wait(pause)
		}
		require.Equal(t, []string{"once"}, words(said(s.chats[0])))
		require.Equal(t, 1, s.chats[0].Customer.Count("SendMessage"))
	})
}

func TestWebhookRespondsWithoutWaitingForTheChat(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		began := time.Now()
		for i := range maxInbox {
			require.NoError(t, s.write(t.Context(), "many"), i)
		}
		m := typed("wamid.more", s.number, "one more")
		status, err := s.notify(t.Context(), s.secret, m)
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, status, "Meta repeats it")
		require.Zero(t, time.Since(began))

		s.wait(time.Minute)
		status, err = s.notify(t.Context(), s.secret, m)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		s.wait(time.Minute)
		texts := words(said(s.chats[0]))
		require.Equal(t, "one more", texts[len(texts)-1])
	})
}

func TestOtherNotificationsAreIgnored(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		for _, m := range []map[string]any{
			{"id": "wamid.1", "from": s.number, "type": "reaction", "reaction": map[string]string{"emoji": "👍"}},
			{"id": "wamid.2", "from": s.number, "type": "unsupported"},
			typed("", s.number, "no id"), typed("wamid.3", "", "no number"), typed("wamid.4", s.number, ""),
		} {
			status, err := s.notify(t.Context(), s.secret, m)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
		}
		s.phoneNumberID = "another number of the business"
		require.NoError(t, s.write(t.Context(), "not for this gateway"))
		s.wait(time.Minute)
		require.Empty(t, s.chats)
	})
}

func TestTemplateButtonsAreText(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		t := s.t
		require.NoError(t, s.send(t.Context(), map[string]any{"type": "button", "button": map[string]string{"text": "Call me"}}))
		s.wait(5 * time.Second)
		require.Equal(t, []string{"Call me"}, words(said(s.chats[0])))
	})
}

func TestFilesHaveANameAndAType(t *testing.T) {
	t.Parallel()
	for want, m := range map[file]media{
		{"1", "whatsapp.ogg", "audio/ogg"}:           {ID: "1", MIMEType: "audio/ogg; codecs=opus"},
		{"1", "bill.pdf", "application/pdf"}:         {ID: "1", MIMEType: "application/pdf", Filename: "bill.pdf"},
		{"1", "passwd", "application/octet-stream"}:  {ID: "1", Filename: "../etc/passwd"},
		{"1", "whatsapp", "application/vnd.made-up"}: {ID: "1", MIMEType: "application/vnd.made-up"},
	} {
		require.Equal(t, want, *m.file())
	}
}
