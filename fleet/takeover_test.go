// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

var (
	takeOverChats = flag.Int("fleet.chats", 120, "number of chats of the member that dies in TestTakeOverOfAllChats")
	kills         = flag.Int("fleet.kills", 25, "number of members killed in TestDuplicatesAfterAKill")
	takeOverHeirs = flag.Int("fleet.heirs", 2, "number of members that survive in TestTakeOverOfAllChats")
)

const lease = 6 * time.Second

// To measure a large fleet:
//
//	go test ./fleet -run TestTakeOverOfAllChats -v -fleet.chats=2500
func TestTakeOverOfAllChats(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		n := *takeOverChats
		dying, link := w.join("dying")
		ids := w.add(dying, n)
		w.sleep(2*time.Minute + time.Duration(n)*time.Second/4)
		require.Equal(t, n, dying.Stats().Held)
		require.Zero(t, dying.Stats().Waiting)
		var heirs []*fleet.Member
		for i := range *takeOverHeirs {
			heir, _ := w.join(fmt.Sprint("heir", i+1))
			heirs = append(heirs, heir)
		}
		w.sleep(20 * time.Second)
		died := w.kill(dying, link)
		for _, id := range ids {
			w.chats[id].Agent.Say("while no member owns the chat")
		}
		aim := lease + time.Second + time.Duration(1.05*float64(n)/connectionQuota*float64(time.Second))
		w.sleep(aim + 20*time.Second)
		w.requireHandled(1)
		connects := w.calls.times(connection, http.StatusOK, died)
		require.Equal(t, n, len(connects)) //nolint:testifylint // Len would print all elements
		first, last := connects[0].Sub(died), connects[n-1].Sub(died)
		used := float64(n-1) / (last - first).Seconds() / connectionQuota
		t.Logf("%d chats of a member that died: first connected after %s, last after %s (target %s), %.1f %% of the quota used, all handled after %s, %d × 429",
			n, first, last, aim, 100*used, w.lastHandled().Sub(died), w.calls.throttled())
		require.LessOrEqual(t, first, lease+time.Second)
		require.LessOrEqual(t, last, aim)
		require.GreaterOrEqual(t, used, 0.95-3/float64(*takeOverChats), "a member that has finished passes on its part a second later")
		require.Zero(t, w.calls.throttled())
		held := 0
		for _, heir := range heirs {
			held += heir.Stats().Held
		}
		require.Equal(t, n, held)
	}, func(o *participanttest.Options) { o.Throttle, o.MaxSockets = true, 1<<20 })
}

// lastHandled returns when the last event was handled.
func (w *world) lastHandled() (last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.handled {
		for _, h := range all {
			if h.at.After(last) {
				last = h.at
			}
		}
	}
	return last
}

// With SaveEvery 0, only the event under way is handled again, or the one whose save is under way.
func TestDuplicatesAfterAKill(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		const chats = 4
		rng := rand.New(rand.NewPCG(1, 2))
		w.handler = func(context.Context, string, *fleet.Held, chat.Event) error {
			<-time.After(20 * time.Millisecond)
			return nil
		}
		links := map[*fleet.Member]*link{}
		join := func(n int) *fleet.Member {
			m, l := w.join(fmt.Sprint("m", n), func(o *fleet.Options) { o.SaveEvery = 0 })
			l.setFaults(linkFaults{delay: 0.5})
			links[m] = l
			return m
		}
		members := []*fleet.Member{join(1), join(2)}
		ids := w.add(members[0], chats)
		var killed []time.Time
		for n := range *kills {
			members = append(members, join(n+3))
			for range 10 {
				for _, id := range ids {
					w.chats[id].Agent.Say("something")
				}
				w.sleep(time.Second)
			}
			w.sleep(time.Duration(rng.Int64N(int64(time.Second))))
			for _, id := range ids {
				w.chats[id].Agent.Say("at the kill")
			}
			w.sleep(time.Duration(rng.Int64N(int64(2 * time.Second))))
			busiest := slices.MaxFunc(members, func(a, b *fleet.Member) int { return cmp.Compare(a.Stats().Held, b.Stats().Held) })
			members = slices.DeleteFunc(members, func(m *fleet.Member) bool { return m == busiest })
			killed = append(killed, w.kill(busiest, links[busiest]))
		}
		w.sleep(time.Minute)
		w.requireHandled(*kills)
		duplicates, most := w.duplicates(killed)
		t.Logf("%d kills of a member with most of %d chats, SaveEvery 0: %d duplicates, at most %d of a chat per kill", *kills, chats, duplicates, most)
		require.LessOrEqual(t, most, 1)
		require.Positive(t, duplicates)
	})
}

