// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	stableAfter    = 30 * time.Second // a socket that lived so long resets the back-off
	drainTime      = 2 * time.Second  // how long a replaced socket is still read
	pingReplaceGap = 5 * time.Minute
	// doubtGap is the minimum time between two checks of the membership.
	doubtGap = 10 * time.Second
)

// conn is the connection to the service: the credentials of the newest
// CreateParticipantConnection, the sockets, and when the next dial is due.
type conn struct {
	creds    credentials
	cur, old line // old is read for a moment after cur has replaced it
	oldUntil instant

	dialAt     instant // the next dial; a renewal while there is a socket
	generation int32   // counts the connections created
	attempts   int32   // dials in a row that failed, or whose sockets were lost soon
	denied     int32   // how often in a row CreateParticipantConnection was denied
	dial       dialState
	doubt      doubtState
	renewal    renewalState
	urgent     bool // a call waits for a newer token, or the membership is in doubt
	connected  bool // CreateParticipantConnection was called with ConnectParticipant
	given      bool // Options.Connection was used

	failure       error
	ackedAt       instant
	lostAt        instant
	waitingSince  instant       // when the dial began to wait for the Limiter; 0 if it doesn't
	limiterWait   time.Duration // spent waiting for the Limiter since lostAt
	pingRenewed   instant
	tokenBackoffs map[string]tokenBackoff // by operation
}

// dialState is whether a dial is running.
type dialState uint8

const (
	dialIdle    dialState = iota
	dialRunning           // with the priority that it needs
	dialLow               // with a low priority, which can be raised
)

// doubtState is whether this participant may have been removed from the chat.
type doubtState uint8

const (
	doubtNone   doubtState = iota
	doubtRaised            // the next dial will show it
	doubtDialed            // the running dial will show it
)

// line is a subscribed socket and the state of its heartbeats.
type line struct {
	socket    *socket
	heartbeat heartbeat
}

func (l *conn) isUp() bool { return l.cur.socket != nil }

func (l *conn) heartbeatOf(k *socket) *heartbeat {
	switch k {
	case l.cur.socket:
		return &l.cur.heartbeat
	case l.old.socket:
		return &l.old.heartbeat
	default:
		return nil
	}
}

// begin makes the first dial due.
func (l *conn) begin(now instant) { l.dialAt, l.lostAt = now, now }

// closeAll closes the sockets, which takes less than a second.
func (l *conn) closeAll(todo *[]task) {
	for _, k := range []*socket{l.cur.socket, l.old.socket} {
		if k != nil {
			*todo = append(*todo, closeSocket{k})
		}
	}
	l.cur, l.old = line{}, line{}
}

// doubtMembership makes a dial due within seconds. Only CreateParticipantConnection shows whether
// this participant is still in the chat.
func (l *conn) doubtMembership(now instant) {
	at := now.Add(between(time.Second, 3*time.Second))
	if earliest := l.creds.asked.Add(doubtGap); at.Before(earliest) {
		at = earliest
	}
	l.doubt = doubtRaised
	switch {
	case l.dial == dialLow:
		l.urgent = true
	case l.isUp() && l.dial == dialIdle && at.Before(l.dialAt):
		l.dialAt, l.urgent = at, true
	}
}

// stepHeartbeat sends the heartbeats that are due, and drops a dead socket.
func (c *core) stepHeartbeat(now instant, d *deadline) {
	l := &c.conn
	if !l.isUp() {
		return
	}
	k, h := l.cur.socket, &l.cur.heartbeat
	send, err := h.beat(now)
	if err != nil {
		c.lost(k, err, now)
		c.todo = append(c.todo, closeSocket{k})
		return
	}
	if h.missed >= maxPingsMissed && now.Sub(l.pingRenewed) >= pingReplaceGap {
		c.log(slog.LevelWarn, "chat socket reaches only the gateway", "pings", h.missed)
		l.pingRenewed, l.dialAt = now, now
	}
	if send {
		c.todo = append(c.todo, sendHeartbeats{k})
	}
	d.add(h.tick)
}

