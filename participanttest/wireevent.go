// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// The kinds of a WireEvent.
const (
	WireRequest  WireKind = "REQUEST"
	WireResponse WireKind = "RESPONSE"
	// WireFrame is a frame of a WebSocket, or its end.
	WireFrame WireKind = "FRAME"
)

// WireKind is the kind of a WireEvent.
type WireKind string

// OperationClose is WireEvent.Operation for the end of a WebSocket: for a close frame, and for a lost
// connection.
const OperationClose = "close"

// WireEvent is a request, a response or a frame as it was on the wire, except for secrets: tokens, the
// signatures of signed URLs, and the header X-Amz-Bearer are shortened to "…" and their last four
// characters.
type WireEvent struct {
	// Sequence counts the events from 1.
	Sequence uint64
	// Time is the server's time.
	Time time.Time
	Kind WireKind
	// FromClient is the direction of a frame: true if the client sent it. Requests always come from a
	// client.
	FromClient bool
	// Exchange is the Sequence of the request, for the request and its response.
	Exchange uint64
	// Operation is the same as in Request for a request and its response; for a frame its topic, such
	// as OnHeartbeat, or OnPush, or OperationClose. It is empty for anything else.
	Operation string
	// ContactID and ParticipantID identify the client, and are empty if it is unknown.
	ContactID, ParticipantID string
	// Socket is the number of the participant's socket, from 1, for a frame.
	Socket int
	// Method and URL are those of the request.
	Method, URL string
	// Status is the status of a response, 0 without one; for OperationClose the close code, 0 if the
	// connection was lost without a close frame.
	Status int
	// ErrorCode is the code of an error response, such as ValidationException.
	ErrorCode string
	// ContentType is that of the pushed item.
	ContentType string
	// Size is the length of the body or frame in bytes.
	Size int
	// Header has the header fields of a request or response. It must not be modified.
	Header http.Header
	// Body is the body or frame. It is cut after 64 KiB, and empty if it isn't UTF-8.
	Body string
	// Lost reports that the client didn't receive the response or frame, or only a part of it, because
	// a fault dropped it, or made the socket silent, or the connection was lost.
	Lost bool
	// Fault is the fault that was applied, nil without one.
	Fault *WireFault
}

// WireFault is a fault that changed what was on the wire.
type WireFault struct {
	// ID is Injected.ID.
	ID uint64
	// Effect is the effect of the fault.
	Effect Effect
}

// RecordWire makes the server record requests, responses and frames for Wire: the last limit of them,
// and at most 16 MiB. A limit of 0 stops the recording and discards the events. The server records
// nothing until RecordWire is called. Requests to the handlers of Handle are left out.
func (s *Server) RecordWire(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.wire.Load()
	switch {
	case limit <= 0:
		s.wire.Store(nil)
	case log == nil:
		s.wire.Store(&wireLog{limit: limit, changed: make(chan struct{})})
	default:
		log.resize(limit)
	}
}

// Wire returns the recorded events whose Sequence is greater than after, the oldest first.
func (s *Server) Wire(after uint64) []WireEvent {
	if log := s.wire.Load(); log != nil {
		return log.since(after)
	}
	return nil
}

// WaitWire waits until there is an event whose Sequence is greater than after. While nothing is
// recorded, it waits until ctx is done. After Close it returns http.ErrServerClosed.
func (s *Server) WaitWire(ctx context.Context, after uint64) error {
	for {
		var changed <-chan struct{} // nil, and blocks forever, while nothing is recorded
		if log := s.wire.Load(); log != nil {
			var newest uint64
			if newest, changed = log.state(); newest > after {
				return nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for wire event %d: %w", after+1, ctx.Err())
		case <-s.closing:
			return http.ErrServerClosed
		}
	}
}
