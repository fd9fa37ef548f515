// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// brokenBodies write a response whose body ends early.
var brokenBodies = map[string]func(http.ResponseWriter){
	"before its Content-Length": func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		abort(w)
	},
	"within its chunks": abort,
	"as gzip": func(w http.ResponseWriter) {
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		_, _ = io.WriteString(zip, `{"Id":"a"}`)
		_ = zip.Close()
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped.Bytes()[:zipped.Len()-9])
	},
}

// abort closes the connection, or the stream, within the body.
func abort(w http.ResponseWriter) {
	_, _ = io.WriteString(w, `{"message":"a`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// startBreaking starts a server that responds to the first request with first.
func startBreaking(t *testing.T, http2 bool, first func(http.ResponseWriter)) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	sent := new(atomic.Int32)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if sent.Add(1) == 1 {
			first(w)
			return
		}
		_, _ = io.WriteString(w, `{"Id":"a"}`)
	}))
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, sent
}

// retryingWithoutDelay returns a client with the default retryer, but without delays.
func retryingWithoutDelay(server *httptest.Server) *connectparticipant.Client {
	return connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL, HTTPClient: server.Client()},
		func(o *connectparticipant.Options) {
			o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, time.Millisecond)
		})
}

func TestIncompleteResponseIsRetried(t *testing.T) {
	t.Parallel()
	for name, write := range brokenBodies {
		for _, http2 := range []bool{false, true} {
			for _, status := range []int{200, 400, 403, 503} {
				t.Run(name+" with HTTP/2 "+strconv.FormatBool(http2)+" and status "+strconv.Itoa(status), func(t *testing.T) {
					t.Parallel()
					first := func(w http.ResponseWriter) { write(statusWriter{w, status}) }
					server, sent := startBreaking(t, http2, first)
					out, err := sendHello(t.Context(), retryingWithoutDelay(server))
					require.NoError(t, err)
					require.Equal(t, "a", *out.Id)
					require.EqualValues(t, 2, sent.Load())

					server, _ = startBreaking(t, http2, first)
					_, err = sendHello(t.Context(), retryingWithoutDelay(server), noRetries)
					require.Error(t, err)
					require.True(t, connectparticipant.IsRetryable(err), "%v", err)
				})
			}
		}
	}
}

// statusWriter writes a status other than 200.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w statusWriter) Write(p []byte) (int, error) {
	w.WriteHeader(w.status)
	return w.ResponseWriter.Write(p)
}

func (w statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// The code in the header decides, even if the body is incomplete.
func TestCodeOfAnIncompleteErrorResponseDecides(t *testing.T) {
	t.Parallel()
	for code, retried := range map[string]bool{"ValidationException": false, "AccessDeniedException": false, "ThrottlingException": true} {
		server, sent := startBreaking(t, true, func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-ErrorType", code)
			w.WriteHeader(http.StatusBadRequest)
			abort(w)
		})
		_, err := sendHello(t.Context(), retryingWithoutDelay(server))
		if retried {
			require.NoError(t, err)
			require.EqualValues(t, 2, sent.Load())
			continue
		}
		var api smithy.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, code, api.ErrorCode())
		require.False(t, connectparticipant.IsRetryable(err))
		require.EqualValues(t, 1, sent.Load())
	}
}

func TestCompleteResponseIsNotRetried(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"Id":"a`, `{"Id":7}`, `<html></html>`} {
		for _, http2 := range []bool{false, true} {
			server, sent := startBreaking(t, http2, func(w http.ResponseWriter) {
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				_, _ = io.WriteString(w, body)
			})
			_, err := sendHello(t.Context(), retryingWithoutDelay(server))
			var bad *smithy.DeserializationError
			require.ErrorAs(t, err, &bad)
			require.False(t, connectparticipant.IsRetryable(err))
			require.EqualValues(t, 1, sent.Load(), body)
		}
	}
}

// A proxy that shuts down sends GOAWAY and closes the connection, whether or not its responses are
// complete.
func TestResponseEndedByGoAwayIsRetried(t *testing.T) {
	t.Parallel()
	for name, last := range map[string][]byte{"GOAWAY": frame(goAway, 0, 0, "\x00\x00\x00\x01\x00\x00\x00\x02"), "no GOAWAY": nil} {
		var connections atomic.Int32
		server := httptest.NewUnstartedServer(nil)
		server.EnableHTTP2 = true
		server.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
			"h2": func(_ *http.Server, conn *tls.Conn, _ http.Handler) {
				if connections.Add(1) == 1 {
					serveStream(conn, append(frame(data, 0, 1, `{"Id":"a`), last...))
					return
				}
				serveStream(conn, frame(data, endStream, 1, `{"Id":"a"}`))
				_, _ = io.Copy(io.Discard, conn) // until the client is done
			},
		}
		server.StartTLS()
		t.Cleanup(server.Close)
		client := retryingWithoutDelay(server)
		out, err := sendHello(t.Context(), client)
		require.NoError(t, err, name)
		require.Equal(t, "a", aws.ToString(out.Id))
		require.EqualValues(t, 2, connections.Load())
	}
}

// Types and flags of the frames of RFC 9113.
const (
	data, headers, settings, goAway = 0, 1, 4, 7
	endStream, endHeaders           = 1, 4
)

func frame(kind, flags byte, stream uint32, payload string) []byte {
	n := len(payload)
	head := binary.BigEndian.AppendUint32([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}, stream)
	return append(head, payload...)
}

// serveStream reads the first request of an HTTP/2 connection and responds with status 200
// and the frames.
func serveStream(conn io.ReadWriter, frames []byte) {
	const status200 = "\x88" // of HPACK's static table
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	_, _ = io.ReadFull(conn, preface)
	_, _ = conn.Write(frame(settings, 0, 0, ""))
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		_, _ = io.CopyN(io.Discard, conn, int64(head[0])<<16|int64(head[1])<<8|int64(head[2]))
		if kind := head[3]; (kind == data || kind == headers) && head[4]&endStream != 0 {
			break
		}
	}
	_, _ = conn.Write(append(frame(headers, endHeaders, 1, status200), frames...))
}
