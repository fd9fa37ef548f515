// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/storage"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestPutStoresTheFile(t *testing.T) {
	t.Parallel()
	text := textOf(300_000)
	for name, body := range map[string]io.Reader{
		"one that can seek":          strings.NewReader(text),
		"a buffer":                   bytes.NewBufferString(text),
		"a reader":                   plain(strings.NewReader(text)),
		"one that ends with data":    iotest.DataErrReader(strings.NewReader(text)),
		"half of each read":          iotest.HalfReader(strings.NewReader(text)),
		"one byte of each read":      iotest.OneByteReader(strings.NewReader(text)),
		"a body with a Close method": closeFunc{strings.NewReader(text), func() { t.Error("closed the caller's body") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := startChat(t).start(t, int64(len(text)))
			last, grows := int64(0), true
			require.NoError(t, storage.Put(t.Context(), u.srv.Client(), u.to, body, int64(len(text)), func(sent int64) {
				grows = grows && sent > last
				last = sent
			}, false))
			require.True(t, grows)
			require.Equal(t, int64(len(text)), last)
			require.Equal(t, text, u.stored(t))
		})
	}
}

func TestPutSendsOnlyTheSignedHeaders(t *testing.T) {
	t.Parallel()
	var got *http.Request
	srv := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r })
	to := signed(srv.URL)
	to.HeadersToInclude = map[string]string{
		"content-length": "5", "host": strings.TrimPrefix(srv.URL, "http://"), "Content-Type": "text/plain", "x-amz-acl": "private", "X-Odd": "",
		"User-Agent": "u", "Content-MD5": "m", "content-disposition": "attachment", "Cache-Control": "no-store", "If-None-Match": "*",
		"x-amz-server-side-encryption": "aws:kms", "x-amz-tagging": "a=b", "x-amz-security-token": "made-up",
	}
	require.NoError(t, storage.Put(t.Context(), srv.Client(), to, plain(strings.NewReader("hello")), 5, nil, false))
	require.Equal(t, http.MethodPut, got.Method)
	require.Equal(t, secretParts, got.RequestURI)
	require.Equal(t, strings.TrimPrefix(srv.URL, "http://"), got.Host)
	require.Equal(t, int64(5), got.ContentLength)
	require.Empty(t, got.TransferEncoding)
	require.Equal(t, http.Header{
		"Content-Length": {"5"}, "Content-Type": {"text/plain"}, "X-Amz-Acl": {"private"}, "X-Odd": {""}, "User-Agent": {"u"},
		"Content-Md5": {"m"}, "Content-Disposition": {"attachment"}, "Cache-Control": {"no-store"}, "If-None-Match": {"*"},
		"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Tagging": {"a=b"}, "X-Amz-Security-Token": {"made-up"},
		"Accept-Encoding": {"gzip"}, // set by net/http
	}, got.Header)
}

func TestPutRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	client := through(func(*http.Request) (*http.Response, error) {
		t.Error("the request was sent")
		return newResponse(200, ""), nil
	})
	length := func(value string) *types.UploadMetadata {
		return &types.UploadMetadata{Url: aws.String("https://example.com" + secretParts), HeadersToInclude: map[string]string{"content-length": value}}
	}
	for name, test := range map[string]struct {
		to   *types.UploadMetadata
		body io.Reader
		size int64
		want string
	}{
		"nowhere to upload":             {nil, strings.NewReader("hello"), 5, "PUT: no URL to upload to"},
		"no URL":                        {&types.UploadMetadata{}, strings.NewReader("hello"), 5, "PUT: the endpoint has no host"},
		"no body":                       {length("5"), nil, 5, "PUT: no body"},
		"an empty body":                 {length("0"), strings.NewReader(""), 0, "PUT: can't upload a body of 0 bytes"},
		"a negative size":               {length("-1"), strings.NewReader("hello"), -1, "PUT: can't upload a body of -1 bytes"},
		"another length signed":         {length("6"), strings.NewReader("hello"), 5, "PUT example.com: the URL is signed for a Content-Length other than 5"},
		"a length that isn't a number":  {length("hidden"), strings.NewReader("hello"), 5, "PUT example.com: the URL is signed for a Content-Length other than 5"},
		"a body known to be too short":  {length("6"), strings.NewReader("hello"), 6, "PUT example.com: the body has 5 bytes, not 6: unexpected EOF"},
		"a body known to be too long":   {length("4"), strings.NewReader("hello"), 4, "PUT example.com: the body has 5 bytes, not 4"},
		"a buffer known to be too long": {length("4"), bytes.NewBufferString("hello"), 4, "PUT example.com: the body has 5 bytes, not 4"},
	} {
		err := storage.Put(t.Context(), client, test.to, test.body, test.size, nil, false)
		require.EqualError(t, err, test.want, name)
		require.Equal(t, strings.Contains(test.want, "EOF"), errors.Is(err, io.ErrUnexpectedEOF), name)
	}
}

