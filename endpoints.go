// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/endpoint"
)

// EndpointResolverOptions selects endpoint variants. Its fields are those of the official client.
type EndpointResolverOptions struct {
	// Logger is what an EndpointResolver receives: Options.Logger. Setting it in
	// Options.EndpointOptions has no effect.
	Logger logging.Logger

	// LogDeprecated is what an EndpointResolver receives: whether Options.ClientLogMode includes
	// aws.LogDeprecatedUsage. Setting it in Options.EndpointOptions has no effect.
	LogDeprecated bool

	// ResolvedRegion is what an EndpointResolver receives: X for a region such as fips-X. Setting
	// it in Options.EndpointOptions has no effect.
	ResolvedRegion string

	// DisableHTTPS sends the tokens over plain http to any host. Use it only in a trusted network.
	// Defaults to false.
	DisableHTTPS bool

	// UseDualStackEndpoint selects the endpoint with IPv4 and IPv6 addresses. It can't be combined
	// with a BaseEndpoint. Defaults to disabled.
	UseDualStackEndpoint aws.DualStackEndpointState

	// UseFIPSEndpoint selects the FIPS 140 endpoint. It can't be combined with a BaseEndpoint. A
	// region named fips-X, X-fips or X-fips-Y has the same effect. Defaults to disabled.
	UseFIPSEndpoint aws.FIPSEndpointState
}

// EndpointParameters are the parameters from which an endpoint is resolved.
type EndpointParameters struct {
	// Region is the AWS region. Required without Endpoint.
	Region *string

	// UseDualStack selects the dual-stack endpoint. Defaults to false.
	UseDualStack *bool

	// UseFIPS selects the FIPS endpoint. Defaults to false.
	UseFIPS *bool

	// Endpoint is Options.BaseEndpoint. Defaults to none.
	Endpoint *string
}

// ValidateRequired returns an error if a parameter that has a default is nil; the error names it.
func (p EndpointParameters) ValidateRequired() error {
	if p.UseDualStack == nil {
		return errors.New("parameter UseDualStack is required")
	}
	if p.UseFIPS == nil {
		return errors.New("parameter UseFIPS is required")
	}
	return nil
}

// WithDefaults returns a copy of p with its defaults filled in.
func (p EndpointParameters) WithDefaults() EndpointParameters {
	if p.UseDualStack == nil {
		p.UseDualStack = aws.Bool(false)
	}
	if p.UseFIPS == nil {
		p.UseFIPS = aws.Bool(false)
	}
	return p
}

// EndpointResolverV2 resolves the endpoint of a call. It is called for every attempt and must be
// safe for concurrent use.
type EndpointResolverV2 interface {
	ResolveEndpoint(ctx context.Context, params EndpointParameters) (smithyendpoints.Endpoint, error)
}

// NewDefaultEndpointResolverV2 returns the default resolver, which follows the service's endpoint
// rules for every AWS partition.
func NewDefaultEndpointResolverV2() EndpointResolverV2 { return ruleSet{} }

type ruleSet struct{}

func (ruleSet) ResolveEndpoint(_ context.Context, params EndpointParameters) (smithyendpoints.Endpoint, error) {
	params = params.WithDefaults()
	if params.Endpoint != nil {
		return customEndpoint(params)
	}
	address, err := endpoint.Resolve(endpoint.Params{
		Region: aws.ToString(params.Region), UseFIPS: *params.UseFIPS, UseDualStack: *params.UseDualStack,
	})
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	uri, err := url.Parse(address)
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *uri, Headers: http.Header{}}, nil
}

func customEndpoint(params EndpointParameters) (smithyendpoints.Endpoint, error) {
	switch {
	case *params.UseFIPS:
		return smithyendpoints.Endpoint{}, errors.New("Invalid Configuration: FIPS and custom endpoint are not supported") //nolint:staticcheck // the rule set's own text
	case *params.UseDualStack:
		return smithyendpoints.Endpoint{}, errors.New("Invalid Configuration: Dualstack and custom endpoint are not supported") //nolint:staticcheck // the rule set's own text
	}
	return parseEndpoint("BaseEndpoint", *params.Endpoint)
}

