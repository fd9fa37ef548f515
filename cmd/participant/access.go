// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/types"
)

const accessHelp = `
The participant token is read from PARTICIPANT_TOKEN or -token-file, never from an
argument, which other users of the machine could see. With -token-file - you can type the token
on a terminal, which doesn't show it.

Exit codes: 0 done, 1 failed, 2 usage error, 3 the service refuses the token, or the chat
is over before the work is done.
`

// access has what a command needs to take part in a chat as one participant.
type access struct {
	region, endpoint string
	tokenFile        string
	caFile           string
	timeout          time.Duration
	token            string // the participant token
}

func (a *access) define(flags *flag.FlagSet) {
	flags.StringVar(&a.region, "region", "", "use the service in the AWS `REGION` of the Amazon Connect instance, such as eu-west-2")
	flags.StringVar(&a.endpoint, "endpoint", "", "use the service at `URL` instead of the one in a region, such as the endpoint that participant serve prints; plain http is allowed for a loopback address only")
	flags.StringVar(&a.tokenFile, "token-file", "", "read the participant token from `FILE`, which only you should be able to read, or - for standard input (default the environment variable PARTICIPANT_TOKEN)")
	flags.StringVar(&a.caFile, "ca-file", "", "trust the CA certificates in `FILE` (PEM), in addition to those of the system; participant serve -tls writes one")
	flags.DurationVar(&a.timeout, "timeout", 30*time.Second, "fail if there is no connection after `D`")
}

func (a *access) check() error {
	switch {
	case a.region == "" && a.endpoint == "":
		return usageError("-region or -endpoint is missing: name the AWS region of the instance, or the URL of the service")
	case a.region != "" && !regionForm.MatchString(a.region):
		return usageError("-region must be the name of an AWS region, such as eu-west-2")
	case a.timeout <= 0:
		return usageError("-timeout must be more than 0")
	case a.endpoint != "":
		return checkEndpoint(a.endpoint)
	default:
		return nil
	}
}

var regionForm = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

// checkEndpoint leaves the URL out of its errors, because it may contain a password.
func checkEndpoint(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "":
		return usageError("-endpoint must be a URL such as https://connect.example:8443 or http://127.0.0.1:8080")
	case u.Scheme == "http" && !endpoint.IsLoopback(u.Hostname()):
		return usageError("-endpoint must be https, or http on a loopback address such as 127.0.0.1: others could read the token")
	default:
		return nil
	}
}

func (a *access) client() (*connectparticipant.Client, error) {
	options := connectparticipant.Options{Region: a.region}
	if a.endpoint != "" {
		options.BaseEndpoint = &a.endpoint
	}
	if a.caFile != "" {
		roots, err := a.readAuthorities()
		if err != nil {
			return nil, &stepError{"read -ca-file", err}
		}
		options.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.TLSClientConfig.RootCAs = roots
		})
	}
	return connectparticipant.New(options), nil
}

// readAuthorities returns the CA certificates to trust.
func (a *access) readAuthorities() (*x509.CertPool, error) {
	data, err := os.ReadFile(a.caFile)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(data) {
		return nil, errors.New("it contains no certificate in PEM format")
	}
	return roots, nil
}

// connection is used for single calls.
type connection struct {
	client *connectparticipant.Client
	token  *string // the connection token
}

// connect gets a connection token. With join it also makes the participant join, which sending needs
// and reading doesn't.
func (a *access) connect(ctx context.Context, join bool) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	in := &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &a.token, Type: []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	}
	if join {
		in.ConnectParticipant = aws.Bool(true)
	}
	out, err := client.CreateParticipantConnection(ctx, in, retrySoon)
	switch {
	case err != nil:
		return nil, a.late(ctx, err)
	case out.ConnectionCredentials == nil:
		return nil, errors.New("the response lacks the connection token: check -endpoint")
	}
	return &connection{client, out.ConnectionCredentials.ConnectionToken}, nil
}

// retrySoon shortens the back-off, so that a call fails with its cause instead of -timeout.
func retrySoon(o *connectparticipant.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 2 * time.Second })
}

// start starts a session.
func (a *access) start(ctx context.Context, optFns ...func(*chat.Options)) (*chat.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	session, err := chat.Start(ctx, client, a.token, append(optFns, func(o *chat.Options) {
		o.Limiter = chat.NewLimiter(1) // not shared: a run has one session
	})...)
	if err != nil {
		return nil, a.late(ctx, err)
	}
	return session, nil
}

// late returns an error that mentions -timeout if the context has expired.
func (a *access) late(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &lateError{a.timeout, err}
	}
	return err
}