func TestPutRefusesHeadersForOtherServers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Host", "host", "Authorization", "authorization", "AUTHORIZATION", "Proxy-Authorization", "proxy-connection", "Cookie", "Set-Cookie",
		"Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "Forwarded", "X-Forwarded-For", "x-forwarded-host",
		"X-Real-IP", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
	} {
		client := through(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: the request was sent", name)
			return newResponse(200, ""), nil
		})
		to := signed("https://example.com")
		to.HeadersToInclude[name] = "hidden-value"
		err := storage.Put(t.Context(), client, to, strings.NewReader("hello"), 5, nil, false)
		requireNoSecret(t, err)
		shown := http.CanonicalHeaderKey(name)
		for _, prefix := range []string{"Proxy-", "X-Forwarded-"} {
			if strings.HasPrefix(shown, prefix) {
				shown = prefix + "*"
			}
		}
		require.EqualError(t, err, "PUT example.com: the response requires the header "+shown+", which an upload must not set")
	}
}

func TestErrorsDoNotContainHeaderNames(t *testing.T) {
	t.Parallel()
	client := &http.Client{Transport: new(http.Transport)} // refuses malformed headers before dialing
	for name, value := range map[string]string{
		"Proxy-hidden-token": "x", "X-Forwarded-hidden-token": "x", "hidden token": "x", "X-hidden-token": "malformed\x00",
	} {
		to := signed("https://example.invalid")
		to.HeadersToInclude = map[string]string{name: value}
		err := storage.Put(t.Context(), client, to, strings.NewReader("hello"), 5, nil, false)
		requireNoSecret(t, err, "Hidden")
	}
}

func TestPutOfABodyWithTheWrongSize(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is broken")
	for name, test := range map[string]struct {
		body func() io.Reader
		size int64
		want string
		is   error
	}{
		"too short": {func() io.Reader { return plain(strings.NewReader("hello")) }, 6, "the body has 5 bytes, not 6: unexpected EOF", io.ErrUnexpectedEOF},
		"too short by much": {
			func() io.Reader { return plain(strings.NewReader(textOf(100_000))) }, 200_000,
			"the body has 100000 bytes, not 200000: unexpected EOF", io.ErrUnexpectedEOF,
		},
		"the end comes with data": {
			func() io.Reader { return plain(iotest.DataErrReader(strings.NewReader("hello"))) }, 6,
			"the body has 5 bytes, not 6: unexpected EOF", io.ErrUnexpectedEOF,
		},
		"too long": {func() io.Reader { return plain(strings.NewReader("hello")) }, 4, "the body has more than 4 bytes", nil},
		"without end": {
			func() io.Reader { return plain(io.MultiReader(strings.NewReader("hello"), endless{})) }, 100_000,
			"the body has more than 100000 bytes", nil,
		},
		"broken": {
			func() io.Reader { return io.MultiReader(strings.NewReader("hello"), iotest.ErrReader(broken)) }, 6,
			"read the body: the disk is broken", broken,
		},
		"broken though it could seek": {
			func() io.Reader { return breaking{strings.NewReader("hello"), broken} }, 5,
			"read the body: the disk is broken", broken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := startChat(t).start(t, test.size)
			err := storage.Put(t.Context(), u.srv.Client(), u.to, test.body(), test.size, nil, false)
			requireNoSecret(t, err, u.secrets(t)...)
			require.ErrorContains(t, err, "PUT 127.0.0.1:")
			require.ErrorContains(t, err, ": "+test.want)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			require.LessOrEqual(t, u.srv.Count("PutObject"), 1)
			require.NoError(t, storage.Put(t.Context(), u.srv.Client(), u.to, strings.NewReader(textOf(int(test.size))), test.size, nil, false))
			require.Equal(t, textOf(int(test.size)), u.stored(t), "the incomplete file was stored")
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type breaking struct {
	io.ReadSeeker
	err error
}

func (b breaking) Read([]byte) (int, error) { return 0, b.err }

// A pipe does not show whether more data follows.
func TestPutDoesNotWaitForTheEndOfABody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := startChat(t, participanttest.InMemory()).start(t, 5)
		body, end := io.Pipe()
		defer func() { require.NoError(t, end.Close()) }()
		go func() { _, _ = end.Write([]byte("hello")) }()
		require.NoError(t, storage.Put(t.Context(), u.srv.Client(), u.to, body, 5, nil, false))
		require.Equal(t, "hello", u.stored(t))
	})
}

