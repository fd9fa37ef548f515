// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxErrorBody is how much of an error's body is looked at.
const maxErrorBody = 64 << 10

// statusError is a response without success.
type statusError struct {
	// Method and Host tell the request.
	Method, Host string
	// Status is the HTTP status, 403 or so.
	Status int
	// Code is S3's, such as SignatureDoesNotMatch. Empty if the answer has none.
	Code string
}

// Error names the request by its method and host only.
func (e *statusError) Error() string {
	text := fmt.Sprintf("%s %s: status %d %s", e.Method, e.Host, e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		return text + ": " + e.Code
	}
	return strings.TrimSuffix(text, " ")
}

// isTemporary reports whether another try may succeed.
func (e *statusError) isTemporary() bool {
	return e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// ErrTooLarge is the error of Get, and of reading the file that it opened, for a file of
// more bytes than the limit.
var ErrTooLarge = errors.New("the file is larger than permitted")

// tooLargeError is a file of more bytes than were asked for.
type tooLargeError struct {
	// Host is where the file is.
	Host string
	// Size is the file's, 0 if it became known only by reading.
	Size int64
	// Limit is how many bytes were asked for.
	Limit int64
}

// Is matches ErrTooLarge.
func (*tooLargeError) Is(target error) bool { return target == ErrTooLarge }

// Error names both sizes.
func (e *tooLargeError) Error() string {
	if e.Size == 0 {
		return fmt.Sprintf("GET %s: the file has more than %d bytes", e.Host, e.Limit)
	}
	return fmt.Sprintf("GET %s: the file has %d bytes, more than %d", e.Host, e.Size, e.Limit)
}

func newStatusError(request *http.Request, response *http.Response) *statusError {
	return &statusError{
		Method: request.Method, Host: request.URL.Host, Status: response.StatusCode, Code: errorCode(response.Body),
	}
}

// isWord tells what is passed on of an error's body. S3 puts the request that it expected
// beside the code, signed URL and headers included.
func isWord(s string) bool {
	const longest = 64
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// errorCode passes over what is broken behind the code: a proxy may have cut the body.
func errorCode(body io.Reader) string {
	var answer struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	_ = xml.NewDecoder(io.LimitReader(body, maxErrorBody)).Decode(&answer)
	if !isWord(answer.Code) {
		return ""
	}
	return answer.Code
}
