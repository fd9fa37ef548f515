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

func TestSendFromAMemberThatDoesNotHoldTheChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(time.Minute)
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
				require.True(t, m.Own, "what another member has sent is the chat's own")
			}
		}
		require.Equal(t, connects, w.calls.connects(time.Time{}))
	})
}

func TestOneClientTokenIsOneMessage(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		c, _ := w.join("c")
		w.sleep(time.Minute)
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
		w.everything(2) // SaveEvery
	})
}

// A chat that nobody holds can be sent to with the token of its last owner.
func TestSendWhileNobodyHoldsTheChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		ids := w.add(a, 2)
		b, _ := w.join("b")
		w.sleep(time.Minute)
		a.Crash()
		connects := w.calls.connects(time.Time{})
		began := time.Now()
		_, err := b.Send(t.Context(), ids[0], "", plain, "Hello")
		require.NoError(t, err)
		require.Zero(t, time.Since(began))
		require.Equal(t, connects, w.calls.connects(time.Time{}))
		require.Zero(t, b.Stats().Held)

		// with a token that has expired too: as long as the owner seems to live it may have another
		w.chats[ids[1]].Customer.ExpireTokens()
		_, err = b.Send(t.Context(), ids[1], "", plain, "Hello")
		require.NoError(t, err)
		require.LessOrEqual(t, time.Since(began), 4*time.Second)
		require.Equal(t, connects+1, w.calls.connects(time.Time{}))
		require.Zero(t, b.Stats().Held)
		w.sleep(time.Minute)
		require.Equal(t, 2, b.Stats().Held)
		w.everything(1)
	})
}

func TestSendWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		ids := w.add(a, 2)
		b, _ := w.join("b")
		w.sleep(time.Minute)
		_, err := b.Send(t.Context(), ids[0], "", plain, "the token is known now")
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
		w.everything(1)
	})
}

// Many calls with a token that has expired get one new token.
func TestSendWithATokenThatHasExpired(t *testing.T) {
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
			_, err := m.Send(t.Context(), id, "", plain, "the token is known now")
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
		w.everything(1)
	})
}

func TestSendToAnUnknownChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		nothing := func(context.Context, *string) error { return errors.New("it was called") }
		for _, m := range []*fleet.Member{a, b} {
			_, err := m.Send(t.Context(), "unknown", "", plain, "text")
			require.ErrorIs(t, err, fleet.ErrUnknownChat)
			require.ErrorIs(t, m.Do(t.Context(), "unknown", nothing), fleet.ErrUnknownChat)
		}
		w.chats[id].End()
		w.sleep(time.Minute)
		for _, m := range []*fleet.Member{a, b} {
			_, err := m.Send(t.Context(), id, "", plain, "text")
			require.ErrorIs(t, err, fleet.ErrUnknownChat)
		}
	})
}

func TestDoFromAnyMember(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(time.Minute)
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
		failed := errors.New("the caller's")
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

// A message that fails for a passing reason is sent again, and only once arrives.
func TestSendAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(time.Minute)
		w.failNext(message, 3)
		_, err := b.Send(t.Context(), id, "", plain, "Hello")
		require.NoError(t, err)
		w.failNext(message, 5)
		_, err = b.Send(t.Context(), id, "", plain, "Hello")
		require.Error(t, err)
		w.sleep(time.Second)
		w.everything(1)
	})
}