func TestPutRetries(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"500":           participanttest.Fail(500, "InternalError"),
		"503":           participanttest.Fail(503, "SlowDown"),
		"599":           participanttest.Fail(599, "Odd"),
		"a proxy's 502": participanttest.RespondHTML(502),
		"429":           participanttest.Fail(429, "TooManyRequests"),
		"408":           participanttest.Fail(408, "RequestTimeout"),
		"no response":   participanttest.DropBefore(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const skipped, size = 13, 200_000
				u := startChat(t, participanttest.InMemory()).start(t, size)
				u.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Times: 2, Effect: effect})
				body := strings.NewReader(textOf(skipped + size))
				_, err := body.Seek(skipped, io.SeekStart)
				require.NoError(t, err)
				last, tries := int64(0), 1
				require.NoError(t, storage.Put(t.Context(), u.srv.Client(), u.to, body, size, func(sent int64) {
					if sent <= last {
						tries++
					}
					last = sent
				}, false))
				require.Equal(t, int64(size), last)
				require.LessOrEqual(t, tries, 3)
				require.Equal(t, 3, u.srv.Count("PutObject"))
				require.Equal(t, textOf(skipped + size)[skipped:], u.stored(t))
			})
		})
	}
}

func TestPutFailsAfterThreeAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := startChat(t, participanttest.InMemory())
		fault := c.srv.Inject(participanttest.Fault{
			On: participanttest.OnUpload, Effect: participanttest.Respond(503, "application/xml", "<Error><Code>SlowDown</Code></Error>"),
		})
		var least, most time.Duration = time.Hour, 0
		for range 50 {
			u := c.start(t, 5)
			begin := time.Now()
			err := storage.Put(t.Context(), c.srv.Client(), u.to, strings.NewReader("hello"), 5, nil, false)
			requireStatus(t, err, 503, "SlowDown")
			requireNoSecret(t, err, u.secrets(t)...)
			took := time.Since(begin)
			least, most = min(least, took), max(most, took)
		}
		require.Equal(t, 150, fault.Applied())
		// Full jitter of 0.5 s and 1 s. A single upload takes less than 0.5 s, and more
		// than 1 s, with a chance of one in four each.
		require.Less(t, least, 500*time.Millisecond)
		require.Greater(t, most, time.Second)
		require.Less(t, most, 1500*time.Millisecond)
	})
}

func TestPutDoesNotRetry(t *testing.T) {
	t.Parallel()
	seek := func() io.Reader { return strings.NewReader("hello") }
	for name, test := range map[string]struct {
		body   func() io.Reader
		effect participanttest.Effect
		status int
	}{
		"400":                         {seek, participanttest.RespondHTML(400), 400},
		"403":                         {seek, participanttest.RespondHTML(403), 403},
		"409":                         {seek, participanttest.RespondHTML(409), 409},
		"a body that can't seek":      {func() io.Reader { return bytes.NewBufferString("hello") }, participanttest.RespondHTML(503), 503},
		"a body whose position fails": {func() io.Reader { return seekFails{strings.NewReader("hello"), io.SeekCurrent} }, participanttest.RespondHTML(503), 503},
		"a reader, no response":       {func() io.Reader { return plain(strings.NewReader("hello")) }, participanttest.DropBefore(), 0},
		"a redirect":                  {seek, participanttest.RespondHTML(307), 307},
		"a status 304":                {seek, participanttest.RespondHTML(304), 304},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := startChat(t, participanttest.InMemory()).start(t, 5)
				u.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Times: 1, Effect: test.effect})
				err := storage.Put(t.Context(), u.srv.Client(), u.to, test.body(), 5, nil, false)
				requireNoSecret(t, err, u.secrets(t)...)
				if test.status != 0 {
					requireStatus(t, err, test.status, "")
				}
				require.Equal(t, 1, u.srv.Count("PutObject"))
			})
		})
	}
}

