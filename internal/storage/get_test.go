// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/storage"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestGetWithFaultsOfTheFake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := startChat(t, participanttest.InMemory()).start(t, 5)
		require.NoError(t, storage.Put(t.Context(), u.srv.Client(), u.to, strings.NewReader("hello"), 5, nil, false))
		address := u.complete(t)
		for name, test := range map[string]struct {
			effect participanttest.Effect
			status int
			code   string
		}{
			"S3's error":   {participanttest.Respond(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>"), 403, "AccessDenied"},
			"HTML":         {participanttest.RespondHTML(503), 503, ""},
			"nothing":      {participanttest.Respond(204, "text/plain", ""), 204, ""},
			"a part":       {participanttest.Respond(206, "text/plain", "hell"), 206, ""},
			"a connection": {effect: participanttest.DropBefore()},
		} {
			fault := u.srv.Inject(participanttest.Fault{On: participanttest.OnDownload, Effect: test.effect})
			_, err := storage.Get(t.Context(), u.srv.Client(), address, 5, false)
			requireNoSecret(t, err, u.secrets(t)...)
			var e *storage.StatusError
			require.Equal(t, test.status != 0, errors.As(err, &e), name)
			if e != nil {
				requireStatus(t, err, test.status, test.code)
			}
			fault.Remove()
		}
		<-time.After(time.Hour)
		_, err := storage.Get(t.Context(), u.srv.Client(), address, 5, false)
		requireStatus(t, err, 403, "AccessDenied")
	})
}

func TestGetWithALimit(t *testing.T) {
	t.Parallel()
	text := textOf(100_000)
	for _, test := range []struct {
		name    string
		size    int
		limit   int64
		chunked bool
		want    string
		tooMuch *storage.TooLargeError
	}{
		{"exactly the limit", 1000, 1000, false, text[:1000], nil},
		{"exactly the limit, in chunks", 1000, 1000, true, text[:1000], nil},
		{"fewer", 1000, math.MaxInt64, false, text[:1000], nil},
		{"fewer, in chunks", 1000, math.MaxInt64, true, text[:1000], nil},
		{"none", 0, 0, false, "", nil},
		{"one above the limit", 1001, 1000, false, "", &storage.TooLargeError{Size: 1001, Limit: 1000}},
		{"one above the limit, in chunks", 1001, 1000, true, text[:1000], &storage.TooLargeError{Limit: 1000}},
		{"many above the limit, in chunks", 100_000, 1000, true, text[:1000], &storage.TooLargeError{Limit: 1000}},
		{"a limit of zero", 1, 0, true, "", &storage.TooLargeError{}},
		{"a negative limit", 1, -1, true, "", &storage.TooLargeError{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.chunked {
					_ = http.NewResponseController(w).Flush()
				} else {
					w.Header().Set("Content-Length", strconv.Itoa(test.size))
				}
				_, _ = io.WriteString(w, text[:test.size])
			})
			got, err := get(t, srv.Client(), srv.URL, test.limit)
			require.Equal(t, test.want, got)
			if test.tooMuch == nil {
				require.NoError(t, err)
				return
			}
			requireNoSecret(t, err)
			require.ErrorIs(t, err, storage.ErrTooLarge)
			var e *storage.TooLargeError
			require.ErrorAs(t, err, &e)
			test.tooMuch.Host = strings.TrimPrefix(srv.URL, "http://")
			require.Equal(t, test.tooMuch, e)
		})
	}
}

func TestTooLargeErrorNamesTheSizes(t *testing.T) {
	t.Parallel()
	require.EqualError(t, &storage.TooLargeError{Host: "h", Size: 1001, Limit: 1000}, "GET h: the file has 1001 bytes, more than 1000")
	require.EqualError(t, &storage.TooLargeError{Host: "h", Limit: 1000}, "GET h: the file has more than 1000 bytes")
	require.NotErrorIs(t, &storage.TooLargeError{}, io.EOF)
	require.NotErrorIs(t, &storage.StatusError{}, storage.ErrTooLarge)
}

func TestGetReadByByte(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{5, 4} {
		response := newResponse(200, "hello")
		response.ContentLength = -1
		file, err := storage.Get(t.Context(), through(func(*http.Request) (*http.Response, error) { return response, nil }), "https://example.com", limit, false)
		require.NoError(t, err)
		n, err := file.Read(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		got, err := io.ReadAll(iotest.OneByteReader(file))
		require.Equal(t, "hello"[:limit], string(got))
		_, again := file.Read(make([]byte, 1))
		if limit == 5 {
			require.NoError(t, err)
			require.Equal(t, io.EOF, again)
			continue
		}
		require.Error(t, err)
		require.Equal(t, err, again, "a further Read returned another error")
	}
}

func TestGetRefusedClosesTheBody(t *testing.T) {
	t.Parallel()
	closed := 0
	for _, status := range []int{200, 404} {
		response := newResponse(status, "hello")
		response.Body = closeFunc{response.Body, func() { closed++ }}
		_, err := get(t, through(func(*http.Request) (*http.Response, error) { return response, nil }), "https://example.com", 4)
		requireNoSecret(t, err)
	}
	require.Equal(t, 2, closed)
}

func TestGetThatEndsEarly(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]string{"known": "1000", "unknown": ""} {
		srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(w, "hello")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		got, err := get(t, srv.Client(), srv.URL, 1000)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
		requireNoSecret(t, err)
		require.ErrorContains(t, err, "GET 127.0.0.1:")
		require.Equal(t, "hello", got, name)
	}
}

func TestGetSendsNothingSecret(t *testing.T) {
	t.Parallel()
	var got *http.Request
	srv := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r })
	_, err := get(t, srv.Client(), srv.URL, 0)
	require.NoError(t, err)
	require.Equal(t, http.MethodGet, got.Method)
	require.Equal(t, secretParts, got.RequestURI)
	require.Equal(t, http.Header{"Accept-Encoding": {"identity"}, "User-Agent": {"Go-http-client/1.1"}}, got.Header)
}

// The file is returned as it was stored, and the limit applies to that.
func TestGetDoesNotDecompress(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer func() { _ = z.Close() }()
			_, _ = io.WriteString(z, "hello")
			return
		}
		_, _ = io.WriteString(w, "stored")
	})
	got, err := get(t, srv.Client(), srv.URL, 1000)
	require.NoError(t, err)
	require.Equal(t, "stored", got)
}

func TestReadingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	})
	cause := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(t.Context())
	file, err := storage.Get(ctx, srv.Client(), srv.URL+secretParts, 1000, false)
	require.NoError(t, err)
	_, err = io.ReadFull(file, make([]byte, 5))
	require.NoError(t, err)
	cancel(cause)
	_, err = file.Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, cause)
	requireNoSecret(t, err)
	require.NoError(t, file.Close())
	<-gone
}
