// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// again returns the state decoded from its text.
func (state State) again(t *testing.T) (read State) {
	t.Helper()
	text, err := state.MarshalText()
	require.NoError(t, err)
	require.LessOrEqual(t, len(text), 16_000)
	require.NoError(t, read.UnmarshalText(text))
	return read
}

// fullState returns a state with every member.
func fullState() State {
	return State{
		fence: at(0), top: at(time.Minute), since: at(-time.Hour), chat: math.MaxUint64, own: "participant",
		seen: []record{
			{2, entry{at: at(2 * time.Minute), revision: 7}},
			{1, entry{at: at(0), revision: math.MaxUint32, final: true, shown: 1}},
			{3, entry{at: 0, final: true}},
			{math.MaxUint64, entry{at: -1, shown: 1}},
		},
		missing: map[uint64]int64{9: at(-time.Hour), 10: at(time.Hour), 11: math.MinInt64},
	}
}

// usualState returns a state with times and an own ID as the service writes them.
func usualState() State {
	state := State{
		fence: at(0) + 1, top: at(time.Minute), since: at(-time.Hour) + 123_456, chat: 5, own: "0d5b7a4e-3c0f-4a8e-9a43-6f1c2b7d9e10",
		missing: map[uint64]int64{9: at(-time.Hour), 10: at(time.Hour)},
	}
	for n, age := range []int{-60_000, 0, 0, 1, 15, 16, 17, 2047, 2048, 1 << 30} {
		state.seen = append(state.seen, record{uint64(n), entry{
			at: at(time.Minute - time.Duration(age)*time.Millisecond), revision: []uint32{0, 255, 256}[n%3], final: n%2 == 0, shown: uint16(n / 2 % 2),
		}})
	}
	return state
}

// oldText is the text of fullState in oldVersion.
const oldText = "AoCAjOqG58yGMYDgxu7F6syGMYCAx97AlcuGMf__________C3BhcnRpY2lwYW50AwAAAAAAAAAJgOD_j4XVAQAAAAAAAAAK_5-Kh4fOAQAAAAAAAAAL" +
	"_5-5kbqVs_nOAQAAAAAAAAAC_9-6hL8DAAAABwAAAAAAAAAAAYDA9Yj-Bv____8DAAAAAAAAAAOAgIzqhufMhjEAAAAAAf__________AgAAAAACnynETQ"

// entries returns the entries of a state by key.
func (state State) entries() map[uint64]entry {
	entries := map[uint64]entry{}
	for _, r := range state.seen {
		entries[r.key] = r.entry
	}
	return entries
}

// sealed is the text of bytes with their checksum.
func sealed(b []byte) []byte {
	return base64.RawURLEncoding.AppendEncode(nil, binary.BigEndian.AppendUint32(slices.Clone(b), crc32.ChecksumIEEE(b)))
}

func TestStateSurvivesItsText(t *testing.T) {
	t.Parallel()
	require.Equal(t, fullState(), fullState().again(t))
	require.Equal(t, usualState(), usualState().again(t))
	other := usualState()
	other.own = strings.ToUpper(other.own)
	require.Equal(t, other, other.again(t), "not the usual form of a UUID")
	for name, change := range map[string]func(*State){
		"a top between two ms":           func(s *State) { s.top++ },
		"an item between two ms":         func(s *State) { s.seen[0].at++ },
		"a missing one between two ms":   func(s *State) { s.missing[9]++ },
		"a missing one before all times": func(s *State) { s.missing[9] = math.MinInt64 + 775_808 },
		"an item before all times":       func(s *State) { s.seen[len(s.seen)-1].at = math.MinInt64 + 775_808 },
	} {
		odd := usualState()
		change(&odd)
		require.Equal(t, odd, odd.again(t), name)
	}
	least := State{since: 1, missing: map[uint64]int64{}}
	require.Equal(t, least, least.again(t))
}

func TestStateTextIsDeterministic(t *testing.T) {
	t.Parallel()
	first, err := fullState().MarshalText()
	require.NoError(t, err)
	for range 20 {
		text, err := fullState().MarshalText()
		require.NoError(t, err)
		require.Equal(t, first, text)
	}
}

