// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// deadSockets are faults after which an open socket is useless.
var deadSockets = map[string]participanttest.Effect{"silent": participanttest.Silent(), "half open": participanttest.Blackhole()}

func TestADeadSocketIsNoticedWithinTwentySeconds(t *testing.T) {
	t.Parallel()
	for name, effect := range deadSockets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s, longest := b.start(), time.Duration(0)
				for i := range 30 {
					b.sleep(33*time.Second + 333*time.Millisecond) // at varying times between two heartbeats
					b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Socket: i + 1, Effect: effect})
					died := time.Now()
					id := b.contact.Agent.Say("into the void")
					require.False(b.t, b.connected(s))
					longest = max(longest, time.Since(died))
					require.True(b.t, b.connected(s))
					require.Equal(b.t, id, b.message(s).ID)
				}
				require.LessOrEqual(b.t, longest, 20*time.Second)
				b.t.Logf("noticed within %v", longest)
			})
		})
	}
}

// connected returns the next change of the connection.
func (b *bubble) connected(s *chat.Session) bool {
	b.t.Helper()
	for {
		event, err := s.Next(b.t.Context())
		require.NoError(b.t, err)
		if changed, ok := event.(chat.ConnectionChanged); ok {
			return changed.Connected
		}
	}
}

func TestCloseTakesAtMostASecondOnADeadSocket(t *testing.T) {
	t.Parallel()
	for name, effect := range deadSockets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := participanttest.Start(t)
			contact := srv.NewChat()
			client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
			s, err := chat.Start(t.Context(), client, contact.Customer.Token, func(o *chat.Options) { o.HTTPClient = srv.Client() })
			require.NoError(t, err)
			fault := srv.Inject(participanttest.Fault{On: participanttest.OnPush, Effect: effect})
			contact.Agent.Say("into the void")
			require.Equal(t, 1, fault.Applied())
			begun := time.Now()
			require.NoError(t, s.Close())
			require.Less(t, time.Since(begun), 4*time.Second, "a second, plus slack for a busy machine")
		})
	}
}

func TestFailingPingsReplaceTheSocketSeldom(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{"status 500": participanttest.Fail(500, ""), "silence": participanttest.Ignore()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.srv.Inject(participanttest.Fault{On: participanttest.OnPing, Effect: effect})
				b.sleep(time.Hour)
				require.Zero(b.t, s.Stats().Reconnects)
				require.InDelta(b.t, 12, s.Stats().Renewals, 2)
			})
		})
	}
}

// stuckSocket is the socket of a peer that doesn't read: writes block until the socket is closed.
type stuckSocket struct {
	io.ReadWriteCloser

	stuck, closed chan struct{}
	once          sync.Once
}

func (k *stuckSocket) Write(p []byte) (int, error) {
	select {
	case <-k.stuck:
		<-k.closed
		return 0, errors.New("the connection was closed")
	default:
		return k.ReadWriteCloser.Write(p)
	}
}

func (k *stuckSocket) Close() error {
	k.once.Do(func() { close(k.closed) })
	return k.ReadWriteCloser.Close()
}

// stuckFirst makes the first socket a stuckSocket, which blocks once stuck is closed.
type stuckFirst struct {
	http.RoundTripper

	stuck chan struct{}
	once  sync.Once
}

func (r *stuckFirst) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusSwitchingProtocols {
		r.once.Do(func() {
			response.Body = &stuckSocket{ReadWriteCloser: response.Body.(io.ReadWriteCloser), stuck: r.stuck, closed: make(chan struct{})}
		})
	}
	return response, err
}

func TestBlockedHeartbeatDelaysNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		transport := &stuckFirst{RoundTripper: b.srv.Client().Transport, stuck: make(chan struct{})}
		s := b.start(func(o *chat.Options) {
			o.HTTPClient = &http.Client{Transport: transport}
			o.HoldBack = time.Second
		})
		b.settle()
		close(transport.stuck)
		for range 30 { // half a minute, in which heartbeats are due
			said := b.contact.Agent.Say("live")
			require.Equal(b.t, said, b.within(s, 2100*time.Millisecond).ID, "within HoldBack and a reconnect")
		}
		require.Equal(b.t, 1, s.Stats().Reconnects, "the socket was replaced")
	})
}

func TestReceiptsAreSentWhileAHeartbeatIsBlocked(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		transport := &stuckFirst{RoundTripper: b.srv.Client().Transport, stuck: make(chan struct{})}
		s := b.start(func(o *chat.Options) { o.HTTPClient = &http.Client{Transport: transport} })
		b.settle()
		close(transport.stuck)
		for range 10 {
			said := b.contact.Agent.Say("read this")
			require.Equal(b.t, said, b.lastMessage(s).ID)
			s.MarkRead(said)
			b.sleep(100 * time.Millisecond)
			_, read := b.receiptOf(said)
			require.NotEmpty(b.t, read, "the receipt before it was sent more than 5 s ago")
			b.sleep(5 * time.Second)
		}
	})
}

// A socket that reaches only the gateway may have missed pushes. It is replaced, but the chat ends before
// the next pass.
func TestASocketWithoutPongsReportsAGap(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPing, Effect: participanttest.Ignore()})
		b.lose()
		b.contact.Agent.Say("lost")
		for s.Stats().Renewals == 0 {
			b.sleep(time.Second)
		}
		b.contact.End()
		events, end := b.toEnd(s, time.Minute)
		require.True(b.t, end.Gap)
		require.True(b.t, only[chat.ChatEnded](events)[0].Gap)
	})
}
