// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"

	"github.com/participant-go/connectparticipant/internal/strictjson"
)

// maxBody bounds a request: a file of 20 MiB, the service's limit, in Base64.
const maxBody = 32 << 20

// empty is the body of a request or response without members.
type empty struct{}

// route is one path of the API. openapi.json describes each.
type route struct {
	method, path string
	// in and out are the types of the bodies, for the test of openapi.json.
	in, out reflect.Type
	handler func(*control) http.Handler
}

// handle makes a route from a function of one JSON object that returns another; see strictjson. An absent
// body is an empty object. For a GET the members of In, all strings, are read from the query.
func handle[In, Out any](method, path string, do func(*control, *http.Request, In) (Out, error)) route {
	return route{
		method: method, path: base + path, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		handler: func(c *control) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var in In
				if err := decode(w, r, &in); err != nil {
					writeError(w, err)
					return
				}
				out, err := do(c, r, in)
				if err != nil {
					writeError(w, err)
					return
				}
				writeJSON(w, http.StatusOK, out)
			})
		},
	}
}

// raw makes a route, given its whole path, from a handler that writes the response itself.
func raw(method, path string, serve func(*control, http.ResponseWriter, *http.Request)) route {
	return route{method: method, path: path, in: reflect.TypeFor[empty](), handler: func(c *control) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(c, w, r) })
	}}
}

// apiError is an error response.
type apiError struct {
	status  int
	message string
}

// Error returns the message.
func (e *apiError) Error() string { return e.message }

func errorf(status int, format string, args ...any) error {
	return &apiError{status, fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return errorf(http.StatusBadRequest, format, args...)
}

func notFound(what string) error { return errorf(http.StatusNotFound, "there is no such %s", what) }

// decode reads the query of a GET and the body of anything else.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	if isSafe(r.Method) {
		return decodeQuery(r.URL.Query(), into)
	}
	return decodeBody(w, r, into)
}

func decodeQuery(query url.Values, into any) error {
	members := reflect.ValueOf(into).Elem()
	for name, values := range query {
		member := members.FieldByName(name)
		if !member.IsValid() {
			return invalid("unknown query parameter %q", name)
		}
		if len(values) > 1 {
			return invalid("query parameter %q is given twice", name)
		}
		member.SetString(values[0])
	}
	return nil
}

func decodeBody(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errorf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", maxBody)
	}
	if err != nil {
		return invalid("the body ends too early")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	if err := strictjson.Unmarshal(body, into, ""); err != nil {
		return invalid("%v", err)
	}
	return nil
}

func writeError(w http.ResponseWriter, err error) {
	e := &apiError{http.StatusInternalServerError, err.Error()}
	_ = errors.As(err, &e)
	writeJSON(w, e.status, map[string]string{"message": e.message})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the client may have disconnected
}
