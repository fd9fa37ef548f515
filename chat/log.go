package chat

import (
	"context"
	"log/slog"
)

// maxLogged is what is kept for the log between two looks. More is dropped.
const maxLogged = 32

// logRecord waits until the mutex is free: the logger is the user's code.
type logRecord struct {
	level   slog.Level
	message string
	args    []any
}

// log keeps a record; the next look writes it. The mutex is held.
func (s *Session) log(level slog.Level, message string, args ...any) {
	if len(s.logged) < maxLogged {
		s.logged = append(s.logged, logRecord{level, message, args})
	}
}

// writeLog writes what was kept.
func (s *Session) writeLog() {
	for _, r := range s.takeLog() {
		s.opts.Logger.Log(context.Background(), r.level, r.message, r.args...)
	}
}

func (s *Session) takeLog() []logRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	logged := s.logged
	s.logged = nil
	return logged
}
