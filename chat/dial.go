// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/types"
)

const createConnection = "CreateParticipantConnection"

const (
	createTimeout    = 20 * time.Second
	upgradeTimeout   = 10 * time.Second
	subscribeTimeout = 5 * time.Second
	// urlAge is the maximum age of a socket's URL when it is dialed. The service accepts it for
	// urlLife (API_connect-participant_CreateParticipantConnection).
	urlAge  = 60 * time.Second
	urlLife = 100 * time.Second

	renewEvery       = 59 * time.Minute
	connectionMargin = 2 * time.Minute
	tokenMargin      = 10 * time.Minute
	shortLife        = 5 * time.Minute
	minRenewal       = 30 * time.Second
)

// credentials are the result of CreateParticipantConnection without the URL, which is used only
// once.
type credentials struct {
	token   string
	renewIn time.Duration
	life    time.Duration // of the socket; 0 if unknown
	asked   instant
	expiry  int64 // of the token, by the service's clock, in ns; 0 if unknown
}

// expires returns when the token ends, by the service's clock; zero if unknown.
func (c *credentials) expires() time.Time {
	if c.expiry == 0 {
		return time.Time{}
	}
	return time.Unix(0, c.expiry).UTC()
}

// serviceTime is the service's time in a response of CreateParticipantConnection; zero if unknown.
type serviceTime struct {
	date time.Time // of the response
	made time.Time // of the connection
}

// dialError is the error of a failed dial.
type dialError struct {
	step     string
	err      error
	atCreate bool // CreateParticipantConnection failed
}

func (e *dialError) Error() string { return e.step + ": " + e.err.Error() }

func (e *dialError) Unwrap() error { return e.err }

var errLostEarly = errors.New("the socket was lost before it could be used")

// errIncomplete is the error for an unusable response of CreateParticipantConnection.
var errIncomplete = errors.New("the response lacks the socket's URL or the token")

// startDial is the task of creating a connection and dialing its socket.
type startDial struct {
	priority Priority
	urgentAt instant     // when a low priority becomes a normal one; zero is never
	given    *Connection // used instead of creating one, unless it is nil
	connect  bool        // ConnectParticipant
}

func (t startDial) do(s *Session) {
	urgent, expedite := withDeadline(s.life, t.urgentAt)
	s.expediteDial = expedite
	s.wg.Go(func() {
		defer expedite()
		k, err := s.dialGiven(s.life, t.given)
		if k == nil {
			k, err = s.dial(s.life, urgent, t)
		}
		attached := false
		s.update(func(c *core, now instant) { attached = c.dialed(k, err, now) })
		if k != nil && !attached {
			k.close() // not as a task: the loop may be over
		}
	})
}

// withDeadline returns a context that can be canceled and, unless at is zero, ends at that time.
func withDeadline(ctx context.Context, at instant) (context.Context, context.CancelFunc) {
	if at.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, at.until())
}

// expediteDial is the task of raising the priority of the running dial.
type expediteDial struct{}

func (expediteDial) do(s *Session) { s.expediteDial() }

// dial opens one socket and subscribes it to the chat. Each attempt creates a connection and uses
// its URL immediately, because a URL is valid for 100 s only.
func (s *Session) dial(ctx, urgent context.Context, t startDial) (*socket, error) {
	if err := s.waitForTurn(ctx, urgent, t.priority); err != nil {
		return nil, &dialError{step: "wait for the limiter", err: err}
	}
	defer s.opts.Limiter.Done(createConnection)
	creds, at, address, err := s.create(ctx, t.connect)
	if err != nil {
		return nil, &dialError{step: createConnection, err: err, atCreate: true}
	}
	s.update(func(c *core, now instant) { c.issued(creds, at, t.connect, now) })
	if now().Sub(creds.asked) > urlAge {
		return nil, &dialError{step: "dial chat socket", err: errors.New("the URL is too old")}
	}
	k, err := s.open(ctx, address)
	if err != nil {
		return nil, &dialError{step: "dial chat socket", err: err}
	}
	return k, nil
}