func TestBytesAndTextOfAStateAgree(t *testing.T) {
	t.Parallel()
	for _, state := range []State{{}, fullState(), usualState()} {
		text, err := state.MarshalText()
		require.NoError(t, err)
		b, err := state.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, base64.RawURLEncoding.EncodeToString(b), string(text))
		before := strings.Repeat("before", 2000)
		appended, err := state.AppendBinary([]byte(before))
		require.NoError(t, err)
		require.Equal(t, before+string(b), string(appended))
		var fromText, fromBytes State
		require.NoError(t, fromText.UnmarshalText(text))
		require.NoError(t, fromBytes.UnmarshalBinary(b))
		require.Equal(t, fromText, fromBytes)
		for n := 1; n < len(b); n++ {
			require.ErrorIs(t, fromBytes.UnmarshalBinary(b[:n]), ErrState)
			require.Equal(t, State{}, fromBytes)
		}
	}
	require.NoError(t, new(State).UnmarshalBinary(nil))
}

func TestABusyChatHasASmallState(t *testing.T) {
	t.Parallel()
	for readers, most := range map[int]int{0: 920, 1: 1640} {
		c := busyChat(readers)
		b, err := c.inbox.state().MarshalBinary()
		require.NoError(t, err)
		require.LessOrEqual(t, len(b), most, "%d readers", readers)
	}
}

func TestAStateOfTheVersionBeforeIsRead(t *testing.T) {
	t.Parallel()
	var state State
	require.NoError(t, state.UnmarshalText([]byte(oldText)))
	require.Equal(t, fullState(), state)
}

func TestALargeStateKeepsTheNewest(t *testing.T) {
	t.Parallel()
	state := fullState()
	for n := range 2000 {
		e := entry{at: at(time.Duration(n) * time.Second), revision: uint32(n), final: true, shown: 1}
		state.seen = append(state.seen, record{keyOf(fmt.Sprint(n)), e})
	}
	for n := range 128 {
		state.missing[uint64(n)] = int64(n)
	}
	state.own = strings.Repeat("x", 256)
	text, err := state.MarshalText()
	require.NoError(t, err)
	require.Greater(t, len(text), 15_900, "the text is full")
	read := state.again(t)
	require.Equal(t, state.missing, read.missing, "undelivered items are never omitted")
	require.Equal(t, state.own, read.own)
	require.Greater(t, len(read.seen), 450)
	oldest, entries := 2000-len(read.seen), read.entries()
	for n := range 2000 {
		key := keyOf(fmt.Sprint(n))
		if n > oldest {
			require.Equal(t, state.entries()[key], entries[key])
		} else if n < oldest {
			require.NotContains(t, entries, key)
		}
	}
}

func TestInvalidStateTexts(t *testing.T) {
	t.Parallel()
	good := make([]byte, 15)
	good[0] = stateVersion
	require.NoError(t, new(State).UnmarshalText(sealed(good)))
	for name, text := range map[string][]byte{
		"no base64":                 []byte("not base64!"),
		"no checksum":               base64.RawURLEncoding.AppendEncode(nil, good),
		"only a checksum":           sealed(nil),
		"another version":           sealed(append([]byte{stateVersion + 1}, good[1:]...)),
		"too old a version":         sealed(append([]byte{oldVersion - 1}, good[1:]...)),
		"an unknown format":         sealed(append([]byte{stateVersion, 4}, good[2:]...)),
		"entries in no order":       sealed(slices.Concat(good, []byte{0}, make([]byte, 7), []byte{2, 4, 0}, make([]byte, 7), []byte{1, 4, 0})),
		"nothing but the version":   sealed(good[:1]),
		"it is too short":           sealed(good[:len(good)-1]),
		"an entry that isn't whole": sealed(append(good[:len(good):len(good)], 1, 2, 3)),
		"a text beyond the end":     sealed(append(good[:13:13], 200, 1, 0)),
		"a number without an end":   sealed([]byte{stateVersion, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}),
	} {
		state := fullState()
		require.ErrorIs(t, state.UnmarshalText(text), ErrState, name)
		require.Equal(t, State{}, state, "%s: no part of it is kept", name)
	}
}

