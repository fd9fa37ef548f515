// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

// board knows what has been shown. One goroutine notes, another one waits.
type board struct {
	mu      sync.Mutex
	results map[string]error // of messages and files, by their ids: nil for what has arrived
	heard   string           // the newest message of somebody else
	prompt  *prompt          // the newest message, if it is one
	login   string           // the session id of the authentication that is under way
	changed chan struct{}    // closed, and replaced, by each note
}

func newBoard() *board {
	return &board{results: map[string]error{}, changed: make(chan struct{})}
}

// note notes that an event has been shown.
func (b *board) note(event chat.Event) {
	m := messageOf(event)
	if m.ID == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		close(b.changed)
		b.changed = make(chan struct{})
	}()
	switch m.Status {
	case types.MessageProcessingStatusProcessing:
		return
	case types.MessageProcessingStatusRejected, types.MessageProcessingStatusFailed:
		b.results[m.ID] = errors.New("the service held a message back")
	default:
		b.results[m.ID] = nil
	}
	for _, file := range m.Attachments {
		switch file.Status {
		case types.ArtifactStatusInProgress:
		case types.ArtifactStatusRejected:
			b.results[file.ID] = chat.ErrRejected
		default:
			b.results[file.ID] = nil
		}
	}
	if _, isNew := event.(chat.Message); isNew && !m.Own {
		b.heard = m.ID
	}
}

// expect notes what the next line may be about. It comes before the event is shown: a program
// may reply as soon as it reads the event. p is the prompt in it, or nil.
func (b *board) expect(event chat.Event, p *prompt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case chat.Message:
		if !e.Late {
			b.prompt = p
		}
	case chat.Authentication:
		if e.Step == "initiated" {
			b.login = e.SessionID
		} else if e.SessionID == b.login {
			b.login = ""
		}
	}
}

// currentLogin is "" if no authentication is under way.
func (b *board) currentLogin() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.login
}

func (b *board) newestPrompt() *prompt {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.prompt
}

// answered removes a prompt, unless a newer one has replaced it.
func (b *board) answered(p *prompt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.prompt == p {
		b.prompt = nil
	}
}

var errNotShown = errors.New("what was sent has not appeared in the chat")

// await waits until all of ids have been shown, and tells which of them didn't arrive.
func (b *board) await(ctx context.Context, over <-chan struct{}, ids []string) error {
	for {
		missing, changed, err := b.look(ids)
		if missing == 0 {
			return err
		}
		select {
		case <-changed:
			continue
		case <-over:
		case <-ctx.Done():
		}
		if missing, _, err = b.look(ids); missing > 0 {
			err = fmt.Errorf("%w: %d of %d", errNotShown, missing, len(ids))
		}
		return err
	}
}

// look counts those that haven't been shown; err is of those that have. changed is closed
// when that may be otherwise.
func (b *board) look(ids []string) (missing int, changed <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		result, known := b.results[id]
		if !known {
			missing++
		}
		err = errors.Join(err, result)
	}
	return missing, b.changed, err
}

// lastHeard is the newest message of somebody else, or "" if there is none until ctx ends.
func (b *board) lastHeard(ctx context.Context) string {
	for {
		id, changed := b.newest()
		if id != "" {
			return id
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ""
		}
	}
}

func (b *board) newest() (id string, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.heard, b.changed
}