// dialGiven opens the socket of Options.Connection. If it fails, the session continues as without
// that option.
func (s *Session) dialGiven(ctx context.Context, given *Connection) (*socket, error) {
	if given == nil || given.ConnectionToken == "" || given.URL == "" {
		return nil, nil
	}
	creds, made := givenCredentials(given, time.Now())
	s.update(func(c *core, now instant) { c.issued(creds, serviceTime{}, false, now) })
	k, err := s.open(ctx, given.URL)
	s.update(func(c *core, now instant) { c.givenDialed(made, err, now) })
	return k, err
}

// givenCredentials returns the credentials of a given connection and when it was created. The
// service's time is not known yet, so it uses our wall clock. If that is wrong, the life of the
// connection is unknown. If the time of its creation is unknown, it is the earliest possible one, so
// that no new item is taken for history.
func givenCredentials(given *Connection, wall time.Time) (creds credentials, made time.Time) {
	const slack = 10 * time.Minute
	creds = credentials{token: given.ConnectionToken, asked: now().Add(-minRenewal), life: left(&given.ConnectionExpiry, wall)}
	creds.expiry = nanoseconds(&given.Expiry)
	creds.renewIn = renewal(creds.life, left(&given.Expiry, wall))
	made = time.Unix(0, creds.expiry).Add(-tokenLife)
	if creds.expiry == 0 || made.After(wall.Add(slack)) {
		made = wall.Add(-urlLife)
	}
	return creds, made
}

// waitForTurn waits for the Limiter. It waits with PriorityLow only until urgent ends, and then with
// PriorityNormal.
func (s *Session) waitForTurn(ctx, urgent context.Context, priority Priority) error {
	s.update(func(c *core, now instant) { c.conn.beginWait(now) })
	defer s.update(func(c *core, now instant) { c.conn.endWait(now) })
	begun := now()
	if priority != PriorityLow {
		return s.waitForLimiter(ctx, createConnection, priority, begun)
	}
	err := s.waitForLimiter(urgent, createConnection, priority, begun)
	if err != nil && ctx.Err() == nil {
		return s.waitForLimiter(ctx, createConnection, PriorityNormal, begun)
	}
	return err
}

// create returns the credentials of a new connection and the URL of its socket.
func (s *Session) create(ctx context.Context, connect bool) (creds credentials, at serviceTime, address string, err error) {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	creds.asked = now()
	in := &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: s.token,
		Type:             []types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials},
	}
	if connect {
		in.ConnectParticipant = &connect
	}
	out, err := s.client.CreateParticipantConnection(ctx, in, once)
	if err != nil {
		s.countThrottled(createConnection, err)
		return creds, at, "", err
	}
	if out.Websocket != nil && out.ConnectionCredentials != nil {
		creds.token, address = aws.ToString(out.ConnectionCredentials.ConnectionToken), aws.ToString(out.Websocket.Url)
	}
	if creds.token == "" || address == "" {
		return creds, at, "", errIncomplete
	}
	if err := endpoint.RequireNoDowngrade(address, out.ResultMetadata); err != nil {
		return creds, at, "", err
	}
	creds.token = strings.Clone(creds.token) // the strings of a response share their memory
	date, known := responseDate(out.ResultMetadata)
	if known {
		at = serviceTime{date, made(date, out.ConnectionCredentials.Expiry)}
	}
	creds.expiry = nanoseconds(out.ConnectionCredentials.Expiry)
	creds.life = left(out.Websocket.ConnectionExpiry, date)
	creds.renewIn = renewal(creds.life, left(out.ConnectionCredentials.Expiry, date))
	return creds, at, address, nil
}

