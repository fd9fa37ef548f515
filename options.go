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

// Options configures a Client, or one call of it. A zero value of a field always
// means its default; for a client that is enough Region or BaseEndpoint.
type Options struct {
	// APIOptions change the middleware stack of each call, after this package has
	// built it. They run on every call, and so the stack is built for every call, which
	// otherwise happens once: that costs some microseconds. A call returns the error of
	// one unwrapped. Defaults to none.
	APIOptions []func(*middleware.Stack) error

	// AppID is put into the User-Agent header as app/AppID. Defaults to none.
	AppID string

	// BaseEndpoint replaces the endpoint that follows from Region, such as
	// "http://127.0.0.1:8080" for a fake of the service; its path is kept. Plain
	// http works only for localhost and loopback addresses, or with
	// EndpointOptions.DisableHTTPS. Defaults to none.
	BaseEndpoint *string

	// ClientLogMode says what is written to Logger. Requests and answers are
	// written without their secrets: tokens, signed URLs, contents. Defaults to
	// nothing.
	ClientLogMode aws.ClientLogMode

	// DefaultsMode sets connect and TLS time-outs of the default HTTP client, and of a
	// BuildableClient that has none of its own, as aws.DefaultsMode describes. Defaults
	// to aws.DefaultsModeLegacy.
	DefaultsMode aws.DefaultsMode

	// DisableClockSkewCorrection has no effect: nothing is signed, so that no clock
	// matters. It is here for programs that set it.
	DisableClockSkewCorrection bool

	// EndpointOptions holds the endpoint's variants: FIPS, dual-stack, plain http.
	// Defaults to the standard https endpoint.
	EndpointOptions EndpointResolverOptions

	// EndpointResolver finds the endpoint of each call. It is not asked if BaseEndpoint
	// or an EndpointResolverV2 is set. Defaults to none.
	//
	// Deprecated: set BaseEndpoint or EndpointResolverV2.
	EndpointResolver EndpointResolver

	// EndpointResolverV2 finds the endpoint of each call. Defaults to
	// NewDefaultEndpointResolverV2.
	EndpointResolverV2 EndpointResolverV2

	// HTTPClient sends the requests. An *http.Client or an
	// *awshttp.BuildableClient is copied and the copy follows no redirects, which
	// would take the token to another host; any other client must not follow
	// redirects itself. Defaults to a client whose attempts fail when nothing arrives
	// for 60 seconds, and when the header or the body of a response takes 5 minutes.
	//
	// A BuildableClient, such as aws/config makes for AWS_CA_BUNDLE, gets these bounds
	// too unless it has a read, response header or overall time-out. With any other
	// client the context is the only bound on how long a call may take. As an option
	// of a call, a BuildableClient opens a connection for each attempt: pass what its
	// Freeze method returned, once, to keep connections.
	HTTPClient HTTPClient

	// IdempotencyTokenProvider makes the ClientToken of calls that have none.
	// Defaults to random UUIDs.
	IdempotencyTokenProvider IdempotencyTokenProvider

	// Interceptors are called at the points of a call that their names tell.
	// Defaults to none.
	Interceptors smithyhttp.InterceptorRegistry

	// Logger gets what ClientLogMode asks for. Defaults to silence.
	Logger logging.Logger

	// MeterProvider gives the meter for the metrics of calls, whose names are those
	// of the AWS SDK (client.call.duration …); durations are in seconds. For
	// OpenTelemetry it is smithyotelmetrics.Adapt of smithy-go. Defaults to no metrics.
	MeterProvider metrics.MeterProvider

	// Region is the AWS region of the Amazon Connect instance, such as "eu-west-2".
	// Required unless BaseEndpoint is set.
	Region string

	// RetryMaxAttempts is how often a call is sent at most. Defaults to the
	// Retryer's own bound, three for the default one.
	RetryMaxAttempts int

	// RetryMode chooses the default Retryer when the client is made: standard, or
	// adaptive, which also slows calls down while the service throttles. Both have the
	// quota of retries that Retryer describes. Defaults to aws.RetryModeStandard.
	RetryMode aws.RetryMode

	// Retryer decides which errors are retried, how often and when. Defaults to
	// aws/retry's of RetryMode, which here also retries any status 429 and a response
	// that breaks off.
	//
	// The calls of a client share the quota of its Retryer, which bounds what an outage
	// adds to the load: by default 500 tokens, of which each retry takes at least 5 and
	// calls that succeed give some back. When none are left, calls fail without a retry
	// ("retry quota exceeded"; IsRetryable reports true), as most do when 150 chats of one
	// client send during an outage of a second. A client for each chat, all with one
	// HTTPClient, has a quota for each chat and costs about 4 kB. A retry.NewStandard with
	// RateLimiter set to ratelimit.None has no quota, and retries what aws/retry does by
	// default. The sessions of package chat don't use the Retryer.
	Retryer aws.Retryer

	// RuntimeEnvironment helps to resolve aws.DefaultsModeAuto. Defaults to unknown.
	RuntimeEnvironment aws.RuntimeEnvironment

	// TracerProvider gives the tracer for the spans of calls, whose names are those
	// of the AWS SDK (ConnectParticipant.SendMessage …). For OpenTelemetry it is
	// smithyoteltracing.Adapt of smithy-go. Defaults to no spans.
	TracerProvider tracing.TracerProvider

	// members are sent beside those of the input.
	members []member

	// err is a mistake in the configuration, for each call to report.
	err error
}

// HTTPClient sends an HTTP request. Implementations must be safe for use by many
// goroutines and must not follow redirects.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// IdempotencyTokenProvider makes values for ClientToken, by which the service
// knows a repeated call. Implementations must be safe for use by many goroutines.
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

// WithAPIOptions returns an option that adds to Options.APIOptions.
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

// withOptFns returns o with its defaults, changed by optFns. They see the defaults,
// so that they can wrap them; a default that depends on other options and that
// they left alone is made anew from what they have set.
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

// private reports whether nobody but this package's middlewares sees a call.
func (o *Options) private() bool { return len(o.APIOptions) == 0 && !hasInterceptors(&o.Interceptors) }

// sameChain reports whether a call with the options a can use a chain that was built for b:
// they differ at most in how attempts are made.
func sameChain(a, b *Options) (same bool) {
	defer func() {
		if recover() != nil { // a value of the user's that can't be compared
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
