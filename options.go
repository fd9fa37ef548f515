// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/uuid"
)

// Options configures a Client, or a single call. The zero value of a field means its default; a
// client requires only Region or BaseEndpoint.
type Options struct {
	// APIOptions modify the middleware stack of each call, after this package has built it. They
	// run on every call, so the stack is built for every call instead of once per client, which
	// costs a few microseconds. If one returns an error, the call returns it unwrapped. Defaults to
	// none.
	APIOptions []func(*middleware.Stack) error

	// AppID is added to the User-Agent header as app/AppID. Defaults to none.
	AppID string

	// BaseEndpoint replaces the endpoint that Region selects, for example "http://127.0.0.1:8080"
	// for a fake of the service; its path is kept. Plain http is accepted only for localhost and
	// loopback addresses, or with EndpointOptions.DisableHTTPS. Defaults to none.
	BaseEndpoint *string

	// ClientLogMode selects what is written to Logger. Secrets are removed from requests and
	// responses: tokens, signed URLs, contents. Defaults to nothing.
	ClientLogMode aws.ClientLogMode

	// DefaultsMode sets connect and TLS time-outs of the default HTTP client, and of a
	// BuildableClient that sets none itself, as documented for aws.DefaultsMode. Defaults to
	// aws.DefaultsModeLegacy.
	DefaultsMode aws.DefaultsMode

	// DisableClockSkewCorrection has no effect, because nothing is signed. It exists for
	// compatibility with the official client.
	DisableClockSkewCorrection bool

	// EndpointOptions selects endpoint variants: FIPS, dual-stack, plain http. Defaults to the
	// standard https endpoint.
	EndpointOptions EndpointResolverOptions

	// EndpointResolver resolves the endpoint of each call. It is ignored if BaseEndpoint or
	// EndpointResolverV2 is set. Defaults to none.
	//
	// Deprecated: set BaseEndpoint or EndpointResolverV2.
	EndpointResolver EndpointResolver

	// EndpointResolverV2 resolves the endpoint of each call. Defaults to
	// NewDefaultEndpointResolverV2.
	EndpointResolverV2 EndpointResolverV2

	// HTTPClient sends the requests. An *http.Client or an *awshttp.BuildableClient is copied, and
	// the copy follows no redirects, because a redirect would send the token to another host; any
	// other client must not follow redirects itself. Defaults to a client whose attempts fail when
	// nothing arrives for 60 seconds, or when the header or the body of a response takes 5 minutes.
	//
	// A BuildableClient, such as the one that aws/config makes for AWS_CA_BUNDLE, gets these limits
	// too, unless it sets any of these itself: a read time-out, a response header time-out, an
	// overall time-out. With any other client, only its own time-outs and the context limit the
	// duration of a call. As a per-call option, a BuildableClient opens a connection for each
	// attempt; to reuse connections, call its Freeze method once and pass the result.
	HTTPClient HTTPClient

	// IdempotencyTokenProvider generates the ClientToken of calls that have none. Defaults to
	// random UUIDs.
	IdempotencyTokenProvider IdempotencyTokenProvider

	// Interceptors run before and after the steps of a call; the field in which one is registered
	// names the point, such as BeforeTransmit. Defaults to none.
	Interceptors smithyhttp.InterceptorRegistry

	// Logger receives the entries that ClientLogMode selects. Defaults to none.
	Logger logging.Logger

	// MeterProvider provides the meter for the metrics of calls, which have the names of the AWS
	// SDK (client.call.duration …); durations are in seconds. For OpenTelemetry use
	// smithyotelmetrics.Adapt of smithy-go. Defaults to no metrics.
	MeterProvider metrics.MeterProvider

	// Region is the AWS region of the Amazon Connect instance, such as "eu-west-2".
	// Required unless BaseEndpoint is set.
	Region string

	// RetryMaxAttempts is the maximum number of attempts for a call. Defaults to the Retryer's own
	// limit; the default Retryer makes three.
	RetryMaxAttempts int

	// RetryMode selects the default Retryer when the client is made: standard, or adaptive, which
	// also slows calls down while the service throttles. Both have the retry quota that is
	// described at Retryer. Defaults to aws.RetryModeStandard.
	RetryMode aws.RetryMode

	// Retryer decides which errors are retried, how often and when. Defaults to the retryer of
	// aws/retry for RetryMode, which here also retries every status 429 and incomplete responses.
	//
	// The calls of a client share the quota of its Retryer, which limits the load that retries add
	// during an outage. By default the quota has 500 tokens; each retry takes at least 5 and
	// successful calls return some. When none are left, calls fail without a retry ("retry quota
	// exceeded"; IsRetryable reports true). With 150 chats on one client, most calls fail this way
	// during an outage of one second. To give each chat its own quota, make a client per chat, all
	// with the same HTTPClient; each costs about 4 kB. A retry.NewStandard with RateLimiter set to
	// ratelimit.None has no quota, and retries only what aws/retry does by default. The sessions of
	// package chat don't use the Retryer.
	Retryer aws.Retryer

	// RuntimeEnvironment is used to resolve aws.DefaultsModeAuto. Defaults to unknown.
	RuntimeEnvironment aws.RuntimeEnvironment

	// TracerProvider provides the tracer for the spans of calls, which have the names of the AWS
	// SDK (ConnectParticipant.SendMessage …). For OpenTelemetry use smithyoteltracing.Adapt of
	// smithy-go. Defaults to no spans.
	TracerProvider tracing.TracerProvider

	// members are sent in addition to those of the input.
	members []member

	// err is an error in the configuration, which each call returns.
	err error
}

