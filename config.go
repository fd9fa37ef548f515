// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// NewFromConfig returns a client with those settings of an AWS configuration that apply to this
// service, and then applies optFns. It never uses cfg.Credentials: the tokens of the calls are the
// only authentication.
//
// The deprecated cfg.EndpointResolverWithOptions, or else cfg.EndpointResolver, becomes
// Options.EndpointResolver: it is called with the service "ConnectParticipant", unless BaseEndpoint
// or EndpointResolverV2 is set. If it returns an *aws.EndpointNotFoundError, the service's endpoint
// rules apply.
func NewFromConfig(cfg aws.Config, optFns ...func(*Options)) *Client {
	options := Options{
		APIOptions:                 cfg.APIOptions,
		AppID:                      cfg.AppID,
		BaseEndpoint:               cfg.BaseEndpoint,
		ClientLogMode:              cfg.ClientLogMode,
		DefaultsMode:               cfg.DefaultsMode,
		DisableClockSkewCorrection: cfg.DisableClockSkewCorrection,
		EndpointResolver:           configResolver(cfg),
		Interceptors:               cfg.Interceptors,
		Logger:                     cfg.Logger,
		Region:                     cfg.Region,
		RetryMaxAttempts:           cfg.RetryMaxAttempts,
		RetryMode:                  cfg.RetryMode,
		RuntimeEnvironment:         cfg.RuntimeEnvironment,
	}
	if cfg.HTTPClient != nil {
		options.HTTPClient = cfg.HTTPClient
	}
	if cfg.Retryer != nil {
		options.Retryer = cfg.Retryer()
	}
	options.takeConfigSources(cfg.ConfigSources)
	return New(options, func(o *Options) {
		for _, fn := range cfg.ServiceOptions {
			fn(ServiceID, o)
		}
		for _, fn := range optFns {
			fn(o)
		}
	})
}

// Settings that aws.Config does not hold itself; its sources, such as the environment and the
// shared configuration files, implement these interfaces.
type (
	dualStackSource interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
	fipsSource interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	baseEndpointSource interface {
		GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
	}
	ignoreEndpointsSource interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
)

func (o *Options) takeConfigSources(sources []any) {
	ctx := context.Background()
	var errs [4]error
	o.EndpointOptions.UseDualStackEndpoint, _, errs[0] = first(sources, func(s dualStackSource) (aws.DualStackEndpointState, bool, error) {
		return s.GetUseDualStackEndpoint(ctx)
	})
	o.EndpointOptions.UseFIPSEndpoint, _, errs[1] = first(sources, func(s fipsSource) (aws.FIPSEndpointState, bool, error) {
		return s.GetUseFIPSEndpoint(ctx)
	})
	var ignore, found bool
	var endpoint string
	ignore, _, errs[2] = first(sources, func(s ignoreEndpointsSource) (bool, bool, error) {
		return s.GetIgnoreConfiguredEndpoints(ctx)
	})
	if !ignore && !onlyGlobalEndpoint() {
		endpoint, found, errs[3] = first(sources, func(s baseEndpointSource) (string, bool, error) {
			return s.GetServiceBaseEndpoint(ctx, ServiceID)
		})
	}
	if found {
		o.BaseEndpoint = &endpoint
	}
	if err := errors.Join(errs[:]...); err != nil {
		o.err = fmt.Errorf("read AWS configuration: %w", err)
	}
}

// onlyGlobalEndpoint reports whether the environment sets an endpoint for all services but none for
// this one. It then takes precedence over the shared configuration files.
func onlyGlobalEndpoint() bool {
	_, global := os.LookupEnv("AWS_ENDPOINT_URL")
	_, own := os.LookupEnv("AWS_ENDPOINT_URL_CONNECTPARTICIPANT")
	return global && !own
}

// first calls get on the sources that implement S, in order, until one has a value or fails.
func first[S, V any](sources []any, get func(S) (V, bool, error)) (value V, found bool, err error) {
	for _, source := range sources {
		s, ok := source.(S)
		if !ok {
			continue
		}
		if value, found, err = get(s); found || err != nil {
			return value, found && err == nil, err
		}
	}
	return value, false, nil
}
