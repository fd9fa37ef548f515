// SPDX-License-Identifier: Apache-2.0

package fleettest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// Here the checks run in bubbles, where their seconds take no time.
func TestMemoryPasses(t *testing.T) {
	t.Parallel()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, failures(t, c, func(*broken) {}))
		})
	}
}

func TestBrokenStoresFail(t *testing.T) {
	t.Parallel()
	for name, mutate := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.True(t, slices.ContainsFunc(checks, func(c check) bool {
				failed := failures(t, c, mutate)
				if len(failed) > 0 {
					t.Logf("%s: %s", c.name, failed[0])
				}
				return len(failed) > 0
			}), "no check fails")
		})
	}
}

// failures runs a check on a broken store.
func failures(t *testing.T, c check, mutate func(b *broken)) []string {
	t.Helper()
	r := &recorder{}
	synctest.Test(t, func(t *testing.T) {
		r.TB = t
		b := &broken{Store: fleet.Memory()}
		mutate(b)
		r.run(func() { c.run(tester{r, b}) })
		<-time.After(5 * time.Minute) // goroutines of a broken store end
	})
	return r.failures
}

// recorder records failures of a test instead of failing.
type recorder struct {
	testing.TB

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

// run runs f, and then the functions passed to Cleanup, each in a goroutine that Fatalf may end.
func (r *recorder) run(f func()) {
	goExitable(f)
	for len(r.cleanups) > 0 {
		last := r.cleanups[len(r.cleanups)-1]
		r.cleanups = r.cleanups[:len(r.cleanups)-1]
		goExitable(last)
	}
}

func goExitable(f func()) {
	var wg sync.WaitGroup
	wg.Go(f)
	wg.Wait()
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Fatalf(format string, args ...any) {
	r.mu.Lock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
	r.mu.Unlock()
	runtime.Goexit()
}
