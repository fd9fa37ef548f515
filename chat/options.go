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
	// ParticipantID is this participant's own ID, which marks events as Own. StartChatContact and
	// CreateParticipant return it with the token. By default the session learns it from the first
	// message or file that it sends.
	ParticipantID string

	// Connection is the connection that StartChatContact returned with the participant token, if
	// the request asked for one. It saves the first CreateParticipantConnection. If its URL has
	// expired or was used before, the session starts as if Connection were nil. Defaults to none.
	Connection *Connection

	// History is the maximum number of items older than the session that are delivered first; the
	// newest are chosen. It is a number, HistoryNone or HistoryAll. Defaults to 1,000.
	History int

	// Overlap is how late after its time an item may appear in the transcript and still be found:
	// each pass overlaps the previous one by this much. Defaults to 2 minutes.
	Overlap time.Duration

	// ReadEvery is the interval of the periodic passes over the transcript, which find items whose
	// push was lost on a healthy socket. Each interval is up to 20 % longer, at random. These
	// passes use at most half of the Limiter's rate for GetTranscript, so that with thousands of
	// sessions the interval is longer; see the package comment. Defaults to 3 minutes.
	ReadEvery time.Duration

	// Settle is how long after connecting the session makes a second pass, for items that appear in
	// the transcript late. Defaults to 10 seconds.
	Settle time.Duration

	// CatchUpWait is the maximum time that an item from the socket waits, after a reconnect, for
	// older ones from the transcript. Older items that are found later have Late set. Defaults to
	// 30 seconds.
	CatchUpWait time.Duration

	// HoldBack delays each item from the socket by this long, so that items which arrive out of
	// order can be delivered in order. Defaults to none.
	HoldBack time.Duration

	// GiveUpAfter is how long the session tries to reconnect before it ends with ErrGaveUp. Time
	// spent waiting for the Limiter doesn't count. By default the session never gives up.
	GiveUpAfter time.Duration

	// ConnectParticipant marks the participant as connected in the first
	// CreateParticipantConnection. Agents, custom bots, supervisors and the customer of a
	// contact with message streaming need it; the customer of another chat is connected by the
	// socket (API_connect-participant_CreateParticipantConnection). Defaults to false.
	ConnectParticipant bool

	// Progress enables Progress events for messages that arrive in chunks. Defaults to false.
	Progress bool

	// RenewalEvents enables a RenewalDue event before each planned renewal, for a caller that
	// hands the chat over to another process. Defaults to false.
	RenewalEvents bool

	plain bool // the client permits plain http; at this place it takes no memory

	// HTTPClient opens the sockets, and uploads and downloads files at signed URLs. It is copied,
	// and the copy follows no redirects. Its transport must return the response body of a WebSocket
	// upgrade unwrapped, as net/http does. Defaults to a client with the proxy, TLS settings and
	// dialer of the API client, if the session was started with a *connectparticipant.Client, or a
	// type that embeds it, whose HTTP client is a BuildableClient or an *http.Client with an
	// *http.Transport. Otherwise defaults to a client with the settings of http.DefaultTransport.
	HTTPClient *http.Client

	// Limiter keeps the session's calls within the account's quotas. Defaults to a Limiter for
	// the published quotas that all sessions of the process share.
	Limiter Limiter

	// Logger logs losses, retries and renewals, never tokens or contents. Each session calls it
	// from one goroutine at a time. Close and Leave wait for a running call of its handler, so
	// don't call them from there. While the handler blocks, records are dropped, and their number
	// is logged later. Defaults to none.
	Logger *slog.Logger

	// MeterProvider receives the metrics; the package comment lists the instruments. All sessions
	// with the same provider share them. Defaults to no metrics.
	MeterProvider metrics.MeterProvider

	maxBackoff time.Duration
}

// Connection is a connection that was created for a participant: what StartChatContact returns in
// ConnectionCredentials and Websocket. Times are as the service returns them, ISO 8601 in UTC.
type Connection struct {
	// ConnectionToken and its Expiry are those of ConnectionCredentials.
	ConnectionToken, Expiry string
	// URL and ConnectionExpiry are those of Websocket. The URL is valid for 100 seconds;
	// ConnectionExpiry is when its socket ends.
	URL, ConnectionExpiry string
}

// LogValue shows the connection to log/slog without the token and the URL.
func (c Connection) LogValue() slog.Value { return redact.LogValue(c) }

// Format shows the connection to fmt without the token and the URL, whatever the verb.
func (c Connection) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// Values of Options.History.
const (
	// HistoryNone delivers no items older than the session.
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

// sharedClient is used by sessions without Options.HTTPClient whose API client doesn't expose its
// HTTP client.
var sharedClient = &http.Client{CheckRedirect: egress.LastResponse, Transport: sharedTransport()}

func sharedTransport() http.RoundTripper {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program has replaced it
	}
	shared = shared.Clone()
	shared.DialContext = egress.Local(shared.DialContext)
	return shared
}

// takeClient sets the options that depend on the API client.
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
