// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"math"
	"slices"
	"sync"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/chunks"
)

const (
	maxMessages = 1024    // in the Assembler
	maxAhead    = 64      // chunks of a message that wait for earlier ones
	maxBytes    = 8 << 20 // of all messages
)

// Assembler joins the chunks in which AI messages arrive, so that a program can show a message
// while it is written, as chat.Options.Progress does for a session. Use it in programs where one
// process gets all notifications of a chat. The zero Assembler is ready to use. Its methods may be
// called concurrently, and it must not be copied.
//
// It keeps up to 1,024 messages, including complete ones, and 8 MiB in all. To make room, it drops
// the messages whose last chunk is the oldest. A message has up to 64 KiB of text, and up to 64
// chunks that wait for earlier ones. Exceeding a limit only loses Progress events, because the last
// chunk contains the whole text.
type Assembler struct {
	mu       sync.Mutex
	messages map[string]*message // by ID
	bytes    int
	clock    uint64 // counts chunks
}

// message is a message that arrives in chunks.
type message struct {
	text     chunks.Text
	ahead    map[int]Notification // chunks that wait for earlier ones, by number
	complete bool
	bytes    int
	newest   uint64 // when the newest chunk arrived
}

// Add returns the notifications to handle, the earliest first. A chunk becomes a Progress with the
// text so far when all chunks before it have arrived. A duplicate of a chunk, or one after the
// complete message, is dropped. Everything else is returned unchanged, including duplicates, which
// Seen recognizes.
func (a *Assembler) Add(notifications ...Notification) []Notification {
	a.mu.Lock()
	defer a.mu.Unlock()
	sorted := slices.Clone(notifications)
	sortByTime(sorted)
	var out []Notification
	for _, n := range sorted {
		switch e := n.Event.(type) {
		case chat.Progress:
			out = append(out, a.addChunk(n, e)...)
		case chat.Message:
			a.end(e.ID)
			out = append(out, n)
		default:
			out = append(out, n)
		}
		a.makeRoom()
	}
	return out
}

// addChunk adds a chunk and returns the chunks that can be handled now.
func (a *Assembler) addChunk(n Notification, p chat.Progress) (ready []Notification) {
	if p.Chunk < 0 || p.Chunk > math.MaxInt32 {
		return nil
	}
	m := a.open(p.ID)
	if m.complete {
		return nil
	}
	if m.text.IsAhead(int32(p.Chunk)) {
		a.wait(m, n, p)
		return nil
	}
	for m.text.Add(int32(p.Chunk), p.Text) {
		a.grow(m, len(p.Text))
		p.Text = m.text.String()
		n.Event = p
		ready = append(ready, n)
		var found bool
		if n, found = m.ahead[p.Chunk+1]; !found {
			break
		}
		delete(m.ahead, p.Chunk+1)
		p = n.Event.(chat.Progress)
		a.grow(m, -sizeOf(p))
	}
	return ready
}

// wait keeps a chunk until the chunks before it have arrived.
func (a *Assembler) wait(m *message, n Notification, p chat.Progress) {
	if _, known := m.ahead[p.Chunk]; known || len(m.ahead) >= maxAhead || len(p.Text) > chunks.MaxBytes {
		return
	}
	if m.ahead == nil {
		m.ahead = map[int]Notification{}
	}
	m.ahead[p.Chunk] = n
	a.grow(m, sizeOf(p))
}

// sizeOf returns the memory that a waiting chunk takes. Raw also contains the text and the names.
func sizeOf(p chat.Progress) int { return len(p.Text) + 2*len(p.Raw) }

func (a *Assembler) grow(m *message, bytes int) {
	m.bytes += bytes
	a.bytes += bytes
}

// open returns the message with an ID, which it creates if necessary.
func (a *Assembler) open(id string) *message {
	m := a.messages[id]
	if m == nil {
		m = &message{}
		if a.messages == nil {
			a.messages = map[string]*message{}
		}
		a.messages[id] = m
		a.grow(m, len(id))
	}
	a.clock++
	m.newest = a.clock
	return m
}

// end drops the chunks of a complete message, and records that it is complete: its chunks may
// arrive later.
func (a *Assembler) end(id string) {
	m := a.open(id)
	a.bytes -= m.bytes
	*m = message{complete: true, newest: m.newest}
	a.grow(m, len(id))
}

// makeRoom drops the messages whose newest chunk is the oldest.
func (a *Assembler) makeRoom() {
	for len(a.messages) > maxMessages || a.bytes > maxBytes {
		oldest, newest := "", uint64(math.MaxUint64)
		for id, m := range a.messages {
			if m.newest < newest {
				oldest, newest = id, m.newest
			}
		}
		a.bytes -= a.messages[oldest].bytes
		delete(a.messages, oldest)
	}
}
