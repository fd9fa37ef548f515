// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/aws/smithy-go/metrics"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/egress"
	"github.com/participant-go/connectparticipant/internal/redact"
)

// Options configure a session. A zero value always means the default, and so does a negative
// duration.
type Options struct {
	// ParticipantID is this participant's own ID, by which events are recognized as Own:
	// StartChatContact and CreateParticipant return it with the token. By default it is learned
	// from the first message sent.
	ParticipantID string

	// Connection is the connection that StartChatContact has returned with the participant
	// token, if it was asked for one. The session begins with it and saves the first
	// CreateParticipantConnection; if its URL has expired or was used, it begins as without.
	// Defaults to none.
	Connection *Connection

	// History is how many items older than the session are delivered first, the newest of them:
	// a number, HistoryNone or HistoryAll. Defaults to 1,000.
	History int

	// Overlap is how late an item may appear in the transcript and still be found: each reading
	// starts this long before what was read last. Defaults to 2 minutes.
	Overlap time.Duration

	// ReadEvery is how often the transcript is read although nothing seems to be missing: the
	// push of an item may be lost on a healthy socket. Each interval is up to 20 % longer, at
	// random. These readings use at most half of the Limiter's rate for GetTranscript, so that
	// with thousands of sessions the interval is longer; see the package comment. Defaults to 3
	// minutes.
	ReadEvery time.Duration

	// Settle is how long after a reconnect the transcript is read once more. Defaults to 10
	// seconds.
	Settle time.Duration

	// CatchUpWait is how long, after a reconnect, a live item is held for older ones from the
	// transcript, from its own arrival. After that the older ones arrive marked Late. Defaults
	// to 30 seconds.
	CatchUpWait time.Duration

	// HoldBack delays each live item, so that one which arrives out of order can still be
	// delivered in order. Defaults to none.
	HoldBack time.Duration

	// GiveUpAfter ends the session after so long without a connection, with ErrGaveUp. Waiting
	// for the Limiter doesn't count. Defaults to never.
	GiveUpAfter time.Duration

	// ConnectParticipant marks the participant as connected in the first
	// CreateParticipantConnection. Agents, custom bots, supervisors and the customer of a
	// contact with message streaming are connected by it; the customer of another chat is
	// connected by the socket (API_connect-participant_CreateParticipantConnection). Defaults
	// to false.
	ConnectParticipant bool

	// Progress asks for Progress events of messages that arrive in chunks. Defaults to none.
	Progress bool

	// RenewalEvents asks for a RenewalDue event before each planned renewal, for a caller who
	// may hand the chat over to another process then. Defaults to none.
	RenewalEvents bool

	plain bool // the client permits plain http; here it takes no memory

	// HTTPClient opens the sockets, and sends files to and from signed URLs. It is copied, and
	// the copy follows no redirects. Its transport must return the response body of an upgrade
	// as net/http does, not wrapped. Defaults to one that makes connections as the client of the
	// calls does: with its proxy, TLS settings and dialer, if the session was started with a
	// *connectparticipant.Client, or a type that embeds it, whose HTTP client is a BuildableClient
	// or an *http.Client with an *http.Transport. Else it defaults to one with the settings of
	// http.DefaultTransport.
	HTTPClient *http.Client

	// Limiter keeps the session's calls within the account's quotas. Defaults to one that all
	// sessions of the process share, for the published quotas.
	Limiter Limiter

	// Logger receives losses, retries and renewals; never tokens or contents. It is called from
	// one goroutine at a time for each session, which Close and Leave wait for: don't call them
	// from it. While it blocks, records are dropped, and counted. Defaults to none.
	Logger *slog.Logger

	// MeterProvider measures all sessions that it is given to; see the package comment for the
	// instruments. Defaults to no metrics.
	MeterProvider metrics.MeterProvider

	maxBackoff time.Duration
}

// Connection is a connection that was made for a participant: what StartChatContact returns in
// ConnectionCredentials and Websocket. Times are as the service returns them, ISO 8601 in UTC.
type Connection struct {
	// ConnectionToken is that of ConnectionCredentials, and Expiry when it ends.
	ConnectionToken, Expiry string
	// URL is that of Websocket, which can be used for 100 seconds, and ConnectionExpiry when
	// its socket ends.
	URL, ConnectionExpiry string
}

// LogValue shows the connection to log/slog without the token and the URL.
func (c Connection) LogValue() slog.Value { return redact.LogValue(c) }

// Format shows the connection to fmt without the token and the URL, whatever the verb.
func (c Connection) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// Values of Options.History.
const (
	// HistoryNone delivers nothing that is older than the session.
	HistoryNone = -1
	// HistoryAll delivers the whole transcript of the current contact.
	HistoryAll = math.MaxInt
)

func withDefaults(optFns []func(*Options)) Options {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	setDefault(&o.Overlap, 2*time.Minute)
	setDefault(&o.ReadEvery, 3*time.Minute)
	setDefault(&o.Settle, 10*time.Second)
	setDefault(&o.CatchUpWait, 30*time.Second)
	setDefault(&o.maxBackoff, maxBackoff)
	if o.History == 0 {
		o.History = 1000
	}
	if o.Limiter == nil {
		o.Limiter = defaultLimiter
	}
	return o
}

func setDefault(value *time.Duration, otherwise time.Duration) {
	if *value <= 0 {
		*value = otherwise
	}
}

// sharedClient is that of sessions without one of their own, whose calls go through an API that
// shows none.
var sharedClient = &http.Client{CheckRedirect: egress.LastResponse, Transport: sharedTransport()}

func sharedTransport() http.RoundTripper {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program has put in its own
	}
	shared = shared.Clone()
	shared.DialContext = egress.Local(shared.DialContext)
	return shared
}

// takeClient fills in what depends on the client.
func (o *Options) takeClient(client connectparticipant.API) {
	var ofCalls any
	if c, ok := client.(interface {
		Options() connectparticipant.Options
	}); ok {
		options := c.Options()
		o.plain, ofCalls = options.EndpointOptions.DisableHTTPS, options.HTTPClient
	}
	if o.HTTPClient != nil {
		c := *o.HTTPClient
		c.CheckRedirect = egress.LastResponse
		o.HTTPClient = &c
		return
	}
	if o.HTTPClient = egress.ChatClient(ofCalls); o.HTTPClient == nil {
		o.HTTPClient = sharedClient
	}
}
