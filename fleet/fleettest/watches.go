// SPDX-License-Identifier: Apache-2.0

package fleettest

import (
	"context"
	"errors"
	"strconv"
	"time"
)

func watches(t tester) {
	existing := t.put("member/existing", "value", 0, 0)
	deleted := t.put("member/deleted", "value", 0, 0)
	t.delete("member/deleted", deleted)
	w := t.watch("member/")
	w.untilValue("member/existing", "value", existing)

	created := t.put("member/created", "first", 0, 0)
	w.untilValue("member/created", "first", created)
	created = t.put("member/created", "second", created, 0)
	w.untilValue("member/created", "second", created)
	t.delete("member/created", created)
	w.untilGone(patience, "member/created")
	created = t.put("member/created", "third", 0, 0)
	w.untilValue("member/created", "third", created)
	t.delete("member/existing", 0)
	w.untilGone(patience, "member/existing")
	if n := len(w.of("member/deleted")); n != 0 {
		t.Fatalf("watch yields a record that was deleted before it began")
	}
	if n := len(w.of("member/created")); n != 4 {
		t.Fatalf("watch: want 4 changes, got %d", n)
	}
}

func watchesInOrder(t tester) {
	w := t.watch("state/")
	const n = 50
	rev := uint64(0)
	for i := 1; i <= n; i++ {
		rev = t.put("state/a", strconv.Itoa(i), rev, 0)
	}
	w.untilValue("state/a", strconv.Itoa(n), rev)
	last := 0
	for _, s := range w.of("state/a") {
		i, err := strconv.Atoi(string(s.Value))
		if err != nil || i <= last {
			t.Fatalf("watch yields %q after %d", s.Value, last)
		}
		last = i
	}
}

// watchesSlowly makes changes while the loop is in its body.
func watchesSlowly(t tester) {
	t.put("member/first", "value", 0, 0)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	values := map[string]string{}
	for e, err := range t.Watch(ctx, "member/") {
		if err != nil {
			t.Fatalf("watch, after %v: %v", values, err)
		}
		if len(values) == 0 {
			a := t.put("member/a", "old", 0, 0)
			t.put("member/a", "new", a, 0)
			t.put("member/b", "value", 0, 0)
		}
		values[e.Key] = string(e.Value)
		if values["member/a"] == "new" && values["member/b"] == "value" {
			return
		}
	}
	t.Fatalf("watch ended without an error")
}

func severalWatch(t tester) {
	first := t.watch("member/")
	a := t.put("member/a", "value", 0, 0)
	first.untilValue("member/a", "value", a)
	second := t.watch("member/")
	other := t.watch("inbox/")
	second.untilValue("member/a", "value", a)
	b := t.put("member/b", "value", 0, 0)
	c := t.put("inbox/c", "value", 0, 0)
	other.untilValue("inbox/c", "value", c)
	for _, w := range []*watching{first, second} {
		w.untilValue("member/b", "value", b)
	}
	first.end()
	t.delete("member/a", 0)
	second.untilGone(patience, "member/a")
	if len(other.keys()) != 1 {
		t.Fatalf("watch inbox/ yields %v", other.keys())
	}
}

func watchEnds(t tester) {
	rev := t.put("member/a", "value", 0, 0)
	w := t.watch("member/")
	w.untilValue("member/a", "value", rev)
	t.pause(1500 * time.Millisecond) // of idleness, and of polls
	if errs := w.end(); len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
		t.Fatalf("watch: want context.Canceled once, got %v", errs)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var last error
	for _, err := range t.Watch(ctx, "member/") {
		last = err
	}
	if !errors.Is(last, context.DeadlineExceeded) {
		t.Fatalf("watch: want context.DeadlineExceeded, got %v", last)
	}
}

func watchBreaks(t tester) {
	t.create("member/", 3)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, after := range []int{1, 3, 4} {
		n := 0
		for _, err := range t.Watch(ctx, "member/") {
			if err != nil {
				t.Fatalf("watch: %v", err)
			}
			if n++; n == after {
				break
			}
			if n == 3 {
				t.put("member/late", "value", 0, 0)
			}
		}
		if n != after {
			t.Fatalf("watch: want a break after %d entries, got %d", after, n)
		}
	}
}
