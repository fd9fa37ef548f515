// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// never is later than every time-out.
const never = time.Hour

// dialNever never connects. A transport lets a dial outlive its call.
func dialNever(ctx context.Context, _, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*never)
	defer cancel()
	<-ctx.Done()
	return nil, ctx.Err()
}

// dialSilence connects to a server that reads and never writes.
func dialSilence(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, server) }()
	return client, nil
}

const drip = 50 * time.Second

// dialDrip connects to a server that sends the head of a response, then single bytes slowly.
func dialDrip(head string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			_, err := server.Read(make([]byte, 1)) // net/http accepts no response before it has sent the request
			go func() { _, _ = io.Copy(io.Discard, server) }()
			if err == nil {
				_, err = io.WriteString(server, head)
			}
			for err == nil {
				<-time.After(drip)
				_, err = server.Write([]byte("x"))
			}
		}()
		return client, nil
	}
}

func withDial(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(*http.Transport) {
	return func(t *http.Transport) { t.DialContext = dial }
}

func TestTimeoutsOfABuildableClient(t *testing.T) {
	t.Parallel()
	plain := awshttp.NewBuildableClient()
	for name, test := range map[string]struct {
		client *awshttp.BuildableClient
		dial   func(ctx context.Context, network, address string) (net.Conn, error)
		mode   aws.DefaultsMode
		url    string
		want   time.Duration
	}{
		"no response":                              {plain, dialSilence, "", "http://127.0.0.1", time.Minute},
		"no response, with a read time-out":        {plain.WithReadTimeout(2 * time.Minute), dialSilence, "", "http://127.0.0.1", 2 * time.Minute},
		"no response, with the read time-out off":  {plain.WithReadTimeout(0), dialSilence, "", "http://127.0.0.1", never},
		"no response, with an overall time-out":    {plain.WithTimeout(5 * time.Minute), dialSilence, "", "http://127.0.0.1", 5 * time.Minute},
		"no response, with a time-out for headers": {plain.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = 3 * time.Minute }), dialSilence, "", "http://127.0.0.1", 3 * time.Minute},
		"no connection":                            {plain, dialNever, aws.DefaultsModeInRegion, "http://127.0.0.1", 1100 * time.Millisecond},
		"no connection, mobile":                    {plain, dialNever, aws.DefaultsModeMobile, "http://127.0.0.1", 30 * time.Second},
		"no connection, legacy":                    {plain, dialNever, aws.DefaultsModeLegacy, "http://127.0.0.1", never},
		"no connection, with a time-out for it":    {plain.WithDialerOptions(func(d *net.Dialer) { d.Timeout = 9 * time.Second }), dialNever, aws.DefaultsModeInRegion, "http://127.0.0.1", never},
		"a header that drips":                      {plain, dialDrip("HTTP/1.1 200 OK\r\nX-Drip: "), "", "http://127.0.0.1", 5 * time.Minute},
		"a body that drips":                        {plain, dialDrip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), "", "http://127.0.0.1", 5*time.Minute + drip},
		"an error's body that drips":               {plain, dialDrip("HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n"), "", "http://127.0.0.1", 5*time.Minute + drip},
		"a body that drips, read time-out off":     {plain.WithReadTimeout(0), dialDrip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), "", "http://127.0.0.1", never},
		"no handshake":                             {plain, dialSilence, aws.DefaultsModeInRegion, "https://chat.example", 1100 * time.Millisecond},
		"no handshake, legacy":                     {plain, dialSilence, aws.DefaultsModeLegacy, "https://chat.example", 10 * time.Second},
		"no handshake, with a time-out for it":     {plain.WithTransportOptions(func(t *http.Transport) { t.TLSHandshakeTimeout = 7 * time.Second }), dialSilence, aws.DefaultsModeInRegion, "https://chat.example", 7 * time.Second},
	} {
		for _, perCall := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					options := connectparticipant.Options{BaseEndpoint: &test.url, DefaultsMode: test.mode, RetryMaxAttempts: 1}
					mine := test.client.WithTransportOptions(withDial(test.dial))
					optFns := []func(*connectparticipant.Options){func(o *connectparticipant.Options) { o.HTTPClient = mine }}
					if !perCall {
						options.HTTPClient, optFns = mine, nil
					}
					require.Equal(t, test.want, timeToFail(t, connectparticipant.New(options), optFns...))
				})
			})
		}
	}
}

// timeToFail returns how long a call takes to fail, or never if only its context ends it.
func timeToFail(t *testing.T, client *connectparticipant.Client, optFns ...func(*connectparticipant.Options)) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), never)
	defer cancel()
	begin := time.Now()
	_, err := sendHello(ctx, client, optFns...)
	took := time.Since(begin)
	require.Error(t, err)
	<-time.After(3 * never) // until nothing is left in the bubble
	return took
}

// A default client that an option of New has modified keeps its time-outs.
func TestTimeoutsOfTheDefaultClient(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url  string
		dial func(ctx context.Context, network, address string) (net.Conn, error)
		want time.Duration
	}{
		"no response":  {"http://127.0.0.1", dialSilence, time.Minute},
		"a drip":       {"http://127.0.0.1", dialDrip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), 5*time.Minute + drip},
		"no handshake": {"https://chat.example", dialSilence, 1100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := connectparticipant.New(connectparticipant.Options{
					BaseEndpoint: &test.url, DefaultsMode: aws.DefaultsModeInRegion, RetryMaxAttempts: 1,
				}, func(o *connectparticipant.Options) {
					o.HTTPClient = o.HTTPClient.(*awshttp.BuildableClient).WithTransportOptions(withDial(test.dial))
				})
				require.Equal(t, test.want, timeToFail(t, client))
			})
		})
	}
}
