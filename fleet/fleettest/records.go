// SPDX-License-Identifier: Apache-2.0

package fleettest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

func creates(t tester) {
	t.hasNot("member/a")
	rev := t.put("member/a", "first", 0, 0)
	t.has("member/a", "first", rev)
	t.putConflicts("member/a", 0)
	t.has("member/a", "first", rev)
	t.hasNot("member/b")
}

func replaces(t tester) {
	first := t.put("member/a", "first", 0, 0)
	second := t.put("member/a", "second", first, 0)
	t.has("member/a", "second", second)
	for _, rev := range []uint64{first, second + 1, 0} {
		t.putConflicts("member/a", rev)
	}
	t.has("member/a", "second", second)
	other := t.put("member/b", "other", 0, 0)
	t.putConflicts("member/a", other+1)
	t.has("member/a", "second", second)
	t.has("member/b", "other", other)
}

func conflictsWhenGone(t tester) {
	t.putConflicts("member/never", 1)
	t.hasNot("member/never")
	rev := t.put("member/a", "first", 0, 0)
	t.delete("member/a", rev)
	t.putConflicts("member/a", rev)
	t.hasNot("member/a")
}

func deletes(t tester) {
	t.delete("member/never", 0)
	t.delete("member/never", 1)

	first := t.put("member/a", "first", 0, 0)
	second := t.put("member/a", "second", first, 0)
	if err := t.Delete(t.Context(), "member/a", first); !errors.Is(err, fleet.ErrConflict) {
		t.Fatalf("delete at an old revision: want ErrConflict, got %v", err)
	}
	t.has("member/a", "second", second)
	t.delete("member/a", second)
	t.hasNot("member/a")
	t.delete("member/a", second)
	t.delete("member/a", 0)

	third := t.put("member/a", "third", 0, 0)
	t.has("member/a", "third", third)
	if err := t.Delete(t.Context(), "member/a", second); !errors.Is(err, fleet.ErrConflict) {
		t.Fatalf("delete at a revision from before another delete: want ErrConflict, got %v", err)
	}
	t.delete("member/a", 0)
	t.hasNot("member/a")
}

func revisionsDiffer(t tester) {
	earlier := map[uint64]bool{}
	for range 10 {
		rev := uint64(0)
		for range 3 {
			rev = t.put("member/a", "same", rev, 0)
			if earlier[rev] {
				t.Fatalf("revision %d is used twice", rev)
			}
			earlier[rev] = true
		}
		t.delete("member/a", 0)
	}
}

// oddValues returns values that a store may corrupt, by key.
func oddValues() map[string]string {
	bytes := make([]byte, 256<<10)
	for i := range bytes {
		bytes[i] = byte(i * 7)
	}
	return map[string]string{
		"state/empty": "", "state/zero": "\x00", "state/newline": "a\r\nb\n", "state/not-UTF-8": "\xff\xfe",
		"state/JSON": `{"a":1}`, "state/bytes": string(bytes[:256]), "state/long": string(bytes),
	}
}

func valuesComeBack(t tester) {
	w := t.watch("state/")
	values, revs := oddValues(), map[string]uint64{}
	for key, value := range values {
		revs[key] = t.put(key, value, 0, 0)
		t.has(key, value, revs[key])
	}
	listed := t.list("state/")
	for key, value := range values {
		if listed[key] != value {
			t.Fatalf("list: another value is listed for %s", key)
		}
		w.untilValue(key, value, revs[key])
		rev := t.put(key, "other", revs[key], 0)
		rev = t.put(key, value, rev, 0)
		t.has(key, value, rev)
	}
	rev, err := t.Put(t.Context(), "state/nil", nil, 0, 0)
	if err != nil {
		t.Fatalf("put nil: %v", err)
	}
	t.has("state/nil", "", rev)
}

func valuesBelongToTheCaller(t tester) {
	value := []byte("value")
	rev, err := t.Put(t.Context(), "member/a", value, 0, 0)
	if err != nil {
		t.Fatalf("put: %v", err)
	}
	value[0] = 'X'
	t.has("member/a", "value", rev)

	got, _, err := t.Get(t.Context(), "member/a")
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	got[0] = 'X'
	t.has("member/a", "value", rev)
	for e, err := range t.List(t.Context(), "member/") {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		e.Value[0] = 'X'
	}
	t.has("member/a", "value", rev)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for e, err := range t.Watch(ctx, "member/") {
		if err != nil {
			t.Fatalf("watch: %v", err)
		}
		e.Value[0] = 'X'
		break
	}
	t.has("member/a", "value", rev)
}

const permitted = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=."

