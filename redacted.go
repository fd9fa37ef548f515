// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"fmt"
	"log/slog"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// Redacted returns a value that prints v without its secrets: with any verb of fmt, any handler of
// log/slog, and encoding/json. Inputs, outputs and events hide their secrets themselves, but not
// inside a slice, a map or a struct that a handler of log/slog encodes: use Redacted for these.
//
// The value is printed as JSON, with the strings, numbers and booleans of fields that are known to
// be harmless, such as Id, ContentType and AbsoluteTime; other strings are replaced by their
// length. A map is printed as a list of its values. v is read when the result is printed: don't
// modify it until then.
func Redacted(v any) RedactedValue { return RedactedValue{v} }

// RedactedValue is a value that is printed without its secrets. Its zero value prints null.
type RedactedValue struct{ value any }

// String returns the value as JSON without its secrets.
func (r RedactedValue) String() string { return string(redact.Value(r.value)) }

// Format writes String for all verbs of fmt.
func (r RedactedValue) Format(f fmt.State, _ rune) { redact.Format(f, r.value) }

// LogValue shows the value to log/slog.
func (r RedactedValue) LogValue() slog.Value { return redact.LogValue(r.value) }

// MarshalJSON returns the value as JSON without its secrets. It never fails.
func (r RedactedValue) MarshalJSON() ([]byte, error) { return redact.Value(r.value), nil }
