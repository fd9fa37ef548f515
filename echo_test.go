// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// Secrets that the calls of the echo tests send.
const (
	echoToken   = "QVFJREFIaw-made-up-token.0123456789_abcdefghijklmnopqrstuvwxyz-END=="
	echoContent = "My card number is 4711: \"0815\" <b>Größe</b> \\ & 100% of it"
	echoView    = "made-up/view+token=0123456789&abcdefghijklmnopqrstuvwxyz"
)

// echoes are encodings in which a server may echo a secret.
var echoes = map[string]func(string) string{
	"raw":      func(s string) string { return s },
	"cut":      func(s string) string { return s[:len(s)/2] },
	"the end":  func(s string) string { return s[len(s)/2:] },
	"URL":      url.QueryEscape,
	"URL cut":  func(s string) string { return url.PathEscape(s)[:36] },
	"JSON":     func(s string) string { data, _ := json.Marshal(s); return string(data) }, //nolint:errchkjson // a string
	"HTML":     html.EscapeString,
	"quoted":   strconv.QuoteToASCII,
	"base64":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("token " + s)) },
	"base64 2": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("a" + s))[4:44] },
}

// places are the parts of a response in which a server may echo a secret.
var places = map[string]func(echo string) string{
	"the reason of the status":  func(e string) string { return "HTTP/1.1 403 " + e + "\r\nContent-Length: 0\r\n\r\n" },
	"the reason of a success":   func(e string) string { return "HTTP/1.1 200 " + e + "\r\nContent-Length: 2\r\n\r\n{]" },
	"a malformed status line":   func(e string) string { return e + " 200 OK\r\n\r\n" },
	"a malformed status":        func(e string) string { return "HTTP/1.1 " + e + "\r\n\r\n" },
	"a malformed header":        func(e string) string { return "HTTP/1.1 200 OK\r\n" + e + "\r\n\r\n" },
	"the name of a header":      func(e string) string { return withHead("403 Forbidden", e+": x") },
	"a Content-Length":          func(e string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + e + "\r\n\r\n" },
	"a Transfer-Encoding":       func(e string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + e + "\r\n\r\n" },
	"the request id":            func(e string) string { return withHead("403 Forbidden", "X-Amzn-Requestid: "+e) },
	"request id, invalid JSON":  func(e string) string { return withHead("200 OK", "X-Amzn-Requestid: "+e) },
	"the id of the edge":        func(e string) string { return withHead("502 Bad Gateway", "X-Amz-Cf-Id: "+e) },
	"the error type":            func(e string) string { return withHead("400 Bad Request", "X-Amzn-Errortype: "+e) },
	"the Content-Type":          func(e string) string { return withHead("200 OK", "Content-Type: "+e) },
	"a subtype":                 func(e string) string { return withHead("200 OK", "Content-Type: text/"+e) },
	"a Location":                func(e string) string { return withHead("302 Found", "Location: https://"+e) },
	"a malformed Location":      func(e string) string { return withHead("302 Found", "Location: http://x/%zz?"+e) },
	"a cookie":                  func(e string) string { return withHead("403 Forbidden", "Set-Cookie: a="+e) },
	"Server":                    func(e string) string { return withHead("403 Forbidden", "Server: "+e) },
	"a trailer":                 func(e string) string { return chunked("403 Forbidden", "X-Echo: "+e) },
	"the message":               func(e string) string { return withBody(400, `{"__type":"ValidationException","message":%s}`, e) },
	"the Message":               func(e string) string { return withBody(400, `{"Message":%s}`, e) },
	"the message of a throttle": func(e string) string { return withBody(429, `{"__type":"ThrottlingException","message":%s}`, e) },
	"the code":                  func(e string) string { return withBody(400, `{"code":%s}`, e) },
	"the __type":                func(e string) string { return withBody(400, `{"__type":%s}`, e) },
	"the ResourceId":            func(e string) string { return withBody(404, resourceNotFound, e) },
	"a member of another kind":  func(e string) string { return withBody(200, `{"Id":[%s],"View":%[1]s}`, e) },
	"a name":                    func(e string) string { return withBody(403, `{%s:1}`, e) },
	"an unused value":           func(e string) string { return withBody(403, `{"Id":%s}`, e) },
	"malformed JSON":            func(e string) string { return withText(400, "application/json", `{"message":"`+e) },
	"malformed JSON of success": func(e string) string { return withText(200, "application/json", `{"Id":"`+e) },
	"plain text":                func(e string) string { return withText(502, "text/plain", e) },
	"HTML":                      func(e string) string { return withText(200, "text/html", "<p>"+e+"</p>") },
}

