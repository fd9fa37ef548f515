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
	// aliveEvery is how often a silent stream is written to, so that a dead one is noticed.
	aliveEvery = 15 * time.Second
	// writeWait is how long a page may take nothing before it loses its stream.
	writeWait = 10 * time.Second
)

// eventLog is what a visitor's pages have to show. Most of it stays, oldest first, for as long
// as the visitor does: a page may come back from any point of it.
type eventLog struct {
	id string // begins the ids of its events: those of another chat mean nothing here

	mu      sync.Mutex
	entries [][]byte
	passing map[topic]passingEvent
	passed  int                  // how many passing events there have been
	files   map[string]shownFile // by id
	grown   chan struct{}        // closed by the next event
}

// passingEvent is one that doesn't stay: only the newest of its topic is of any use.
type passingEvent struct {
	number int // counts them
	data   []byte
	until  time.Time // when it is of no use any more; zero for never
}

// topic is a message that is still being written, by its id, or who is typing.
type topic struct{ kind, id string }

func newEventLog() *eventLog {
	return &eventLog{id: rand.Text(), passing: map[topic]passingEvent{}, files: map[string]shownFile{}, grown: make(chan struct{})}
}

func (l *eventLog) add(e shownEvent) {
	data := mustMarshal(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Type == typeTyping:
		l.pass(topic{typeTyping, e.From}, data, time.Now().Add(typingLasts))
	case e.Partial:
		l.pass(topic{typeMessage, e.ID}, data, time.Time{})
	default:
		l.entries = append(l.entries, data)
		delete(l.passing, topic{typeMessage, e.ID})
	}
	if e.Type == typeMessage {
		delete(l.passing, topic{typeTyping, e.From})
	}
	for _, file := range e.Files {
		l.files[file.ID] = file
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *eventLog) pass(t topic, data []byte, until time.Time) {
	l.passed++
	l.passing[t] = passingEvent{l.passed, data, until}
}

// after returns the entries from number n on, the passing events beyond number passed, and
// what closes when there are more.
func (l *eventLog) after(n, passed int) (entries [][]byte, passing []passingEvent, grown <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.passing {
		if e.number > passed && (e.until.IsZero() || time.Now().Before(e.until)) {
			passing = append(passing, e)
		}
	}
	slices.SortFunc(passing, func(a, b passingEvent) int { return cmp.Compare(a.number, b.number) })
	return l.entries[min(n, len(l.entries)):], passing, l.grown
}

// file finds a file of the chat.
func (l *eventLog) file(id string) (shownFile, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, ok := l.files[id]
	return file, ok
}

// position tells how many entries a page has that got the event with this id last, and
// false if it isn't one of this log.
func (l *eventLog) position(lastEventID string) (n int, ok bool) {
	id, number, _ := strings.Cut(lastEventID, "-")
	n, err := strconv.Atoi(number)
	if id != l.id || err != nil || n < 0 {
		return 0, false
	}
	return n, true
}

// events streams what happens. A browser that has lost its stream says itself how far it
// got, and goes on there; a page that was just loaded doesn't, and gets all.
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
		entries, passing, grown := v.log.after(n, passed)
		for _, data := range entries {
			n++
			out.printf("id: %s-%d\ndata: %s\n\n", v.log.id, n, data)
		}
		for _, e := range passing {
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

// stream writes until its first error.
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
		panic(err) // its members can all be written
	}
	return data
}
