// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"log/slog"
	"time"
)

const (
	// maxLogged is how many records wait for a slow logger. Further ones are dropped and
	// counted.
	maxLogged = 32
	// unreadableEvery is how often the number of unreadable frames is logged. Logging each one
	// could fill the disk.
	unreadableEvery = time.Minute
)

// logs are the records that wait for the logger. The logger is the user's code: it runs without the
// lock, and only Close and Leave wait for it.
type logs struct {
	records []logRecord
	dropped int
	writing bool

	unreadable   int // frames since the last record about them
	unreadableAt instant
}

type logRecord struct {
	level   slog.Level
	message string
	args    []any
}

func (c *core) log(level slog.Level, message string, args ...any) {
	switch l := c.logs; {
	case l == nil:
	case len(l.records) >= maxLogged:
		l.dropped++
	default:
		l.records = append(l.records, logRecord{level, message, args})
	}
}

// stepLogs starts the writer if records wait. A session has at most one writer.
func (c *core) stepLogs() {
	if l := c.logs; l != nil && len(l.records) > 0 && !l.writing {
		l.writing = true
		c.todo = append(c.todo, writeLogs{})
	}
}

func (c *core) logUnreadable(now instant) {
	l := c.logs
	if l == nil {
		return
	}
	l.unreadable++
	if l.unreadableAt.IsZero() || now.Sub(l.unreadableAt) >= unreadableEvery {
		l.unreadableAt = now
		c.flushUnreadable()
	}
}

// flushUnreadable logs the number of frames since the last record about them.
func (c *core) flushUnreadable() {
	if l := c.logs; l != nil && l.unreadable > 0 {
		c.log(slog.LevelWarn, "chat frames could not be read", "frames", l.unreadable)
		l.unreadable = 0
	}
}

// takeLogs removes and returns the waiting records. If there are none, the writer ends.
func (c *core) takeLogs() (records []logRecord) {
	l := c.logs
	if l.dropped > 0 {
		l.records = append(l.records, logRecord{slog.LevelWarn, "chat log records dropped", []any{"records", l.dropped}})
		l.dropped = 0
	}
	records, l.records = l.records, nil
	l.writing = len(records) > 0
	return records
}

// writeLogs is the task of passing the waiting records to the logger.
type writeLogs struct{}

func (writeLogs) do(s *Session) {
	s.wg.Go(func() {
		for records := s.takeLogs(); len(records) > 0; records = s.takeLogs() {
			for _, r := range records {
				s.opts.Logger.Log(context.Background(), r.level, r.message, r.args...)
			}
		}
	})
}

func (s *Session) takeLogs() (records []logRecord) {
	s.change(func(c *core, _ instant) { records = c.takeLogs() })
	return records
}
