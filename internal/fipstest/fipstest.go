// SPDX-License-Identifier: Apache-2.0

// Package fipstest makes crypto/rand work in testing/synctest bubbles in FIPS 140-3 mode. Import it
// for its side effect.
//
// Go 1.26 seeds a random generator from clock jitter, but the clock stands still in a bubble: the
// first use panics, as does a concurrent use, which needs a second generator. The certified module,
// GOFIPS140=v1.0.0, has no such limit. Tests with fips140=only require that module, because TLS
// then accepts only crypto/rand's own reader.
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

// serial reads with a single generator.
type serial struct {
	mu     sync.Mutex
	reader io.Reader
}

func (s *serial) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reader.Read(p)
}
