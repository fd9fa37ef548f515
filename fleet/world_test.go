// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	_ "github.com/participant-go/connectparticipant/internal/fipstest"
	"github.com/participant-go/connectparticipant/participanttest"
)

const (
	connections     = "CreateParticipantConnection"
	connectionQuota = 6.0 // a second
)

// world is a bubble with the service, an engine and members.
type world struct {
	t      *testing.T
	srv    *participanttest.Server
	engine *engine
	client *connectparticipant.Client
	calls  *calls
	chats  map[string]*participanttest.Contact

	mu      sync.Mutex
	handled map[string][]handling // by chat
	ended   map[string][]*chat.CloseError
	running map[string][]string // the members that are handling an event, by chat
	overlap []string
	handler func(ctx context.Context, member string, held *fleet.Held, event chat.Event) error
}

// handling is a handled event.
type handling struct {
	member string
	epoch  uint64
	id     string
	at     time.Time
	event  chat.Event
}

// inWorld runs a test in a bubble.
func inWorld(t *testing.T, test func(w *world), optFns ...func(*participanttest.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t, optFns...)) })
}

func newWorld(t *testing.T, optFns ...func(*participanttest.Options)) *world {
	t.Helper()
	srv := participanttest.Start(t, append([]func(*participanttest.Options){participanttest.InMemory()}, optFns...)...)
	w := &world{
		t: t, srv: srv, engine: newEngine(), chats: map[string]*participanttest.Contact{},
		handled: map[string][]handling{}, ended: map[string][]*chat.CloseError{}, running: map[string][]string{},
	}
	t.Cleanup(w.engine.end)
	w.calls = &calls{client: srv.Client()}
	w.client = connectparticipant.New(connectparticipant.Options{
		Region: "us-west-2", BaseEndpoint: &srv.URL, HTTPClient: w.calls,
	})
	return w
}

// join joins a member with its own link. It is closed when the test ends.
func (w *world) join(id string, optFns ...func(*fleet.Options)) (*fleet.Member, *link) {
	w.t.Helper()
	l := w.engine.link(uint64(len(id)) + uint64(id[len(id)-1]))
	m, err := fleet.Join(w.t.Context(), l, w.client, w.handle(id), append([]func(*fleet.Options){w.options(id)}, optFns...)...)
	require.NoError(w.t, err)
	w.t.Cleanup(func() {
		_ = m.Close()
		l.late.Wait()
	})
	return m, l
}

// kill ends a member as kill -9 does: none of its later calls reach the engine. It returns the time.
func (w *world) kill(m *fleet.Member, l *link) (at time.Time) {
	at = time.Now()
	l.setCut(true)
	m.Crash()
	return at
}

func (w *world) options(id string) func(*fleet.Options) {
	return func(o *fleet.Options) {
		o.ID, o.Sealer = id, fleet.Plaintext
		o.Chat = func(o *chat.Options) { o.HTTPClient = w.srv.Client() }
		o.Ended = func(_ context.Context, held *fleet.Held, reason *chat.CloseError) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ended[held.ID] = append(w.ended[held.ID], reason)
		}
		if os.Getenv("FLEET_LOG") != "" {
			o.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
		}
	}
}

// handle returns a handler that records what it handled, and handlers that ran concurrently.
func (w *world) handle(id string) fleet.Handler {
	return func(ctx context.Context, held *fleet.Held, event chat.Event) error {
		w.enter(held.ID, id)
		defer w.leave(held.ID, id)
		if w.handler != nil {
			if err := w.handler(ctx, id, held, event); err != nil {
				return err
			}
		}
		if meta, ok := chat.MetaOf(event); ok {
			w.note(held, id, meta.ID, event)
		}
		return nil
	}
}

func (w *world) enter(chatID, member string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[chatID] = append(w.running[chatID], member)
	if len(w.running[chatID]) > 1 {
		w.overlap = append(w.overlap, fmt.Sprintf("%s by %v at %s", chatID, w.running[chatID], time.Now().Format(time.StampMilli)))
	}
}

func (w *world) leave(chatID, member string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.running[chatID], member)
	w.running[chatID] = slices.Delete(w.running[chatID], i, i+1)
}