// duplicates returns how many events were handled again, and the most of one chat after one kill.
func (w *world) duplicates(killed []time.Time) (all, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, handled := range w.handled {
		seen, afterKill := map[string]bool{}, map[int]int{}
		for _, h := range handled {
			if seen[h.id] {
				kill, _ := slices.BinarySearchFunc(killed, h.at, time.Time.Compare)
				afterKill[kill]++
				all, most = all+1, max(most, afterKill[kill])
			}
			seen[h.id] = true
		}
	}
	return all, most
}

func TestChatEndsDuringTakeOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		reason error
		server func(*participanttest.Options)
	}{
		{"its tokens expire with it", chat.ErrAccessDenied, func(*participanttest.Options) {}},
		{"its tokens stay valid", chat.ErrChatEnded, func(o *participanttest.Options) { o.TokensOutliveTheEnd = true }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				t := w.t
				a, _ := w.join("a")
				b, _ := w.join("b")
				ids := w.add(a, 2)
				w.sleep(20 * time.Second)
				for _, id := range ids {
					w.chats[id].Agent.Say("before")
				}
				w.sleep(5 * time.Second)
				a.Crash()
				for _, id := range ids {
					w.chats[id].Agent.Say("while no member owns the chat")
				}
				w.chats[ids[0]].End()
				w.sleep(time.Minute)
				require.Equal(t, 1, b.Stats().Held)
				w.mu.Lock()
				ended := w.ended
				w.mu.Unlock()
				require.Len(t, ended, 1)
				require.Len(t, ended[ids[0]], 1)
				require.ErrorIs(t, ended[ids[0]][0], test.reason)
				if test.reason == chat.ErrChatEnded { //nolint:errorlint // it isn't wrapped
					w.requireHandled(1)
				}
				require.NoError(t, b.Add(t.Context(), fleet.Chat{ID: ids[0], ParticipantToken: w.chats[ids[0]].Customer.Token, ParticipantID: "p"}))
				w.sleep(time.Minute)
				require.Len(t, ended[ids[0]], 1, "the chat isn't started again")
			}, test.server)
		})
	}
}

// A member that returns just after its record has expired keeps its chats: it writes their records
// again. Another member may learn of the return later than of the end.
func TestReturningMemberKeepsItsChats(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var losing atomic.Bool
		renewals, gone, back := 0, make(chan struct{}), make(chan struct{})
		returning := &hooks{}
		a := w.joinThrough("a", returning)
		returning.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if key == "member/a" && losing.Load() {
				if renewals++; renewals <= 2 {
					return 0, errLink
				}
				<-time.After(10 * time.Millisecond) // the record has just expired
			}
			return returning.Store.Put(ctx, key, value, rev, ttl)
		})
		id := w.add(a, 1)[0]
		late := &hooks{watch: func(entry fleet.Entry) {
			switch {
			case !losing.Load() || entry.Key != "member/a":
			case entry.Gone:
				close(gone)
				<-back
			default:
				<-time.After(time.Second)
			}
		}}
		b := w.joinThrough("b", late)
		w.sleep(20 * time.Second)
		losing.Store(true)
		<-gone
		w.await(5*time.Second, func() bool { return !a.Stats().Fenced })
		close(back)
		w.sleep(time.Minute)
		require.Equal(w.t, 1, a.Stats().Held)
		require.Zero(w.t, b.Stats().Claimed)
		require.Equal(w.t, uint64(1), w.chatRecord(id).Epoch)
	})
}