func TestAnEmptyTextIsTheZeroState(t *testing.T) {
	t.Parallel()
	state := fullState()
	require.NoError(t, state.UnmarshalText(nil))
	require.True(t, state.isZero())
}

func TestStateCoversReturnedEvents(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(said("a", time.Second))
	f.arrives(said("b", 2*time.Second))
	state := f.inbox.state()
	require.Empty(t, state.seen)
	require.Zero(t, state.top)
	f.takeEvent()
	state = f.inbox.state()
	require.Equal(t, at(time.Second), state.top)
	require.Len(t, state.seen, 1)
	require.Contains(t, state.entries(), keyOf("a"))
	require.Len(t, f.inbox.ledger.seen, 2, "the session keeps its ledger")
}

// While an Updated waits, the State contains the old state of its message.
func TestStateWithAWaitingUpdate(t *testing.T) {
	t.Parallel()
	f := connected(t)
	before := f.arrives(said("a", 0))
	before.final = false
	f.inbox.ledger.seen[before.key] = entry{at: before.at, revision: before.revision}
	f.events()
	for _, revision := range []uint32{100, 200} {
		after := said("a", 0)
		after.revision = revision
		f.arrives(after)
	}
	require.Equal(t, before.revision, f.inbox.state().entries()[before.key].revision)
	f.takeEvent()
	require.EqualValues(t, 100, f.inbox.state().entries()[before.key].revision)
	f.takeEvent()
	require.EqualValues(t, 200, f.inbox.state().entries()[before.key].revision)
}

// The message is listed as missing, but was delivered: after Resume only its new state is delivered.
func TestStateWithAWaitingUpdateOfAnOldMessage(t *testing.T) {
	t.Parallel()
	f := connected(t)
	before := f.arrives(said("a", -time.Hour))
	f.inbox.ledger.seen[before.key] = entry{at: before.at, revision: before.revision}
	f.events()
	after := said("a", -time.Hour)
	after.revision = 100
	f.arrives(after)
	state := f.inbox.state()
	require.Contains(t, state.missing, before.key)
	require.Equal(t, before.revision, state.entries()[before.key].revision)
}

func TestStateListsItemsThatNoPassWouldShow(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(said("old", -time.Hour))
	f.arrives(said("new", time.Second))
	f.inbox.hold.add(said("held", -2*time.Hour), f.now)
	f.inbox.hold.add(said("held new", 0), f.now)
	state := f.inbox.state()
	require.Equal(t, map[uint64]int64{keyOf("old"): at(-time.Hour), keyOf("held"): at(-2 * time.Hour)}, state.missing)
	f.events()
	f.inbox.releaseAll(f.now)
	f.events()
	require.Empty(t, f.inbox.state().missing)
}

func TestStateWithTooManyMissingItemsMovesTheFenceBack(t *testing.T) {
	t.Parallel()
	for extra, listed := range map[int]bool{0: true, 1: false} {
		f := connected(t)
		for n := range 128 + extra {
			f.arrives(said(fmt.Sprint(n), -time.Hour-time.Duration(n)*time.Second))
		}
		state := f.inbox.state()
		if listed {
			require.Len(t, state.missing, 128)
			continue
		}
		require.Empty(t, state.missing)
		require.Equal(t, at(-time.Hour-time.Duration(128+extra-1)*time.Second+f.opts.Overlap), state.fence)
	}
}

func TestStateDropsItemsThatNoPassShows(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(said("new", 0))
	f.arrives(said("old", -time.Hour))
	f.inbox.ledger.put(keyOf("shown"), entry{at: at(-time.Hour), shown: f.inbox.ledger.whole})
	f.events()
	state := f.inbox.state()
	require.Contains(t, state.entries(), keyOf("new"))
	require.Contains(t, state.entries(), keyOf("shown"))
	require.NotContains(t, state.entries(), keyOf("old"))
}

