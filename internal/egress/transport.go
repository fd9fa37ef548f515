// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"io"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Transport is the transport for a client's calls, together with a transport for its chats.
type Transport struct {
	http.RoundTripper

	// Chats makes connections with the same settings for sockets and files, but without the
	// time-outs, which would cut them.
	Chats *http.Transport

	// BodyTimeout limits the time from the header of a response to the end of its body. It does not
	// interrupt a read that has started; that is up to RoundTripper. Defaults to none.
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

// boundBody is a body with a deadline.
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

// CloseIdleConnections is called by http.Client.
func (t *Transport) CloseIdleConnections() {
	if calls, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		calls.CloseIdleConnections()
	}
	t.Chats.CloseIdleConnections()
}

// ChatClient returns a client for the sockets and files of chats whose calls are sent by client. It
// has the same connection settings: proxy, TLS and dialer. It returns nil if client isn't an
// *http.Client, or if its transport isn't net/http's.
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
