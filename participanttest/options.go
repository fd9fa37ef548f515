// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"context"
	"fmt"
	"time"
)

// Options configure a Server.
type Options struct {
	// Addr is the TCP address to listen on. Defaults to "127.0.0.1:0", a free port.
	Addr string
	// PublicURL is the scheme and host of the WebSocket URLs and signed URLs in responses, such
	// as https://fake.example:8443, for clients that reach the server through a proxy or a
	// mapped port. It may have a port, but no path. Defaults to the Host header of the request
	// that asks for a URL, with localhost replaced by 127.0.0.1 where there is no TLS.
	PublicURL string
	// TLS serves https and wss with a certificate that is generated at the start. It is valid for a
	// year, for localhost, 127.0.0.1, ::1, the address in Addr, the host of PublicURL and TLSHosts.
	// Clients must trust Server.AuthorityPEM; Server.Client does. Only HTTP/1.1 is supported. Defaults
	// to http and ws.
	TLS bool
	// TLSHosts are additional host names and IP addresses, without port, for which the certificate is
	// valid. Defaults to none.
	TLSHosts []string
	// Snapshot is the result of Server.Snapshot of another server, whose chats this one continues. With
	// TLS this server also continues to use the certificate and the CA of the other server, unless the
	// certificate isn't valid for one of the hosts or expires within 30 days; in that case clients must
	// trust the new AuthorityPEM. New returns an error if Snapshot is malformed. Defaults to no chats.
	Snapshot []byte
	// MaxAttachmentBytes is the size of the largest file that StartAttachmentUpload accepts. Defaults
	// to 20 MiB, the service's default.
	MaxAttachmentBytes int64
	// MaxSockets is the number of WebSockets that may be open; further upgrades get 503. Defaults to
	// 8,000.
	MaxSockets int
	// Seed seeds the random generators of faults with Chance. Defaults to 0.
	Seed uint64
	// Latency is how long each operation waits before it is handled. Defaults to none.
	Latency time.Duration
	// Throttle rejects calls over the service's published quotas, which all chats of the server share,
	// with ThrottlingException; some operations of Amazon Connect return TooManyRequestsException
	// instead. Defaults to no quotas.
	Throttle bool
	// Quotas replace the published quotas of some operations, by API name, for Throttle. Defaults to
	// none.
	Quotas map[string]Quota

	// MaxChats is the number of active chats that StartChatContact may start in one instance; a further
	// one fails with 429 LimitExceededException. Defaults to 500 with Throttle, the published quota,
	// and otherwise to no limit.
	MaxChats int
	// Flow plays the contact flow of the chats that StartChatContact starts; chats of NewChat have
	// none. It is called once for a chat, in a separate goroutine, when the customer is connected, by
	// ConnectParticipant or by a socket that has subscribed. It can use all methods of the chat and its
	// participants: send a greeting by System, have the Agent join, wait for requests. ctx is done when
	// the chat has ended or the server closes. Close waits for Flow, so Flow must return then, and must
	// not call Close. A server that continues the chat from a Snapshot calls Flow again when the
	// customer is connected again. Defaults to a flow that does nothing.
	Flow func(ctx context.Context, c *Contact)

	// Topics maps the ARN of an SNS topic to the URL of the HTTP or HTTPS endpoint that is subscribed
	// to it. StartContactStreaming names the topic of a chat; ChatOptions.Streaming uses TopicARN. Each
	// item of a streamed chat is posted as SNS does, after one SubscriptionConfirmation: in order, with
	// a timeout of 15 seconds, and three retries, 20 seconds apart, after 429, 5xx or no response.
	// Requests and Count include them as Notification and SubscriptionConfirmation, with the status
	// that the endpoint returned. Defaults to none: only Stream receives the notifications.
	Topics map[string]string
	// Stream receives what the service publishes of streamed chats, for all topics: each item as SNS
	// posts it to an HTTPS endpoint, a signed notification in JSON. LambdaSNS and LambdaSQS convert it
	// to an event. The calls come one after the other, in the order of publication, from a goroutine of
	// the server, and nothing else waits for them. In a test, send the notifications to a channel to
	// wait for them. Close waits for a running call, so Stream must not call Close. Defaults to no
	// publication.
	Stream func(payload []byte)

	Switches

	inMemory bool
}

// InMemory is an option of Start and New that runs the server without a port, for a testing/synctest
// bubble. Only its own Client reaches it, for HTTP and as the HTTPClient of a WebSocket dialer. Start
// the server, and everything that uses it, inside the bubble.
//
// In FIPS 140-3 mode (GODEBUG=fips140=on) build the test with GOFIPS140=v1.0.0: crypto/rand of a plain
// build with Go 1.26, which WebSocket clients use, panics in a bubble.
func InMemory() func(*Options) {
	return func(o *Options) { o.inMemory = true }
}

// validate returns the snapshot, or an empty one without Options.Snapshot.
func (o Options) validate() (*snapshot, error) {
	if o.PublicURL != "" {
		if err := checkPublicURL(o.PublicURL); err != nil {
			return nil, err
		}
	}
	if err := checkTLSHosts(o.TLSHosts); err != nil {
		return nil, err
	}
	if err := checkTopics(o.Topics); err != nil {
		return nil, err
	}
	if o.Snapshot == nil {
		return new(snapshot), nil
	}
	state, err := readSnapshot(o.Snapshot)
	if err != nil {
		return nil, fmt.Errorf("read Options.Snapshot: %w", err)
	}
	return state, nil
}

func withDefaults(optFns []func(*Options)) Options {
	var opts Options
	for _, fn := range optFns {
		fn(&opts)
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if opts.MaxAttachmentBytes == 0 {
		opts.MaxAttachmentBytes = 20 << 20
	}
	if opts.TokenLife == 0 {
		opts.TokenLife = connectionTokenLife
	}
	if opts.ContentLimit == 0 {
		opts.ContentLimit = maxContent
	}
	if opts.MaxChats == 0 && opts.Throttle {
		opts.MaxChats = maxStarted
	}
	if opts.MaxSockets == 0 {
		opts.MaxSockets = 8000
	}
	return opts
}