func TestWaitingReceiptIsNotListed(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.inbox.queue.push(queued{event: Receipt{}, at: at(-time.Hour), key: 7, receipt: true})
	require.Empty(t, f.inbox.state().missing)
}

func TestResumeContinuesFromAState(t *testing.T) {
	t.Parallel()
	state := fullState()
	f := newFixture(t)
	f.inbox.restore(&state)
	f.connect()
	require.Equal(t, "participant", f.inbox.self.id)
	require.Equal(t, at(-time.Hour), f.inbox.ledger.since, "the time of the first connection is kept")
	require.Equal(t, state.top, f.inbox.returned)
	require.Equal(t, horizon(state.fence, f.opts.Overlap), f.inbox.ledger.floor)
	require.Equal(t, state.missing, f.inbox.state().missing)
	f.pass(passCatchUp)
	require.True(t, f.inbox.gap.open, "as after a loss")

	f = newFixture(t, func(o *Options) { o.ParticipantID = "me" })
	state.missing = nil
	f.inbox.restore(&state)
	require.Equal(t, "me", f.inbox.self.id)
	require.Zero(t, f.inbox.ledger.floor)
}

func FuzzState(f *testing.F) {
	text, _ := fullState().MarshalText()
	f.Add(text)
	f.Add(sealed([]byte{stateVersion, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
	usual, _ := usualState().MarshalText()
	f.Add(usual)
	f.Add([]byte(oldText))
	f.Add([]byte("not a state"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, text := range [][]byte{text, sealed(append([]byte{stateVersion}, text...)), sealed(append([]byte{oldVersion}, text...))} {
			var state State
			if err := state.UnmarshalText(text); err != nil {
				require.ErrorIs(t, err, ErrState)
				require.Equal(t, State{}, state)
				continue
			}
			again, err := state.MarshalText()
			require.NoError(t, err)
			if len(state.seen) > 400 || len(state.own) > 400 {
				continue // too large: some records are omitted
			}
			var read State
			require.NoError(t, read.UnmarshalText(again))
			if len(text) > 0 {
				require.Equal(t, state, read)
			}
		}
	})
}

func TestStateIncludesAHeldBackItemReleasedAtTheEnd(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.HoldBack = time.Hour })
	goLive(c)
	it := messageAt("held", time.Now())
	c.arrive(it, now())
	c.finish(CloseError{Reason: ErrClosed}, now())
	q, _ := c.takeEvent()
	event := q.event
	require.NotNil(t, event)
	require.Equal(t, it.at, c.inbox.state().top)
}

func TestStateIncludesATimelessItemReleasedAtTheEnd(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.HoldBack = time.Hour })
	goLive(c)
	c.inbox.ledger.fence = time.Now().UnixNano()
	it := messageAt("held", time.Time{})
	c.arrive(it, now())
	c.finish(CloseError{Reason: ErrClosed}, now())
	q, _ := c.takeEvent()
	event := q.event
	require.NotNil(t, event)
	require.Contains(t, c.inbox.state().entries(), it.key, "the item was returned, and would be delivered again after Resume")
	require.Zero(t, c.inbox.state().entries()[it.key].at%int64(time.Millisecond), "a State writes times in milliseconds")
}

func TestZeroStateSurvivesItsText(t *testing.T) {
	t.Parallel()
	text, err := State{}.MarshalText()
	require.NoError(t, err)
	var read State
	require.NoError(t, read.UnmarshalText(text))
	require.True(t, read.isZero())
}

func TestStateIncludesAnItemReleasedAtTheEnd(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.arrives(said("a", time.Second))
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.Equal(t, []string{"a"}, f.messages())
	require.Equal(t, at(time.Second), f.inbox.state().top)
}

func TestTimelessItemReleasedAtTheEndGetsTheCurrentTime(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	it := said("a", 0)
	it.at = 0
	f.arrives(it)
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.Equal(t, f.time().UnixNano(), f.inbox.ledger.seen[it.key].at)
	f.events()
	require.Contains(t, f.inbox.state().entries(), it.key)
}