func TestPutFromAPipe(t *testing.T) {
	t.Parallel()
	u := startChat(t).start(t, 5)
	u.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Times: 1, Effect: participanttest.RespondHTML(503)})
	for _, status := range []int{503, 200} {
		body, end, err := os.Pipe()
		require.NoError(t, err)
		_, err = end.WriteString("hello")
		require.NoError(t, err)
		err = storage.Put(t.Context(), u.srv.Client(), u.to, body, 5, nil, false)
		require.NoError(t, errors.Join(end.Close(), body.Close()))
		if status == 200 {
			require.NoError(t, err)
		} else {
			requireStatus(t, err, status, "")
		}
	}
	require.Equal(t, "hello", u.stored(t))
}

func TestPutWithAWrongSignature(t *testing.T) {
	t.Parallel()
	u := startChat(t).start(t, 5)
	u.to.HeadersToInclude["x-amz-acl"] = "public-read"
	err := storage.Put(t.Context(), u.srv.Client(), u.to, strings.NewReader("hello"), 5, nil, false)
	requireStatus(t, err, 403, "SignatureDoesNotMatch")
	requireNoSecret(t, err, u.secrets(t)...)
	require.EqualError(t, err, "PUT "+strings.TrimPrefix(u.srv.URL, "http://")+": status 403 Forbidden: SignatureDoesNotMatch")
}

func TestPutOfABodyThatFailsToSeek(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := startChat(t, participanttest.InMemory()).start(t, 5)
		u.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Effect: participanttest.RespondHTML(503)})
		err := storage.Put(t.Context(), u.srv.Client(), u.to, &seeksOnce{Reader: strings.NewReader("hello")}, 5, nil, false)
		require.ErrorContains(t, err, "rewind the body: can't seek")
		require.Equal(t, 1, u.srv.Count("PutObject"))
	})
}

// seeksOnce permits Seek only before the first Read, as Put needs it to determine the size.
type seeksOnce struct {
	*strings.Reader
	read bool
}

func (g *seeksOnce) Read(p []byte) (int, error) {
	g.read = true
	return g.Reader.Read(p)
}

func (g *seeksOnce) Seek(offset int64, whence int) (int64, error) {
	if g.read {
		return 0, errors.New("can't seek")
	}
	return g.Reader.Seek(offset, whence)
}

func TestPutEndsWithItsContext(t *testing.T) {
	t.Parallel()
	cause := errors.New("the user left")
	for name, effect := range map[string]participanttest.Effect{
		"while it waits for the response": participanttest.Ignore(),
		"while it waits to retry":         participanttest.RespondHTML(503),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := startChat(t, participanttest.InMemory()).start(t, 5)
				u.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Effect: effect})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				begin := time.Now()
				time.AfterFunc(time.Nanosecond, func() { cancel(cause) }) // shorter than every delay
				err := storage.Put(ctx, u.srv.Client(), u.to, strings.NewReader("hello"), 5, nil, false)
				require.ErrorIs(t, err, context.Canceled)
				requireNoSecret(t, err, u.secrets(t)...)
				require.Equal(t, time.Nanosecond, time.Since(begin))
				require.Equal(t, 1, u.srv.Count("PutObject"))
				if effect == participanttest.Ignore() {
					require.ErrorIs(t, err, cause)
					require.EqualError(t, err, "PUT 127.0.0.1:1: context canceled: the user left")
					return
				}
				requireStatus(t, err, 503, "")
				require.ErrorContains(t, err, "context canceled, after PUT 127.0.0.1:1: status 503")
			})
		})
	}
}

func TestPutWithAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u := startChat(t).start(t, 5)
	err := storage.Put(ctx, u.srv.Client(), u.to, strings.NewReader("hello"), 5, nil, false)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, u.srv.Count("PutObject"))
}

// The client's own time-out limits one attempt; the next one may be faster.
func TestPutRetriesAfterTheClientsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := startChat(t, participanttest.InMemory()).start(t, 5)
		u.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Effect: participanttest.Ignore()})
		client := *u.srv.Client()
		client.Timeout = time.Minute
		begin := time.Now()
		err := storage.Put(t.Context(), &client, u.to, strings.NewReader("hello"), 5, nil, false)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireNoSecret(t, err, u.secrets(t)...)
		require.Equal(t, 3*time.Minute, time.Since(begin).Truncate(time.Minute))
		require.Equal(t, 3, u.srv.Count("PutObject"))
	})
}

// careful makes the race detector fail if it is read and sought concurrently, and the test fail if
// it is read after the upload.
type careful struct {
	*strings.Reader
	ended atomic.Bool
	late  atomic.Int32
}

func (c *careful) Read(p []byte) (int, error) {
	if c.ended.Load() {
		c.late.Add(1)
	}
	return c.Reader.Read(p[:min(len(p), 1000)])
}

