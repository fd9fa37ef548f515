package egress

import "net/http"

// Transport is the transport of a client's calls, together with one for its chats.
type Transport struct {
	http.RoundTripper

	// Chats makes connections in the same way, for sockets and files, without the time-outs that
	// would cut them.
	Chats *http.Transport
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
	chats := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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
