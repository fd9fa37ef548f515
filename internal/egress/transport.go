// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"io"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Transport is the transport of a client's calls, together with one for its chats.
type Transport struct {
	http.RoundTripper

	// Chats makes connections in the same way, for sockets and files, without the time-outs that
	// would cut them.
	Chats *http.Transport

	// BodyTimeout bounds the time from the header of a response to the end of its body. A read
	// that has begun ends as RoundTripper lets it. Defaults to none.
	BodyTimeout time.Duration
}

// RoundTrip sends a request of a call.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	if err == nil && t.BodyTimeout > 0 && response.Body != http.NoBody {
		response.Body = &boundBody{ReadCloser: response.Body, timeout: t.BodyTimeout, end: time.Now().Add(t.BodyTimeout)}
	}
	return response, err
}

// boundBody is a body that must be read in time.
type boundBody struct {
	io.ReadCloser

	timeout time.Duration
	end     time.Time
}

func (b *boundBody) Read(p []byte) (int, error) {
	if time.Now().After(b.end) {
		return 0, &awshttp.ResponseTimeoutError{TimeoutDur: b.timeout}
	}
	return b.ReadCloser.Read(p)
}

// CloseIdleConnections is what http.Client calls.
func (t *Transport) CloseIdleConnections() {
	if calls, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		calls.CloseIdleConnections()
	}
	t.Chats.CloseIdleConnections()
}

// ChatClient returns a client for the sockets and files of chats whose calls are sent by
// client. It has the settings of its connections: proxy, TLS and dialer. It is nil for a client
// that isn't an *http.Client, or whose transport isn't net/http's.
func ChatClient(client any) *http.Client {
	calls, ok := client.(*http.Client)
	if !ok {
		return nil
	}
	chats := &http.Client{CheckRedirect: LastResponse}
	switch transport := calls.Transport.(type) {
	case *Transport:
		chats.Transport = transport.Chats
	case *http.Transport:
		chats.Transport = transport
	default:
		return nil
	}
	return chats
}
