package chat

import (
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/participant-go/connectparticipant/internal/endpoint"
)

// Options configure a session. A zero value always means the default.
type Options struct {
	// ParticipantID is this participant's own ID, by which events are recognized as Own:
	// StartChatContact and CreateParticipant return it with the token. By default it is learned
	// from the first message sent.
	ParticipantID string

	// History is how many items older than the session are delivered first, the newest of them:
	// a number, HistoryNone or HistoryAll. Defaults to 1,000.
	History int

	// Overlap is how far each reading of the transcript goes back beyond what was read before:
	// how long after its own time an item may appear there without being missed. Defaults to 2
	// minutes.
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

	// Progress asks for Progress events of messages that arrive in chunks. Defaults to none.
	Progress bool

	// HTTPClient opens the sockets, and sends files to and from signed URLs. It is copied, and
	// the copy follows no redirects. Its transport must return the response body of an upgrade
	// as net/http does, not wrapped. Defaults to one that all sessions share.
	HTTPClient *http.Client

	// Limiter keeps the session's calls within the account's quotas. Defaults to one that all
	// sessions of the process share, for the published quotas.
	Limiter Limiter

	// Logger receives losses, retries and renewals; never tokens or contents. It is called from
	// one goroutine at a time for each session. While it blocks, records are dropped, and
	// counted. Defaults to none.
	Logger *slog.Logger

	maxBackoff time.Duration
}

// Values of Options.History.
const (
	// HistoryNone delivers nothing that is older than the session.
	HistoryNone = -1
	// HistoryAll delivers the whole transcript of the current contact.
	HistoryAll = math.MaxInt
)

const defaultHistory = 1000

func withDefaults(optFns []func(*Options)) Options {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	setDefault(&o.History, defaultHistory)
	setDefault(&o.Overlap, 2*time.Minute)
	setDefault(&o.ReadEvery, 3*time.Minute)
	setDefault(&o.Settle, 10*time.Second)
	setDefault(&o.CatchUpWait, 30*time.Second)
	setDefault(&o.maxBackoff, maxBackoff)
	o.HTTPClient = withoutRedirects(o.HTTPClient)
	if o.Limiter == nil {
		o.Limiter = defaultLimiter
	}
	return o
}

func setDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// sharedClient is that of sessions without one of their own.
var sharedClient = &http.Client{CheckRedirect: lastResponse, Transport: sharedTransport()}

func sharedTransport() http.RoundTripper {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program has put in its own
	}
	shared = shared.Clone()
	shared.Proxy = endpoint.Proxy
	return shared
}

func lastResponse(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func withoutRedirects(client *http.Client) *http.Client {
	if client == nil {
		return sharedClient
	}
	c := *client
	c.CheckRedirect = lastResponse
	return &c
}
