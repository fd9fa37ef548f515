// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

// leaveWait is the timeout of leaving the chat of a visitor who has gone.
const leaveWait = 10 * time.Second

// visitor is a browser and its chat.
type visitor struct {
	session *chat.Session
	log     *eventLog
	release func()
	gone    chan struct{} // closed when the visitor is considered gone
	dismiss func()        // closes gone

	mu        sync.Mutex
	pages     int
	away      *time.Timer // closes gone, unless a page is open
	awayAfter time.Duration
}

func newVisitor(session *chat.Session, release func(), awayAfter time.Duration) *visitor {
	gone := make(chan struct{})
	v := &visitor{
		session: session, log: newEventLog(), release: release, awayAfter: awayAfter,
		gone: gone, dismiss: sync.OnceFunc(func() { close(gone) }),
	}
	v.away = time.AfterFunc(awayAfter, v.dismiss)
	return v
}

// stay records the events until the visitor has gone, and then leaves the chat. If ctx ends, it
// only closes the session.
func (v *visitor) stay(ctx context.Context) {
	defer v.release()
	defer func() { _ = v.session.Close() }()
	defer v.away.Stop()
	var work sync.WaitGroup
	work.Go(func() { v.follow(ctx) })
	select {
	case <-v.gone:
		leaving, cancel := context.WithTimeout(ctx, leaveWait)
		defer cancel()
		_ = v.session.Leave(leaving) // otherwise the service ends the chat later
	case <-ctx.Done():
	}
	_ = v.session.Close()
	work.Wait()
}

// follow records the events until the session is over or ctx ends.
func (v *visitor) follow(ctx context.Context) {
	for event, err := range v.session.Events(ctx) {
		if err != nil {
			break
		}
		if m, ok := event.(chat.Message); ok && !m.Own && !m.History {
			v.session.MarkDelivered(m.ID)
		}
		if shown, ok := show(event); ok {
			v.log.add(shown)
		}
	}
	var over *chat.CloseError
	if errors.As(v.session.Err(), &over) {
		v.log.add(shownEvent{Type: typeEnded, Gap: over.Gap})
	}
}

// open counts a page, and returns the function to call when it is closed.
func (v *visitor) open() (closed func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pages++
	v.away.Stop()
	return v.closed
}

func (v *visitor) closed() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pages--
	if v.pages == 0 {
		v.away.Reset(v.awayAfter)
	}
}