const resourceNotFound = `{"__type":"ResourceNotFoundException","message":"no","ResourceId":%s,"ResourceType":%[1]s}`

func withHead(status, header string) string {
	return "HTTP/1.1 " + status + "\r\n" + header + "\r\nContent-Length: 2\r\n\r\n{]"
}

func chunked(status, trailer string) string {
	name, _, _ := strings.Cut(trailer, ":")
	return "HTTP/1.1 " + status + "\r\nTransfer-Encoding: chunked\r\nTrailer: " + name + "\r\n\r\n2\r\n{}\r\n0\r\n" + trailer + "\r\n\r\n"
}

func withBody(status int, format, echo string) string {
	data, _ := json.Marshal(echo) //nolint:errchkjson // a string
	return withText(status, "application/json", fmt.Sprintf(format, data))
}

func withText(status int, contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", status, contentType, len(body), body)
}

// rawResponse returns an HTTP client whose connections respond with response, byte for byte.
func rawResponse(response string) func(*connectparticipant.Options) {
	return func(o *connectparticipant.Options) {
		o.BaseEndpoint = aws.String("http://localhost")
		o.HTTPClient = &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go respond(theirs, response)
				return ours, nil
			},
		}}
	}
}

func respond(conn net.Conn, response string) {
	defer func() { _ = conn.Close() }()
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, request.Body)
	_, _ = io.WriteString(conn, response)
}

func TestEchoedSecretsAreHidden(t *testing.T) {
	t.Parallel()
	for place, responseTo := range places {
		t.Run("in "+place, func(t *testing.T) {
			t.Parallel()
			for echo, encode := range echoes {
				for _, secret := range []string{echoToken, echoContent, echoView} {
					var log buffer
					client := connectparticipant.New(connectparticipant.Options{}, noRetries, rawResponse(responseTo(encode(secret))), func(o *connectparticipant.Options) {
						o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), logEverything
					})
					encoded := encode(secret)
					metadata, err := callWith(t, client, secret)
					text := everyText(err) + log.text.String() + deepText(err)
					requireHidden(t, text, secret, encoded, place+", "+echo)
					require.NotContains(t, deepText(metadata), echoToken[:16], "%s, %s", place, echo) // the only promise of SECURITY.md for a success
				}
			}
		})
	}
}

// callWith makes the call that sends a secret, and returns its metadata or error.
func callWith(t *testing.T, client *connectparticipant.Client, secret string) (metadata any, err error) {
	t.Helper()
	if secret == echoView {
		out, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{
			ConnectionToken: aws.String(echoToken), ViewToken: aws.String(echoView),
		})
		if err != nil {
			return nil, err
		}
		return out.ResultMetadata, nil
	}
	out, err := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{
		ConnectionToken: aws.String(echoToken), ContentType: aws.String("text/plain"), Content: aws.String(echoContent),
	})
	if err != nil {
		return nil, err
	}
	return out.ResultMetadata, nil
}

// everyText returns the text of an error and of all errors that it wraps, in every format.
func everyText(err error) string {
	text := connectparticipant.RequestID(err)
	for ; err != nil; err = errors.Unwrap(err) {
		text += fmt.Sprintf("%v\n%+v\n%#v\n%q\n%s", err, err, err, err, logged(err))
	}
	return text
}

