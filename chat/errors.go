// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"fmt"
)

// The reasons for the end of a session, for errors.Is. CloseError.Reason is one of these or
// ErrState.
var (
	// ErrChatEnded means that the chat itself is over, for all its participants.
	ErrChatEnded = errors.New("the chat has ended")
	// ErrLeft means that Leave was called.
	ErrLeft = errors.New("left the chat")
	// ErrClosed means that Close was called.
	ErrClosed = errors.New("the session was closed")
	// ErrRemoved means that this participant was removed from the chat. The session ends a few
	// seconds after the removal, because it first checks whether it may still connect.
	ErrRemoved = errors.New("removed from the chat")
	// ErrAccessDenied means that the service rejects the participant token: it is wrong, or the
	// chat ended while the session was not connected.
	ErrAccessDenied = errors.New("access denied")
	// ErrGaveUp means that Options.GiveUpAfter has passed without a connection, that the service
	// rejects the request itself (ValidationException, ResourceNotFoundException), or that Start
	// could not send it at all.
	ErrGaveUp = errors.New("gave up connecting")
)

// CloseError reports why a session is over. Next, Err and Events return the same value.
type CloseError struct {
	// Reason is one of ErrChatEnded, ErrLeft, ErrClosed, ErrRemoved, ErrAccessDenied, ErrGaveUp
	// and ErrState.
	Reason error
	// Cause is the error that led to the end, if there was one.
	Cause error
	// Gap reports that items may be missing: a gap (see the package comment) was still open at the
	// end, or the session received neither the end of the chat nor the rest of the transcript. It is
	// never set with ErrClosed, because Resume delivers what is missing.
	Gap bool
}

// Error returns the reason and the cause.
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
