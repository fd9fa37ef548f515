// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"fmt"
	"log/slog"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// Redacted returns a value that shows v without its secrets, wherever it is printed: by fmt with
// any verb, by log/slog with any handler, and by encoding/json. Inputs, outputs and events hide
// their secrets by themselves, but not inside a slice, a map or a struct that a handler of
// log/slog encodes: use Redacted for these.
//
// It shows v as JSON, with the strings, numbers and booleans of the fields that are known to be
// harmless, such as Id, ContentType and AbsoluteTime, and of other strings the length. A map is
// shown as a list of its values. v is read when the result is printed: don't change it before.
func Redacted(v any) RedactedValue { return RedactedValue{v} }

// RedactedValue is a value that is shown without its secrets. Its zero value shows null.
type RedactedValue struct{ value any }

// String returns what is shown.
func (r RedactedValue) String() string { return string(redact.Value(r.value)) }

// Format is String for all verbs of fmt.
func (r RedactedValue) Format(f fmt.State, _ rune) { redact.Format(f, r.value) }

// LogValue shows the value to log/slog.
func (r RedactedValue) LogValue() slog.Value { return redact.LogValue(r.value) }

// MarshalJSON returns what is shown. It never fails.
func (r RedactedValue) MarshalJSON() ([]byte, error) { return redact.Value(r.value), nil }
