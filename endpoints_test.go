// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options connectparticipant.Options
		want    string // the URL, or part of the error
		fails   bool
	}{
		"region":             {connectparticipant.Options{Region: "eu-central-1"}, "https://participant.connect.eu-central-1.amazonaws.com/participant/views/v", false},
		"China":              {connectparticipant.Options{Region: "cn-north-1"}, "https://participant.connect.cn-north-1.amazonaws.com.cn/participant/views/v", false},
		"FIPS":               {connectparticipant.Options{Region: "us-east-1", EndpointOptions: connectparticipant.EndpointResolverOptions{UseFIPSEndpoint: aws.FIPSEndpointStateEnabled}}, "https://participant.connect-fips.us-east-1.amazonaws.com/participant/views/v", false},
		"dual-stack":         {connectparticipant.Options{Region: "us-east-1", EndpointOptions: connectparticipant.EndpointResolverOptions{UseDualStackEndpoint: aws.DualStackEndpointStateEnabled}}, "https://participant.connect.us-east-1.api.aws/participant/views/v", false},
		"fips- prefix":       {connectparticipant.Options{Region: "fips-us-east-1"}, "https://participant.connect-fips.us-east-1.amazonaws.com/participant/views/v", false},
		"-fips suffix":       {connectparticipant.Options{Region: "us-east-1-fips"}, "https://participant.connect-fips.us-east-1.amazonaws.com/participant/views/v", false},
		"-fips- infix":       {connectparticipant.Options{Region: "us-iso-fips-east-1"}, "https://participant.connect-fips.us-iso-east-1.c2s.ic.gov/participant/views/v", false},
		"base endpoint":      {connectparticipant.Options{BaseEndpoint: aws.String("https://example.com:8443")}, "https://example.com:8443/participant/views/v", false},
		"base path":          {connectparticipant.Options{BaseEndpoint: aws.String("https://example.com/a/b%2Fc/")}, "https://example.com/a/b%2Fc/participant/views/v", false},
		"loopback IPv4":      {connectparticipant.Options{BaseEndpoint: aws.String("http://127.8.9.1:80")}, "http://127.8.9.1:80/participant/views/v", false},
		"loopback IPv6":      {connectparticipant.Options{BaseEndpoint: aws.String("http://[::1]:8080")}, "http://[::1]:8080/participant/views/v", false},
		"localhost":          {connectparticipant.Options{BaseEndpoint: aws.String("http://localhost:8080")}, "http://localhost:8080/participant/views/v", false},
		"below localhost":    {connectparticipant.Options{BaseEndpoint: aws.String("http://fake.localhost")}, "plain http", true},
		"localhost with dot": {connectparticipant.Options{BaseEndpoint: aws.String("http://localhost.")}, "plain http", true},
		"http permitted":     {connectparticipant.Options{BaseEndpoint: aws.String("http://fake.internal"), EndpointOptions: connectparticipant.EndpointResolverOptions{DisableHTTPS: true}}, "http://fake.internal/participant/views/v", false},
		"https turned off":   {connectparticipant.Options{Region: "us-east-1", EndpointOptions: connectparticipant.EndpointResolverOptions{DisableHTTPS: true}}, "http://participant.connect.us-east-1.amazonaws.com/participant/views/v", false},
		"no region":          {connectparticipant.Options{}, "Invalid Configuration: Missing Region", true},
		"FIPS and custom":    {connectparticipant.Options{Region: "fips-us-east-1", BaseEndpoint: aws.String("https://example.com")}, "Invalid Configuration: FIPS and custom endpoint are not supported", true},
		"dual and custom":    {connectparticipant.Options{BaseEndpoint: aws.String("https://example.com"), EndpointOptions: connectparticipant.EndpointResolverOptions{UseDualStackEndpoint: aws.DualStackEndpointStateEnabled}}, "Invalid Configuration: Dualstack and custom endpoint are not supported", true},
		"region with a dot":  {connectparticipant.Options{Region: "evil.example"}, "not a host label", true},
		"region with a path": {connectparticipant.Options{Region: "us-east-1/x"}, "not a host label", true},
		"plain http":         {connectparticipant.Options{BaseEndpoint: aws.String("http://example.com")}, "plain http to example.com", true},
		"localhost prefix":   {connectparticipant.Options{BaseEndpoint: aws.String("http://localhost.example.com")}, "plain http", true},
		"a private address":  {connectparticipant.Options{BaseEndpoint: aws.String("http://10.0.0.1")}, "plain http", true},
		"another scheme":     {connectparticipant.Options{BaseEndpoint: aws.String("wss://example.com")}, `scheme is "wss"`, true},
		"no scheme":          {connectparticipant.Options{BaseEndpoint: aws.String("example.com")}, "BaseEndpoint must be a URL", true},
		"empty":              {connectparticipant.Options{BaseEndpoint: aws.String("")}, "BaseEndpoint must be a URL", true},
		"a query":            {connectparticipant.Options{BaseEndpoint: aws.String("https://example.com/?x=1")}, "BaseEndpoint must be a URL", true},
		"malformed":          {connectparticipant.Options{BaseEndpoint: aws.String("https://user:hidden@exa mple.com")}, "BaseEndpoint must be a URL with scheme and host", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := ""
			test.options.HTTPClient = &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
				sent = r.URL.String()
				return newResponse(200, `{}`), nil
			})}
			_, err := connectparticipant.New(test.options).DescribeView(t.Context(), &connectparticipant.DescribeViewInput{
				ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("v"),
			})
			if test.fails {
				require.ErrorContains(t, err, test.want)
				require.NotContains(t, err.Error(), "hidden")
				require.Empty(t, sent, "the call was sent")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, sent)
		})
	}
}

