// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/participant-go/connectparticipant/internal/endpoint"
)

// EndpointResolver resolves the endpoint of a call. It is called for every attempt and must be safe
// for concurrent use. Only URL and HostnameImmutable of the returned endpoint are used, because
// nothing is signed; DisableHTTPS doesn't change the scheme of an endpoint with HostnameImmutable.
// If the error is an *[aws.EndpointNotFoundError], the service's endpoint rules apply; any other
// error fails the call.
//
// Deprecated: use Options.BaseEndpoint or an [EndpointResolverV2].
type EndpointResolver interface {
	ResolveEndpoint(region string, options EndpointResolverOptions) (aws.Endpoint, error)
}

// EndpointResolverFunc adapts a function to an EndpointResolver.
//
// Deprecated: use Options.BaseEndpoint or an [EndpointResolverV2].
type EndpointResolverFunc func(region string, options EndpointResolverOptions) (aws.Endpoint, error)

// ResolveEndpoint calls f.
func (f EndpointResolverFunc) ResolveEndpoint(region string, options EndpointResolverOptions) (aws.Endpoint, error) {
	return f(region, options)
}

// EndpointResolverFromURL returns a resolver that always returns one endpoint, to which optFns are
// applied.
//
// Deprecated: use Options.BaseEndpoint.
func EndpointResolverFromURL(url string, optFns ...func(*aws.Endpoint)) EndpointResolver {
	given := aws.Endpoint{URL: url, Source: aws.EndpointSourceCustom}
	for _, fn := range optFns {
		fn(&given)
	}
	return EndpointResolverFunc(func(region string, _ EndpointResolverOptions) (aws.Endpoint, error) {
		resolved := given
		if resolved.SigningRegion == "" {
			resolved.SigningRegion = region
		}
		return resolved, nil
	})
}

// NewDefaultEndpointResolver returns a resolver that follows the service's endpoint
// rules. Without a region it returns an *[aws.MissingRegionError].
//
// Deprecated: use [NewDefaultEndpointResolverV2].
func NewDefaultEndpointResolver() EndpointResolver {
	return EndpointResolverFunc(func(region string, options EndpointResolverOptions) (aws.Endpoint, error) {
		if region == "" {
			return aws.Endpoint{}, &aws.MissingRegionError{}
		}
		if options.ResolvedRegion != "" {
			region = options.ResolvedRegion
		}
		region, fips, err := endpoint.Region(region)
		if err != nil {
			return aws.Endpoint{}, err
		}
		address, err := endpoint.Resolve(endpoint.Params{
			Region:       region,
			UseFIPS:      fips || options.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled,
			UseDualStack: options.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled,
		})
		return aws.Endpoint{URL: address, SigningRegion: region}, err
	})
}

// WithEndpointResolver returns an option that sets Options.EndpointResolver.
//
// Deprecated: use Options.BaseEndpoint or [WithEndpointResolverV2].
func WithEndpointResolver(v EndpointResolver) func(*Options) {
	return func(o *Options) {
		o.EndpointResolver = v
	}
}

// GetDisableHTTPS returns DisableHTTPS, for [aws.GetDisableHTTPS].
func (o EndpointResolverOptions) GetDisableHTTPS() bool { return o.DisableHTTPS }

// GetResolvedRegion returns ResolvedRegion, for [aws.GetResolvedRegion].
func (o EndpointResolverOptions) GetResolvedRegion() string { return o.ResolvedRegion }

// GetUseDualStackEndpoint returns UseDualStackEndpoint, for [aws.GetUseDualStackEndpoint].
func (o EndpointResolverOptions) GetUseDualStackEndpoint() aws.DualStackEndpointState {
	return o.UseDualStackEndpoint
}

// GetUseFIPSEndpoint returns UseFIPSEndpoint, for [aws.GetUseFIPSEndpoint].
func (o EndpointResolverOptions) GetUseFIPSEndpoint() aws.FIPSEndpointState {
	return o.UseFIPSEndpoint
}

// configResolver returns the resolver of an AWS configuration, or nil.
func configResolver(cfg aws.Config) EndpointResolver {
	switch {
	case cfg.EndpointResolverWithOptions != nil:
		return EndpointResolverFunc(func(region string, options EndpointResolverOptions) (aws.Endpoint, error) {
			return cfg.EndpointResolverWithOptions.ResolveEndpoint(ServiceID, region, options)
		})
	case cfg.EndpointResolver != nil:
		return EndpointResolverFunc(func(region string, _ EndpointResolverOptions) (aws.Endpoint, error) {
			return cfg.EndpointResolver.ResolveEndpoint(ServiceID, region)
		})
	}
	return nil
}

// resolveV1 calls Options.EndpointResolver. found is false if the service's endpoint rules apply.
func resolveV1(options *Options) (resolved smithyendpoints.Endpoint, found bool, err error) {
	_, ruled := options.EndpointResolverV2.(ruleSet)
	if options.EndpointResolver == nil || options.BaseEndpoint != nil || !ruled {
		return resolved, false, nil
	}
	given, err := options.EndpointResolver.ResolveEndpoint(options.Region, optionsV1(options))
	var notFound *aws.EndpointNotFoundError
	switch {
	case errors.As(err, &notFound):
		return resolved, false, nil
	case err != nil:
		return resolved, false, fmt.Errorf("deprecated EndpointResolver of Options or aws.Config: %w", err)
	}
	resolved, err = parseEndpoint("the URL of the deprecated EndpointResolver of Options or aws.Config", given.URL)
	if err != nil {
		return resolved, false, err
	}
	if options.EndpointOptions.DisableHTTPS && !given.HostnameImmutable {
		resolved.URI.Scheme = "http"
	}
	return resolved, true, endpoint.RequireSecureHTTP(&resolved.URI, options.EndpointOptions.DisableHTTPS)
}

func optionsV1(options *Options) EndpointResolverOptions {
	given := options.EndpointOptions
	given.Logger, given.LogDeprecated = options.Logger, options.ClientLogMode.IsDeprecatedUsage()
	if region, fips, err := endpoint.Region(options.Region); err == nil && fips && given.ResolvedRegion == "" {
		given.ResolvedRegion, given.UseFIPSEndpoint = region, aws.FIPSEndpointStateEnabled
	}
	return given
}