func (w *world) note(held *fleet.Held, member, id string, event chat.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handled[held.ID] = append(w.handled[held.ID], handling{member, held.Epoch, id, time.Now(), event})
}

// newChat starts a chat at the service.
func (w *world) newChat() fleet.Chat {
	contact := w.srv.NewChat()
	c := fleet.Chat{ID: contact.ID, ParticipantToken: contact.Customer.Token, ParticipantID: contact.Customer.ID}
	w.chats[c.ID] = contact
	return c
}

// pair joins two members that are ready to take over chats. The first owns n chats.
func (w *world) pair(n int) (owner, other *fleet.Member, ids []string) {
	w.t.Helper()
	owner, _ = w.join("a")
	ids = w.add(owner, n)
	other, _ = w.join("b")
	w.sleep(time.Minute)
	return owner, other, ids
}

// add starts n chats and adds them to the fleet.
func (w *world) add(m *fleet.Member, n int) (ids []string) {
	w.t.Helper()
	for range n {
		c := w.newChat()
		require.NoError(w.t, m.Add(w.t.Context(), c))
		ids = append(ids, c.ID)
	}
	return ids
}

// addAs starts a chat and adds it under an ID that an ended one had.
func (w *world) addAs(m *fleet.Member, id string) *participanttest.Contact {
	w.t.Helper()
	c := w.newChat()
	contact := w.chats[c.ID]
	c.ID = id
	require.NoError(w.t, m.Add(w.t.Context(), c))
	return contact
}

// drainNow drains a member as if its grace period were over.
func (w *world) drainNow(m *fleet.Member) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	cancel()
	require.NoError(w.t, m.Drain(ctx))
}

// sleep waits in virtual time, and then for all goroutines of the bubble to block.
func (w *world) sleep(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// handledBy returns how many times an item was handled, and by which member last.
func (w *world) handledBy(chatID, id string) (times int, last string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.handled[chatID] {
		if h.id == id {
			times, last = times+1, h.member
		}
	}
	return times, last
}

// requireHandled requires that every message of the service was handled at least once and at most
// atMost times, and that no two handlers of a chat ran at the same time.
func (w *world) requireHandled(atMost int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Empty(w.t, w.overlap)
	for id, contact := range w.chats {
		times := map[string]int{}
		for _, h := range w.handled[id] {
			times[h.id]++
		}
		for _, item := range contact.Transcript() {
			if item.Type == "MESSAGE" {
				require.Positive(w.t, times[item.Id], "%s of %s", item.Id, id)
				require.LessOrEqual(w.t, times[item.Id], atMost, "%s of %s", item.Id, id)
			}
		}
	}
}

// await waits until a condition is met.
func (w *world) await(atMost time.Duration, met func() bool) {
	w.t.Helper()
	for begun := time.Now(); !met(); w.sleep(100 * time.Millisecond) {
		require.Less(w.t, time.Since(begun), atMost)
	}
}

// chatRecord has the members of a chat's record that tests read.
type chatRecord struct {
	Owner string `json:"owner"`
	Epoch uint64 `json:"epoch"`
	Ended bool   `json:"ended"`
}

func (w *world) chatRecord(id string) (r chatRecord) {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, _, err := records.Get(w.t.Context(), "chat/"+id)
	require.NoError(w.t, err)
	require.NoError(w.t, json.Unmarshal(value, &r))
	return r
}

// change changes a record of the engine, as another member would.
func (w *world) change(key string, change func(value []byte) []byte) {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, rev, err := records.Get(w.t.Context(), key)
	require.NoError(w.t, err)
	_, err = records.Put(w.t.Context(), key, change(value), rev, 0)
	require.NoError(w.t, err)
}

// ownedBy sets the owner of a chat's record, under the next epoch.
func ownedBy(owner string) func(value []byte) []byte {
	return func(value []byte) []byte {
		var record map[string]any
		_ = json.Unmarshal(value, &record)
		record["owner"], record["epoch"] = owner, record["epoch"].(float64)+1
		value, _ = json.Marshal(record)
		return value
	}
}