// stepConn closes the replaced socket and starts the dial that is due.
func (c *core) stepConn(now instant, d *deadline) {
	l := &c.conn
	if l.old.socket != nil && !now.Before(l.oldUntil) {
		c.todo = append(c.todo, closeSocket{l.old.socket})
		l.old = line{}
	}
	if l.old.socket != nil {
		d.add(l.oldUntil)
	}
	c.stepGiveUp(now, d)
	switch {
	case !c.isOpen():
	case l.dial != dialIdle:
		if l.dial == dialLow && (l.urgent || !l.isUp()) {
			l.dial = dialRunning
			c.todo = append(c.todo, expediteDial{})
		}
	case now.Before(l.dialAt):
		d.add(l.dialAt)
	case c.opts.RenewalEvents && l.isUp() && !l.urgent && l.renewal == renewalSilent:
		c.announceRenewal(now, d)
	default:
		c.startDial()
	}
}

// expires returns when the socket must have been replaced.
func (l *conn) expires() instant { return l.creds.asked.Add(l.creds.life - connectionMargin) }

func (c *core) startDial() {
	l := &c.conn
	start := startDial{priority: PriorityLow}
	switch {
	case c.phase == phaseStarting:
		start.priority = PriorityHigh
	case !l.isUp() || l.urgent:
		start.priority = PriorityNormal
	case l.creds.life > 0:
		start.urgentAt = l.expires()
	}
	if c.opts.Connection != nil && !l.given {
		start.given, l.given = c.opts.Connection, true
	}
	start.connect = c.opts.ConnectParticipant && !l.connected
	l.dial, l.urgent = dialRunning, false
	if start.priority == PriorityLow {
		l.dial = dialLow
	}
	if l.doubt == doubtRaised {
		l.doubt = doubtDialed
	}
	c.todo = append(c.todo, start)
}

// stepGiveUp ends a session that has been without a connection for too long.
func (c *core) stepGiveUp(now instant, d *deadline) {
	l := &c.conn
	if c.opts.GiveUpAfter <= 0 || l.isUp() || !l.waitingSince.IsZero() || !c.isOpen() {
		return
	}
	at := l.lostAt.Add(l.limiterWait).Add(c.opts.GiveUpAfter)
	if now.Before(at) {
		d.add(at)
		return
	}
	c.finish(CloseError{Reason: ErrGaveUp, Cause: l.failure, Gap: true}, now)
}

// beginWait records that the dial begins to wait for the Limiter, which doesn't count as an outage.
func (l *conn) beginWait(now instant) { l.waitingSince = now }

// endWait records that the wait is over.
func (l *conn) endWait(now instant) {
	if !l.waitingSince.IsZero() {
		l.limiterWait += now.Sub(max(l.waitingSince, l.lostAt))
	}
	l.waitingSince = 0
}

// issued stores the credentials of a new connection, whose token is used from now on.
func (c *core) issued(creds credentials, at serviceTime, connected bool, now instant) {
	l := &c.conn
	l.creds, l.denied, l.urgent = creds, 0, false
	if l.doubt == doubtDialed {
		l.doubt = doubtNone
	}
	l.generation++
	l.connected = l.connected || connected
	c.inbox.removed = false
	if !at.date.IsZero() {
		c.inbox.clock.set(at.date, now)
		c.inbox.clock.set(at.made, now)
		c.inbox.connected(at.made, now)
	}
}

// givenDialed handles the result of a dial with Options.Connection, which was created at made.
// After Resume, made is ignored: the connection may be old, and doesn't show the service's time.
func (c *core) givenDialed(made time.Time, err error, now instant) {
	if err != nil {
		c.log(slog.LevelInfo, "chat connection of Options.Connection failed", "error", err)
		return
	}
	if !c.inbox.ledger.resumed {
		if made.After(time.Now()) { // our wall clock is behind
			c.inbox.clock.set(made, now)
		}
		c.inbox.connected(made, now)
	}
}

// dialed handles the result of a dial: a subscribed socket, or an error. It returns false if the
// socket isn't needed.
func (c *core) dialed(k *socket, err error, now instant) (attached bool) {
	l := &c.conn
	l.dial = dialIdle
	switch {
	case !c.isOpen():
		if err != nil && (l.failure == nil || !errors.Is(err, context.Canceled)) {
			l.failure = err
		}
		return false
	case err != nil:
		c.dialFailed(err, now)
		return false
	case k.over.Load():
		c.dialFailed(errLostEarly, now)
		return false
	default:
		c.attach(k, now)
		return true
	}
}