// HTTPClient sends an HTTP request. Implementations must be safe for concurrent use and must not
// follow redirects.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// IdempotencyTokenProvider generates values for ClientToken, by which the service recognizes a
// retried call. Implementations must be safe for concurrent use.
type IdempotencyTokenProvider interface {
	GetIdempotencyToken() (string, error)
}

// Copy returns a copy of o that shares no slices with it.
func (o Options) Copy() Options {
	o.APIOptions = slices.Clone(o.APIOptions)
	o.Interceptors = o.Interceptors.Copy()
	o.members = slices.Clone(o.members)
	return o
}

// WithAPIOptions returns an option that appends to Options.APIOptions.
func WithAPIOptions(optFns ...func(*middleware.Stack) error) func(*Options) {
	return func(o *Options) {
		o.APIOptions = append(o.APIOptions, optFns...)
	}
}

// WithEndpointResolverV2 returns an option that sets Options.EndpointResolverV2.
func WithEndpointResolverV2(v EndpointResolverV2) func(*Options) {
	return func(o *Options) {
		o.EndpointResolverV2 = v
	}
}

// withOptFns fills in the defaults of o and then applies optFns, which can therefore wrap a
// default. A default that depends on other options is computed again if optFns didn't change it.
func (o Options) withOptFns(optFns []func(*Options)) Options {
	given := o
	o.setDefaults()
	retryer, client := o.Retryer, o.HTTPClient
	for _, fn := range optFns {
		fn(&o)
	}
	if given.Retryer == nil && o.Retryer == retryer {
		o.Retryer = nil
	}
	if given.HTTPClient == nil && o.HTTPClient == client {
		o.HTTPClient = nil
	}
	o.setDefaults()
	return o
}

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = logging.Nop{}
	}
	if o.IdempotencyTokenProvider == nil {
		o.IdempotencyTokenProvider = randomTokens{}
	}
	if o.EndpointResolverV2 == nil {
		o.EndpointResolverV2 = NewDefaultEndpointResolverV2()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = metrics.NopMeterProvider{}
	}
	if o.TracerProvider == nil {
		o.TracerProvider = tracing.NopTracerProvider{}
	}
	if o.Retryer == nil {
		o.Retryer = defaultRetryer(o)
	}
	if o.HTTPClient == nil {
		o.HTTPClient = defaultHTTPClient(o)
	}
}

type randomTokens struct{}

func (randomTokens) GetIdempotencyToken() (string, error) {
	id, err := uuid.NewRandom()
	return id.String(), err
}

// private reports whether only this package's middlewares see a call.
func (o *Options) private() bool { return len(o.APIOptions) == 0 && !hasInterceptors(&o.Interceptors) }

// sameChain reports whether a call with the options a can use a chain that was built for b: they
// differ at most in how attempts are made.
func sameChain(a, b *Options) (same bool) {
	defer func() {
		if recover() != nil { // a value of a user's type that can't be compared
			same = false
		}
	}()
	return a.private() && b.private() && len(a.members)+len(b.members) == 0 &&
		a.AppID == b.AppID && a.BaseEndpoint == b.BaseEndpoint && a.ClientLogMode == b.ClientLogMode &&
		a.EndpointOptions == b.EndpointOptions && a.EndpointResolver == nil && b.EndpointResolver == nil &&
		a.EndpointResolverV2 == b.EndpointResolverV2 &&
		a.HTTPClient == b.HTTPClient && a.IdempotencyTokenProvider == b.IdempotencyTokenProvider &&
		a.Logger == b.Logger && a.MeterProvider == b.MeterProvider && a.Region == b.Region &&
		a.TracerProvider == b.TracerProvider && a.err == nil && b.err == nil
}
