// SPDX-License-Identifier: Apache-2.0

// Package fipstest lets tests use crypto/rand in testing/synctest bubbles in FIPS 140-3 mode. It
// is imported for that effect.
//
// Go 1.26 seeds a random generator from the jitter of the clock, which stands still in a bubble:
// the first use panics, and so does one beside another, which needs a second generator. The
// module that is certified, GOFIPS140=v1.0.0, has no such limit. Tests with fips140=only need that
// one: TLS takes no other reader than crypto/rand's own then.
package fipstest

import (
	"crypto/fips140"
	"crypto/rand"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/google/uuid"
)

func init() {
	if !fips140.Enabled() || strings.Contains(os.Getenv("GODEBUG"), "fips140=only") {
		return
	}
	r := &serial{reader: rand.Reader}
	_, _ = r.Read(make([]byte, 1)) // seeds the generator
	rand.Reader = r
	uuid.SetRand(r)
}

// serial reads with one generator.
type serial struct {
	mu     sync.Mutex
	reader io.Reader
}

func (s *serial) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reader.Read(p)
}