func (c *core) dialFailed(err error, now instant) {
	l := &c.conn
	l.failure = err
	doubted := l.doubt != doubtNone
	if doubted {
		l.doubt, l.urgent = doubtRaised, true // the next dial will show it
	}
	var failed *dialError
	atCreate := errors.As(err, &failed) && failed.atCreate
	var wait time.Duration
	switch {
	case atCreate && isDenied(err):
		if l.denied++; l.denied > 1 || c.phase == phaseLeaving {
			c.refused(err, doubted, now)
			return
		}
		wait = between(time.Second, 3*time.Second)
	case atCreate && isFinal(err, c.phase == phaseStarting):
		c.finish(CloseError{Reason: ErrGaveUp, Cause: err, Gap: c.phase > phaseStarting}, now)
		return
	default:
		l.attempts++
		wait = backoff(int(l.attempts), c.opts.maxBackoff)
	}
	l.dialAt = now.Add(wait)
	c.log(slog.LevelWarn, "chat connection failed", "error", err, "attempt", l.attempts, "next", wait)
}

// attach makes a subscribed socket the current one.
func (c *core) attach(k *socket, now instant) {
	l := &c.conn
	renewal := l.isUp()
	if l.old.socket != nil {
		c.todo = append(c.todo, closeSocket{l.old.socket})
	}
	l.old, l.oldUntil = l.cur, now.Add(drainTime)
	l.cur = line{socket: k, heartbeat: heartbeat{tick: now}}
	l.ackedAt, l.limiterWait = now, 0
	l.dialAt = now.Add(l.creds.renewIn)
	if l.urgent { // the new token was denied before its socket was subscribed
		l.dialAt = min(l.dialAt, l.creds.asked.Add(minRenewal))
	}
	l.renewal = renewalSilent
	if l.doubt == doubtRaised {
		l.doubtMembership(now)
	}
	c.log(slog.LevelDebug, "chat socket subscribed", "renewal", renewal, "renew_in", l.creds.renewIn)
	c.passes.settleAt = now.Add(c.opts.Settle)
	if renewal {
		c.stats.Renewals++
		if l.old.heartbeat.silent() {
			c.inbox.gap.openAt(now) // the old socket may have been dead for a while
		}
		return
	}
	c.inbox.subscribed(now)
	if c.phase == phaseStarting && !c.inbox.ledger.resumed {
		c.inbox.gap.openAt(now.Add(-c.opts.Settle)) // nothing was lost: the first pass may close the gap
	}
	c.passes.retryAt, c.passes.failures = 0, 0
	if c.phase != phaseStarting {
		c.stats.Reconnects++
		c.inbox.connectionChanged(ConnectionChanged{Connected: true})
	}
	c.phase = max(c.phase, phaseLive)
}

// lost handles the end of a socket. If its dial is still running, dialed notices the end.
func (c *core) lost(k *socket, err error, now instant) {
	l := &c.conn
	switch k {
	case l.cur.socket:
		l.cur = line{}
		c.disconnected(err, now)
	case l.old.socket:
		l.old = line{}
	}
}

func (c *core) disconnected(err error, now instant) {
	l := &c.conn
	l.lostAt, l.limiterWait = now, 0
	if !c.isOpen() {
		return
	}
	l.failure = err // until a dial fails
	if !c.end.left {
		c.inbox.lose() // after our own participant.left, no item is missed
	}
	c.log(slog.LevelInfo, "chat socket lost", "error", err, "lived", now.Sub(l.ackedAt))
	c.inbox.connectionChanged(ConnectionChanged{Cause: err})
	if now.Sub(l.ackedAt) >= stableAfter {
		l.attempts = 0
	}
	wait := upTo(min(time.Second, c.opts.maxBackoff))
	if l.attempts > 0 {
		wait = backoff(int(l.attempts), c.opts.maxBackoff)
	}
	l.attempts++
	l.dialAt = now.Add(wait)
}
