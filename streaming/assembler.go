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
	maxMessages = 1024    // at once
	maxAhead    = 64      // chunks of a message that wait for an earlier one
	maxBytes    = 8 << 20 // of all messages
)

// Assembler joins the chunks in which AI messages arrive, so that a program can show a message
// while it is written, as chat.Options.Progress does for a session. It is for programs that get
// all notifications of a chat in one process. The zero Assembler is ready to use, its methods may
// be called concurrently, and it must not be copied.
//
// It knows 1,024 messages at once, complete ones among them, and keeps 8 MiB in all; to make room
// it drops what it has heard of least recently. A message has up to 64 KiB of text, and up to 64
// chunks that wait for an earlier one. What doesn't fit costs Progress events only: the last chunk
// has the whole text.
type Assembler struct {
	mu       sync.Mutex
	messages map[string]*message // by ID
	bytes    int
	heard    uint64 // counts chunks
}

// message is one that arrives in chunks.
type message struct {
	text     chunks.Text
	ahead    map[int]Notification // chunks that wait for an earlier one, by number
	complete bool
	bytes    int
	heard    uint64 // when the newest chunk arrived
}

// Add returns what is to be handled, the earliest first. A chunk becomes a Progress with the text
// so far as soon as all chunks before it have arrived, and is dropped if it comes twice or after
// the complete message. Everything else is returned as it is, repeats too: Seen is for them.
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

// addChunk takes a chunk and returns those that have their turn.
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

// wait keeps a chunk until the ones before it have arrived.
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

// sizeOf returns what a chunk that waits takes of memory. The text and the names are in Raw too.
func sizeOf(p chat.Progress) int { return len(p.Text) + 2*len(p.Raw) }

func (a *Assembler) grow(m *message, bytes int) {
	m.bytes += bytes
	a.bytes += bytes
}

// open finds a message or begins one.
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
	a.heard++
	m.heard = a.heard
	return m
}

// end drops the chunks of a message that is complete, and remembers that it is: all of its chunks
// may come later.
func (a *Assembler) end(id string) {
	m := a.open(id)
	a.bytes -= m.bytes
	*m = message{complete: true, heard: m.heard}
	a.grow(m, len(id))
}

// makeRoom drops the messages that were heard of least recently.
func (a *Assembler) makeRoom() {
	for len(a.messages) > maxMessages || a.bytes > maxBytes {
		oldest, heard := "", uint64(math.MaxUint64)
		for id, m := range a.messages {
			if m.heard < heard {
				oldest, heard = id, m.heard
			}
		}
		a.bytes -= a.messages[oldest].bytes
		delete(a.messages, oldest)
	}
}
