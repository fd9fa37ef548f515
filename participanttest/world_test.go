// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/participant-go/connectparticipant/participanttest"
)

// world is where a test runs.
type world struct {
	t   *testing.T
	srv *participanttest.Server
}

type options = func(*participanttest.Options)

func withTLS(o *participanttest.Options) { o.TLS = true }

// everywhere runs a test over TCP and in memory, without and with TLS.
func everywhere(t *testing.T, test func(w world), optFns ...options) {
	t.Helper()
	plainAndTLS(t, both, test, optFns...)
}

// inMemory runs a test in memory, without and with TLS.
func inMemory(t *testing.T, test func(w world), optFns ...options) {
	t.Helper()
	plainAndTLS(t, bubble, test, optFns...)
}

func plainAndTLS(t *testing.T, run func(*testing.T, func(w world), ...options), test func(w world), optFns ...options) {
	t.Helper()
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		run(t, test, optFns...)
	})
	t.Run("TLS", func(t *testing.T) {
		t.Parallel()
		run(t, test, append(slices.Clip(optFns), withTLS)...)
	})
}

// both runs a test over TCP and in memory.
func both(t *testing.T, test func(w world), optFns ...options) {
	t.Helper()
	t.Run("TCP", func(t *testing.T) {
		t.Parallel()
		test(world{t, participanttest.Start(t, optFns...)})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		bubble(t, test, optFns...)
	})
}

func bubble(t *testing.T, test func(w world), optFns ...options) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(world{t, participanttest.Start(t, append(slices.Clip(optFns), participanttest.InMemory())...)})
	})
}
