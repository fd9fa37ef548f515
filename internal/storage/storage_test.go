// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant"
	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
	"github.com/participant-go/connectparticipant/internal/storage"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secretParts follow the host of a signed URL. Errors must not contain the word hidden, except in
// the text that replaces them.
const secretParts = "/hidden/path?X-Amz-Signature=hidden-signature&X-Amz-Date=hidden"

func requireNoSecret(t *testing.T, err error, secrets ...string) {
	t.Helper()
	require.Error(t, err)
	text := strings.ReplaceAll(err.Error(), "HTTP client error hidden because it contains the signed URL", "")
	for _, secret := range append(secrets, "hidden", "X-Amz-Signature") {
		require.NotContains(t, text, secret)
	}
	var inner *url.Error
	if errors.As(err, &inner) { // the text without the quoted URL
		text = strings.ReplaceAll(inner.Error(), "HTTP client error hidden because it contains the signed URL", "")
		require.NotContains(t, text, "hidden")
	}
}

func requireStatus(t *testing.T, err error, status int, code string) {
	t.Helper()
	requireNoSecret(t, err)
	var e *storage.StatusError
	require.ErrorAs(t, err, &e)
	require.Equal(t, status, e.Status)
	require.Equal(t, code, e.Code)
}

// signed returns upload metadata for a server.
func signed(address string) *types.UploadMetadata {
	address += secretParts
	return &types.UploadMetadata{Url: &address, HeadersToInclude: map[string]string{"x-amz-meta-contact_id": "hidden-contact"}}
}

func put(t *testing.T, client *http.Client, address string, body io.Reader, size int64) error {
	t.Helper()
	return storage.Put(t.Context(), client, signed(address), body, size, nil, false)
}