func requireHidden(t *testing.T, text, secret, encoded, where string) {
	t.Helper()
	const part = 16 // shorter parts are not detected
	for _, hidden := range []string{encoded, encoded[:24], encoded[len(encoded)-24:], secret[:part], secret[len(secret)-part:]} {
		if i := strings.Index(text, hidden); i >= 0 {
			require.Fail(t, "a secret is shown", "%s: …%s…", where, text[max(0, i-200):min(len(text), i+200)])
		}
	}
}

// The result of a call doesn't hold the secrets of its request, even if all fields are printed.
func TestResponseDoesNotKeepTheSecretsOfItsRequest(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"a success":      withText(200, "application/json", `{"Id":"i"}`),
		"an error":       withText(403, "application/json", `{"__type":"AccessDeniedException"}`),
		"a redirect":     "HTTP/1.1 307 X\r\nLocation: /participant/again\r\nContent-Length: 0\r\n\r\n",
		"malformed JSON": withText(200, "application/json", `{"Id":`),
		"a long body":    withText(200, "text/html", strings.Repeat("<html>", 200_000)),
		"a cut body":     "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
		"no response":    "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, secret := range []string{echoContent, echoView} {
				client := connectparticipant.New(connectparticipant.Options{}, noRetries, rawResponse(response))
				metadata, err := callWith(t, client, secret)
				for _, kept := range []any{err, metadata} {
					requireHidden(t, deepText(kept), echoToken, echoToken, name)
					requireHidden(t, deepText(kept), secret, secret, name)
				}
			}
		})
	}
}

func TestRawResponseKeepsTheHarmlessPartsOfItsRequest(t *testing.T) {
	t.Parallel()
	var during string
	client := newClient(func(r *http.Request) (*http.Response, error) {
		response := newResponse(200, `{"Id":"i"}`)
		response.Request = r.Clone(r.Context())
		return response, nil
	}, connectparticipant.WithAPIOptions(afterResponse(func(request *http.Request) { during = request.Header.Get("X-Amz-Bearer") })))
	out, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	request := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response).Request
	require.Equal(t, "https://participant.connect.us-west-2.amazonaws.com/participant/message", request.URL.String())
	require.Equal(t, http.MethodPost, request.Method)
	require.NotEmpty(t, request.Header.Get("User-Agent"))
	require.NotContains(t, request.Header, "X-Amz-Bearer")
	require.Nil(t, request.Body)
	require.Nil(t, request.GetBody)
	require.Equal(t, connectionToken, during, "a middleware no longer sees the token")
}

// afterResponse calls inspect with the stack's request after the response has arrived.
func afterResponse(inspect func(*http.Request)) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("After", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			inspect(in.Request.(*smithyhttp.Request).Request)
			return out, metadata, err
		}), middleware.After)
	}
}

// deepText returns all text that v holds, including unexported fields and pointers.
func deepText(v any) string {
	w := deepWalker{seen: map[seen]bool{}}
	w.walk(reflect.ValueOf(v))
	return w.text.String()
}

type deepWalker struct {
	text strings.Builder
	seen map[seen]bool
}

type seen struct {
	at uintptr
	t  reflect.Type
}

func (w *deepWalker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		w.text.WriteString(v.String() + "\n")
	case reflect.Pointer:
		if at := (seen{v.Pointer(), v.Type()}); !v.IsNil() && !w.seen[at] {
			w.seen[at] = true
			w.walk(v.Elem())
		}
	case reflect.Interface:
		w.walk(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			w.walk(v.Field(i))
		}
	case reflect.Map:
		if at := (seen{v.Pointer(), v.Type()}); !w.seen[at] {
			w.seen[at] = true
			for it := v.MapRange(); it.Next(); {
				w.walk(it.Key())
				w.walk(it.Value())
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			for i := range v.Len() {
				w.text.WriteByte(byte(v.Index(i).Uint()))
			}
			return
		}
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	default: // numbers; functions print no text
	}
}
