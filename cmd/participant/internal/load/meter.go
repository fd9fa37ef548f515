// SPDX-License-Identifier: Apache-2.0

package load

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// The names of the operations that are treated separately.
const (
	startChatContact = "StartChatContact"
	createConnection = "CreateParticipantConnection"
	sendMessage      = "SendMessage"
)

// Counts are numbers since the start of the load.
type Counts struct {
	// Connected is how many chats have a socket now.
	Connected int
	// Started, Failed and Finished count chats: those that have connected, those that couldn't
	// or ended too early, and those that are over as planned.
	Started, Failed, Finished int
	// Sent counts the messages that the service has accepted, as a response or the message itself
	// shows, Delivered what came back, and Replies what others have sent.
	Sent, Delivered, Replies int
	// SendErrors counts the messages whose request failed for good.
	SendErrors int
	// Cuts counts the sockets that the load has cut, Losses those that were lost otherwise, and
	// Reconnects the connections made after both.
	Cuts, Losses, Reconnects int
	// Throttled counts the responses with status 429, Retried the requests that got one, or a
	// status of 500 or more, or no complete response: they are sent again.
	Throttled, Retried int
}

// Calls are the requests of one operation.
type Calls struct {
	Operation string
	// Requests counts all, Throttled those that got status 429, Failed those that got another
	// status of 400 or more, or no complete response.
	Requests, Throttled, Failed int
}

// Latencies are the distributions that a load measures.
type Latencies struct {
	// Connect is the time from the request for a connection until its socket is subscribed.
	Connect Histogram
	// Send is the time from the request until the service has accepted a message.
	Send Histogram
	// Push is the time from the request until a message has come back over the socket.
	Push Histogram
	// Reconnect is the time from a cut until the chat is connected again, and CatchUp until a
	// message has been delivered that was sent during it.
	Reconnect, CatchUp Histogram
	// Quota is how long connecting and sending had to wait for the quotas. Connect, Send
	// and Push don't include it, Reconnect and CatchUp do.
	Quota Histogram
}

// maxErrors is how many different errors are kept.
const maxErrors = 20

// ErrorCount is how often an error occurred.
type ErrorCount struct {
	Text  string
	Count int
}

// meter counts for all chats. Its methods may be called concurrently.
type meter struct {
	mu        sync.Mutex
	counts    Counts
	latencies Latencies
	calls     map[string]*Calls
	errors    map[string]int
}

func newMeter() *meter { return &meter{calls: map[string]*Calls{}, errors: map[string]int{}} }

// count changes the counts, and may add to the latencies.
func (m *meter) count(change func(*Counts, *Latencies)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.counts, &m.latencies)
}

// response counts a request of an operation; status is 0 without a complete response.
func (m *meter) response(operation string, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := m.calls[operation]
	if calls == nil {
		calls = &Calls{Operation: operation}
		m.calls[operation] = calls
	}
	calls.Requests++
	switch {
	case status == 429:
		calls.Throttled++
		m.counts.Throttled++
	case status == 0 || status >= 400:
		calls.Failed++
	}
	if status == 0 || status == 429 || status >= 500 {
		m.counts.Retried++
	}
}

// failed counts an error.
func (m *meter) failed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := withoutIDs(err.Error())
	if _, known := m.errors[text]; !known && len(m.errors) >= maxErrors {
		text = "other errors"
	}
	m.errors[text]++
}

// snapshot returns the counts, and the 99th percentile of send to push.
func (m *meter) snapshot() (c Counts, push99 time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts, m.latencies.Push.Quantile(0.99)
}

// fill writes what was measured to a result.
func (m *meter) fill(r *Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.Counts = m.counts
	r.Latencies = m.latencies.clone()
	for _, name := range slices.Sorted(maps.Keys(m.calls)) {
		r.Calls = append(r.Calls, *m.calls[name])
	}
	for text, n := range m.errors {
		r.Errors = append(r.Errors, ErrorCount{text, n})
	}
	slices.SortFunc(r.Errors, func(a, b ErrorCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Text, b.Text)
	})
}

func (l *Latencies) clone() Latencies {
	return Latencies{l.Connect.clone(), l.Send.clone(), l.Push.clone(), l.Reconnect.clone(), l.CatchUp.clone(), l.Quota.clone()}
}
