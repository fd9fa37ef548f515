// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func withLogger(o *Options) { o.Logger = slog.New(slog.DiscardHandler) }

// records runs the writer, and returns the messages.
func (f *fixture) records() (messages []string) {
	f.runStep()
	for _, r := range f.takeLogs() {
		messages = append(messages, r.message)
	}
	f.takeLogs()
	return messages
}

func TestASessionHasOneWriterOfLogs(t *testing.T) {
	t.Parallel()
	f := connected(t, withLogger)
	f.records()
	none[writeLogs](f)
	f.log(slog.LevelInfo, "a")
	one[writeLogs](f)
	f.log(slog.LevelInfo, "b")
	none[writeLogs](f)
	require.Equal(t, []string{"a", "b"}, f.records())
	f.log(slog.LevelInfo, "c")
	one[writeLogs](f)
}

func TestDroppedLogRecordsAreCounted(t *testing.T) {
	t.Parallel()
	f := connected(t, withLogger)
	f.records()
	for range 32 + 5 {
		f.log(slog.LevelInfo, "a")
	}
	records := f.takeLogs()
	require.Len(t, records, 32+1)
	require.Equal(t, logRecord{slog.LevelWarn, "chat log records dropped", []any{"records", 5}}, records[32])
	require.Empty(t, f.takeLogs())
}

func TestUnreadableFramesAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	f := connected(t, withLogger)
	f.records()
	for range 10 {
		f.unreadable(f.now)
	}
	require.Equal(t, []string{"chat frames could not be read"}, f.records())
	f.sleep(time.Minute - 1)
	f.unreadable(f.now)
	require.Empty(t, f.records())
	f.sleep(1)
	f.unreadable(f.now)
	records := f.takeLogs()
	require.Len(t, records, 1)
	require.Equal(t, []any{"frames", 11}, records[0].args)
}

func TestWithoutALoggerNothingIsKept(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.log(slog.LevelError, "a")
	f.unreadable(f.now)
	require.Nil(t, f.logs)
	none[writeLogs](f)
}
