// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

// countingLimiter counts the calls of its methods.
type countingLimiter struct {
	chat.Limiter

	mu                     sync.Mutex
	waits, done, throttled map[string]int
}

func (l *countingLimiter) add(to map[string]int, operation string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	to[operation]++
}

func (l *countingLimiter) count(of map[string]int, operation string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return of[operation]
}

func (l *countingLimiter) Wait(ctx context.Context, operation string, p chat.Priority) error {
	l.add(l.waits, operation)
	return l.Limiter.Wait(ctx, operation, p)
}

func (l *countingLimiter) Done(operation string) { l.add(l.done, operation) }

func (l *countingLimiter) Throttled(operation string) { l.add(l.throttled, operation) }

func newCountingLimiter() *countingLimiter {
	return &countingLimiter{Limiter: chat.Unlimited, waits: map[string]int{}, done: map[string]int{}, throttled: map[string]int{}}
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// arrivals records when messages were delivered.
type arrivals struct {
	mu sync.Mutex
	at map[string]time.Time
}

// note receives the events of s until ctx ends.
func (a *arrivals) note(ctx context.Context, s *chat.Session) {
	for {
		event, err := s.Next(ctx)
		if err != nil {
			return
		}
		if m, ok := event.(chat.Message); ok {
			a.mu.Lock()
			a.at[m.ID] = time.Now()
			a.mu.Unlock()
		}
	}
}
