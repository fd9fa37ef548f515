// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const codeValidation = "ValidationException"

// wireError is an error response.
type wireError struct {
	Status       int    `json:"-"`
	Code         string `json:"__type"`
	Message      string `json:"message"`
	ResourceID   string `json:"ResourceId,omitempty"`
	ResourceType string `json:"ResourceType,omitempty"`

	ofConnect bool // Amazon Connect has another name for Message
}

func (e *wireError) messageMember() string {
	if e.ofConnect {
		return "Message"
	}
	return "message"
}

var (
	errAccessDenied = &wireError{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: "Access denied"}
	// errConflict and errInvalid have the texts of the live service.
	errConflict = &wireError{
		Status: http.StatusConflict, Code: "ConflictException",
		Message: "Operation can not be performed due to the state of the contact.",
	}
	errInvalid = &wireError{
		Status: http.StatusBadRequest, Code: codeValidation,
		Message: "Validation exception due to invalid parameter",
	}
	errThrottled = &wireError{Status: http.StatusTooManyRequests, Code: "ThrottlingException", Message: "Rate exceeded"}
	errTooLarge  = &wireError{
		Status: http.StatusRequestEntityTooLarge, Code: codeValidation,
		Message: "Request body is larger than 1048576 bytes or incomplete",
	}
)

func conflict(message string) *wireError {
	return &wireError{Status: http.StatusConflict, Code: "ConflictException", Message: message}
}

func quotaExceeded(format string, args ...any) *wireError {
	return &wireError{
		Status: http.StatusPaymentRequired, Code: "ServiceQuotaExceededException",
		Message: fmt.Sprintf(format, args...),
	}
}

// invalid returns a ValidationException about one member. Its text never contains the value, which may
// be a secret.
func invalid(member, format string, args ...any) *wireError {
	return &wireError{
		Status: http.StatusBadRequest, Code: codeValidation,
		Message: "Value at '" + member + "' failed to satisfy constraint: " + fmt.Sprintf(format, args...),
	}
}

// writeError sends the bare error code: the iOS client compares the whole header value.
func writeError(w http.ResponseWriter, e *wireError) {
	setHeader(w, "x-amzn-ErrorType", e.Code)
	if e.ofConnect {
		writeJSON(w, e.Status, map[string]string{"__type": e.Code, e.messageMember(): e.Message})
		return
	}
	writeJSON(w, e.Status, e)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body := encode(value)
	boundWrite(w)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// boundWrite ends a response that the client doesn't read: pushes may wait for it.
func boundWrite(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * time.Minute))
}

// encode leaves <, > and & as they are, unlike json.Marshal and like the service.
func encode(value any) []byte {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // a bug: the package can marshal all its values
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// setHeader preserves the case of the name, which net/http would change: the Android client needs
// exactly this spelling.
func setHeader(w http.ResponseWriter, name, value string) {
	w.Header()[name] = []string{value}
}