func keysMayHaveEveryCharacter(t tester) {
	const long = "chat/"
	keys := []string{"alone", "chat/a", "chat/A", "chat/a/b/c", "chat/" + permitted, long + strings.Repeat("x", 512-len(long))}
	for _, c := range permitted {
		keys = append(keys, "chat/"+strings.Repeat(string(c), 3), "chat/"+string(c)+"/m"+string(c))
	}
	revs := make([]uint64, len(keys))
	for i, key := range keys {
		revs[i] = t.put(key, "value of "+key, 0, 0)
	}
	listed := t.list("chat/")
	for i, key := range keys {
		t.has(key, "value of "+key, revs[i])
		if value, ok := listed[key]; key != "alone" && (!ok || value != "value of "+key) {
			t.Fatalf("list chat/: want %s, got %q", key, value)
		}
	}
	if len(listed) != len(keys)-1 {
		t.Fatalf("list chat/: want %d records, got %d", len(keys)-1, len(listed))
	}
	w := t.watch("chat/")
	for i, key := range keys[1:] {
		w.untilValue(key, "value of "+key, revs[i+1])
	}
	for _, key := range keys {
		t.delete(key, 0)
		t.hasNot(key)
	}
}

func prefixIsAPart(t tester) {
	w := t.watch("chat/")
	w.untilValue("chat/a", "value", t.put("chat/a", "value", 0, 0))
	others := []string{"chat", "cha/a", "chats/a", "chat-/a", "chat./a", "Chat/a", "a/chat/a"}
	for _, key := range others {
		t.put(key, "value", 0, 0)
	}
	first := t.put("chat/chats/a", "value", 0, 0)
	want := map[string]string{"chat/a": "value", "chat/chats/a": "value"}
	if got := t.list("chat/"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("list chat/: want %v, got %v", want, got)
	}
	if got := t.list("chat/chats/"); len(got) != 1 || got["chat/chats/a"] != "value" {
		t.Fatalf("list chat/chats/: want chat/chats/a, got %v", got)
	}
	if got := t.list("nothing/"); len(got) != 0 {
		t.Fatalf("list nothing/: got %v", got)
	}
	for _, key := range others {
		t.delete(key, 0)
	}
	deeper := t.watch("chat/chats/")
	second := t.put("chat/chats/b", "value", 0, 0)
	deeper.untilValue("chat/chats/a", "value", first)
	deeper.untilValue("chat/chats/b", "value", second)
	if keys := deeper.keys(); len(keys) != 2 {
		t.Fatalf("watch chat/chats/: got %v", keys)
	}
	last := t.put("chat/last", "value", 0, 0)
	for key, rev := range map[string]uint64{"chat/chats/a": first, "chat/chats/b": second, "chat/last": last} {
		w.untilValue(key, "value", rev)
	}
	if keys := w.keys(); len(keys) != 4 {
		t.Fatalf("watch chat/: got %v", keys)
	}
}

func listsMany(t tester) {
	const many = 1000
	t.create("chat/", many)
	listed := t.list("chat/")
	for i := range many {
		if key := "chat/" + strconv.Itoa(i); listed[key] != "value" {
			t.Fatalf("list chat/: %s is not among %d records", key, len(listed))
		}
	}
	if len(listed) != many {
		t.Fatalf("list chat/: want %d records, got %d", many, len(listed))
	}
}

// create creates n records under a prefix.
func (t tester) create(prefix string, n int) {
	t.Helper()
	const workers = 10
	for _, err := range all(workers, func(worker int) error {
		for i := worker; i < n; i += workers {
			if _, err := t.Put(t.Context(), prefix+strconv.Itoa(i), []byte("value"), 0, 0); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatalf("put: %v", err)
		}
	}
}

// listsDuringChanges lists while records are replaced, created and deleted.
func listsDuringChanges(t tester) {
	const steady = 30
	t.create("state/", steady)
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan []error, 1)
	go func() {
		errs <- all(4, func(worker int) error { return change(ctx, t, worker, steady) })
	}()
	for range 5 {
		listed := t.list("state/")
		for i := range steady {
			if _, ok := listed["state/"+strconv.Itoa(i)]; !ok {
				t.Fatalf("list state/: a record that is being replaced is not among %d", len(listed))
			}
		}
	}
	cancel()
	for _, err := range <-errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("put or delete: %v", err)
		}
	}
}

