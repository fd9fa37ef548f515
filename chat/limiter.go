// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"fmt"
	"sync"
)

// Priority orders the calls that wait for the same operation in a [Limiter].
type Priority int

// The priorities that a Session uses. Calls of the same priority are admitted in the order of their
// arrival.
const (
	PriorityHigh       Priority = iota // Start, the first pass after a lost connection, and calls that a caller waits for
	PriorityNormal                     // reconnects, passes for missed items and slow callers, SendEvent
	PriorityLow                        // planned renewals, and the second pass after each connection (Options.Settle)
	PriorityBackground                 // periodic passes: at most half of the rate
)

// Limiter keeps the calls of all sessions that share it within the service's quotas, which all
// chats of an account share. operation is the API name, such as "GetTranscript". The methods must
// be safe for concurrent use.
type Limiter interface {
	// Wait returns nil when the operation may be called. If ctx ends first, it returns ctx's
	// error; the caller must then neither make the call nor call Done.
	Wait(ctx context.Context, operation string, priority Priority) error
	// Done reports that a call which Wait admitted has ended, successfully or not. A call of
	// CreateParticipantConnection ends after the dial of its socket.
	Done(operation string)
	// Throttled reports a response with status 429. A session calls Wait again before each retry.
	Throttled(operation string)
}

// NewLimiter returns a Limiter for a share of the service's published default quotas:
// 0.5 if two processes share the account, 3 if the quotas are raised threefold. 0 or less means 1.
//
// Each operation has the published rate and about two thirds of the published burst; operations
// without a published quota never wait. At most 32 calls of CreateParticipantConnection, including
// the dials of their sockets, run at a time, whatever the share. A response with status 429 stops
// the operation for all sessions for 0.5 s; further ones double that, up to 8 s.
//
// Waiting calls are admitted by priority; a steady stream of higher-priority calls starves lower
// ones, and PriorityBackground has at most half of the rate. The Limiter needs no closing. One
// Limiter may be used in several testing/synctest bubbles.
func NewLimiter(share float64) Limiter { return NewQuotaLimiter(share, nil) }

// Quota is an account's quota for one operation.
type Quota struct {
	// Rate is the number of calls per second and Burst the number of calls that may be made
	// together, as published by AWS or set for the account. Burst defaults to 1.5 times Rate.
	Rate, Burst float64
}

// NewQuotaLimiter returns a Limiter for a share of an account's quotas, some of which AWS has
// raised. The keys of raised are the operations' API names, such as "SendMessage". An operation that
// is not listed, or has a Rate of 0 or less, has the published default quota. An operation without a
// published quota, such as "GetAuthenticationUrl", may be listed too; unknown names are ignored. The
// share applies to all quotas. Otherwise it behaves like the Limiter of NewLimiter.
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

// DefaultQuotas returns the quotas that AWS publishes for an account, by operation (Amazon Connect
// administrator guide, "Amazon Connect service quotas"). The caller owns the map.
func DefaultQuotas() map[string]Quota {
	published := make(map[string]Quota, len(quotas))
	for operation, q := range quotas {
		published[operation] = Quota{Rate: q.rate, Burst: q.published}
	}
	return published
}

// QuotaLimiter is a Limiter whose quotas can be changed while calls wait. Create it with
// [NewQuotaLimiter]. Its methods may be called concurrently.
type QuotaLimiter struct {
	mu      sync.RWMutex
	buckets map[string]*bucket // of the operations with a quota
}

// SetQuota replaces the quota of an operation, effective immediately. Waiting calls notice a higher
// rate within 0.25 s; later if the rate is above 100 per second and above all earlier rates, and more
// than 1,000 calls wait. A Rate of 0 or less stops the operation: none of its calls is admitted until
// another quota is set. The share passed to NewQuotaLimiter does not apply to q. The operation may be
// one without a quota; unknown names have no effect.
//
// The burst is about two thirds of q.Burst, but at least one call. SetQuota does not refill it, and
// an operation that was stopped, or had no quota, begins with an empty burst. It is therefore safe
// to lower the quota of one Limiter and then to raise that of another by the same amount. A pause
// after a response with status 429 continues.
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

// Waiting returns how many calls of an operation wait to be admitted. It doesn't count those of
// PriorityBackground, because some of these always wait, even if the quota is sufficient.
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

// describe describes the quota and the queue of an operation, for an error.
func (l *QuotaLimiter) describe(operation string) string {
	b := l.bucket(operation)
	if b == nil {
		return operation
	}
	perSecond, waiting := b.load()
	return fmt.Sprintf("%.4g calls of %s per second, %d waiting", perSecond, operation, waiting)
}

// Unlimited admits every call immediately, for tests.
var Unlimited Limiter = unlimited{}

// defaultLimiter is shared by all sessions of the process without Options.Limiter.
var defaultLimiter = NewLimiter(1)

const dialSlots = 32

// quotas are the published rates (calls per second) and bursts (Amazon Connect administrator guide,
// "Amazon Connect service quotas"), and the bursts that we use: 6 where 9, 12 or 15 is published, 3
// where it is 5. Calls are sent evenly but arrive in bunches, so that at the published bursts the
// service responds with 429. With the lower bursts, CreateParticipantConnection gets no 429 as long as
// network delays differ by at most (9 - 6) / 6 = 0.5 s, the others as long as by at most 0.66 s.
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

// burstShare is the share that we use of a burst other than a default one, for the same reason.
const burstShare = 2.0 / 3

// usable returns the rate and the burst to be used of a share of the quota; both are 0 for a quota
// that admits nothing.
func (q Quota) usable(share float64) (perSecond, burst float64) {
	if !(q.Rate > 0) { // NaN too
		return 0, 0
	}
	if !(q.Burst > 0) {
		q.Burst = 1.5 * q.Rate
	}
	const most = 1e9 // keeps products and sums finite
	return min(q.Rate*share, most), max(1, min(q.Burst*share, most)*burstShare)
}

type unlimited struct{}

func (unlimited) Wait(ctx context.Context, _ string, _ Priority) error { return ctx.Err() }
func (unlimited) Done(string)                                          {}
func (unlimited) Throttled(string)                                     {}
