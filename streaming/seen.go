// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"context"
	"sync"
)

// Seen records which events have been handled, by Notification.Key. Its methods are called
// concurrently if Handle is.
type Seen interface {
	// Seen reports whether the key is recorded, and records it, atomically.
	Seen(ctx context.Context, key string) (bool, error)
	// Forget removes the key of an event that could not be handled.
	Forget(ctx context.Context, key string) error
}

// Memory returns a Seen that keeps the newest n keys in memory, for one process. n counts events,
// not chats; a value below 1 counts as 1. A key takes about 150 bytes.
func Memory(n int) Seen {
	return &memory{size: max(n, 1), slots: map[string]int{}}
}

// memory is a ring of keys.
type memory struct {
	size int

	mu    sync.Mutex
	ring  []string
	next  int            // the slot to use when the ring is full
	slots map[string]int // by key
}

// Seen never returns an error.
func (m *memory) Seen(_ context.Context, key string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.slots[key]; known {
		return true, nil
	}
	if len(m.ring) < m.size {
		m.slots[key] = len(m.ring)
		m.ring = append(m.ring, key)
		return false, nil
	}
	m.drop(m.next)
	m.ring[m.next], m.slots[key] = key, m.next
	m.next = (m.next + 1) % m.size
	return false, nil
}

// drop removes the key of a slot, unless the key was forgotten and has a newer slot.
func (m *memory) drop(slot int) {
	if m.slots[m.ring[slot]] == slot {
		delete(m.slots, m.ring[slot])
	}
}

// Forget never returns an error.
func (m *memory) Forget(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.slots, key)
	return nil
}
