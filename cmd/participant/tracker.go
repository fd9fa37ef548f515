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

// tracker records what has been printed. One goroutine records, another one waits.
type tracker struct {
	mu          sync.Mutex
	results     map[string]error // of messages and files, by id: nil for those that arrived
	newestOther string           // the id of the newest message of another participant
	prompt      *prompt          // the newest message, if it is a prompt
	login       string           // the session id of the current authentication
	changed     chan struct{}    // closed, and replaced, by each call of printed
}

func newTracker() *tracker {
	return &tracker{results: map[string]error{}, changed: make(chan struct{})}
}

// printed records that an event has been printed.
func (t *tracker) printed(event chat.Event) {
	m := messageOf(event)
	if m.ID == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() {
		close(t.changed)
		t.changed = make(chan struct{})
	}()
	switch m.Status {
	case types.MessageProcessingStatusProcessing:
		return
	case types.MessageProcessingStatusRejected, types.MessageProcessingStatusFailed:
		t.results[m.ID] = errors.New("the service withheld a message")
	default:
		t.results[m.ID] = nil
	}
	for _, file := range m.Attachments {
		switch file.Status {
		case types.ArtifactStatusInProgress:
		case types.ArtifactStatusRejected:
			t.results[file.ID] = chat.ErrRejected
		default:
			t.results[file.ID] = nil
		}
	}
	if _, isNew := event.(chat.Message); isNew && !m.Own {
		t.newestOther = m.ID
	}
}

// expect records what the next line of input may refer to. It is called before the event is printed: a
// program may reply as soon as it reads the event. p is the prompt in it, or nil.
func (t *tracker) expect(event chat.Event, p *prompt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case chat.Message:
		if !e.Late {
			t.prompt = p
		}
	case chat.Authentication:
		if e.Step == "initiated" {
			t.login = e.SessionID
		} else if e.SessionID == t.login {
			t.login = ""
		}
	}
}

// currentLogin returns "" without a current authentication.
func (t *tracker) currentLogin() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.login
}

func (t *tracker) newestPrompt() *prompt {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.prompt
}

// clearPrompt removes a prompt, unless a newer one has replaced it.
func (t *tracker) clearPrompt(p *prompt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.prompt == p {
		t.prompt = nil
	}
}

var errNotShown = errors.New("what was sent has not appeared in the chat")

// await waits until all ids have been printed, and returns the errors of those that failed.
func (t *tracker) await(ctx context.Context, over <-chan struct{}, ids []string) error {
	for {
		missing, changed, err := t.pending(ids)
		if missing == 0 {
			return err
		}
		select {
		case <-changed:
			continue
		case <-over:
		case <-ctx.Done():
		}
		if missing, _, err = t.pending(ids); missing > 0 {
			err = fmt.Errorf("%w: %d of %d", errNotShown, missing, len(ids))
		}
		return err
	}
}

// pending counts the ids that haven't been printed; err joins the errors of the others. changed is
// closed when the result may change.
func (t *tracker) pending(ids []string) (missing int, changed <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		result, known := t.results[id]
		if !known {
			missing++
		}
		err = errors.Join(err, result)
	}
	return missing, t.changed, err
}

// newestMessage returns the newest message of another participant, or "" if there is none until ctx is
// done.
func (t *tracker) newestMessage(ctx context.Context) string {
	for {
		id, changed := t.newest()
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

func (t *tracker) newest() (id string, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newestOther, t.changed
}
