package chat

import (
	"errors"
	"fmt"
)

// Why a session is over: the Reason of its CloseError, for errors.Is.
var (
	// ErrChatEnded says that the chat itself is over, for all its participants.
	ErrChatEnded = errors.New("the chat has ended")
	// ErrLeft says that Leave was called.
	ErrLeft = errors.New("left the chat")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("the session was closed")
	// ErrRemoved says that somebody else took this participant out of the chat.
	ErrRemoved = errors.New("removed from the chat")
	// ErrAccessDenied says that the service refuses the participant token. It does so
	// for a wrong token, and also when the chat has ended unseen.
	ErrAccessDenied = errors.New("access denied")
	// ErrGaveUp says that Options.GiveUpAfter has passed without a connection, or that
	// the request is one which the service never takes.
	ErrGaveUp = errors.New("gave up connecting")
)

// CloseError says why a session is over. Once it is, every call returns the same one.
type CloseError struct {
	// Reason is one of ErrChatEnded, ErrLeft, ErrClosed, ErrRemoved, ErrAccessDenied and
	// ErrGaveUp.
	Reason error
	// Cause is the error that led to it, if there was one.
	Cause error
	// Gap says that something may be missing: a connection had been lost, or the caller
	// had been slow, and the transcript could not be read again before the end.
	Gap bool
}

// Error tells reason and cause.
func (e *CloseError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("chat session: %v: %v", e.Reason, e.Cause)
	}
	return fmt.Sprintf("chat session: %v", e.Reason)
}

// Unwrap gives Reason and Cause to errors.Is and errors.As.
func (e *CloseError) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Reason, e.Cause}
	}
	return []error{e.Reason}
}
