// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

const plain = "text/plain"

func TestSendFromAnyMember(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, b, ids := w.pair(1)
		id := ids[0]
		connects := w.calls.connects(time.Time{})
		for _, m := range []*fleet.Member{a, b, b} {
			sent, err := m.Send(t.Context(), id, "", plain, "Hello")
			require.NoError(t, err)
			w.sleep(time.Second)
			times, by := w.handledBy(id, sent.ID)
			require.Equal(t, 1, times)
			require.Equal(t, "a", by)
			require.WithinDuration(t, time.Now(), sent.Time, 2*time.Second)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, h := range w.handled[id] {
			if m, ok := h.event.(chat.Message); ok {
				require.True(t, m.Own, "messages that another member sent are the chat's own")
			}
		}
		require.Equal(t, connects, w.calls.connects(time.Time{}))
	})
}

func TestOneClientTokenIsOneMessage(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, b, chats := w.pair(1)
		id := chats[0]
		c, _ := w.join("c")
		ids := map[string]bool{}
		for _, m := range []*fleet.Member{b, a, c, b} {
			sent, err := m.Send(t.Context(), id, "message-4711", plain, "Hello")
			require.NoError(t, err)
			ids[sent.ID] = true
		}
		a.Crash()
		sent, err := c.Send(t.Context(), id, "message-4711", plain, "Hello")
		require.NoError(t, err)
		ids[sent.ID] = true
		w.sleep(30 * time.Second)
		require.Len(t, ids, 1)
		w.requireHandled(2) // SaveEvery
	})
}

// A chat without an owner can be sent to with the token of its last owner.
func TestSendWhileNoMemberOwnsTheChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, b, ids := w.pair(2)
		a.Crash()
		connects := w.calls.connects(time.Time{})
		began := time.Now()
		_, err := b.Send(t.Context(), ids[0], "", plain, "Hello")
		require.NoError(t, err)
		require.Zero(t, time.Since(began))
		require.Equal(t, connects, w.calls.connects(time.Time{}))
		require.Zero(t, b.Stats().Held)

		// also with an expired token: while the owner seems to be alive, it may publish a newer one
		w.chats[ids[1]].Customer.ExpireTokens()
		_, err = b.Send(t.Context(), ids[1], "", plain, "Hello")
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(began), 4*time.Second)
		require.Equal(t, connects+1, w.calls.connects(time.Time{}))
		require.Zero(t, b.Stats().Held)
		w.sleep(time.Minute)
		require.Equal(t, 2, b.Stats().Held)
		w.requireHandled(1)
	})
}

func TestSendWhileTheStoreIsUnreachable(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, b, ids := w.pair(2)
		_, err := b.Send(t.Context(), ids[0], "", plain, "caches the token")
		require.NoError(t, err)
		w.engine.stop()
		w.sleep(time.Minute)
		for _, m := range []*fleet.Member{a, b} {
			require.True(t, m.Stats().Fenced)
			_, err = m.Send(t.Context(), ids[0], "", plain, "Hello")
			require.NoError(t, err)
		}
		_, err = b.Send(t.Context(), ids[1], "", plain, "Hello")
		require.ErrorIs(t, err, errAway)
		w.engine.start()
		w.sleep(time.Minute)
		w.requireHandled(1)
	})
}

// Concurrent calls with an expired token request one new token.
func TestSendWithAnExpiredToken(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		members := []*fleet.Member{a}
		for _, name := range []string{"b", "c", "d"} {
			m, _ := w.join(name)
			members = append(members, m)
		}
		w.sleep(time.Minute)
		for _, m := range members {
			_, err := m.Send(t.Context(), id, "", plain, "caches the token")
			require.NoError(t, err)
		}
		w.chats[id].Customer.ExpireTokens()
		expired := time.Now()
		errs := make(chan error, 20)
		for i := range cap(errs) {
			go func() {
				_, err := members[1+i%3].Send(t.Context(), id, "", plain, "Hello")
				errs <- err
			}()
		}
		for range cap(errs) {
			require.NoError(t, <-errs)
		}
		t.Logf("%d messages with an expired token sent after %s, with %d connections", cap(errs), time.Since(expired), w.calls.connects(expired))
		require.LessOrEqual(t, time.Since(expired), 10*time.Second)
		require.Equal(t, 1, w.calls.connects(expired))
		_, err := a.Send(t.Context(), id, "", plain, "Hello")
		require.NoError(t, err)
		w.sleep(time.Minute)
		w.requireHandled(1)
	})
}

func TestSendToAnUnknownChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, b, ids := w.pair(1)
		nothing := func(context.Context, *string) error { return errors.New("unexpected call") }
		for _, m := range []*fleet.Member{a, b} {
			_, err := m.Send(t.Context(), "unknown", "", plain, "text")
			require.ErrorIs(t, err, fleet.ErrUnknownChat)
			require.ErrorIs(t, m.Do(t.Context(), "unknown", nothing), fleet.ErrUnknownChat)
		}
		w.chats[ids[0]].End()
		w.sleep(time.Minute)
		for _, m := range []*fleet.Member{a, b} {
			_, err := m.Send(t.Context(), ids[0], "", plain, "text")
			require.ErrorIs(t, err, fleet.ErrUnknownChat)
		}
	})
}

func TestDoFromAnyMember(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, b, ids := w.pair(1)
		id := ids[0]
		typing := func(ctx context.Context, token *string) error {
			contentType := "application/vnd.amazonaws.connect.event.typing"
			_, err := w.client.SendEvent(ctx, &connectparticipant.SendEventInput{ConnectionToken: token, ContentType: &contentType})
			return err
		}
		for _, m := range []*fleet.Member{a, b} {
			require.NoError(t, m.Do(t.Context(), id, typing))
		}
		w.chats[id].Customer.ExpireTokens()
		require.NoError(t, b.Do(t.Context(), id, typing))
		require.Len(t, w.calls.times("event", http.StatusForbidden, time.Time{}), 1)
		failed := errors.New("the caller's error")
		calls := 0
		require.ErrorIs(t, b.Do(t.Context(), id, func(context.Context, *string) error {
			calls++
			return failed
		}), failed)
		require.Equal(t, 1, calls)
		a.Crash()
		w.sleep(time.Second)
		require.NoError(t, b.Do(t.Context(), id, typing))
		require.Len(t, w.calls.times("event", http.StatusOK, time.Time{}), 4)
	})
}

// A message whose responses are lost is sent again and arrives once.
func TestSendRetriesAfterAFailure(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		_, b, ids := w.pair(1)
		id := ids[0]
		w.failNext(message, 3)
		_, err := b.Send(t.Context(), id, "", plain, "Hello")
		require.NoError(t, err)
		w.failNext(message, 5)
		_, err = b.Send(t.Context(), id, "", plain, "Hello")
		require.Error(t, err)
		w.sleep(time.Second)
		w.requireHandled(1)
	})
}

func TestTokenOfAChatIsPublished(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		_, b, ids := w.pair(1)
		calls := len(w.srv.Requests())
		_, err := b.Send(w.t.Context(), ids[0], "", "text/plain", "Hello")
		require.NoError(w.t, err)
		for _, r := range w.srv.Requests()[calls:] {
			require.NotEqual(w.t, connections, r.Operation)
		}
	})
}