func get(t *testing.T, client *http.Client, address string, limit int64) (string, error) {
	t.Helper()
	file, err := storage.Get(t.Context(), client, address+secretParts, limit, false)
	if err != nil {
		return "", err
	}
	defer func() { require.NoError(t, file.Close()) }()
	content, err := io.ReadAll(file)
	return string(content), err
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return srv
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func through(f roundTripFunc) *http.Client { return &http.Client{Transport: f} }

func newResponse(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// plain hides all methods of a reader except Read.
func plain(r io.Reader) io.Reader { return struct{ io.Reader }{r} }

// chat is a chat on the fake, with its customer's client.
type chat struct {
	srv     *participanttest.Server
	contact *participanttest.Contact
	client  *connectparticipant.Client
	token   *string
}

// startChat starts a fake; in a bubble, pass InMemory.
func startChat(t *testing.T, optFns ...func(*participanttest.Options)) *chat {
	t.Helper()
	srv := participanttest.Start(t, optFns...)
	c := &chat{srv: srv, contact: srv.NewChat(func(o *participanttest.ChatOptions) { o.ScanDelay = 0 })}
	c.client = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	out, err := c.client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &c.contact.Customer.Token, Type: []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	require.NoError(t, err)
	c.token = out.ConnectionCredentials.ConnectionToken
	return c
}

// upload is an upload that was started.
type upload struct {
	*chat
	id *string
	to *types.UploadMetadata
}

func (c *chat) start(t *testing.T, size int64) *upload {
	t.Helper()
	name, contentType := "notes hidden.txt", "text/plain"
	out, err := c.client.StartAttachmentUpload(t.Context(), &connectparticipant.StartAttachmentUploadInput{
		ConnectionToken: c.token, AttachmentName: &name, AttachmentSizeInBytes: size, ContentType: &contentType,
	})
	require.NoError(t, err)
	return &upload{c, out.AttachmentId, out.UploadMetadata}
}

// secrets returns the texts that errors must not contain.
func (u *upload) secrets(t *testing.T) []string {
	t.Helper()
	address, err := url.Parse(*u.to.Url)
	require.NoError(t, err)
	secrets := []string{address.Path, address.RawQuery, address.Query().Get("X-Amz-Signature"), *u.id}
	for name, value := range u.to.HeadersToInclude {
		if name != "Content-Length" {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// complete completes the upload and returns a URL of the stored file.
func (u *upload) complete(t *testing.T) (address string) {
	t.Helper()
	_, err := u.client.CompleteAttachmentUpload(t.Context(), &connectparticipant.CompleteAttachmentUploadInput{
		ConnectionToken: u.token, AttachmentIds: []string{*u.id},
	})
	require.NoError(t, err)
	out, err := u.client.GetAttachment(t.Context(), &connectparticipant.GetAttachmentInput{ConnectionToken: u.token, AttachmentId: u.id})
	require.NoError(t, err)
	return *out.Url
}

func (u *upload) stored(t *testing.T) string {
	t.Helper()
	file, err := storage.Get(t.Context(), u.srv.Client(), u.complete(t), 1<<30, false)
	require.NoError(t, err)
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return string(content)
}

// textOf returns n bytes without repetition.
func textOf(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + i/7%26 + i%3)
	}
	return string(text)
}

type seekFails struct {
	io.Reader
	whence int // the value that fails
}

func (s seekFails) Seek(_ int64, whence int) (int64, error) {
	if whence == s.whence {
		return 0, errors.New("seek fails")
	}
	return 7, nil
}

func TestSize(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	_, err = file.WriteString("0123456789")
	require.NoError(t, err)
	_, err = file.Seek(3, io.SeekStart)
	require.NoError(t, err)
	pipe, end, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, errors.Join(pipe.Close(), end.Close())) })
	behind := strings.NewReader("0123456789")
	_, err = behind.Seek(20, io.SeekStart)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		reader io.Reader
		want   int64
		ok     bool
		rest   string
	}{
		"a file from where it stands":       {file, 7, true, "3456789"},
		"bytes":                             {bytes.NewReader([]byte("012")), 3, true, "012"},
		"a string":                          {strings.NewReader("0123"), 4, true, "0123"},
		"a section":                         {io.NewSectionReader(strings.NewReader("0123456789"), 2, 5), 5, true, "23456"},
		"a buffer":                          {bytes.NewBufferString("01"), 2, true, "01"},
		"nothing":                           {strings.NewReader(""), 0, true, ""},
		"a reader that stands past its end": {behind, 0, true, ""},
		"a reader":                          {plain(strings.NewReader("0")), 0, false, "0"},
		"an unknown position":               {seekFails{strings.NewReader("0"), io.SeekCurrent}, 0, false, "0"},
		"an unknown end":                    {seekFails{strings.NewReader("0"), io.SeekEnd}, 0, false, "0"},
		"no way back":                       {seekFails{strings.NewReader("0"), io.SeekStart}, 0, false, "0"},
	} {
		n, ok := storage.Size(test.reader)
		require.Equal(t, test.want, n, name)
		require.Equal(t, test.ok, ok, name)
		rest, err := io.ReadAll(test.reader)
		require.NoError(t, err, name)
		require.Equal(t, test.rest, string(rest), name)
	}
	_, ok := storage.Size(pipe)
	require.False(t, ok, "a pipe is an *os.File without a size")
}

// calls runs Put and Get for URLs that both refuse.
var calls = map[string]func(t *testing.T, client *http.Client, address string, permitted bool) error{
	http.MethodPut: func(t *testing.T, client *http.Client, address string, permitted bool) error {
		t.Helper()
		to := signed("")
		to.Url = &address
		return storage.Put(t.Context(), client, to, strings.NewReader("hello"), 5, nil, permitted)
	},
	http.MethodGet: func(t *testing.T, client *http.Client, address string, permitted bool) error {
		t.Helper()
		file, err := storage.Get(t.Context(), client, address, 100, permitted)
		if err == nil {
			require.NoError(t, file.Close())
		}
		return err
	},
}

func TestURLsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ address, want string }{
		"plain http":   {"http://example.com" + secretParts, "plain http to example.com would expose the token"},
		"a socket's":   {"wss://example.com" + secretParts, `scheme is "wss"`},
		"a file's":     {"file://example.com" + secretParts, `scheme is "file"`},
		"no host":      {secretParts, "no host"},
		"empty":        {"", "no host"},
		"malformed":    {"https://example.com/%zz" + secretParts, "malformed"},
		"control char": {"https://example.com/\x00" + secretParts, "malformed"},
		"a user":       {"https://user:hidden@example.com" + secretParts, "malformed"},
	} {
		for method, call := range calls {
			err := call(t, through(func(*http.Request) (*http.Response, error) {
				t.Errorf("%s: the request was sent", name)
				return newResponse(200, ""), nil
			}), test.address, false)
			requireNoSecret(t, err)
			require.ErrorContains(t, err, test.want, name)
			require.ErrorContains(t, err, method, name)
		}
	}
}

func TestURLsThatAreAccepted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address   string
		permitted bool
	}{
		{"https://example.com", false},
		{"http://127.0.0.1:1", false},
		{"http://example.com", true},
	} {
		for _, call := range calls {
			sent := ""
			require.NoError(t, call(t, through(func(r *http.Request) (*http.Response, error) {
				sent = r.URL.String()
				_, err := io.Copy(io.Discard, r.Body)
				require.NoError(t, err)
				return newResponse(200, ""), nil
			}), test.address+secretParts, test.permitted))
			require.Equal(t, test.address+secretParts, sent)
		}
	}
}

func TestRedirectsAreErrors(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed a redirect") })
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, location := range map[string]string{
			"elsewhere": elsewhere.URL + secretParts,
			"here":      "/hidden/too",
			"malformed": "https://hidden.example.com/%zz",
			"nowhere":   "",
		} {
			asked := 0
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			client := srv.Client()
			client.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
				require.Len(t, via, 1)
				return nil
			}
			for _, call := range calls {
				asked = 0
				requireStatus(t, call(t, client, srv.URL+secretParts, false), status, "")
				require.Equal(t, 1, asked, name)
			}
			require.NotNil(t, client.CheckRedirect, "the caller's client was changed")
			require.IsType(t, &http.Transport{}, client.Transport)
		}
	}
}

// A transport that follows redirects violates its contract. The file isn't sent again.
func TestTransportThatFollowsRedirects(t *testing.T) {
	t.Parallel()
	for name, location := range map[string]string{
		"elsewhere": "https://other.example.com" + secretParts, "here": "https://example.com" + secretParts, "to plain http": "http://example.com" + secretParts,
	} {
		for _, call := range calls {
			sent := 0
			following := &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
				response := newResponse(200, "")
				if sent++; sent%2 == 1 {
					response = newResponse(303, "")
					response.Header.Set("Location", location)
				}
				response.Request = r
				return response, nil
			})}
			err := call(t, through(following.Do), "https://example.com"+secretParts, false)
			requireNoSecret(t, err)
			require.ErrorContains(t, err, "must not follow redirects", name)
			require.Equal(t, 2, sent, name)
		}
	}
}

func TestDefaultTransport(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	for _, call := range calls {
		require.NoError(t, call(t, &http.Client{}, srv.URL+secretParts, false))
	}
}

func TestCodeOfAnErrorResponse(t *testing.T) {
	t.Parallel()
	const head = `<?xml version="1.0" encoding="UTF-8"?>`
	for name, test := range map[string]struct{ body, want string }{
		"S3's":                       {head + "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>hidden</StringToSign></Error>", "SignatureDoesNotMatch"},
		"cut behind the code":        {head + "<Error><Code>AccessDenied</Code><Message>hid", "AccessDenied"},
		"behind other members":       {"<Error><Message>hidden</Message><Code>SlowDown</Code></Error>", "SlowDown"},
		"longer than is looked at":   {"<Error><Code>SlowDown</Code><Message>" + strings.Repeat("hidden", 20_000) + "</Message></Error>", "SlowDown"},
		"too far away":               {"<Error><Message>" + strings.Repeat("hidden", 20_000) + "</Message><Code>SlowDown</Code></Error>", ""},
		"a sentence":                 {"<Error><Code>the hidden path</Code></Error>", ""},
		"a path":                     {"<Error><Code>/hidden/path</Code></Error>", ""},
		"two lines":                  {"<Error><Code>SlowDown\nhidden</Code></Error>", ""},
		"very long":                  {"<Error><Code>" + strings.Repeat("hidden", 11) + "</Code></Error>", ""},
		"another document's":         {"<html><Code>hidden</Code></html>", ""},
		"HTML":                       {"<html><body><h1>hidden</h1><br></body></html>", ""},
		"JSON":                       {`{"Code":"hidden"}`, ""},
		"an encoding without reader": {`<?xml version="1.0" encoding="hidden"?><Error><Code>SlowDown</Code></Error>`, ""},
		"empty":                      {"", ""},
	} {
		for method, call := range calls {
			closed := false
			err := call(t, through(func(*http.Request) (*http.Response, error) {
				response := newResponse(403, test.body)
				response.Body = closeFunc{response.Body, func() { closed = true }}
				return response, nil
			}), "https://example.com"+secretParts, false)
			require.True(t, closed, name)
			requireNoSecret(t, err)
			var e *storage.StatusError
			require.ErrorAs(t, err, &e)
			require.Equal(t, &storage.StatusError{Method: method, Host: "example.com", Status: 403, Code: test.want}, e)
			text := method + " example.com: status 403 Forbidden"
			if test.want != "" {
				text += ": " + test.want
			}
			require.EqualError(t, err, text, name)
		}
	}
}

