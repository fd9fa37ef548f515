// SPDX-License-Identifier: Apache-2.0

// Package restjson reads and writes the service's REST-JSON wire format: request bodies and paths,
// responses, the types that they share, and error responses.
package restjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// RequestWriter writes one request: method and path, and the members of its JSON body. The zero
// value is ready to use.
type RequestWriter struct {
	method  string
	path    string
	rawPath string
	json    []byte
	body    Body
}

// Post makes the request a POST with a JSON body.
func (w *RequestWriter) Post(path string) {
	w.method, w.path, w.rawPath = "POST", path, path
	w.json = append(make([]byte, 0, 256), '{')
}

// Get makes the request a GET without a body; label is the last segment of its path and is
// percent-encoded, including slashes.
func (w *RequestWriter) Get(prefix, label string) {
	w.method, w.path, w.rawPath = "GET", prefix+label, prefix+httpbinding.EscapePath(label, true)
}

// String writes a member; nil is omitted.
func (w *RequestWriter) String(name string, v *string) {
	if v == nil {
		return
	}
	w.name(name)
	w.json = appendString(w.json, *v)
}

// Enum writes a member; "" is omitted.
func (w *RequestWriter) Enum(name, v string) {
	if v != "" {
		w.String(name, &v)
	}
}

// Int32 writes a member; nil is omitted.
func (w *RequestWriter) Int32(name string, v *int32) {
	if v != nil {
		w.Int64(name, int64(*v))
	}
}

// Int64 writes a member.
func (w *RequestWriter) Int64(name string, v int64) {
	w.name(name)
	w.json = strconv.AppendInt(w.json, v, 10)
}

// Bool writes a member; nil is omitted.
func (w *RequestWriter) Bool(name string, v *bool) {
	if v == nil {
		return
	}
	w.name(name)
	w.json = strconv.AppendBool(w.json, *v)
}

// Object opens a member that is an object; End closes it.
func (w *RequestWriter) Object(name string) {
	w.name(name)
	w.json = append(w.json, '{')
}

// End closes the object that Object opened.
func (w *RequestWriter) End() { w.json = append(w.json, '}') }

// List writes a member that is a list of strings; nil is omitted, an empty list is written.
func List[T ~string](w *RequestWriter, name string, values []T) {
	if values == nil {
		return
	}
	w.name(name)
	w.json = append(w.json, '[')
	for i, v := range values {
		if i > 0 {
			w.json = append(w.json, ',')
		}
		w.json = appendString(w.json, string(v))
	}
	w.json = append(w.json, ']')
}

// Raw writes a member with any JSON value. It fails if the member was already written.
func (w *RequestWriter) Raw(name string, value json.RawMessage) error {
	if w.json == nil {
		return fmt.Errorf("member %q can't be sent: the request has no body", name)
	}
	known := false
	_ = Decode(append(bytes.Clone(w.json), '}'), func(r *Reader) {
		for member := range r.Members() {
			known = known || string(member) == name
		}
	})
	if known {
		return fmt.Errorf("member %q is set twice", name)
	}
	if w.json[len(w.json)-1] != '{' {
		w.json = append(w.json, ',')
	}
	w.json = append(appendString(w.json, name), ':')
	w.json = append(w.json, value...)
	return nil
}

// Build writes the request to req, or to a new one if req is nil, and returns the request to send.
func (w *RequestWriter) Build(req *smithyhttp.Request) (*smithyhttp.Request, error) {
	if w.method == "" {
		return nil, fmt.Errorf("request has no method")
	}
	req, err := w.withStream(req)
	if err != nil {
		return nil, err
	}
	if w.json != nil {
		req.Header["Content-Type"] = []string{"application/json"}
	}
	req.Method = w.method
	req.URL.Path = w.path
	if w.rawPath != w.path {
		req.URL.RawPath = w.rawPath
	}
	return req, nil
}

// blank is the template that SetStream copies for a new request.
var blank = &smithyhttp.Request{Request: &http.Request{ContentLength: -1}}

func (w *RequestWriter) withStream(req *smithyhttp.Request) (*smithyhttp.Request, error) {
	switch {
	case w.json == nil && req == nil:
		return smithyhttp.NewStackRequest().(*smithyhttp.Request), nil
	case w.json == nil:
		return req, nil
	}
	w.body.data = append(w.json, '}')
	w.body.Reset(w.body.data)
	if req != nil {
		return req.SetStream(&w.body)
	}
	req, err := blank.SetStream(&w.body)
	if err == nil {
		req.URL, req.Header = &url.URL{}, http.Header{}
	}
	return req, err
}

func (w *RequestWriter) name(name string) {
	if w.json[len(w.json)-1] != '{' {
		w.json = append(w.json, ',')
	}
	w.json = append(w.json, '"')
	w.json = append(w.json, name...)
	w.json = append(w.json, '"', ':')
}

// Body is the stream of a request written by this package. Its bytes stay readable, so the request
// can be sent again.
type Body struct {
	bytes.Reader
	data []byte
}

// Bytes returns the whole body, even after it was read. The caller must not modify it.
func (b *Body) Bytes() []byte { return b.data }

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD, as with encoding/json.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' {
				dst = append(dst, s[start:i]...)
				dst = appendEscape(dst, c)
				start = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = utf8.AppendRune(dst, utf8.RuneError)
			start = i + 1
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
