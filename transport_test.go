// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// startServer starts a server on loopback and returns its URL.
func startServer(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// httpClients makes an HTTP client of each kind. None uses http.DefaultTransport, because httptest
// closes its idle connections whenever a server of any test is closed.
var httpClients = map[string]func() connectparticipant.HTTPClient{
	"the default client":   func() connectparticipant.HTTPClient { return nil },
	"an *http.Client":      func() connectparticipant.HTTPClient { return &http.Client{Transport: &http.Transport{}} },
	"a BuildableClient":    func() connectparticipant.HTTPClient { return awshttp.NewBuildableClient() },
	"a client of the user": func() connectparticipant.HTTPClient { return wrapped{&http.Client{Transport: &http.Transport{}}} },
}

// wrapped is an HTTP client of an unknown type.
type wrapped struct{ client *http.Client }

func (w wrapped) Do(r *http.Request) (*http.Response, error) { return w.client.Do(r) }

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, newHTTPClient := range httpClients {
			for _, perCall := range []bool{false, true} {
				t.Run(http.StatusText(status)+" with "+name, func(t *testing.T) {
					t.Parallel()
					testRedirect(t, status, newHTTPClient(), perCall)
				})
			}
		}
	}
}

func testRedirect(t *testing.T, status int, httpClient connectparticipant.HTTPClient, perCall bool) {
	t.Helper()
	var elsewhere atomic.Int32
	thief := startServer(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	url := startServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, thief+"/stolen", status) })
	options := connectparticipant.Options{BaseEndpoint: &url, RetryMaxAttempts: 1}
	optFns := []func(*connectparticipant.Options){func(o *connectparticipant.Options) { o.HTTPClient = httpClient }}
	if !perCall {
		options.HTTPClient, optFns = httpClient, nil
	}
	client := connectparticipant.New(options)

	_, sendErr := sendHello(t.Context(), client, optFns...)
	_, viewErr := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{
		ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("made-up-view-token"),
	}, optFns...)
	if _, users := httpClient.(wrapped); users {
		require.ErrorContains(t, viewErr, "must not follow redirects")
		return
	}
	require.ErrorContains(t, sendErr, "StatusCode: 30")
	require.ErrorContains(t, viewErr, "StatusCode: 30")
	require.Zero(t, elsewhere.Load(), "the token went to another host")
}

func TestUsersHTTPClientIsNotChanged(t *testing.T) {
	t.Parallel()
	mine := &http.Client{Timeout: time.Minute}
	client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: mine})
	require.Nil(t, mine.CheckRedirect)
	require.NotSame(t, mine, client.Options().HTTPClient)
	require.Equal(t, time.Minute, client.Options().HTTPClient.(*http.Client).Timeout)
}

func TestSequentialCallsUseOneConnection(t *testing.T) {
	t.Parallel()
	for name, newHTTPClient := range httpClients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var connections atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				// Responds before it has read the body, as a fast server does.
				if strings.HasSuffix(r.URL.Path, "/event") {
					w.WriteHeader(http.StatusConflict)
				}
				_, _ = io.WriteString(w, `{"Id":"item-1"}`)
			}))
			server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					connections.Add(1)
				}
			}
			server.Start()
			t.Cleanup(server.Close)
			client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL, HTTPClient: newHTTPClient()})
			for range 1500 {
				_, err := sendHello(t.Context(), client)
				require.NoError(t, err)
				_, err = client.SendEvent(t.Context(), &connectparticipant.SendEventInput{
					ConnectionToken: aws.String(connectionToken), ContentType: aws.String("application/vnd.amazonaws.connect.event.typing"),
				})
				require.Error(t, err)
			}
			// net/http drops a connection whose writer has not reported for 50 ms, which can happen
			// on a loaded machine; a body that is closed too early causes dozens.
			require.LessOrEqual(t, connections.Load(), int32(20))
		})
	}
}

// A connection that the server closes while it is idle is replaced without using up an attempt,
// because net/http can read the body again.
func TestStaleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"Content":"hello"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, `{}`)
	}))
	t.Cleanup(server.Close)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL, RetryMaxAttempts: 1})
	for range 200 {
		_, err := sendHello(t.Context(), client)
		require.NoError(t, err)
		server.CloseClientConnections()
	}
}

// startCountingServer starts a server that counts the connections opened so far and those still
// open.
func startCountingServer(t *testing.T) (url string, opened, open *atomic.Int32) {
	t.Helper()
	opened, open = new(atomic.Int32), new(atomic.Int32)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			opened.Add(1)
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, opened, open
}