type closeFunc struct {
	io.Reader
	closed func()
}

func (c closeFunc) Close() error {
	c.closed()
	return nil
}

func TestStatusWithoutAName(t *testing.T) {
	t.Parallel()
	require.EqualError(t, &storage.StatusError{Method: "PUT", Host: "h", Status: 499}, "PUT h: status 499")
}

// A custom transport may wrap errors in any way.
func TestTransportErrorsThatContainTheURL(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for name, makeError := range map[string]func(r *http.Request) error{
		"a *url.Error": func(r *http.Request) error { return &url.Error{Op: "Put", URL: r.URL.String(), Err: cause} },
		"a *url.Error further down": func(r *http.Request) error {
			return errors.Join(&url.Error{Op: "Put", URL: r.URL.String(), Err: cause})
		},
		"another URL further down": func(*http.Request) error {
			return errors.Join(&url.Error{Op: "Put", URL: "https://other.example.com/hidden", Err: cause})
		},
		"the URL in the text":       func(r *http.Request) error { return errors.Join(cause, errors.New(r.URL.String())) },
		"the path in the text":      func(r *http.Request) error { return errors.Join(cause, errors.New(r.URL.Path)) },
		"the query in the text":     func(r *http.Request) error { return errors.Join(cause, errors.New(r.URL.RawQuery)) },
		"the signature in the text": func(*http.Request) error { return errors.Join(cause, errors.New("hidden-signature")) },
	} {
		client := through(func(r *http.Request) (*http.Response, error) { return nil, makeError(r) })
		for _, call := range calls {
			synctest.Test(t, func(t *testing.T) { // Put waits before it retries
				err := call(t, client, "https://example.com"+secretParts, false)
				requireNoSecret(t, err)
				require.ErrorIs(t, err, cause, name)
				require.ErrorContains(t, err, " example.com: ", name)
			})
		}
	}
	err := put(t, through(func(r *http.Request) (*http.Response, error) {
		return nil, errors.Join(cause, errors.New(r.Header.Get("X-Amz-Meta-Contact_id")))
	}), "https://example.com", plain(strings.NewReader("hello")), 5)
	requireNoSecret(t, err)
	require.ErrorIs(t, err, cause)
}

func TestTransportErrorsThatContainTheEscapedURL(t *testing.T) {
	t.Parallel()
	for _, part := range []func(*url.URL) string{(*url.URL).EscapedPath, func(u *url.URL) string { return u.RawQuery }} {
		_, err := storage.Get(t.Context(), through(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New(part(r.URL))
		}), "https://example.com/hidden%2Fpath?q=hidden%2Fquery", 1, false)
		requireNoSecret(t, err)
	}
}

func TestOtherTransportErrorsAreKept(t *testing.T) {
	t.Parallel()
	_, err := get(t, through(func(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded }), "https://example.com", 1)
	require.EqualError(t, err, "GET example.com: i/o timeout")
	var timeout interface{ Timeout() bool }
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
}
