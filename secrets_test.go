// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// secrets are what the calls of fullCalls send and receive that must stay hidden: tokens, view
// tokens, message contents, views and signed URLs.
var secrets = []string{
	participantToken, connectionToken, "view/token", "view%2F", "view%2f", "secret", "Grüße", "Gr\\u00fc", "Welt", `Head\"`,
	`\"object\"`, "Änne", "a.png", "AuthToken",
}

func requireNoSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			require.Fail(t, "a secret is shown", "…%s…", text[max(0, i-80):min(len(text), i+80)])
		}
	}
}

// buffer is a log that many goroutines may write to.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

const logEverything = aws.LogSigning | aws.LogRetries | aws.LogRequestWithBody | aws.LogResponseWithBody |
	aws.LogRequest | aws.LogResponse | aws.LogDeprecatedUsage | aws.LogRequestEventMessage | aws.LogResponseEventMessage

func TestLogHidesSecrets(t *testing.T) {
	t.Parallel()
	var log buffer
	for _, call := range fullCalls {
		client := newClient(func(*http.Request) (*http.Response, error) {
			return newResponse(200, call.response, "Set-Cookie", "session=secret", "Location", "https://host/?secret"), nil
		}, func(o *connectparticipant.Options) {
			o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), logEverything
		})
		out, err := call.do(t.Context(), client)
		require.NoError(t, err)
		require.NotNil(t, out)
	}
	text := log.text.String()
	requireNoSecrets(t, text)
	for _, useful := range []string{
		"POST /participant/message HTTP/1.1", "Host: participant.connect.us-west-2.amazonaws.com", "X-Amz-Bearer: [redacted, 24 bytes]",
		`"ContentType":"text/markdown"`, `"Content":"[redacted, `, "GET /participant/views/[redacted, 15 bytes]", "HTTP/1.1 200 OK",
		`"MaxResults":100`, `"Id":"item-4"`, "X-Amzn-Requestid: 11111111-", `"ConnectionToken":"[redacted, 8 bytes]"`,
	} {
		require.Contains(t, text, useful)
	}
}

func TestLogModes(t *testing.T) {
	t.Parallel()
	for mode, want := range map[aws.ClientLogMode][4]bool{ // request, its body, response, its body
		0:                       {},
		aws.LogRequest:          {true, false, false, false},
		aws.LogRequestWithBody:  {true, true, false, false},
		aws.LogResponse:         {false, false, true, false},
		aws.LogResponseWithBody: {false, false, true, true},
	} {
		var log buffer
		client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{"Id":"item-4"}`), nil },
			func(o *connectparticipant.Options) {
				o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), mode
			})
		out, err := sendHello(t.Context(), client)
		require.NoError(t, err)
		require.Equal(t, "item-4", *out.Id, "logging consumed the response")
		text := log.text.String()
		got := [4]bool{strings.Contains(text, "Request\n"), strings.Contains(text, "ClientToken"), strings.Contains(text, "Response\n"), strings.Contains(text, "item-4")}
		require.Equal(t, want, got, "mode %x: %s", mode, text)
	}
}

func TestLogOfAnIncompleteResponse(t *testing.T) {
	t.Parallel()
	var log buffer
	cut := errors.New("wire cut")
	client := newClient(func(*http.Request) (*http.Response, error) {
		r := newResponse(200, ``)
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"Id":"`), failingReader{cut}))
		return r, nil
	}, func(o *connectparticipant.Options) {
		o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), logEverything
	})
	_, err := sendHello(t.Context(), client)
	require.ErrorIs(t, err, cut)
	require.Contains(t, log.text.String(), "[7 bytes, not JSON]")
}

