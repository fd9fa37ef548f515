// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
)

var shortChats = flag.Int("forget.chats", 2000, "how many chats TestMemoryOfShortChats holds one after another")

// TestMemoryOfShortChats holds short chats one after another. Run as
// go test ./participanttest -run TestMemoryOfShortChats -v -timeout=0 -forget.chats=1000000 for more of them.
func TestMemoryOfShortChats(t *testing.T) { //nolint:paralleltest // it measures
	srv := participanttest.Start(t, participanttest.InMemory())
	heap := map[int]int64{}
	for n := 1; n <= *shortChats; n++ {
		shortChat(t, srv)
		switch n {
		case *shortChats / 10, *shortChats / 2, *shortChats:
			percent := n * 100 / *shortChats
			heap[percent] = liveHeap()
			t.Logf("heap after %d chats: %d kB", n, heap[percent]>>10)
		}
	}
	require.Len(t, srv.Contacts(), 1000)
	require.Less(t, heap[100]-heap[50], int64(512<<10), "of %d chats more", *shortChats/2)
}

// shortChat leaves nothing to the end of the test.
func shortChat(t *testing.T, srv *participanttest.Server) {
	t.Helper()
	contact, _ := startChat(t, srv, nil)
	customer, agent := token(t, srv, contact.Customer), token(t, srv, contact.Agent)
	conn, _, err := fips.Dial(t.Context(), socketURL(t, srv, contact.Customer), &websocket.DialOptions{HTTPClient: srv.Client()})
	require.NoError(t, err)
	send(t, conn, subscribe)
	receive(t, conn)
	ok(t, srv, "/participant/message", customer, `{"ContentType":"text/plain","Content":"hello","ClientToken":"c"}`)
	require.Equal(t, "hello", pushed(t, conn)["Content"])
	contact.Agent.ShareFile("plan.pdf", "application/pdf", make([]byte, 1000))
	ok(t, srv, "/participant/disconnect", agent, `{}`)
	_ = conn.CloseNow()
}

func TestChatsAreForgottenADayAfterTheirEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		srv := w.srv
		active, first := srv.NewChat(), srv.NewChat()
		bearer := token(t, srv, first.Customer)
		first.Agent.Say("hello")
		first.Transfer("Bea")
		first.End()
		srv.Advance(time.Hour)
		second := srv.NewChat()
		second.End()

		srv.Advance(23*time.Hour - time.Second)
		require.Same(t, first, srv.Contact(first.CurrentID()))
		ok(t, srv, "/participant/connection", first.Customer.Token, `{"Type":["CONNECTION_CREDENTIALS"]}`)
		srv.Advance(time.Second)
		require.Equal(t, []*participanttest.Contact{active, second}, srv.Contacts())
		require.Nil(t, srv.Contact(first.ID))
		require.Nil(t, srv.Contact(first.CurrentID()))
		denied(t, post(t, srv, "/participant/connection", first.Customer.Token, `{"Type":["CONNECTION_CREDENTIALS"]}`))
		denied(t, post(t, srv, "/participant/transcript", bearer, `{}`))
		require.Equal(t, "hello", first.Transcript()[1].Content, "for a reference that a test still has")
		require.Empty(t, first.Agent.Say("more"))
		srv.Advance(time.Hour)
		require.Equal(t, []*participanttest.Contact{active}, srv.Contacts())
	}, func(o *participanttest.Options) { o.TokensOutliveTheEnd = true })
}

func TestChatsAreForgottenWhenManyOthersHaveEnded(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	first := srv.NewChat()
	file := first.Agent.ShareFile("plan.pdf", "application/pdf", []byte(content))
	address := ok(t, srv, getPath, token(t, srv, first.Customer), body(t, "AttachmentId", file))["Url"].(string)
	first.End()
	for range 999 {
		srv.NewChat().End()
	}
	require.Same(t, first, srv.Contact(first.ID))
	require.Equal(t, http.StatusOK, get(t, srv, address).status)
	srv.NewChat().End()
	require.Nil(t, srv.Contact(first.ID))
	storageRefused(t, get(t, srv, address), http.StatusForbidden, "SignatureDoesNotMatch")
}

func TestChatsOfASnapshotAreForgottenInTime(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory())
	first, second := srv.NewChat(), srv.NewChat()
	second.End()
	srv.Advance(time.Hour)
	first.End()
	srv = restart(t, srv)
	srv.Advance(23 * time.Hour)
	require.Nil(t, srv.Contact(second.ID))
	require.NotNil(t, srv.Contact(first.ID))
	srv.Advance(time.Hour)
	require.Empty(t, srv.Contacts())
}