// change keeps replacing each record, and creating and deleting another.
func change(ctx context.Context, store fleet.Store, worker, n int) error {
	passing := "state/passing-" + strconv.Itoa(worker)
	for i := 0; ctx.Err() == nil; i = (i + 1) % n {
		key := "state/" + strconv.Itoa(i)
		_, rev, err := store.Get(ctx, key)
		if err != nil {
			return err
		}
		if _, err := store.Put(ctx, key, []byte(passing), rev, 0); err != nil && !errors.Is(err, fleet.ErrConflict) {
			return err
		}
		if _, err := store.Put(ctx, passing, nil, 0, 0); err != nil {
			return err
		}
		if err := store.Delete(ctx, passing, 0); err != nil {
			return err
		}
	}
	return nil
}

func listBreaks(t tester) {
	t.create("chat/", 20)
	for range 3 {
		n := 0
		for _, err := range t.List(t.Context(), "chat/") {
			if err != nil {
				t.Fatalf("list: %v", err)
			}
			if n++; n == 2 {
				break
			}
		}
		if n != 2 {
			t.Fatalf("list: want 2 records before the break, got %d", n)
		}
	}
	if n := len(t.list("chat/")); n != 20 {
		t.Fatalf("list after a break: want 20 records, got %d", n)
	}
}

func oneCreateWins(t tester) {
	for round := range 5 {
		key := "chat/" + strconv.Itoa(round)
		revs := make([]uint64, 16)
		errs := all(len(revs), func(i int) (err error) {
			revs[i], err = t.Put(t.Context(), key, []byte(strconv.Itoa(i)), 0, 0)
			return err
		})
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case err == nil:
				t.Fatalf("two created %s", key)
			case !errors.Is(err, fleet.ErrConflict):
				t.Fatalf("put: want ErrConflict, got %v", err)
			}
		}
		if winner < 0 {
			t.Fatalf("none created %s", key)
		}
		t.has(key, strconv.Itoa(winner), revs[winner])
		t.delete(key, 0)
	}
}

func noUpdateIsLost(t tester) {
	const workers, each = 5, 8
	t.put("quota/a", "0", 0, 0)
	for _, err := range all(workers, func(int) error {
		for done := 0; done < each; {
			value, rev, err := t.Get(t.Context(), "quota/a")
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(string(value))
			if err != nil {
				return err
			}
			switch _, err := t.Put(t.Context(), "quota/a", []byte(strconv.Itoa(n+1)), rev, time.Minute); {
			case err == nil:
				done++
			case !errors.Is(err, fleet.ErrConflict):
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatalf("increment: %v", err)
		}
	}
	if value, _, err := t.Get(t.Context(), "quota/a"); err != nil || string(value) != strconv.Itoa(workers*each) {
		t.Fatalf("after %d increments: got %s, error %v", workers*each, value, err)
	}
}

// deleteOrUpdate runs deletes and updates of one revision concurrently.
func deleteOrUpdate(t tester) {
	for range 5 {
		rev := t.put("chat/a", "first", 0, 0)
		updated := make([]bool, 8)
		errs := all(8, func(i int) error {
			if i%2 == 0 {
				return t.Delete(t.Context(), "chat/a", rev)
			}
			_, err := t.Put(t.Context(), "chat/a", []byte("second"), rev, 0)
			updated[i] = err == nil
			return err
		})
		updates := 0
		for i, err := range errs {
			if err != nil && !errors.Is(err, fleet.ErrConflict) {
				t.Fatalf("want ErrConflict, got %v", err)
			}
			if updated[i] {
				updates++
			}
		}
		value, _, err := t.Get(t.Context(), "chat/a")
		if exists := err == nil && string(value) == "second"; updates > 1 || exists != (updates == 1) || (!exists && !errors.Is(err, fleet.ErrNotFound)) {
			t.Fatalf("%d updates of one revision, then %q, error %v", updates, value, err)
		}
		t.delete("chat/a", 0)
	}
}

func canceledContext(t tester) {
	rev := t.put("member/a", "value", 0, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := t.Get(ctx, "member/a")
	t.wantCanceled("get", err)
	_, err = t.Put(ctx, "member/a", []byte("other"), rev, 0)
	t.wantCanceled("put", err)
	t.wantCanceled("delete", t.Delete(ctx, "member/a", rev))
	errs := 0
	for _, err := range t.List(ctx, "member/") {
		t.wantCanceled("list", err)
		errs++
	}
	for _, err := range t.Watch(ctx, "member/") {
		if err != nil {
			t.wantCanceled("watch", err)
			errs++
		}
	}
	if errs != 2 {
		t.Fatalf("list and watch: want one error each, got %d", errs)
	}
	t.has("member/a", "value", rev)
}

func (t tester) wantCanceled(what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%s with a canceled context: got error %v", what, err)
	}
}
