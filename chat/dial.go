package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/types"
)

const (
	createTimeout    = 20 * time.Second
	upgradeTimeout   = 10 * time.Second
	subscribeTimeout = 5 * time.Second
	// urlAge is how old a socket's URL may be to be dialled; the service gives it 100 s
	// (API_connect-participant_CreateParticipantConnection).
	urlAge = 60 * time.Second

	renewEvery       = 59 * time.Minute
	connectionMargin = 2 * time.Minute
	tokenMargin      = 10 * time.Minute
	shortLife        = 5 * time.Minute
	minRenewal       = 30 * time.Second
)

// connection is what CreateParticipantConnection gave.
type connection struct {
	token   string
	url     string
	renewIn time.Duration
	life    time.Duration // of the socket; 0 if it isn't known
	asked   time.Time
	made    time.Time // by the service's clock; zero if it doesn't tell
}

// dialError is an attempt that failed.
type dialError struct {
	step    string
	err     error
	created bool // CreateParticipantConnection was called and failed
}

func (e *dialError) Error() string { return e.step + ": " + e.err.Error() }

func (e *dialError) Unwrap() error { return e.err }

// dial opens one socket and subscribes it to the chat. The service gives 100 s to use a
// URL, so that each attempt asks for a new one, and nothing waits in between.
func (s *Session) dial(ctx, urgent context.Context, priority Priority) (*socket, error) {
	const operation = "CreateParticipantConnection"
	if err := s.waitForTurn(ctx, urgent, operation, priority); err != nil {
		return nil, &dialError{step: "wait for the limiter", err: err}
	}
	defer s.opts.Limiter.Done(operation)
	c, err := s.create(ctx)
	if err != nil {
		return nil, &dialError{step: operation, err: err, created: true}
	}
	s.connected(c)
	k, err := s.open(ctx, c)
	if err != nil {
		return nil, &dialError{step: "dial chat socket", err: err}
	}
	return k, nil
}

// waitForTurn waits with a low priority until urgent ends.
func (s *Session) waitForTurn(ctx, urgent context.Context, operation string, priority Priority) error {
	begun := time.Now()
	s.waits(true, 0)
	defer func() { s.waits(false, time.Since(begun)) }()
	if priority != PriorityLow {
		return s.opts.Limiter.Wait(ctx, operation, priority)
	}
	err := s.opts.Limiter.Wait(urgent, operation, priority)
	if err != nil && ctx.Err() == nil {
		return s.opts.Limiter.Wait(ctx, operation, PriorityNormal)
	}
	return err
}

func (s *Session) create(ctx context.Context) (connection, error) {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	c := connection{asked: time.Now()}
	out, err := s.client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &s.token,
		Type:             []types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials},
	}, once)
	if err != nil {
		s.throttled("CreateParticipantConnection", err)
		return c, err
	}
	if out.Websocket != nil && out.ConnectionCredentials != nil {
		c.token, c.url = aws.ToString(out.ConnectionCredentials.ConnectionToken), aws.ToString(out.Websocket.Url)
	}
	if c.token == "" || c.url == "" {
		return c, errors.New("the answer lacks the socket's URL or the token")
	}
	date, known := answerDate(out.ResultMetadata)
	if known {
		c.made = made(date, out.ConnectionCredentials.Expiry)
	}
	socketLife, tokenLife := left(out.Websocket.ConnectionExpiry, date), left(out.ConnectionCredentials.Expiry, date)
	c.renewIn = renewal(socketLife, tokenLife)
	c.life = socketLife
	return c, nil
}

// once keeps the client from repeating a call: the session does, in its own time.
func once(o *connectparticipant.Options) { o.Retryer = aws.NopRetryer{} }

// answerDate is when the service answered, by its own clock if it is known: ours may be
// wrong.
func answerDate(metadata middleware.Metadata) (date time.Time, known bool) {
	if response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok && response != nil && response.Response != nil {
		if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
			return date, true
		}
	}
	return time.Now(), false
}

// made is when the service made a connection, of which its answer's Date tells the second at
// best. A token that lives for exactly a day tells the millisecond. In doubt it is the earlier
// one: what is taken for history may not be delivered at all.
func made(date time.Time, expiry *string) time.Time {
	const tokenLife = 24 * time.Hour
	if t, err := connectparticipant.ParseTime(aws.ToString(expiry)); err == nil {
		if t = t.Add(-tokenLife); t.After(date.Add(-createTimeout)) && t.Before(date.Add(time.Second)) {
			return t
		}
	}
	return date
}

// left is how long something lives from date on; 0 if that isn't known.
func left(expiry *string, date time.Time) time.Duration {
	t, err := connectparticipant.ParseTime(aws.ToString(expiry))
	if err != nil {
		return 0
	}
	return max(0, t.Sub(date))
}

// renewal is when to renew, at a random time so that sessions started together don't
// renew together.
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

func (s *Session) open(ctx context.Context, c connection) (*socket, error) {
	if time.Since(c.asked) > urlAge {
		return nil, errors.New("the URL is too old")
	}
	conn, err := s.upgrade(ctx, c.url)
	if err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the socket's own: it outlives the dial
	k := newSocket(conn, cancel)
	s.wg.Go(func() { s.read(life, k) })
	if err := s.subscribe(ctx, k); err != nil {
		cancel()
		return nil, err
	}
	return k, nil
}

func (s *Session) upgrade(ctx context.Context, address string) (*websocket.Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the socket's URL is malformed") // err would show it
	}
	if err := endpoint.RequireSecure(u, s.plain); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{ //nolint:bodyclose // the package closes it
		HTTPClient: s.opts.HTTPClient, CompressionMode: websocket.CompressionDisabled,
	})
	switch {
	case err == nil:
		return conn, nil
	case response != nil:
		return nil, fmt.Errorf("status %d", response.StatusCode)
	default:
		return nil, withoutURL(err)
	}
}

// withoutURL takes the address, which is a secret, out of an error of net/http.
func withoutURL(err error) error {
	var sending *url.Error
	if errors.As(err, &sending) {
		return sending.Err
	}
	return err
}

func (s *Session) subscribe(ctx context.Context, k *socket) error {
	timer := time.NewTimer(subscribeTimeout)
	defer timer.Stop()
	if err := k.write(ctx, subscribeFrame); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	select {
	case err := <-k.acked:
		if err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
		return nil
	case <-timer.C:
		return errUnanswered
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isFinal tells a failure of CreateParticipantConnection that no repeat can mend.
func isFinal(err error) bool {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status := response.HTTPStatusCode()
		return status == http.StatusBadRequest || status == http.StatusNotFound
	}
	var (
		operation *smithy.OperationError
		sending   *smithyhttp.RequestSendError
		answer    *smithy.DeserializationError
		canceled  *smithy.CanceledError
	)
	notSent := errors.As(err, &operation) && !errors.As(err, &sending) && !errors.As(err, &answer) && !errors.As(err, &canceled)
	return notSent && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// isDenied tells the service's own refusal of the token from that of a proxy.
func isDenied(err error) bool {
	var denied *types.AccessDeniedException
	return errors.As(err, &denied)
}