type resolverFunc func(connectparticipant.EndpointParameters) (smithyendpoints.Endpoint, error)

func (f resolverFunc) ResolveEndpoint(_ context.Context, p connectparticipant.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return f(p)
}

func TestCustomEndpointResolver(t *testing.T) {
	t.Parallel()
	asked := 0
	host := "first.example.com"
	resolver := resolverFunc(func(p connectparticipant.EndpointParameters) (smithyendpoints.Endpoint, error) {
		asked++
		require.Equal(t, "us-west-2", *p.Region)
		require.False(t, *p.UseFIPS)
		return smithyendpoints.Endpoint{URI: url.URL{Scheme: "https", Host: host}, Headers: http.Header{"X-From-Resolver": {"yes"}}}, nil
	})
	var sent string
	client := newClient(func(r *http.Request) (*http.Response, error) {
		sent = r.URL.Host + " " + r.Header.Get("X-From-Resolver")
		return newResponse(200, `{}`), nil
	}, connectparticipant.WithEndpointResolverV2(resolver))
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, "first.example.com yes", sent)
	host = "second.example.com"
	_, err = sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, "second.example.com yes", sent)
	require.Equal(t, 2, asked)
}

func TestCustomEndpointResolverCannotReturnPlainHTTP(t *testing.T) {
	t.Parallel()
	for want, uri := range map[string]url.URL{
		"plain http": {Scheme: "http", Host: "example.com"},
		"no host":    {Scheme: "https"},
	} {
		client := newClient(nil, connectparticipant.WithEndpointResolverV2(resolverFunc(func(connectparticipant.EndpointParameters) (smithyendpoints.Endpoint, error) {
			return smithyendpoints.Endpoint{URI: uri}, nil
		})))
		_, err := sendHello(t.Context(), client)
		require.ErrorContains(t, err, want)
	}
}

func TestEndpointParameters(t *testing.T) {
	t.Parallel()
	var p connectparticipant.EndpointParameters
	require.ErrorContains(t, p.ValidateRequired(), "UseDualStack")
	p.UseDualStack = aws.Bool(true)
	require.ErrorContains(t, p.ValidateRequired(), "UseFIPS")
	p = p.WithDefaults()
	require.NoError(t, p.ValidateRequired())
	require.True(t, *p.UseDualStack)
	require.False(t, *p.UseFIPS)
}
