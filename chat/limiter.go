// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"fmt"
	"sync"
)

// Priority orders the calls that wait for the same operation in a [Limiter].
type Priority int

// The priorities that a Session uses. Calls of the same priority are admitted in the order in
// which they came.
const (
	PriorityHigh       Priority = iota // Start, the first pass after a loss, and whatever a caller waits for
	PriorityNormal                     // reconnecting, catching up after a slow caller
	PriorityLow                        // planned renewals, the passes after them and after reconnects
	PriorityBackground                 // periodic passes: at most half of the rate
)

// Limiter keeps the calls of all sessions that share it within the service's quotas,
// which are shared by all chats of an account too. Operations go by their API names,
// such as "GetTranscript". Its methods may be called concurrently.
type Limiter interface {
	// Wait returns nil when the operation may be called, or else ctx's error. If it returns an
	// error, make no call and do not call Done.
	Wait(ctx context.Context, operation string, priority Priority) error
	// Done reports that a call which Wait admitted is over, successful or not. That of
	// CreateParticipantConnection includes the dial of its socket.
	Done(operation string)
	// Throttled reports a response with status 429. Each retry of a session's call waits anew.
	Throttled(operation string)
}

// NewLimiter returns a Limiter for a share of the service's published default quotas:
// 0.5 where two processes share the account, 3 for quotas raised threefold. 0 or less is 1.
//
// Each operation has the published rate and about two thirds of the published burst;
// operations without a published quota never wait. At most 32 calls of
// CreateParticipantConnection, their dials included, run at a time, whatever the share.
// A 429 stops the operation for all: for 0.5 s, doubling to 8 s with those that follow.
//
// Waiting calls are admitted by priority; a steady stream of higher-priority calls starves
// lower ones, and PriorityBackground has at most half of the rate. The Limiter needs no
// closing, and may be shared by testing/synctest bubbles.
func NewLimiter(share float64) Limiter { return NewQuotaLimiter(share, nil) }

// Quota is how many calls of one operation an account may make.
type Quota struct {
	// Rate is the calls a second, and Burst how many may come together, as AWS publishes or
	// has set them. Burst defaults to one and a half times Rate.
	Rate, Burst float64
}

// NewQuotaLimiter returns a Limiter for a share of an account's quotas, some of which AWS has
// raised. The keys are the operations' API names, such as "SendMessage": an operation that is not
// listed, or has a Rate of 0 or less, has the published default quota, and one without a default,
// such as "GetAuthenticationUrl", may be given a quota. Other names are ignored. The share is that
// of NewLimiter and applies to all quotas, and everything else is as there.
func NewQuotaLimiter(share float64, raised map[string]Quota) *QuotaLimiter {
	if !(share > 0) { // NaN too
		share = 1
	}
	share = min(max(share, 1e-3), 1e8)
	l := &QuotaLimiter{buckets: make(map[string]*bucket, len(quotas)+len(raised))}
	for operation, q := range quotas {
		l.buckets[operation] = newBucket(q.rate*share, max(1, q.burst*share))
	}
	for operation, q := range raised {
		if q.Rate > 0 {
			l.buckets[operation] = newBucket(q.usable(share))
		}
	}
	l.buckets[createConnection].slots = dialSlots
	return l
}

// DefaultQuotas returns the quotas that AWS publishes for an account, by operation
// (Amazon Connect administrator guide, "Amazon Connect service quotas"). The caller may change the map.
func DefaultQuotas() map[string]Quota {
	published := make(map[string]Quota, len(quotas))
	for operation, q := range quotas {
		published[operation] = Quota{Rate: q.rate, Burst: q.published}
	}
	return published
}

// QuotaLimiter is a Limiter whose quotas can be changed while calls wait. [NewQuotaLimiter]
// makes one. Its methods may be called concurrently.
type QuotaLimiter struct {
	mu      sync.RWMutex
	buckets map[string]*bucket // of the operations with a quota
}