// parseEndpoint returns the endpoint for a URL. The errors call the URL name.
func parseEndpoint(name, address string) (smithyendpoints.Endpoint, error) {
	uri, err := url.Parse(address)
	if err != nil {
		// The error omits the URL, which may hold a password.
		var parseError *url.Error
		if errors.As(err, &parseError) {
			err = parseError.Err
		}
		return smithyendpoints.Endpoint{}, fmt.Errorf("%s must be a URL with scheme and host: %w", name, err)
	}
	if uri.Host == "" || uri.RawQuery != "" || uri.Fragment != "" {
		return smithyendpoints.Endpoint{}, fmt.Errorf("%s must be a URL with scheme and host, and without query or fragment", name)
	}
	return smithyendpoints.Endpoint{URI: *uri, Headers: http.Header{}}, nil
}

// resolveEndpoint completes the request's URL.
type resolveEndpoint struct {
	options   *Options
	telemetry *telemetry
	fixed     func() (smithyendpoints.Endpoint, error) // the result of this package's own rules
}

func newResolveEndpoint(options *Options, telemetry *telemetry) *resolveEndpoint {
	m := &resolveEndpoint{options: options, telemetry: telemetry}
	if _, own := options.EndpointResolverV2.(ruleSet); own && options.EndpointResolver == nil {
		m.fixed = sync.OnceValues(func() (smithyendpoints.Endpoint, error) { return m.resolveUncached(context.Background()) })
	}
	return m
}

func (*resolveEndpoint) ID() string { return "ResolveEndpointV2" }

func (m *resolveEndpoint) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	request, err := requestOf(in.Request)
	if err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	measured := m.telemetry.start(ctx, "ResolveEndpoint", m.telemetry.endpoint)
	resolved, err := m.resolve(ctx)
	if measured.span != nil {
		measured.span.SetProperty("client.call.resolved_endpoint", resolved.URI.Scheme+"://"+resolved.URI.Host)
	}
	measured.end(ctx)
	if err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("resolve endpoint: %w", err)
	}
	applyEndpoint(request, resolved)
	return next.HandleFinalize(ctx, in)
}

func (m *resolveEndpoint) resolve(ctx context.Context) (smithyendpoints.Endpoint, error) {
	if m.fixed != nil {
		return m.fixed()
	}
	return m.resolveUncached(ctx)
}

func (m *resolveEndpoint) resolveUncached(ctx context.Context) (smithyendpoints.Endpoint, error) {
	if resolved, found, err := resolveV1(m.options); found || err != nil {
		return resolved, err
	}
	variants := &m.options.EndpointOptions
	region, fips, err := endpoint.Region(m.options.Region)
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	params := EndpointParameters{
		UseDualStack: aws.Bool(variants.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseFIPS:      aws.Bool(fips || variants.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		Endpoint:     m.options.BaseEndpoint,
	}
	if region != "" {
		params.Region = &region
	}
	resolved, err := m.options.EndpointResolverV2.ResolveEndpoint(ctx, params)
	switch {
	case err != nil && params.Region == nil && params.Endpoint == nil:
		return smithyendpoints.Endpoint{}, fmt.Errorf("%w: set Options.Region or Options.BaseEndpoint", err)
	case err != nil:
		return smithyendpoints.Endpoint{}, err
	}
	if variants.DisableHTTPS {
		resolved.URI.Scheme = "http"
	}
	return resolved, endpoint.RequireSecureHTTP(&resolved.URI, variants.DisableHTTPS)
}

func applyEndpoint(request *smithyhttp.Request, resolved smithyendpoints.Endpoint) {
	base := &resolved.URI
	if base.RawPath != "" || request.URL.RawPath != "" {
		request.URL.RawPath = smithyhttp.JoinPath(base.EscapedPath(), request.URL.EscapedPath())
	}
	if base.Path != "" {
		request.URL.Path = smithyhttp.JoinPath(base.Path, request.URL.Path)
	}
	request.URL.Scheme, request.URL.Host = base.Scheme, base.Host
	for name := range resolved.Headers {
		request.Header.Set(name, resolved.Headers.Get(name))
	}
}
