// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// One client is used by many goroutines, with and without per-call options, and each gets the
// response to its own call.
func TestConcurrentCallsOfOneClient(t *testing.T) {
	t.Parallel()
	const goroutines, calls = 64, 10_000
	client := newClient(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_, content, _ := strings.Cut(string(body), `"Content":"`)
		content, _, _ = strings.Cut(content, `"`)
		return newResponse(200, `{"Id":"`+content+`/`+r.Header.Get("X-Amz-Bearer")+`"}`), nil
	})
	withOptions := []func(*connectparticipant.Options){
		maxAttempts(2), connectparticipant.WithAPIOptions(func(*middleware.Stack) error { return nil }),
	}
	var wg sync.WaitGroup
	failures := make(chan error, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			for i := range calls/goroutines + 1 {
				content, token := strconv.Itoa(g)+"-"+strconv.Itoa(i), "token-"+strconv.Itoa(g)
				out, err := client.SendMessage(context.Background(), &connectparticipant.SendMessageInput{
					ConnectionToken: &token, Content: &content, ContentType: aws.String("text/plain"),
				}, withOptions[:g%3]...)
				if err == nil && *out.Id != content+"/"+token {
					err = fmt.Errorf("sent %s with %s, got %s", content, token, *out.Id)
				}
				if err != nil {
					failures <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failures)
	require.NoError(t, <-failures)
}

func TestOptionsReturnsACopy(t *testing.T) {
	t.Parallel()
	given := connectparticipant.Options{
		Region:     "us-west-2",
		APIOptions: []func(*middleware.Stack) error{func(*middleware.Stack) error { return nil }},
	}
	client := connectparticipant.New(given, func(o *connectparticipant.Options) { o.AppID = "bridge" })
	given.APIOptions[0] = nil

	options := client.Options()
	require.Equal(t, "bridge", options.AppID)
	require.NotNil(t, options.APIOptions[0])
	for _, value := range []any{options.HTTPClient, options.Retryer, options.Logger, options.EndpointResolverV2, options.IdempotencyTokenProvider, options.MeterProvider, options.TracerProvider} {
		require.NotNil(t, value, "a default is not filled in")
	}
	options.APIOptions[0] = nil
	options.Interceptors.AddBeforeExecution(&recorder{})
	require.NotNil(t, client.Options().APIOptions[0])
	require.Empty(t, client.Options().Interceptors.BeforeExecution)
}

func TestDefaultsFollowOptFns(t *testing.T) {
	t.Parallel()
	client := connectparticipant.New(connectparticipant.Options{}, func(o *connectparticipant.Options) {
		require.NotNil(t, o.Retryer)
		require.IsType(t, &awshttp.BuildableClient{}, o.HTTPClient)
		o.RetryMode = aws.RetryModeAdaptive
	})
	require.Contains(t, fmt.Sprintf("%T", client.Options().Retryer), "adaptiveRetryer")
}

func TestDefaultsModeSetsTimeouts(t *testing.T) {
	t.Parallel()
	for mode, want := range map[aws.DefaultsMode]string{
		aws.DefaultsModeInRegion: "1.1s", aws.DefaultsModeMobile: "30s", aws.DefaultsModeLegacy: "10s", aws.DefaultsModeAuto: "3.1s",
	} {
		var timeout string
		connectparticipant.New(connectparticipant.Options{DefaultsMode: mode}, func(o *connectparticipant.Options) {
			timeout = o.HTTPClient.(*awshttp.BuildableClient).GetTransport().TLSHandshakeTimeout.String()
		})
		require.Equal(t, want, timeout, mode)
	}
}

// untouchable fails the test if its credentials are requested.
type untouchable struct{ t *testing.T }

func (u untouchable) Retrieve(context.Context) (aws.Credentials, error) {
	u.t.Error("credentials were requested")
	return aws.Credentials{}, errors.New("no credentials")
}

func TestNewFromConfig(t *testing.T) {
	t.Parallel()
	var sent *http.Request
	var order []string
	client := connectparticipant.NewFromConfig(aws.Config{
		Region:           "eu-west-2",
		Credentials:      untouchable{t},
		AppID:            "bridge",
		RetryMaxAttempts: 7,
		HTTPClient: &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
			sent = r
			return newResponse(200, `{}`), nil
		})},
		Logger:        logging.Nop{},
		ClientLogMode: aws.LogRetries,
		APIOptions: []func(*middleware.Stack) error{func(*middleware.Stack) error {
			order = append(order, "APIOptions")
			return nil
		}},
		ServiceOptions: []func(string, any){func(id string, options any) {
			order = append(order, "ServiceOptions of "+id)
			options.(*connectparticipant.Options).AppID = "from-service-options"
		}},
		ConfigSources: []any{
			"a source of something else",
			source{dualStack: aws.DualStackEndpointStateEnabled, found: true},
			source{dualStack: aws.DualStackEndpointStateDisabled, found: true},
		},
	}, func(o *connectparticipant.Options) {
		order = append(order, "optFns")
		require.Equal(t, "from-service-options", o.AppID)
	})
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, []string{"ServiceOptions of ConnectParticipant", "optFns", "APIOptions"}, order)
	require.Equal(t, "participant.connect.eu-west-2.api.aws", sent.URL.Host)
	require.Empty(t, sent.Header.Get("Authorization"))
	require.Equal(t, "attempt=1; max=7", sent.Header.Get("Amz-Sdk-Request"))
}

