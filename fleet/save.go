// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

// handled notes that an event was handled, and saves the state if that is due.
func (t *tenure) handled() error {
	t.state = t.held.Session.State()
	if !t.dirty {
		t.dirty, t.saveAt = true, time.Now().Add(t.m.opts.SaveEvery)
	}
	return t.saveIfDue()
}

// saveIfDue saves the state when that is due. It returns an error if the chat was lost.
func (t *tenure) saveIfDue() error {
	for t.dirty && !time.Now().Before(t.saveAt) {
		if err := t.m.awaitLease(t.waiting); err != nil {
			return err
		}
		err := t.save(t.waiting)
		switch {
		case err == nil || errors.Is(err, ErrLost):
			return err
		case t.waiting.Err() != nil:
			return t.waiting.Err()
		}
		t.m.log.Warn("could not save a state", "chat", t.held.ID, "error", err)
		t.saveAt = time.Now().Add(max(t.m.opts.SaveEvery, time.Second))
		if t.m.opts.SaveEvery == 0 && !pause(t.waiting, time.Second) {
			return t.waiting.Err()
		}
	}
	return nil
}

// save writes the state under the epoch of this tenure.
func (t *tenure) save(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	value, err := encodeState(t.held.Epoch, t.state)
	if err != nil {
		return err
	}
	for {
		rev, err := t.m.store.Put(ctx, stateKey(t.held.ID), value, t.stateRev, 0)
		if err == nil {
			t.stateRev, t.dirty, t.state = rev, false, chat.State{}
			t.m.count(func(s *Stats) { s.Saves++ })
			t.m.meter.count(t.m.meter.saves)
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err := t.resolveState(ctx); err != nil {
			return err
		}
	}
}

// resolveState finds the cause of a conflict of the state: another owner, an earlier save whose
// result was lost, or an engine that has lost saves.
func (t *tenure) resolveState(ctx context.Context) error {
	record, _, err := t.m.readChat(ctx, t.held.ID)
	switch {
	case err != nil:
		return err
	case record.Epoch < t.held.Epoch:
		err = errors.New("the store has lost acknowledged writes")
		t.m.fence(err)
		t.m.loseContact("save a state", err)
		return err
	case record.Owner != t.m.name || record.Epoch != t.held.Epoch || record.Ended:
		t.lose(record.Owner)
		return ErrLost
	}
	value, rev, err := t.m.store.Get(ctx, stateKey(t.held.ID))
	if errors.Is(err, ErrNotFound) {
		t.stateRev = 0
		return nil
	}
	if err != nil {
		return err
	}
	if epoch, _, _ := decodeState(value); epoch > t.held.Epoch {
		t.lose("")
		return ErrLost
	}
	t.stateRev = rev
	return nil
}

// takeState reads the chat's state and writes it again under the epoch of this tenure, so that
// later saves of the previous owner fail. It retries until it succeeds.
func (t *tenure) takeState() (state chat.State, err error) {
	for n := 0; ; n++ {
		if err := t.m.awaitLease(t.waiting); err != nil {
			return state, err
		}
		if state, err = t.takeStateOnce(); err == nil || errors.Is(err, ErrLost) {
			return state, err
		}
		if !errors.Is(err, ErrConflict) {
			t.m.log.Warn("could not read a state", "chat", t.held.ID, "error", err)
		}
		if !pause(t.waiting, backoff(n, 50*time.Millisecond, 5*time.Second)) {
			return state, t.waiting.Err()
		}
	}
}

func (t *tenure) takeStateOnce() (state chat.State, err error) {
	ctx, cancel := context.WithTimeout(t.waiting, storeTimeout)
	defer cancel()
	value, rev, err := t.m.store.Get(ctx, stateKey(t.held.ID))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return state, err
	}
	if err == nil {
		epoch, saved, err := decodeState(value)
		if epoch > t.held.Epoch {
			t.lose("")
			return state, ErrLost
		}
		if err != nil {
			t.m.log.Error("a saved state is damaged: the chat's history is delivered again", "chat", t.held.ID, "error", err)
		}
		if epoch >= t.since {
			state = saved
		}
	}
	mine, err := encodeState(t.held.Epoch, state)
	if err != nil {
		return state, err
	}
	t.stateRev, err = t.m.store.Put(ctx, stateKey(t.held.ID), mine, rev, 0)
	return state, err
}
