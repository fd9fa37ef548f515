// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// hostOf makes a call and returns the URL to which it was sent.
func hostOf(t *testing.T, cfg aws.Config, optFns ...func(*connectparticipant.Options)) (sent string, err error) {
	t.Helper()
	cfg.HTTPClient = &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		sent = r.URL.String()
		return newResponse(200, `{}`), nil
	})}
	_, err = sendHello(t.Context(), connectparticipant.NewFromConfig(cfg, optFns...))
	return sent, err
}

func endpointAt(url string) aws.EndpointResolverWithOptionsFunc {
	return func(string, string, ...any) (aws.Endpoint, error) {
		return aws.Endpoint{URL: url, SigningName: "s3"}, nil
	}
}

// onlyS3 is a typical resolver that covers S3 only.
func onlyS3(service, _ string, _ ...any) (aws.Endpoint, error) {
	if service == "S3" {
		return aws.Endpoint{URL: "https://s3.example"}, nil
	}
	return aws.Endpoint{}, &aws.EndpointNotFoundError{Err: errors.New("not S3")}
}

func TestDeprecatedResolversOfAConfig(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg     aws.Config
		options connectparticipant.Options // fields of it that are set as an option
		want    string
	}{
		"none for this service": {cfg: aws.Config{Region: "eu-west-2", EndpointResolverWithOptions: aws.EndpointResolverWithOptionsFunc(onlyS3)}, want: "https://participant.connect.eu-west-2.amazonaws.com"},
		"none for this service, wrapped": {cfg: aws.Config{Region: "eu-west-2", EndpointResolver: aws.EndpointResolverFunc(func(string, string) (aws.Endpoint, error) {
			return aws.Endpoint{}, fmt.Errorf("own: %w", &aws.EndpointNotFoundError{})
		})}, want: "https://participant.connect.eu-west-2.amazonaws.com"},
		"one for every service": {cfg: aws.Config{EndpointResolverWithOptions: endpointAt("https://all.example/base")}, want: "https://all.example/base"},
		"one without options": {cfg: aws.Config{EndpointResolver: aws.EndpointResolverFunc(func(service, region string) (aws.Endpoint, error) {
			return aws.Endpoint{URL: "https://" + service + "." + region}, nil
		}), Region: "eu-west-2"}, want: "https://ConnectParticipant.eu-west-2"},
		"the one with options wins":        {cfg: aws.Config{EndpointResolver: aws.EndpointResolverFunc(func(string, string) (aws.Endpoint, error) { return aws.Endpoint{URL: "https://plain.example"}, nil }), EndpointResolverWithOptions: endpointAt("https://options.example")}, want: "https://options.example"},
		"a BaseEndpoint wins":              {cfg: aws.Config{EndpointResolverWithOptions: endpointAt("https://all.example"), BaseEndpoint: aws.String("https://base.example")}, want: "https://base.example"},
		"a BaseEndpoint as an option wins": {cfg: aws.Config{EndpointResolverWithOptions: endpointAt("https://all.example")}, options: connectparticipant.Options{BaseEndpoint: aws.String("https://base.example")}, want: "https://base.example"},
		"an EndpointResolverV2 wins":       {cfg: aws.Config{Region: "eu-west-2", EndpointResolverWithOptions: endpointAt("https://all.example")}, options: connectparticipant.Options{EndpointResolverV2: detour{"https://second.example"}}, want: "https://second.example"},
		"loopback over plain http":         {cfg: aws.Config{EndpointResolverWithOptions: endpointAt("http://localhost:4566")}, want: "http://localhost:4566"},
		"https turned off":                 {cfg: aws.Config{EndpointResolverWithOptions: endpointAt("https://all.example")}, options: connectparticipant.Options{EndpointOptions: connectparticipant.EndpointResolverOptions{DisableHTTPS: true}}, want: "http://all.example"},
		"https turned off, host not mutable": {cfg: aws.Config{EndpointResolver: aws.EndpointResolverFunc(func(string, string) (aws.Endpoint, error) {
			return aws.Endpoint{URL: "https://all.example", HostnameImmutable: true}, nil
		})}, options: connectparticipant.Options{EndpointOptions: connectparticipant.EndpointResolverOptions{DisableHTTPS: true}}, want: "https://all.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, err := hostOf(t, test.cfg, func(o *connectparticipant.Options) {
				if test.options.BaseEndpoint != nil {
					o.BaseEndpoint = test.options.BaseEndpoint
				}
				if test.options.EndpointResolverV2 != nil {
					o.EndpointResolverV2 = test.options.EndpointResolverV2
				}
				o.EndpointOptions.DisableHTTPS = test.options.EndpointOptions.DisableHTTPS
			})
			require.NoError(t, err)
			require.Equal(t, test.want+"/participant/message", sent)
		})
	}
}

func TestDeprecatedResolversThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		resolver aws.EndpointResolverWithOptionsFunc
		want     string
	}{
		"an error":    {func(string, string, ...any) (aws.Endpoint, error) { return aws.Endpoint{}, broken }, "resolve endpoint: deprecated EndpointResolver of Options or aws.Config: broken"},
		"plain http":  {endpointAt("http://all.example"), "plain http to all.example"},
		"no scheme":   {endpointAt("all.example"), "the URL of the deprecated EndpointResolver of Options or aws.Config must be a URL with scheme and host"},
		"no URL":      {endpointAt(""), "the URL of the deprecated EndpointResolver of Options or aws.Config must be a URL with scheme and host"},
		"a query":     {endpointAt("https://all.example?x=1"), "without query"},
		"a malformed": {endpointAt("https://user:hidden@all example"), "the URL of the deprecated EndpointResolver of Options or aws.Config must be a URL with scheme and host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, err := hostOf(t, aws.Config{Region: "eu-west-2", EndpointResolverWithOptions: test.resolver})
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "hidden")
			require.Empty(t, sent)
			require.Equal(t, name == "an error", errors.Is(err, broken))
		})
	}
}

func TestParametersOfADeprecatedResolver(t *testing.T) {
	t.Parallel()
	logger := logging.StandardLogger{}
	for name, test := range map[string]struct {
		region   string
		resolved string
		fips     aws.FIPSEndpointState
	}{
		"a region":      {"eu-west-2", "", aws.FIPSEndpointStateUnset},
		"a FIPS region": {"fips-us-east-1", "us-east-1", aws.FIPSEndpointStateEnabled},
		"no region":     {"", "", aws.FIPSEndpointStateUnset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			resolver := aws.EndpointResolverWithOptionsFunc(func(service, region string, options ...any) (aws.Endpoint, error) {
				asked++
				require.Equal(t, connectparticipant.ServiceID, service)
				require.Equal(t, test.region, region)
				require.Len(t, options, 1)
				resolved, found := aws.GetResolvedRegion(options...)
				require.True(t, found)
				require.Equal(t, test.resolved, resolved)
				fips, found := aws.GetUseFIPSEndpoint(options...)
				require.True(t, found)
				require.Equal(t, test.fips, fips)
				dualStack, found := aws.GetUseDualStackEndpoint(options...)
				require.True(t, found)
				require.Equal(t, aws.DualStackEndpointStateEnabled, dualStack)
				disabled, found := aws.GetDisableHTTPS(options...)
				require.True(t, found)
				require.False(t, disabled)
				given := options[0].(connectparticipant.EndpointResolverOptions)
				require.Equal(t, logger, given.Logger)
				require.True(t, given.LogDeprecated)
				return aws.Endpoint{URL: "https://all.example"}, nil
			})
			_, err := hostOf(t, aws.Config{
				Region: test.region, EndpointResolverWithOptions: resolver, Logger: logger, ClientLogMode: aws.LogDeprecatedUsage,
			}, func(o *connectparticipant.Options) {
				o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
			})
			require.NoError(t, err)
			require.Equal(t, 1, asked)
		})
	}
}

func TestDeprecatedEndpointResolvers(t *testing.T) {
	t.Parallel()
	fromURL := connectparticipant.EndpointResolverFromURL("https://own.example", func(e *aws.Endpoint) { e.PartitionID = "aws" })
	resolved, err := fromURL.ResolveEndpoint("eu-west-2", connectparticipant.EndpointResolverOptions{})
	require.NoError(t, err)
	require.Equal(t, aws.Endpoint{URL: "https://own.example", SigningRegion: "eu-west-2", PartitionID: "aws", Source: aws.EndpointSourceCustom}, resolved)
	sent, err := hostOf(t, aws.Config{Region: "eu-west-2"}, connectparticipant.WithEndpointResolver(fromURL))
	require.NoError(t, err)
	require.Equal(t, "https://own.example/participant/message", sent)

	rules := connectparticipant.NewDefaultEndpointResolver()
	for region, test := range map[string]struct {
		options connectparticipant.EndpointResolverOptions
		want    string
	}{
		"eu-west-2":      {want: "https://participant.connect.eu-west-2.amazonaws.com"},
		"us-east-1-fips": {want: "https://participant.connect-fips.us-east-1.amazonaws.com"},
		"fips-us-east-1": {connectparticipant.EndpointResolverOptions{ResolvedRegion: "us-east-2", UseDualStackEndpoint: aws.DualStackEndpointStateEnabled}, "https://participant.connect.us-east-2.api.aws"},
	} {
		resolved, err := rules.ResolveEndpoint(region, test.options)
		require.NoError(t, err)
		require.Equal(t, test.want, resolved.URL)
	}
	_, err = rules.ResolveEndpoint("", connectparticipant.EndpointResolverOptions{})
	var missing *aws.MissingRegionError
	require.ErrorAs(t, err, &missing)
	_, err = rules.ResolveEndpoint("evil.example", connectparticipant.EndpointResolverOptions{})
	require.ErrorContains(t, err, "not a host label")
}
