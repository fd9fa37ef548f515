// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"sync"
	"time"
)

// loop runs step when it is woken and at the deadline that step returned, one run at a time.
// Between runs it is only a timer: a waiting goroutine would cost an idle session 4 kB.
type loop struct {
	step func(now instant) (next instant, over bool) // a zero next means no deadline
	wg   *sync.WaitGroup

	mu    sync.Mutex
	state loopState
	timer *time.Timer
}

type loopState int

const (
	loopResting loopState = iota
	loopRunning
	loopWoken // woken while running: it runs once more
	loopOver
)

// wake makes the loop run soon. It does nothing once step has reported the end.
func (l *loop) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.state {
	case loopResting:
		l.state = loopRunning
		l.wg.Go(l.run)
	case loopRunning:
		l.state = loopWoken
	case loopWoken, loopOver:
	}
}

func (l *loop) run() {
	for {
		next, over := l.step(now())
		if l.rest(next, over) {
			return
		}
	}
}

// rest sets the timer, and reports false if the loop has been woken since the run began.
func (l *loop) rest(next instant, over bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case over:
		l.state = loopOver
		next = 0
	case l.state == loopWoken:
		l.state = loopRunning
		return false
	default:
		l.state = loopResting
	}
	l.setTimer(next)
	return true
}

// setTimer doesn't care whether the old timer has just fired: step then finds nothing due.
func (l *loop) setTimer(next instant) {
	switch {
	case next.IsZero() && l.timer != nil:
		l.timer.Stop()
	case next.IsZero():
	case l.timer == nil:
		l.timer = time.AfterFunc(next.until(), l.wake)
	default:
		l.timer.Reset(next.until())
	}
}
