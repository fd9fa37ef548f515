// SPDX-License-Identifier: Apache-2.0

// Package strictjson decodes JSON without the leniency of encoding/json, with errors for a reader who doesn't know Go.
package strictjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Unmarshal decodes text into a pointer to a struct. Names of members must match exactly, and be unique; null is refused,
// and so is an object without a member whose field has the tag strict:"required". Types that implement json.Unmarshaler
// check themselves. Errors begin with the path of the member, in which path is the text's own; an empty path stands for
// the body of a request.
func Unmarshal(text []byte, into any, path string) error {
	d := decoder{json.NewDecoder(bytes.NewReader(text))}
	d.UseNumber()
	if err := d.value(reflect.TypeOf(into).Elem(), path); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s must be one JSON value, without text after it", label(path))
	}
	return json.Unmarshal(text, into)
}

type decoder struct{ *json.Decoder }

func label(path string) string {
	if path == "" {
		return "the body"
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// value checks the next value.
func (d decoder) value(t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if own, ok := reflect.New(t).Interface().(json.Unmarshaler); ok {
		return d.delegate(own, path)
	}
	token, err := d.Token()
	if err != nil {
		return syntaxError(err, path)
	}
	if kind := kindOf(token); kind != wanted(t) {
		return fmt.Errorf("%s must be %s, not %s", label(path), wanted(t), kind)
	}
	switch {
	case token == json.Delim('{'):
		return d.object(t, path)
	case token == json.Delim('['):
		return d.array(t.Elem(), path)
	default:
		return scalar(token, t, path)
	}
}

func (d decoder) delegate(own json.Unmarshaler, path string) error {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return syntaxError(err, path)
	}
	if string(raw) == "null" {
		return fmt.Errorf("%s must not be null", label(path))
	}
	return own.UnmarshalJSON(raw)
}

func (d decoder) object(t reflect.Type, path string) error {
	fields := fieldsOf(t)
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return syntaxError(err, path)
		}
		name, _ := token.(string)
		field, ok := fields[name]
		switch {
		case !ok:
			return unknown(name, fields, path)
		case seen[name]:
			return fmt.Errorf("%s is given twice", join(path, name))
		}
		seen[name] = true
		if err := d.value(field.Type, join(path, name)); err != nil {
			return err
		}
	}
	if err := d.end(path); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name].Tag.Get("strict") == "required" && !seen[name] {
			return fmt.Errorf("%s is required", join(path, name))
		}
	}
	return nil
}

func unknown(name string, fields map[string]reflect.StructField, path string) error {
	for other := range fields {
		if strings.EqualFold(name, other) {
			return fmt.Errorf("%s has no member %q, but %q", label(path), name, other)
		}
	}
	return fmt.Errorf("%s has no member %q", label(path), name)
}

func (d decoder) array(t reflect.Type, path string) error {
	for i := 0; d.More(); i++ {
		if err := d.value(t, path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return d.end(path)
}

// end reads the end of an object or array.
func (d decoder) end(path string) error {
	_, err := d.Token()
	return syntaxError(err, path)
}

// fieldsOf returns the fields of a struct by the names of their members, those of embedded structs too.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		if field.IsExported() && !field.Anonymous && name != "-" {
			fields[name] = field
		}
	}
	return fields
}

// The kinds of JSON values.
const (
	object, array, text, number, boolean = "an object", "an array", "a string", "a number", "true or false"
)

func kindOf(token json.Token) string {
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return object
		}
		return array
	case string:
		return text
	case json.Number:
		return number
	case bool:
		return boolean
	default:
		return "null"
	}
}

// wanted returns the kind of value for a type.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return object
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return text
		}
		return array
	case reflect.String:
		return text
	case reflect.Bool:
		return boolean
	default:
		return number
	}
}

// scalar checks the range of a number and the encoding of bytes.
func scalar(token json.Token, t reflect.Type, path string) error {
	var value string
	switch token := token.(type) {
	case json.Number:
		value = token.String()
	case string:
		value = token
	}
	switch t.Kind() {
	case reflect.Slice:
		if _, err := base64.StdEncoding.DecodeString(value); err != nil {
			return fmt.Errorf("%s must be in Base64", path)
		}
	case reflect.Float64:
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return fmt.Errorf("%s is too large", path)
		}
	case reflect.Int:
		if _, err := strconv.Atoi(value); err != nil {
			return fmt.Errorf("%s must be an integer of at most 64 bits, without a fraction or exponent", path)
		}
	}
	return nil
}

// syntaxError returns nil for a nil error.
func syntaxError(err error, path string) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s is JSON that ends too early", label(path))
	case errors.As(err, &syntax):
		return fmt.Errorf("%s is invalid JSON: %w", label(path), syntax)
	default:
		return fmt.Errorf("%s is invalid JSON", label(path))
	}
}
