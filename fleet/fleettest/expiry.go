// SPDX-License-Identifier: Apache-2.0

package fleettest

import (
	"errors"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

// goneAfter requires a record to expire its ttl after began, within notice.
func (w *watching) goneAfter(began time.Time, ttl time.Duration, key string) {
	w.t.Helper()
	gone := w.untilGone(time.Until(began.Add(ttl+notice)), key)
	if after := gone.at.Sub(began); after < ttl {
		w.t.Fatalf("%s expired %v after it was put with a ttl of %v", key, after, ttl)
	}
}

func expires(t tester) {
	const ttl = 4 * time.Second
	w := t.watch("member/")
	stays := t.put("member/stays", "value", 0, 0)
	w.untilValue("member/stays", "value", stays)
	began := time.Now()
	rev := t.put("member/a", "value", 0, ttl)
	w.untilValue("member/a", "value", rev)
	t.pause(ttl / 4)
	t.putConflicts("member/a", 0) // a failed Put doesn't renew
	t.has("member/a", "value", rev)
	t.list("member/")
	w.goneAfter(began, ttl, "member/a")

	t.hasNot("member/a")
	if _, listed := t.list("member/")["member/a"]; listed {
		t.Fatalf("list yields a record that watch has yielded as gone")
	}
	t.putConflicts("member/a", rev)
	t.delete("member/a", rev)
	if again := t.put("member/a", "again", 0, 0); again == rev {
		t.Fatalf("the revision of the expired record is used again")
	}
	t.has("member/stays", "value", stays)
	if of := w.of("member/stays"); len(of) != 1 {
		t.Fatalf("watch yields an unchanged record again: %v", of)
	}
}

func renewed(t tester) {
	const ttl = 4 * time.Second
	w := t.watch("member/")
	began := time.Now()
	rev := t.put("member/a", "value", 0, ttl)
	for range 9 {
		t.pause(ttl / 4)
		began = time.Now()
		rev = t.put("member/a", "value", rev, ttl)
	}
	w.untilValue("member/a", "value", rev)
	for _, s := range w.of("member/a") {
		if s.Gone {
			t.Fatalf("a renewed record expired")
		}
	}
	w.goneAfter(began, ttl, "member/a")
}

func newestTTL(t tester) {
	w := t.watch("member/")
	longer := t.put("member/longer", "value", 0, 3*time.Second)
	longerBegan := time.Now()
	t.put("member/longer", "value", longer, 9*time.Second)
	shorter := t.put("member/shorter", "value", 0, time.Hour)
	shorterBegan := time.Now()
	t.put("member/shorter", "value", shorter, time.Second)
	later := t.put("member/later", "value", 0, 0)
	laterBegan := time.Now()
	t.put("member/later", "value", later, 2*time.Second)

	w.goneAfter(shorterBegan, time.Second, "member/shorter")
	w.goneAfter(laterBegan, 2*time.Second, "member/later")
	w.goneAfter(longerBegan, 9*time.Second, "member/longer")
}

func ttlEnds(t tester) {
	const ttl = 3 * time.Second
	w := t.watch("member/")
	kept := t.put("member/kept", "value", 0, ttl)
	kept = t.put("member/kept", "value", kept, 0)
	created := t.put("member/created", "value", 0, ttl)
	t.delete("member/created", created)
	created = t.put("member/created", "value", 0, 0)
	t.pause(ttl + notice)
	t.has("member/kept", "value", kept)
	t.has("member/created", "value", created)
	for key, rev := range map[string]uint64{"member/kept": kept, "member/created": created} {
		w.untilValue(key, "value", rev)
	}
	for _, s := range w.of("member/kept") {
		if s.Gone {
			t.Fatalf("a record expired although its ttl was removed")
		}
	}
}

// watchesLate watches a record that was not watched before.
func watchesLate(t tester) {
	const ttl = 4 * time.Second
	began := time.Now()
	t.put("member/a", "value", 0, ttl)
	t.pause(ttl / 4)
	joined := time.Now()
	first, second := t.watch("member/"), t.watch("member/")
	for _, w := range []*watching{first, second} {
		gone := w.untilGone(time.Until(joined.Add(ttl+notice)), "member/a")
		if after := gone.at.Sub(began); after < ttl {
			t.Fatalf("a record expired %v after it was put with a ttl of %v", after, ttl)
		}
	}
	if _, err := t.Put(t.Context(), "member/b", nil, 0, 0); err != nil {
		t.Fatalf("put: %v", err)
	}
	third := t.watch("member/")
	third.until(patience, "member/b", "as a record", func(s seen) bool { return !s.Gone })
	if of := third.of("member/a"); len(of) != 0 {
		t.Fatalf("watch yields a record that expired before it began: %v", of)
	}
	if err := t.Delete(t.Context(), "member/a", 1); errors.Is(err, fleet.ErrConflict) {
		t.Fatalf("delete of an expired record: %v", err)
	}
}