// failures are the ways in which a call can fail. Each contains a secret that could appear in the
// error.
func failures(t *testing.T) map[string]func(*connectparticipant.Options) {
	t.Helper()
	transport := func(f roundTripFunc) func(*connectparticipant.Options) {
		return func(o *connectparticipant.Options) { o.HTTPClient = &http.Client{Transport: f} }
	}
	respondWith := func(status int, body string, headers ...string) func(*connectparticipant.Options) {
		return transport(func(*http.Request) (*http.Response, error) { return newResponse(status, body, headers...), nil })
	}
	quoting := func(status int, contentType string) func(*connectparticipant.Options) {
		return transport(func(r *http.Request) (*http.Response, error) {
			return newResponse(status, fmt.Sprintf(`{"__type":"ValidationException","message":"%s %s %s"}`, r.URL.Path, r.URL.Path[len("/participant/"):], r.Header.Get("X-Amz-Bearer")), "Content-Type", contentType), nil
		})
	}
	endpoint := func(url string) func(*connectparticipant.Options) {
		return func(o *connectparticipant.Options) { o.HTTPClient, o.BaseEndpoint = http.DefaultClient, &url }
	}
	silent := startServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	insecure := httptest.NewTLSServer(http.NotFoundHandler())
	insecure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	t.Cleanup(insecure.Close)
	return map[string]func(*connectparticipant.Options){
		"a dead host":           endpoint("http://127.0.0.1:1"),
		"an unknown host":       endpoint("https://nowhere.localhost:1"),
		"a foreign certificate": endpoint(insecure.URL),
		"a time-out": func(o *connectparticipant.Options) {
			o.HTTPClient, o.BaseEndpoint = &http.Client{Timeout: 20 * time.Millisecond}, &silent
		},
		"a url.Error of the transport's": transport(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("gave up: %w", &url.Error{Op: "Post", URL: r.URL.String(), Err: &url.Error{Op: "again", URL: r.URL.String(), Err: net.ErrClosed}})
		}),
		"a client of the user's": func(o *connectparticipant.Options) {
			o.HTTPClient = wrapped{&http.Client{Transport: roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, net.ErrClosed })}}
		},
		"HTML":                      respondWith(200, `<b>secret</b>`, "Content-Type", "text/html"),
		"a truncated response":      respondWith(200, `{"ConnectionCredentials":{"ConnectionToken":"secret`),
		"a wrong type":              respondWith(200, `{"Id":["secret"],"Url":["secret"],"View":"secret","AttachmentId":{"x":1},"AuthenticationUrl":1,"Transcript":"secret","ConnectionCredentials":"secret"}`),
		"an HTML error":             respondWith(502, `<b>secret</b>`, "Content-Type", "text/html"),
		"a modeled error":           respondWith(400, `{"__type":"ValidationException","message":"no"}`),
		"an error that quotes":      quoting(400, "application/json"),
		"a throttle that quotes":    quoting(429, "application/json"),
		"a redirect":                respondWith(307, ``, "Location", "https://host/?secret"),
		"a redirect to nowhere":     respondWith(307, ``, "Location", "https://ho st/?x=%zz"),
		"no region":                 func(o *connectparticipant.Options) { o.Region = "" },
		"plain http":                endpoint("http://example.com"),
		"a middleware's own result": func(o *connectparticipant.Options) {},
	}
}

func TestErrorsHideSecrets(t *testing.T) {
	t.Parallel()
	for name, fail := range failures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log buffer
			client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2"}, fail, func(o *connectparticipant.Options) {
				o.Retryer = aws.NopRetryer{}
				o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), logEverything
				if name == "a middleware's own result" {
					o.APIOptions = append(o.APIOptions, returnInput)
				}
			})
			for _, call := range fullCalls {
				_, err := call.do(t.Context(), client)
				if err == nil { // an operation without output accepts any JSON
					continue
				}
				for ; err != nil; err = errors.Unwrap(err) {
					requireNoSecrets(t, fmt.Sprintf("%v\n%+v\n%#v\n%s", err, err, err, logged(err)))
				}
			}
			requireNoSecrets(t, log.text.String())
		})
	}
}

// logged writes v with both handlers of log/slog.
func logged(v any) string {
	var text bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).InfoContext(context.Background(), "logged", "value", v)
	slog.New(slog.NewJSONHandler(&text, nil)).InfoContext(context.Background(), "logged", "value", v)
	return text.String()
}