// responseDate returns when the service responded, by the service's clock if the response shows it:
// our clock may be wrong.
func responseDate(metadata middleware.Metadata) (date time.Time, known bool) {
	if response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok && response != nil && response.Response != nil {
		if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
			return date, true
		}
	}
	return time.Now(), false
}

// tokenLife is how long a connection token is valid
// (API_connect-participant_CreateParticipantConnection).
const tokenLife = 24 * time.Hour

// made returns when the service created a connection. The expiry of its token, which is valid for
// exactly a day, has milliseconds; the Date of the response has only seconds, and is used if the
// expiry doesn't match it. It is rounded down, so that no new item is taken for history, which may
// not be delivered at all.
func made(date time.Time, expiry *string) time.Time {
	if t, err := connectparticipant.ParseTime(aws.ToString(expiry)); err == nil {
		if t = t.Add(-tokenLife); t.After(date.Add(-createTimeout)) && t.Before(date.Add(time.Second)) {
			return t
		}
	}
	return date
}

// nanoseconds parses a time of the service; 0 if it is malformed or impossible.
func nanoseconds(at *string) int64 {
	t, err := connectparticipant.ParseTime(aws.ToString(at))
	if err != nil || !isPossible(t) {
		return 0
	}
	return t.UnixNano()
}

// left returns the time from date to expiry; 0 if unknown.
func left(expiry *string, date time.Time) time.Duration {
	t, err := connectparticipant.ParseTime(aws.ToString(expiry))
	if err != nil {
		return 0
	}
	return max(0, t.Sub(date))
}

// renewal returns when to renew. It is random, so that sessions started together don't renew
// together.
func renewal(socketLife, tokenLife time.Duration) time.Duration {
	in := min(renewEvery, renewBefore(socketLife, connectionMargin), renewBefore(tokenLife, tokenMargin))
	return max(minRenewal, between(in*9/10, in))
}

func renewBefore(life, margin time.Duration) time.Duration {
	switch {
	case life <= 0:
		return renewEvery
	case life < shortLife, life <= margin:
		return life * 8 / 10
	default:
		return life - margin
	}
}

func (s *Session) open(ctx context.Context, address string) (*socket, error) {
	conn, tunnel, err := upgrade(ctx, address, s.opts.HTTPClient, s.opts.plain)
	if err != nil {
		return nil, err
	}
	k := newSocket(conn, tunnel)
	s.wg.Go(func() { s.read(k) })
	if err := k.subscribe(ctx); err != nil {
		k.cut()
		return nil, err
	}
	return k, nil
}

// isFinal reports whether a failure of CreateParticipantConnection ends the session. Only the
// service's own error types are final: a 404 may come from a proxy and is temporary. A request that
// can't be sent for a local reason, such as a malformed token, is final while the session starts.
// A redirect, which sent the token to another server, is always final.
func isFinal(err error, starting bool) bool {
	var (
		invalid   *types.ValidationException
		missing   *types.ResourceNotFoundException
		retryable interface{ RetryableError() bool }
	)
	if errors.As(err, &invalid) || errors.As(err, &missing) {
		return true
	}
	if errors.As(err, &retryable) && !retryable.RetryableError() {
		return true
	}
	return starting && !connectparticipant.IsRetryable(err) && !wasSent(err)
}

// wasSent reports whether the service, or a proxy in front of it, may have received the request.
func wasSent(err error) bool {
	var (
		response *smithyhttp.ResponseError
		sending  *smithyhttp.RequestSendError
		reading  *smithy.DeserializationError
		canceled *smithy.CanceledError
	)
	return errors.Is(err, errIncomplete) || errors.Is(err, endpoint.ErrDowngrade) ||
		errors.As(err, &response) || errors.As(err, &sending) || errors.As(err, &reading) || errors.As(err, &canceled) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isDenied reports whether the service itself refused the token, and not a proxy.
func isDenied(err error) bool {
	var denied *types.AccessDeniedException
	return errors.As(err, &denied)
}