// A BuildableClient in the options of a call is frozen for that call and leaves no connection open.
func TestPerCallBuildableClientLeavesNoConnection(t *testing.T) {
	t.Parallel()
	url, opened, open := startCountingServer(t)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &url})
	mine := awshttp.NewBuildableClient()
	for range 10 {
		_, err := sendHello(t.Context(), client, func(o *connectparticipant.Options) { o.HTTPClient = mine })
		require.NoError(t, err)
	}
	require.EqualValues(t, 10, opened.Load())
	require.Eventually(t, func() bool { return open.Load() == 0 }, 5*time.Second, time.Millisecond)
	require.False(t, mine.GetTransport().DisableKeepAlives, "the user's client was changed")
}

// The client that Freeze returns keeps its connections, also in the options of a call.
func TestPerCallFrozenClientKeepsItsConnections(t *testing.T) {
	t.Parallel()
	url, opened, _ := startCountingServer(t)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &url})
	mine := awshttp.NewBuildableClient().Freeze()
	for range 10 {
		_, err := sendHello(t.Context(), client, func(o *connectparticipant.Options) { o.HTTPClient = mine })
		require.NoError(t, err)
	}
	require.Less(t, opened.Load(), int32(5)) // one, unless net/http drops it, see TestSequentialCallsUseOneConnection
}

func TestServerThatRefusesConnections(t *testing.T) {
	t.Parallel()
	url := "http://127.0.0.1:1" // a port that a test has closed may be given to another one
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &url, RetryMaxAttempts: 2})
	_, err := sendHello(t.Context(), client)
	require.ErrorContains(t, err, "connection refused")
	require.ErrorContains(t, err, "exceeded maximum number of attempts, 2")
	require.Empty(t, connectparticipant.RequestID(err))
}

func TestServerThatNeverResponds(t *testing.T) {
	t.Parallel()
	url := startServer(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client has gone
		<-r.Context().Done()
	})
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &url})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := sendHello(ctx, client)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// following is a round tripper that responds with redirects along these sites, then with success.
func following(sent *atomic.Int32, sites ...string) roundTripFunc {
	return func(r *http.Request) (*http.Response, error) {
		n := int(sent.Add(1))
		response := newResponse(http.StatusOK, `{}`)
		if n <= len(sites) {
			response = newResponse(http.StatusTemporaryRedirect, ``)
			response.Header.Set("Location", sites[n-1]+"/made-up-path")
		}
		response.Request = r
		return response, nil
	}
}

func TestFollowedRedirectIsAnError(t *testing.T) {
	t.Parallel()
	for name, sites := range map[string][]string{
		"to another host":       {"https://elsewhere.example"},
		"there and back":        {"https://elsewhere.example", "https://chat.example"},
		"to plain http":         {"http://chat.example"},
		"to http and back":      {"http://chat.example", "https://chat.example"},
		"on the same host":      {"https://chat.example"},
		"to another port":       {"https://chat.example:8443"},
		"on and on to the host": {"https://chat.example", "https://chat.example", "https://chat.example"},
	} {
		for kind, client := range map[string]func(http.RoundTripper) connectparticipant.HTTPClient{
			"a client of the user": func(t http.RoundTripper) connectparticipant.HTTPClient { return wrapped{&http.Client{Transport: t}} },
			"an *http.Client whose transport follows": func(t http.RoundTripper) connectparticipant.HTTPClient {
				return &http.Client{Transport: roundTripFunc((&http.Client{Transport: t}).Do)}
			},
		} {
			for _, perCall := range []bool{false, true} {
				t.Run(name+" by "+kind, func(t *testing.T) {
					t.Parallel()
					var sent atomic.Int32
					httpClient := client(following(&sent, sites...))
					options := connectparticipant.Options{BaseEndpoint: aws.String("https://chat.example")}
					optFns := []func(*connectparticipant.Options){func(o *connectparticipant.Options) { o.HTTPClient = httpClient }}
					if !perCall {
						options.HTTPClient, optFns = httpClient, nil
					}
					_, err := connectparticipant.New(options).DescribeView(t.Context(), &connectparticipant.DescribeViewInput{
						ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("v"),
					}, optFns...)
					require.ErrorContains(t, err, "followed a redirect to "+sites[0]+" and")
					require.NotContains(t, err.Error(), "made-up")
					require.False(t, connectparticipant.IsRetryable(err))
					require.EqualValues(t, len(sites)+1, sent.Load(), "it was retried")
				})
			}
		}
	}
}

