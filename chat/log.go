// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"log/slog"
	"time"
)

const (
	// maxLogged is how many records wait for a logger that is slow. More are dropped, and
	// counted.
	maxLogged = 32
	// unreadableEvery is how often frames that can't be read are logged, with their number:
	// a service that sends nothing else must not fill the disk.
	unreadableEvery = time.Minute
)

// logs are the records that wait. A logger is the user's code: it runs without the lock, and
// nothing of the session waits for it but Close.
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

// stepLogs starts the writer if there is something to write. A session has at most one.
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

// flushUnreadable logs what was counted since the last record.
func (c *core) flushUnreadable() {
	if l := c.logs; l != nil && l.unreadable > 0 {
		c.log(slog.LevelWarn, "chat frames could not be read", "frames", l.unreadable)
		l.unreadable = 0
	}
}

// takeLogs returns the records that wait. Without any, the writer ends.
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

// writeLogs is the task that writes them.
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
