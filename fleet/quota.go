// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

// limiter is this member's part of the account's quotas.
type limiter struct {
	*chat.QuotaLimiter

	quotas map[string]chat.Quota // of the account
	life   context.Context       // ends when the member gives up its parts

	mu       sync.Mutex
	rates    map[string]float64 // the parts of this member
	admitted map[string]int     // calls since the last measurement
	measured time.Time
	stopped  bool

	unsure bool // the last write of the parts may still be made; only shareQuotas uses it
}

func newLimiter(life context.Context, raised map[string]chat.Quota) *limiter {
	l := &limiter{
		life: life, QuotaLimiter: chat.NewQuotaLimiter(1, raised), quotas: chat.DefaultQuotas(),
		rates: map[string]float64{}, admitted: map[string]int{}, measured: time.Now(),
	}
	for operation, q := range raised {
		if q.Rate > 0 {
			l.quotas[operation] = q
		}
	}
	for operation := range l.quotas {
		l.apply(operation)
	}
	return l
}

func (l *limiter) quota(operation string) float64 { return l.quotas[operation].Rate }

// Wait counts the admitted calls, by which want measures the member's needs. Periodic readings
// aren't counted: they use what is left. It returns ErrClosed when the member has closed.
func (l *limiter) Wait(ctx context.Context, operation string, priority chat.Priority) error {
	if l.life.Err() != nil {
		return ErrClosed
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.life, cancel)()
	err := l.QuotaLimiter.Wait(waiting, operation, priority)
	if err != nil && ctx.Err() == nil {
		return ErrClosed
	}
	if _, limited := l.quotas[operation]; err == nil && limited && priority < chat.PriorityBackground {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.admitted[operation]++
	}
	return err
}

// want returns the calls a second that the member needs of each operation, at most the quota.
// Rounding to twentieths of the quota keeps it stable. It is the whole quota if calls wait.
func (l *limiter) want() map[string]float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	seconds := max(now.Sub(l.measured).Seconds(), 1e-3)
	want := map[string]float64{}
	for operation, q := range l.quotas {
		used := 1.25 * float64(l.admitted[operation]) / seconds
		if l.Waiting(operation) > 0 {
			used = q.Rate
		}
		want[operation] = min(q.Rate, math.Ceil(20*used/q.Rate)*q.Rate/20)
	}
	clear(l.admitted)
	l.measured = now
	return want
}

// rate returns the member's part of a quota.
func (l *limiter) rate(operation string) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rates[operation]
}

// set changes the member's part of a quota.
func (l *limiter) set(operation string, rate float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rates[operation] != rate {
		l.rates[operation] = rate
		l.apply(operation)
	}
}

// apply makes calls wait for the member's part. A quota without a Burst has the default of
// SetQuota. l.mu is held.
func (l *limiter) apply(operation string) {
	q, rate := l.quotas[operation], l.rates[operation]
	if l.stopped && (operation == createConnection || operation == getTranscript) {
		rate = 0
	}
	l.SetQuota(operation, chat.Quota{Rate: rate, Burst: q.Burst * rate / q.Rate})
}

// stop stops the calls that serve sessions: other members may own the chats by now and use this
// member's part of the quotas. Messages are still sent.
func (l *limiter) stop() { l.setStopped(true) }

// resume ends stop.
func (l *limiter) resume() { l.setStopped(false) }

func (l *limiter) setStopped(stopped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = stopped
	for _, operation := range []string{createConnection, getTranscript} {
		l.rates[operation] = 0 // others may have taken the part: shareOnce reads what is left
		l.apply(operation)
	}
}

// shares are the members' parts of the quotas, in one record of the store. A member lowers its part
// before it writes the record, and raises it only after the write. So the sum of the parts in use
// never exceeds the sum in the record, which never exceeds the quota.
type shares map[string]map[string]share // by member and operation

type share struct {
	Want float64 `json:"want,omitempty"`
	Rate float64 `json:"rate,omitempty"`
}

const (
	// reserve is the fraction of an equal share that a member has without needing it.
	reserve = 0.04
	// worthwhile is the smallest fraction of a quota for which a raise is written.
	worthwhile = 0.05
)

// shareQuotas keeps adjusting this member's parts of the quotas.
func (m *Member) shareQuotas(ctx context.Context) {
	for {
		want := m.limiter.want()
		for ctx.Err() == nil {
			err := m.shareOnce(ctx, want)
			if err == nil {
				break
			}
			if !errors.Is(err, ErrConflict) {
				if ctx.Err() == nil {
					m.log.Debug("could not share the quotas", "error", err)
				}
				break
			}
		}
		if !pause(ctx, m.opts.Renew/2) {
			m.dropShare()
			return
		}
	}
}

