// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// aliveEvery is how often a comment is written to a silent stream, to detect a lost one.
	aliveEvery = 15 * time.Second
	// writeWait is how long a page may stop reading before it loses its stream.
	writeWait = 10 * time.Second
)

// eventLog contains the events for a visitor's pages. Most of them are kept, the oldest first, as
// long as the visitor: a page may resume from any of them.
type eventLog struct {
	id string // prefix of the IDs of its events, which distinguishes them from those of another chat

	mu         sync.Mutex
	entries    [][]byte
	transient  map[topic]transientEvent
	transients int                  // number of transient events so far
	files      map[string]shownFile // by id
	grown      chan struct{}        // closed when the next event is added
}

// transientEvent is an event that isn't kept: only the newest of its topic matters.
type transientEvent struct {
	number int // consecutive number
	data   []byte
	until  time.Time // when it is obsolete; zero: never
}

// topic is a message that is still being written, by its ID, or a typing participant.
type topic struct{ kind, id string }

func newEventLog() *eventLog {
	return &eventLog{id: rand.Text(), transient: map[topic]transientEvent{}, files: map[string]shownFile{}, grown: make(chan struct{})}
}

func (l *eventLog) add(e shownEvent) {
	data := mustMarshal(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Type == typeTyping:
		l.addTransient(topic{typeTyping, e.From}, data, time.Now().Add(typingLasts))
	case e.Partial:
		l.addTransient(topic{typeMessage, e.ID}, data, time.Time{})
	default:
		l.entries = append(l.entries, data)
		delete(l.transient, topic{typeMessage, e.ID})
	}
	if e.Type == typeMessage {
		delete(l.transient, topic{typeTyping, e.From})
	}
	for _, file := range e.Files {
		l.files[file.ID] = file
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *eventLog) addTransient(t topic, data []byte, until time.Time) {
	l.transients++
	l.transient[t] = transientEvent{l.transients, data, until}
}

// after returns the entries from number n on, the transient events after number passed, and a
// channel that is closed when there are more.
func (l *eventLog) after(n, passed int) (entries [][]byte, transient []transientEvent, grown <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.transient {
		if e.number > passed && (e.until.IsZero() || time.Now().Before(e.until)) {
			transient = append(transient, e)
		}
	}
	slices.SortFunc(transient, func(a, b transientEvent) int { return cmp.Compare(a.number, b.number) })
	return l.entries[min(n, len(l.entries)):], transient, l.grown
}

// file returns a file of the chat.
func (l *eventLog) file(id string) (shownFile, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, ok := l.files[id]
	return file, ok
}

// position returns the number of entries that a page has if lastEventID is the last one that it
// received, and false if lastEventID is not from this log.
func (l *eventLog) position(lastEventID string) (n int, ok bool) {
	id, number, _ := strings.Cut(lastEventID, "-")
	n, err := strconv.Atoi(number)
	if id != l.id || err != nil || n < 0 {
		return 0, false
	}
	return n, true
}

// events streams events. A browser that has lost its stream sends the last ID, and the stream
// continues there. A page that was just loaded has no ID and gets all events.
func (s *site) events(w http.ResponseWriter, r *http.Request, v *visitor) {
	defer v.open()()
	w.Header().Set("Content-Type", "text/event-stream")
	out := stream{w: w, control: http.NewResponseController(w)}
	out.printf("retry: 1000\n\n")
	n, ok := v.log.position(r.Header.Get("Last-Event-ID"))
	if !ok {
		out.printf("data: %s\n\n", mustMarshal(shownEvent{Type: typeReset}))
	}
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for passed := 0; out.err == nil; {
		entries, transient, grown := v.log.after(n, passed)
		for _, data := range entries {
			n++
			out.printf("id: %s-%d\ndata: %s\n\n", v.log.id, n, data)
		}
		for _, e := range transient {
			passed = e.number
			out.printf("data: %s\n\n", e.data)
		}
		out.flush()
		select {
		case <-grown:
		case <-alive.C:
			out.printf(": alive\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

// stream writes until the first error.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (s *stream) printf(format string, args ...any) {
	if s.err == nil {
		s.err = s.control.SetWriteDeadline(time.Now().Add(writeWait))
	}
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format, args...)
	}
}

func (s *stream) flush() {
	if s.err == nil {
		s.err = s.control.Flush()
	}
}

func mustMarshal(e shownEvent) []byte {
	data, err := json.Marshal(e)
	if err != nil {
		panic(err) // all members can be encoded
	}
	return data
}