func TestFormattedInputsAndOutputsHideSecrets(t *testing.T) {
	t.Parallel()
	for _, call := range fullCalls {
		var input any
		client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, call.response), nil },
			func(o *connectparticipant.Options) {
				o.APIOptions = append(o.APIOptions, captureInput(&input))
			})
		out, err := call.do(t.Context(), client)
		require.NoError(t, err)
		for _, v := range []any{input, out, reflect.ValueOf(input).Elem().Interface(), reflect.ValueOf(out).Elem().Interface()} {
			requireNoSecrets(t, fmt.Sprintf("%v\n%+v\n%#v\n%s", v, v, v, logged(v)))
		}
	}
	for _, v := range []any{
		types.Item{Content: aws.String("secret")},
		&types.Item{DisplayName: aws.String("Änne")},
		types.ConnectionCredentials{ConnectionToken: aws.String(connectionToken)},
		types.Websocket{Url: aws.String("wss://?AuthToken=secret")},
		types.Attendee{JoinToken: aws.String("secret")},
		types.View{Content: &types.ViewContent{Template: aws.String("secret")}},
		types.UploadMetadata{Url: aws.String("secret"), HeadersToInclude: map[string]string{"x": "secret"}},
	} {
		requireNoSecrets(t, logged(v))
	}
	require.Contains(t, logged(connectparticipant.SendMessageInput{Content: aws.String("hi"), ContentType: aws.String("text/plain")}), `"ContentType":"text/plain"`)
}

// Text of the request that a validation error, a gateway or a code quotes is hidden too.
func TestErrorsHideWhatTheyQuote(t *testing.T) {
	t.Parallel()
	const content, view = "private content of the chat", "made-up/view+token="
	for name, response := range map[string]func(*http.Request) *http.Response{
		"a value of validation": func(*http.Request) *http.Response {
			return newResponse(400, `{"__type":"ValidationException","message":"1 validation error detected: Value 'pin' at 'content' failed"}`)
		},
		"the content": func(r *http.Request) *http.Response {
			if r.Method == http.MethodGet {
				return newResponse(400, `{}`)
			}
			return newResponse(400, `{"__type":"ValidationException","message":"bad: `+content+`"}`)
		},
		"the request line": func(r *http.Request) *http.Response {
			return newResponse(404, `{"message":"Cannot GET `+r.URL.RequestURI()+`"}`)
		},
		"the token in the code": func(*http.Request) *http.Response {
			return newResponse(403, `{}`, "x-amzn-ErrorType", "Bad "+connectionToken)
		},
	} {
		var log buffer
		client := newClient(func(r *http.Request) (*http.Response, error) { return response(r), nil }, noRetries,
			func(o *connectparticipant.Options) {
				o.Logger, o.ClientLogMode = logging.NewStandardLogger(&log), aws.LogResponseWithBody
			})
		_, sendErr := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{
			ConnectionToken: aws.String(connectionToken), ContentType: aws.String("text/plain"), Content: aws.String(content),
		})
		_, viewErr := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{
			ConnectionToken: aws.String(connectionToken), ViewToken: aws.String(view),
		})
		text := fmt.Sprint(sendErr, viewErr, log.text.String())
		for _, secret := range []string{content, connectionToken, view, url.PathEscape(view), "made-up%2Fview", "'pin'"} {
			require.NotContains(t, text, secret, name)
		}
	}
}

func TestMalformedLocationIsHidden(t *testing.T) {
	t.Parallel()
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://x/%zz?path="+r.URL.EscapedPath()+"&token="+r.Header.Get("X-Amz-Bearer"))
		w.WriteHeader(http.StatusFound)
	})
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server}, noRetries)
	_, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{
		ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("view/token 100%"),
	})
	require.Error(t, err)
	for ; err != nil; err = errors.Unwrap(err) {
		requireNoSecrets(t, fmt.Sprintf("%v\n%#v", err, err))
	}
}

// errBreakerOpen is an error of a user's HTTP client.
var errBreakerOpen = errors.New("breaker open")

func TestErrorsOfTheHTTPClientKeepTheirTypes(t *testing.T) {
	t.Parallel()
	client := newClient(nil, noRetries, func(o *connectparticipant.Options) {
		o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("%w: %w", errBreakerOpen, &url.Error{Op: "Get", URL: r.URL.String(), Err: context.DeadlineExceeded})
		})
	})
	_, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{
		ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("view/token 100%"),
	})
	require.ErrorIs(t, err, errBreakerOpen)
	var sending *url.Error
	require.ErrorAs(t, err, &sending)
	require.Equal(t, "https://participant.connect.us-west-2.amazonaws.com", sending.URL)
	requireNoSecrets(t, fmt.Sprint(err, sending))
	var timeout interface{ Timeout() bool }
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
}

// doFunc is an HTTP client that can't be compared.
type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