// SetQuota replaces the quota of an operation, effective immediately. Calls that wait notice a
// higher rate within 0.25 s, or later if it is above 100 a second, above all rates before it, and
// more than 1,000 calls wait. A Rate of 0 or less stops the operation: none of its calls
// is admitted until another quota is set. The share that was given to NewQuotaLimiter does not
// apply to q. An operation without a quota gets one; other names than those of operations are
// ignored.
//
// About two thirds of q.Burst are used, and never less than one call. A change adds no calls to
// what may come together, and an operation that was stopped, or had no quota, begins with none:
// it is safe to lower the quota of one Limiter and then to raise that of another by as much. A
// pause after a 429 continues.
func (l *QuotaLimiter) SetQuota(operation string, q Quota) {
	l.mu.Lock()
	b := l.buckets[operation]
	if b == nil {
		b = &bucket{}
		l.buckets[operation] = b
	}
	l.mu.Unlock()
	b.set(q.usable(1))
}

// Waiting returns how many calls of an operation wait to be admitted. Those of
// PriorityBackground do not count: there are always some, which show no lack of quota.
func (l *QuotaLimiter) Waiting(operation string) int {
	if b := l.bucket(operation); b != nil {
		return b.waiting()
	}
	return 0
}

// Wait implements [Limiter].
func (l *QuotaLimiter) Wait(ctx context.Context, operation string, priority Priority) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := l.bucket(operation)
	if b == nil {
		return nil
	}
	t, delay := b.enter(priority)
	if delay == 0 {
		return nil
	}
	return b.queueUp(ctx, t, delay)
}

// Done implements [Limiter].
func (l *QuotaLimiter) Done(operation string) {
	if b := l.bucket(operation); b != nil {
		b.done()
	}
}

// Throttled implements [Limiter].
func (l *QuotaLimiter) Throttled(operation string) {
	if b := l.bucket(operation); b != nil {
		b.throttled()
	}
}

// bucket returns nil for an operation without a quota.
func (l *QuotaLimiter) bucket(operation string) *bucket {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.buckets[operation]
}

// describe says what a call waits for.
func (l *QuotaLimiter) describe(operation string) string {
	b := l.bucket(operation)
	if b == nil {
		return operation
	}
	perSecond, waiting := b.load()
	return fmt.Sprintf("%.4g calls of %s a second, %d waiting", perSecond, operation, waiting)
}

// Unlimited admits every call immediately, for tests.
var Unlimited Limiter = unlimited{}

// defaultLimiter is the one of a process: the quotas know no sessions.
var defaultLimiter = NewLimiter(1)

const dialSlots = 32

// quotas are the published calls a second and bursts (Amazon Connect administrator guide, "Amazon
// Connect service quotas"), and a burst for us: 6 where 9, 12 or 15 is published, 3 for 5.
// Calls leave here evenly and arrive in bunches: at the published bursts the service
// answers 429. With these, CreateParticipantConnection draws none while the network's
// delays differ by at most (9 - 6) / 6 = 0.5 s, and the others while by at most 0.66 s.
var quotas = map[string]struct{ rate, published, burst float64 }{
	"CreateParticipantConnection": {6, 9, 6},
	"DisconnectParticipant":       {3, 5, 3},
	"GetTranscript":               {8, 12, 6},
	"SendMessage":                 {10, 15, 6},
	"SendEvent":                   {10, 15, 6},
	"StartAttachmentUpload":       {2, 5, 3},
	"CompleteAttachmentUpload":    {2, 5, 3},
	"GetAttachment":               {8, 12, 6},
}

// burstShare is the part of a burst other than the default that is used, for the same reason.
const burstShare = 2.0 / 3

// usable returns the rate and the burst that are used of a share of a quota, 0 for one that
// admits nothing.
func (q Quota) usable(share float64) (perSecond, burst float64) {
	if !(q.Rate > 0) { // NaN too
		return 0, 0
	}
	if !(q.Burst > 0) {
		q.Burst = 1.5 * q.Rate
	}
	const most = 1e9 // products and sums stay finite
	return min(q.Rate*share, most), max(1, min(q.Burst*share, most)*burstShare)
}

type unlimited struct{}

func (unlimited) Wait(ctx context.Context, _ string, _ Priority) error { return ctx.Err() }
func (unlimited) Done(string)                                          {}
func (unlimited) Throttled(string)                                     {}