// source is a configuration source with the methods of the official ones.
type source struct {
	dualStack aws.DualStackEndpointState
	fips      aws.FIPSEndpointState
	endpoint  string
	ignore    bool
	found     bool
	err       error
}

func (s source) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return s.dualStack, s.found && s.dualStack != 0, s.err
}

func (s source) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return s.fips, s.found && s.fips != 0, s.err
}

func (s source) GetServiceBaseEndpoint(_ context.Context, sdkID string) (string, bool, error) {
	return s.endpoint + sdkID, s.found && s.endpoint != "", s.err
}

func (s source) GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error) {
	return s.ignore, s.found && s.ignore, s.err
}

func TestConfigSources(t *testing.T) {
	// Not parallel: the test sets environment variables.
	for _, test := range []struct {
		name string
		env  map[string]string
		cfg  aws.Config
		want string
	}{
		{"FIPS", nil, aws.Config{Region: "us-east-1", ConfigSources: []any{source{fips: aws.FIPSEndpointStateEnabled, found: true}}}, "https://participant.connect-fips.us-east-1.amazonaws.com"},
		{"the service's endpoint wins over the general one", nil, aws.Config{BaseEndpoint: aws.String("https://general"), ConfigSources: []any{source{endpoint: "https://own/", found: true}}}, "https://own/ConnectParticipant"},
		{"configured endpoints are ignored", nil, aws.Config{Region: "us-east-1", ConfigSources: []any{source{ignore: true, endpoint: "https://own/", found: true}}}, "https://participant.connect.us-east-1.amazonaws.com"},
		{"a general endpoint of the environment wins over the files", map[string]string{"AWS_ENDPOINT_URL": "https://general"}, aws.Config{BaseEndpoint: aws.String("https://general"), ConfigSources: []any{source{endpoint: "https://own/", found: true}}}, "https://general"},
		{"the service's endpoint of the environment wins over all", map[string]string{"AWS_ENDPOINT_URL": "https://general", "AWS_ENDPOINT_URL_CONNECTPARTICIPANT": "https://own/"}, aws.Config{BaseEndpoint: aws.String("https://general"), ConfigSources: []any{source{endpoint: "https://own/", found: true}}}, "https://own/ConnectParticipant"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			var sent string
			test.cfg.HTTPClient = &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
				sent = strings.TrimSuffix(r.URL.String(), "/participant/message")
				return newResponse(200, `{}`), nil
			})}
			_, err := sendHello(t.Context(), connectparticipant.NewFromConfig(test.cfg))
			require.NoError(t, err)
			require.Equal(t, test.want, sent)
		})
	}
}

func TestNewFromConfigReportsBrokenSources(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken source")
	client := connectparticipant.NewFromConfig(aws.Config{Region: "us-east-1", ConfigSources: []any{source{err: broken}}})
	_, err := sendHello(t.Context(), client)
	require.ErrorIs(t, err, broken)
}

func TestNewFromConfigUsesTheRetryer(t *testing.T) {
	t.Parallel()
	client := connectparticipant.NewFromConfig(aws.Config{Retryer: func() aws.Retryer { return aws.NopRetryer{} }})
	require.Equal(t, aws.NopRetryer{}, client.Options().Retryer)
}
