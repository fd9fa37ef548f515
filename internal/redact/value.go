// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"
)

// harmlessInValues lists fields of this module's own types that may be shown, in addition to those
// with names in harmless.
var harmlessInValues = set("Cause", "Change", "Chunk", "Connected", "ContactID", "Gap", "History", "ID", "InitialContactID",
	"Late", "MessageID", "Own", "ParticipantID", "Read", "Role", "Size", "Step", "Succeeded", "Time", "WaitForScan", "Within")

// LogValue returns the result of Value for log/slog.
func LogValue(v any) slog.Value { return slog.AnyValue(json.RawMessage(Value(v))) }

// Format prints the result of Value, whatever the verb.
func Format(f fmt.State, v any) { _, _ = f.Write(Value(v)) }

// Value returns a Go value as JSON that contains only what is harmless. Structs are written with
// their exported fields, maps only with their values, as a list, because the keys may be secret
// too. It calls no methods of v except Error of a Cause.
func Value(v any) []byte {
	var w valueWriter
	w.value("", reflect.ValueOf(v), 0)
	return w.Bytes()
}

// valueWriter writes a value as JSON.
type valueWriter struct{ bytes.Buffer }

var (
	errorType = reflect.TypeFor[error]()
	timeType  = reflect.TypeFor[time.Time]()
)

// value writes a value. It stops at a maximum depth, for cyclic pointers.
func (w *valueWriter) value(name string, v reflect.Value, depth int) {
	const deepest, longest = 50, 1 << 20
	switch {
	case isNil(v):
		w.WriteString("null")
	case depth > deepest, w.Len() > longest:
		w.json(Mark)
	case v.Type().Implements(errorType), v.Type() == timeType:
		w.scalar(name, v.Interface())
	default:
		w.kind(name, v, depth+1)
	}
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice, reflect.UnsafePointer:
		return v.IsNil()
	default:
		return false
	}
}

func (w *valueWriter) kind(name string, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		w.value(name, v.Elem(), depth)
	case reflect.Struct:
		w.WriteByte('{')
		w.fields(v, depth)
		w.WriteByte('}')
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		w.list(name, len(keys), depth, func(i int) reflect.Value { return v.MapIndex(keys[i]) })
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			w.json(fmt.Sprintf("[redacted, %d bytes]", v.Len()))
			return
		}
		w.list(name, v.Len(), depth, v.Index)
	case reflect.String:
		w.text(name, v.String())
	case reflect.Bool:
		w.scalar(name, v.Bool())
	default:
		switch {
		case v.CanInt():
			w.scalar(name, v.Int())
		case v.CanUint():
			w.scalar(name, v.Uint())
		default:
			w.json(Mark)
		}
	}
}

// fields writes the fields of a struct, including those of embedded structs.
func (w *valueWriter) fields(v reflect.Value, depth int) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		switch {
		case field.Anonymous && value.Kind() == reflect.Struct && field.Type != timeType:
			w.fields(value, depth)
		case field.IsExported() && !isAbsent(value):
			if w.Bytes()[w.Len()-1] != '{' {
				w.WriteByte(',')
			}
			w.json(field.Name)
			w.WriteByte(':')
			w.value(field.Name, value, depth)
		}
	}
}

// isAbsent reports whether a field has nothing to show, such as ResultMetadata.
func isAbsent(v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.String:
		return v.Len() == 0
	case v.Kind() != reflect.Struct || v.Type() == timeType:
		return isNil(v)
	}
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() || field.Anonymous {
			return false
		}
	}
	return true
}

func (w *valueWriter) list(name string, n, depth int, element func(int) reflect.Value) {
	w.WriteByte('[')
	for i := range n {
		if i > 0 {
			w.WriteByte(',')
		}
		w.value(name+"[]", element(i), depth)
	}
	w.WriteByte(']')
}

func (w *valueWriter) text(name, s string) {
	if s != "" && !isHarmlessField(name) {
		s = Text(s)
	}
	w.json(s)
}

func (w *valueWriter) scalar(name string, v any) {
	if !isHarmlessField(name) {
		v = Mark
	}
	if err, ok := v.(error); ok {
		v = err.Error()
	}
	w.json(v)
}

func isHarmlessField(name string) bool { return harmless[name] || harmlessInValues[name] }

func (w *valueWriter) json(v any) {
	data, err := json.Marshal(v)
	if err != nil { // a time whose year JSON can't represent
		data = []byte(`"` + Mark + `"`)
	}
	w.Write(data)
}
