// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
)

// memory is a tokenStore for one process.
type memory struct {
	mu     sync.Mutex
	tokens map[string]string
}

func newMemory() *memory { return &memory{tokens: map[string]string{}} }

// Save stores a token.
func (m *memory) Save(_ context.Context, contactID, participantToken string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens[contactID] = participantToken
	return nil
}

// Token returns a token.
func (m *memory) Token(_ context.Context, contactID string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token, ok := m.tokens[contactID]
	if !ok {
		return "", errNoToken
	}
	return token, nil
}

// Delete deletes a token if it exists.
func (m *memory) Delete(_ context.Context, contactID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tokens, contactID)
	return nil
}
