// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"fmt"
)

// The reasons for the end of a session: the Reason of its CloseError, for errors.Is. ErrState is
// another one.
var (
	// ErrChatEnded means that the chat itself is over, for all its participants.
	ErrChatEnded = errors.New("the chat has ended")
	// ErrLeft means that Leave was called.
	ErrLeft = errors.New("left the chat")
	// ErrClosed means that Close was called.
	ErrClosed = errors.New("the session was closed")
	// ErrRemoved means that somebody else took this participant out of the chat. It is reported
	// some seconds after it happened: the session checks first whether it may still connect.
	ErrRemoved = errors.New("removed from the chat")
	// ErrAccessDenied means that the service refuses the participant token. It does so for a
	// wrong token, and also when the chat ended while the session was not connected.
	ErrAccessDenied = errors.New("access denied")
	// ErrGaveUp means that Options.GiveUpAfter has passed without a connection, or that the
	// service rejects the request itself (ValidationException, ResourceNotFoundException), or
	// that Start could not send it at all.
	ErrGaveUp = errors.New("gave up connecting")
)

// CloseError is why a session is over. Next, Err and Events report the same one.
type CloseError struct {
	// Reason is one of ErrChatEnded, ErrLeft, ErrClosed, ErrRemoved, ErrAccessDenied, ErrGaveUp
	// and ErrState.
	Reason error
	// Cause is the error that led to it, if there was one.
	Cause error
	// Gap reports that something may be missing: a connection had been lost, the session had
	// resumed, a frame could not be read, or the caller had been slow, and the transcript could
	// not be read again before the end; or the end itself was not seen. It is never set with
	// ErrClosed.
	Gap bool
}

// Error returns reason and cause.
func (e *CloseError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("chat session: %v: %v", e.Reason, e.Cause)
	}
	return fmt.Sprintf("chat session: %v", e.Reason)
}

// Unwrap returns Reason and Cause, for errors.Is and errors.As.
func (e *CloseError) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Reason, e.Cause}
	}
	return []error{e.Reason}
}