// A client that sends the request to another host, as an egress gateway does, has not followed a
// redirect.
func TestHTTPClientThatRewritesTheHost(t *testing.T) {
	t.Parallel()
	gateway := startServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"Id":"item-1"}`) })
	client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: doFunc(func(r *http.Request) (*http.Response, error) {
		clone := r.Clone(r.Context())
		clone.URL.Scheme, clone.URL.Host = "http", strings.TrimPrefix(gateway, "http://")
		return new(http.Transport).RoundTrip(clone)
	})})
	out, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, "item-1", *out.Id)
}

func TestDeadlineDuringAnErrorResponse(t *testing.T) {
	t.Parallel()
	url := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message":`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &url})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := sendHello(ctx, client)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, connectparticipant.IsAccessDenied(err))
}

// The body of a 101 response is the connection itself, which has no deadline.
func TestSwitchingProtocolsDoesNotHang(t *testing.T) {
	t.Parallel()
	client := newClient(func(*http.Request) (*http.Response, error) {
		response := newResponse(http.StatusSwitchingProtocols, ``)
		response.Body = io.NopCloser(failingReader{errors.New("read the connection")})
		return response, nil
	})
	_, err := sendHello(t.Context(), client)
	require.ErrorContains(t, err, "status 101")
}

func TestIncompleteResponseIsSentAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if calls.Add(1) == 1 {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"Id":`)
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"Id":"item-1"}`)
	})
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &url})
	out, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, "item-1", *out.Id)
}

// A resolver may return any address for localhost.
func TestLocalhostThatResolvesToAnotherMachine(t *testing.T) {
	t.Parallel()
	dialed := func(buildable *awshttp.BuildableClient, sent *atomic.Bool) *awshttp.BuildableClient {
		return buildable.WithTransportOptions(func(tr *http.Transport) {
			tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
				return &remoteConn{sent: sent, closed: make(chan struct{})}, nil
			}
		})
	}
	for name, test := range map[string]struct {
		url  string
		opts connectparticipant.EndpointResolverOptions
		sent bool
	}{
		"plain http":                  {url: "http://localhost:80"},
		"plain http, where permitted": {"http://localhost:80", connectparticipant.EndpointResolverOptions{DisableHTTPS: true}, true},
		"another name":                {url: "https://chat.example", sent: true},
	} {
		for _, perCall := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var sent atomic.Bool
				options := connectparticipant.Options{BaseEndpoint: &test.url, EndpointOptions: test.opts, RetryMaxAttempts: 1}
				optFns := []func(*connectparticipant.Options){func(o *connectparticipant.Options) { o.HTTPClient = dialed(awshttp.NewBuildableClient(), &sent) }}
				client := connectparticipant.New(options)
				if !perCall {
					client, optFns = connectparticipant.New(options, func(o *connectparticipant.Options) {
						o.HTTPClient = dialed(o.HTTPClient.(*awshttp.BuildableClient), &sent)
					}), nil
				}
				_, err := sendHello(t.Context(), client, optFns...)
				require.Error(t, err)
				require.Equal(t, test.sent, sent.Load())
				if !test.sent {
					require.ErrorContains(t, err, "not a loopback address")
				}
			})
		}
	}
}

// remoteConn is a connection to another machine, which must receive nothing.
type remoteConn struct {
	net.Conn

	sent   *atomic.Bool
	close  sync.Once
	closed chan struct{}
}

func (*remoteConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

func (c *remoteConn) Close() error {
	c.close.Do(func() { close(c.closed) })
	return nil
}

func (*remoteConn) SetReadDeadline(time.Time) error { return nil }

func (c *remoteConn) Read([]byte) (int, error) {
	<-c.closed
	return 0, io.EOF
}

func (c *remoteConn) Write([]byte) (int, error) {
	c.sent.Store(true)
	return 0, net.ErrClosed
}

func TestUnusualResponses(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]*http.Response{
		"no body at all":          {StatusCode: 200, Header: http.Header{}},
		"an error without a body": {StatusCode: 500, Header: http.Header{}},
		"no header":               {StatusCode: 200, Body: http.NoBody},
		"no content":              {StatusCode: 204, Body: http.NoBody, Header: http.Header{}},
		"not modified":            {StatusCode: 304, Body: http.NoBody, Header: http.Header{}},
		"a negative status":       {StatusCode: -1, Body: http.NoBody, Header: http.Header{}},
	} {
		client := newClient(nil, noRetries, func(o *connectparticipant.Options) {
			o.HTTPClient = doFunc(func(*http.Request) (*http.Response, error) { return response, nil })
		})
		_, err := sendHello(t.Context(), client)
		require.Equal(t, response.StatusCode/100 != 2, err != nil, name)
	}
}

func TestNilPerCallHTTPClientIsTheClients(t *testing.T) {
	t.Parallel()
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{"Id":"item-1"}`), nil })
	out, err := sendHello(t.Context(), client, func(o *connectparticipant.Options) { o.HTTPClient = nil })
	require.NoError(t, err)
	require.Equal(t, "item-1", *out.Id)
}