// requireLeftAlone is called after Put has returned.
func (c *careful) requireLeftAlone(t *testing.T) {
	t.Helper()
	c.ended.Store(true)
	c.Reset("the caller's again") // races with a Read that continues
	require.Zero(t, c.late.Load())
}

func TestPutWithAResponseBeforeTheBodyIsRead(t *testing.T) {
	t.Parallel()
	text := textOf(4 << 20)
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	for range 20 {
		body := &careful{Reader: strings.NewReader(text)}
		err := put(t, srv.Client(), srv.URL, body, int64(len(text)))
		body.requireLeftAlone(t)
		requireNoSecret(t, err) // the connection may break before the response is read
	}
}

func TestPutRetriesAfterAResponseBeforeTheBodyIsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		text := textOf(1 << 20)
		c := startChat(t, participanttest.InMemory())
		for range 10 {
			u := c.start(t, int64(len(text)))
			fault := c.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Times: 2, Effect: participanttest.RespondHTML(503)})
			body := &careful{Reader: strings.NewReader(text)}
			require.NoError(t, storage.Put(t.Context(), c.srv.Client(), u.to, body, int64(len(text)), nil, false))
			body.requireLeftAlone(t)
			require.Equal(t, 2, fault.Applied())
			require.Equal(t, text, u.stored(t))
		}
	})
}

// slow waits inside its first Read.
type slow struct {
	strings.Reader
	reading, release chan struct{}
	progress         int
}

func (s *slow) Read(p []byte) (int, error) {
	if s.reading != nil {
		close(s.reading)
		s.reading = nil
		<-s.release
	}
	return s.Reader.Read(p)
}

func TestPutWaitsForAReadInProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body := &slow{reading: make(chan struct{}), release: make(chan struct{})}
		body.Reset("hello")
		reading := body.reading
		client := through(func(r *http.Request) (*http.Response, error) {
			go func() { _, _ = io.Copy(io.Discard, r.Body) }()
			<-reading
			return newResponse(403, ""), nil
		})
		done := make(chan error, 1) // buffered, so that the goroutine can always end
		go func() {
			done <- storage.Put(t.Context(), client, signed("https://example.com"), body, 5, func(int64) { body.progress++ }, false)
		}()
		synctest.Wait()
		require.Empty(t, done, "Put returned while its body was read")
		close(body.release)
		requireStatus(t, <-done, 403, "")
		require.Equal(t, 1, body.progress) // races with a late call
	})
}

// net/http checks for the end of a body after sending it, and drops the connection on an error.
func TestBodyAfterPutHasReturned(t *testing.T) {
	t.Parallel()
	for sent, ends := range map[int64]bool{5: true, 4: false} {
		var body io.Reader
		err := put(t, through(func(r *http.Request) (*http.Response, error) {
			body = r.Body
			_, err := io.CopyN(io.Discard, r.Body, sent)
			return newResponse(200, ""), err
		}), "https://example.com", strings.NewReader("hello"), 5)
		require.Equal(t, ends, err == nil)
		n, err := body.Read(make([]byte, 1))
		require.Zero(t, n)
		require.Equal(t, ends, err == io.EOF) //nolint:errorlint // io.Reader returns it unwrapped
		require.Error(t, err)
	}
}

func TestPutWithASuccessBeforeTheBodyIsSent(t *testing.T) {
	t.Parallel()
	asked := 0
	err := put(t, through(func(r *http.Request) (*http.Response, error) {
		asked++
		_, err := io.CopyN(io.Discard, r.Body, 3)
		require.NoError(t, err)
		return newResponse(200, ""), nil
	}), "https://example.com", strings.NewReader("hello"), 5)
	require.EqualError(t, err, "PUT example.com: success response before the last 2 of 5 bytes were sent")
	require.Equal(t, 1, asked)
}

func TestPutAcceptsEverySuccessStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 204, 299} {
		srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(status)
		})
		require.NoError(t, put(t, srv.Client(), srv.URL, strings.NewReader("hello"), 5))
	}
}

func TestUploadsReuseAConnection(t *testing.T) {
	t.Parallel()
	connections := atomic.Int32{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	for range 200 {
		require.NoError(t, put(t, srv.Client(), srv.URL, strings.NewReader(textOf(10_000)), 10_000))
	}
	// On a busy machine, net/http gives up a connection if the writing goroutine isn't scheduled
	// within 50 ms after the response.
	require.Less(t, connections.Load(), int32(20))
}
