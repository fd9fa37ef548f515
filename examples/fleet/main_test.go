// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/fips140"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// build builds the bridge once: concurrent builds would each compile nats-server.
var build = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "build", "-C", "bridge", "-o", os.DevNull, ".").CombinedOutput()
	return string(out), err
})

// needsProcesses skips a test if the bridge can't be built.
func needsProcesses(t *testing.T) {
	t.Helper()
	if strings.HasPrefix(runtime.Version(), "go1.25") {
		t.Skip("nats-server needs Go 1.26")
	}
	if fips140.Enabled() {
		t.Skip("nats-server would have to be compiled again for FIPS 140-3")
	}
	out, err := build()
	require.NoError(t, err, out)
}

func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	needsProcesses(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out bytes.Buffer
	require.NoError(t, run(ctx, []string{"-short", "-bridge", "bridge"}, io.MultiWriter(&out, t.Output()), t.Output()))
	require.Contains(t, out.String(), "Process B is killed")
	require.Contains(t, out.String(), "Process A has no chats left")
	table := out.String()[strings.Index(out.String(), "\n\n"):]
	numbers := regexp.MustCompile(`(\d+) *\n`).FindAllStringSubmatch(table, -1)
	require.Len(t, numbers, 7, table)
	written, handled, lost, replies, doubled, throttled := numbers[0][1], numbers[1][1], numbers[2][1], numbers[4][1], numbers[5][1], numbers[6][1]
	require.NotEqual(t, "0", written)
	require.Equal(t, []string{written, "0", written, "0", "0"}, []string{handled, lost, replies, doubled, throttled}, table)
}

func TestCancelStopsAllProcesses(t *testing.T) {
	t.Parallel()
	needsProcesses(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f, err := buildFleet(ctx, "bridge")
	require.NoError(t, err)
	require.NoError(t, f.startEngine(ctx))
	engine := f.running[0]
	cancel()
	f.close()
	require.NotNil(t, engine.cmd.ProcessState)
	require.NoDirExists(t, f.dir)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	needsProcesses(t)
	require.ErrorContains(t, run(t.Context(), []string{"-bridge", "nowhere"}, io.Discard, io.Discard), "build the bridge")
	require.ErrorContains(t, run(t.Context(), []string{"-unknown"}, io.Discard, io.Discard), "-unknown")
	f, err := buildFleet(t.Context(), "bridge")
	require.NoError(t, err)
	defer f.close()
	require.ErrorContains(t, f.start(t.Context(), "A"), "start A")
}
