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

	quotas map[string]chat.Quota // the account's

	mu       sync.Mutex
	rates    map[string]float64 // the member's parts
	admitted map[string]int     // calls since the last measurement
	measured time.Time
	stopped  bool

	unsure bool // the last write of the parts may be made late; only shareQuotas uses it
}

func newLimiter(raised map[string]chat.Quota) *limiter {
	l := &limiter{
		QuotaLimiter: chat.NewQuotaLimiter(1, raised), quotas: chat.DefaultQuotas(),
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

// Wait counts what it admits: that is what the member needs. Periodic readings don't count: they take
// what there is.
func (l *limiter) Wait(ctx context.Context, operation string, priority chat.Priority) error {
	err := l.QuotaLimiter.Wait(ctx, operation, priority)
	if _, limited := l.quotas[operation]; err == nil && limited && priority < chat.PriorityBackground {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.admitted[operation]++
	}
	return err
}

// want returns the calls a second that the member needs of each operation, at most the quota, in
// twentieths of it so that it doesn't change all the time. It is the quota if calls wait.
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

// apply has calls wait for the member's part. Without a Burst, SetQuota takes its own default. l.mu is
// held.
func (l *limiter) apply(operation string) {
	q, rate := l.quotas[operation], l.rates[operation]
	if l.stopped && (operation == createConnection || operation == getTranscript) {
		rate = 0
	}
	l.SetQuota(operation, chat.Quota{Rate: rate, Burst: q.Burst * rate / q.Rate})
}

// stop stops what serves sessions: the member may not own their chats any more, and the other
// members may use its part of the quotas. Messages are sent on.
func (l *limiter) stop() { l.setStopped(true) }

// resume ends stop.
func (l *limiter) resume() { l.setStopped(false) }

func (l *limiter) setStopped(stopped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = stopped
	for _, operation := range []string{createConnection, getTranscript} {
		l.rates[operation] = 0 // others may have taken the part: only the record says what is left
		l.apply(operation)
	}
}

// shares are the members' parts of the quotas, in one record of the store. A member lowers its
// own part before it writes that, and raises it only after it has written that: so the sum of
// what is used is never above the sum in the record, and that never above the quota.
type shares map[string]map[string]share // by member and operation

type share struct {
	Want float64 `json:"want,omitempty"`
	Rate float64 `json:"rate,omitempty"`
}

const (
	// reserve is the part of an equal share that a member has without needing it.
	reserve = 0.04
	// worthwhile is the part of a quota that makes a change worth a write.
	worthwhile = 0.05
)

// shareQuotas keeps this member's part of the quotas.
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

// shareOnce compares this member's part with what it should be, and changes it.
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
		// A raise takes a write even if the record has it already: an earlier one may be under way.
		changed = changed || mine == nil || s.Rate > used || s.Rate != mine[operation].Rate || s.isHungry() != mine[operation].isHungry()
		if used > 0 && s.Rate > used && !ready {
			s.Rate = used // the engine may have forgotten what others use
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

// goneMembers returns the members in the record that are not there any more, and whether this one
// has been in contact for long enough to know.
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

// dropShare gives this member's part back.
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

// drop removes members, and reports whether there were any.
func (all shares) drop(names []string) (dropped bool) {
	for _, name := range names {
		if _, ok := all[name]; ok {
			delete(all, name)
			dropped = true
		}
	}
	return dropped
}

// isHungry reports whether a member needs more than it has.
func (s share) isHungry() bool { return s.Rate == 0 || s.Want > s.Rate*(1+1e-9) }

// next returns a member's next part of a quota, which it uses at the rate used now. It rises to its
// fair part, as far as the others leave that, and falls to it only if another needs more.
func (all shares) next(name, operation string, quota, used, want float64) float64 {
	left := quota
	hungry := false
	wants := map[string]float64{name: want}
	for other, parts := range all {
		if other != name {
			left -= parts[operation].Rate
			hungry = hungry || parts[operation].isHungry()
			wants[other] = parts[operation].Want
		}
	}
	left = max(left, 0)
	fair := fairShare(name, wants, quota)
	switch {
	case used > left: // the record was lost, and others have taken what was there
		return left
	case fair < used && hungry:
		return fair
	case fair > used:
		if raised := min(fair, left); raised >= used+worthwhile*quota || used == 0 {
			return raised
		}
	}
	return used
}

// fairShare divides a quota: everybody gets what they want, as far as it goes; those who want
// more than the others get equal parts, and what is left is divided equally.
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

// waterLevel returns the part of those who don't get what they want.
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