// shareOnce compares this member's parts with what they should be, and changes them.
func (m *Member) shareOnce(ctx context.Context, want map[string]float64) error {
	ctx, cancel := context.WithTimeout(ctx, m.opts.Renew)
	defer cancel()
	all, rev, err := m.readShares(ctx)
	if err != nil {
		return err
	}
	gone, ready, err := m.goneMembers(ctx, all)
	if err != nil {
		return err
	}
	changed := all.drop(gone) || m.limiter.unsure
	mine := all[m.name]
	next := map[string]share{}
	for operation, q := range m.limiter.quotas {
		used := m.limiter.rate(operation)
		s := share{Want: want[operation], Rate: all.next(m.name, operation, q.Rate, used, want[operation])}
		// A raise takes a write even if the record has it already: an earlier write may be under way.
		changed = changed || mine == nil || s.Rate > used || s.Rate != mine[operation].Rate || s.needsMore() != mine[operation].needsMore()
		if used > 0 && s.Rate > used && !ready {
			s.Rate = used // the engine may have lost the parts of others
		}
		if s.Rate < used {
			m.limiter.set(operation, s.Rate)
		}
		next[operation] = s
	}
	all[m.name] = next
	if changed {
		m.limiter.unsure = true
		if _, err := m.store.Put(ctx, sharesKey, encode(all), rev, 0); err != nil {
			return err
		}
		m.limiter.unsure = false
	}
	for operation, s := range next {
		m.limiter.set(operation, s.Rate)
	}
	return nil
}

func (m *Member) readShares(ctx context.Context) (all shares, rev uint64, err error) {
	value, rev, err := m.store.Get(ctx, sharesKey)
	if errors.Is(err, ErrNotFound) {
		return shares{}, 0, nil
	}
	if err == nil {
		all, err = decode[shares](sharesKey, value)
	}
	if all == nil {
		all = shares{}
	}
	return all, rev, err
}

// goneMembers returns the members in the record that are gone, and whether this member has been in
// contact with the store for long enough to know.
func (m *Member) goneMembers(ctx context.Context, all shares) (gone []string, ready bool, err error) {
	m.mu.Lock()
	ready = m.isReady(time.Now())
	m.mu.Unlock()
	if !ready {
		return nil, false, nil
	}
	for name := range all {
		isGone, err := m.isGone(ctx, name)
		if err != nil {
			return nil, true, err
		}
		if isGone {
			gone = append(gone, name)
		}
	}
	return gone, true, nil
}

// dropShare gives up this member's parts.
func (m *Member) dropShare() {
	for operation := range m.limiter.quotas {
		m.limiter.set(operation, 0)
	}
	ctx, cancel := context.WithTimeout(context.Background(), m.opts.Renew)
	defer cancel()
	for {
		all, rev, err := m.readShares(ctx)
		if err != nil || !all.drop([]string{m.name}) {
			return
		}
		if _, err = m.store.Put(ctx, sharesKey, encode(all), rev, 0); !errors.Is(err, ErrConflict) {
			return
		}
	}
}

// drop removes members, and reports whether any were in the record.
func (all shares) drop(names []string) (dropped bool) {
	for _, name := range names {
		if _, ok := all[name]; ok {
			delete(all, name)
			dropped = true
		}
	}
	return dropped
}

// needsMore reports whether a member needs more than it has.
func (s share) needsMore() bool { return s.Rate == 0 || s.Want > s.Rate*(1+1e-9) }

// next returns a member's next part of a quota; used is the part it has now. The part rises to the
// fair share as far as the other members leave room, and falls to it only if another member needs
// more.
func (all shares) next(name, operation string, quota, used, want float64) float64 {
	left := quota
	needed := false
	wants := map[string]float64{name: want}
	for other, parts := range all {
		if other != name {
			left -= parts[operation].Rate
			needed = needed || parts[operation].needsMore()
			wants[other] = parts[operation].Want
		}
	}
	left = max(left, 0)
	fair := fairShare(name, wants, quota)
	switch {
	case used > left: // the record was lost, and others have taken the part
		return left
	case fair < used && needed:
		return fair
	case fair > used:
		if raised := min(fair, left); raised >= used+worthwhile*quota || used == 0 {
			return raised
		}
	}
	return used
}

// fairShare divides a quota. Members that want little get what they want; the others get equal
// parts of the rest. If all get what they want, what is left over is divided equally.
func fairShare(name string, wants map[string]float64, quota float64) float64 {
	n := float64(len(wants))
	sum := 0.0
	for other := range wants {
		wants[other] = max(wants[other], reserve*quota/n)
		sum += wants[other]
	}
	if sum > quota {
		return min(wants[name], waterLevel(slices.Sorted(maps.Values(wants)), quota))
	}
	return wants[name] + (quota-sum)/n
}

// waterLevel returns the part of each member that doesn't get what it wants.
func waterLevel(wants []float64, quota float64) float64 {
	for i, want := range wants {
		level := quota / float64(len(wants)-i)
		if want >= level {
			return level
		}
		quota -= want
	}
	return math.Inf(1)
}
