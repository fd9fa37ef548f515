// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// The tests of this file are programs written for the official client, and use only its names.

// program is a client with its recorded requests and its chat.
type program struct {
	*wireLog
	srv     *participanttest.Server
	contact *participanttest.Contact
	options connectparticipant.Options
}

func newProgram(t *testing.T) *program {
	t.Helper()
	srv := participanttest.Start(t)
	sent := &wireLog{next: srv.Client().Transport}
	return &program{
		wireLog: sent,
		srv:     srv,
		contact: srv.NewChat(),
		options: connectparticipant.Options{
			Region:       "us-west-2",
			BaseEndpoint: aws.String(srv.URL),
			HTTPClient:   &http.Client{Transport: sent},
		},
	}
}

// connect returns a client and the connection token of a participant.
func (p *program) connect(t *testing.T, who *participanttest.Participant) (*connectparticipant.Client, *string) {
	t.Helper()
	client := connectparticipant.New(p.options)
	out, err := client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken:   aws.String(who.Token),
		ConnectParticipant: aws.Bool(true),
		Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials, types.ConnectionTypeWebsocket},
	})
	require.NoError(t, err)
	require.NotEmpty(t, aws.ToString(out.ConnectionCredentials.Expiry))
	require.NotEmpty(t, aws.ToString(out.Websocket.Url))
	require.NotEmpty(t, aws.ToString(out.Websocket.ConnectionExpiry))
	return client, out.ConnectionCredentials.ConnectionToken
}

// wireLog records the headers of requests. While failures isn't 0, it responds itself, with status
// 503.
type wireLog struct {
	next http.RoundTripper

	mu       sync.Mutex
	failures int
	headers  []http.Header
}

func (w *wireLog) RoundTrip(request *http.Request) (*http.Response, error) {
	if w.record(request) {
		return w.next.RoundTrip(request)
	}
	if request.Body != nil {
		_ = request.Body.Close()
	}
	return &http.Response{
		StatusCode: http.StatusServiceUnavailable,
		Header:     http.Header{"X-Amzn-Requestid": {"unavailable"}},
		Body:       io.NopCloser(strings.NewReader("")),
		Request:    request,
	}, nil
}

// record reports whether the request is to be sent.
func (w *wireLog) record(request *http.Request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.headers = append(w.headers, request.Header.Clone())
	if w.failures == 0 {
		return true
	}
	w.failures--
	return false
}

// fail makes the next n requests fail and forgets earlier requests.
func (w *wireLog) fail(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures, w.headers = n, nil
}

// column returns one header of all requests since fail.
func (w *wireLog) column(name string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	values := []string{}
	for _, header := range w.headers {
		values = append(values, header.Get(name))
	}
	return values
}

// immediately is a retryer that doesn't wait.
func immediately() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func TestOfficialStyleMessagesAndEvents(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	client, token := p.connect(t, p.contact.Customer)
	_, agentToken := p.connect(t, p.contact.Agent)

	sent, err := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{
		ConnectionToken: token,
		ContentType:     aws.String("text/plain"),
		Content:         aws.String("hello"),
	})
	require.NoError(t, err)
	require.NotEmpty(t, aws.ToString(sent.AbsoluteTime))
	id, ok := awsmiddleware.GetRequestIDMetadata(sent.ResultMetadata)
	require.True(t, ok)
	require.NotEmpty(t, id)

	event, err := client.SendEvent(t.Context(), &connectparticipant.SendEventInput{
		ConnectionToken: agentToken,
		ContentType:     aws.String("application/vnd.amazonaws.connect.event.message.read"),
		Content:         aws.String(`{"messageId":"` + aws.ToString(sent.Id) + `"}`),
	})
	require.NoError(t, err)
	require.NotEmpty(t, aws.ToString(event.Id))

	page, err := client.GetTranscript(t.Context(), &connectparticipant.GetTranscriptInput{
		ConnectionToken: token,
		MaxResults:      aws.Int32(1),
		ScanDirection:   types.ScanDirectionForward,
		SortOrder:       types.SortKeyAscending,
		StartPosition:   &types.StartPosition{Id: sent.Id},
	})
	require.NoError(t, err)
	require.Equal(t, p.contact.ID, aws.ToString(page.InitialContactId))
	require.Len(t, page.Transcript, 1)
	item := page.Transcript[0]
	require.Equal(t, types.ChatItemTypeMessage, item.Type)
	require.Equal(t, types.ParticipantRoleCustomer, item.ParticipantRole)
	require.Equal(t, "hello", aws.ToString(item.Content))
	require.Len(t, item.MessageMetadata.Receipts, 1)
	require.Equal(t, p.contact.Agent.ID, aws.ToString(item.MessageMetadata.Receipts[0].RecipientParticipantId))

	_, err = client.DisconnectParticipant(t.Context(), &connectparticipant.DisconnectParticipantInput{ConnectionToken: token})
	require.NoError(t, err)
}

func TestOfficialStyleAttachments(t *testing.T) {
	t.Parallel()
	const content = "a file"
	p := newProgram(t)
	client, token := p.connect(t, p.contact.Customer)

	upload, err := client.StartAttachmentUpload(t.Context(), &connectparticipant.StartAttachmentUploadInput{
		ConnectionToken:       token,
		AttachmentName:        aws.String("notes.txt"),
		AttachmentSizeInBytes: int64(len(content)),
		ContentType:           aws.String("text/plain"),
	})
	require.NoError(t, err)
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, aws.ToString(upload.UploadMetadata.Url), strings.NewReader(content))
	require.NoError(t, err)
	for name, value := range upload.UploadMetadata.HeadersToInclude {
		put.Header.Set(name, value)
	}
	_ = p.transfer(t, put)

	_, err = client.CompleteAttachmentUpload(t.Context(), &connectparticipant.CompleteAttachmentUploadInput{
		ConnectionToken: token,
		AttachmentIds:   []string{aws.ToString(upload.AttachmentId)},
	})
	require.NoError(t, err)

	file, err := client.GetAttachment(t.Context(), &connectparticipant.GetAttachmentInput{
		ConnectionToken:    token,
		AttachmentId:       upload.AttachmentId,
		UrlExpiryInSeconds: aws.Int32(60),
	})
	require.NoError(t, err)
	require.Equal(t, int64(len(content)), aws.ToInt64(file.AttachmentSizeInBytes))
	require.NotEmpty(t, aws.ToString(file.UrlExpiry))
	get, err := http.NewRequestWithContext(t.Context(), http.MethodGet, aws.ToString(file.Url), http.NoBody)
	require.NoError(t, err)
	require.Equal(t, content, p.transfer(t, get))
}

// transfer sends a request to a signed URL and returns the body of the response.
func (p *program) transfer(t *testing.T, request *http.Request) string {
	t.Helper()
	response, err := p.srv.Client().Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	return string(body)
}

func TestOfficialStyleViews(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	client, token := p.connect(t, p.contact.Customer)
	viewToken := p.contact.AddView(participanttest.View{ID: "form", Name: "Form", Version: 3, Actions: []string{"Submit"}, Template: "{}"})

	out, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{ConnectionToken: token, ViewToken: aws.String(viewToken)})
	require.NoError(t, err)
	require.Equal(t, "form", aws.ToString(out.View.Id))
	require.Equal(t, int32(3), aws.ToInt32(out.View.Version))
	require.Equal(t, []string{"Submit"}, out.View.Content.Actions)
	require.Equal(t, "{}", aws.ToString(out.View.Content.Template))
}

func TestOfficialStyleAuthentication(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	client, token := p.connect(t, p.contact.Customer)
	session := aws.String(p.contact.StartAuthentication(p.contact.Customer))

	out, err := client.GetAuthenticationUrl(t.Context(), &connectparticipant.GetAuthenticationUrlInput{
		ConnectionToken: token,
		RedirectUri:     aws.String("https://example.com/back"),
		SessionId:       session,
	})
	require.NoError(t, err)
	require.Contains(t, aws.ToString(out.AuthenticationUrl), "example.com")

	_, err = client.CancelParticipantAuthentication(t.Context(), &connectparticipant.CancelParticipantAuthenticationInput{
		ConnectionToken: token,
		SessionId:       session,
	})
	require.NoError(t, err)
}

func TestOfficialStylePaginator(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	client, token := p.connect(t, p.contact.Customer)
	want := []string{"five", "four", "three", "two", "one"}
	for _, text := range []string{"one", "two", "three", "four", "five"} {
		require.NotEmpty(t, p.contact.Agent.Say(text))
	}

	paginator := connectparticipant.NewGetTranscriptPaginator(client, &connectparticipant.GetTranscriptInput{ConnectionToken: token},
		func(o *connectparticipant.GetTranscriptPaginatorOptions) {
			o.Limit = 2
			o.StopOnDuplicateToken = true
		})
	var got []string
	for paginator.HasMorePages() {
		page, err := paginator.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Transcript), 2)
		for _, item := range page.Transcript {
			if item.Type == types.ChatItemTypeMessage {
				got = append(got, aws.ToString(item.Content))
			}
		}
	}
	require.Equal(t, want, got)
	_, err := paginator.NextPage(t.Context())
	require.Error(t, err)
}

func TestOfficialStyleErrors(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	client, token := p.connect(t, p.contact.Customer)
	p.contact.End()
	_, err := client.GetTranscript(t.Context(), &connectparticipant.GetTranscriptInput{ConnectionToken: token})

	var denied *types.AccessDeniedException
	require.ErrorAs(t, err, &denied)
	require.Equal(t, "Access denied", aws.ToString(denied.Message))

	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "AccessDeniedException", api.ErrorCode())
	require.Equal(t, "Access denied", api.ErrorMessage())
	require.Equal(t, smithy.FaultClient, api.ErrorFault())

	var response *awshttp.ResponseError
	require.ErrorAs(t, err, &response)
	require.Equal(t, http.StatusForbidden, response.HTTPStatusCode())
	require.NotEmpty(t, response.ServiceRequestID())

	var transport *smithyhttp.ResponseError
	require.ErrorAs(t, err, &transport)
	require.Equal(t, http.StatusForbidden, transport.Response.StatusCode)

	var operation *smithy.OperationError
	require.ErrorAs(t, err, &operation)
	require.Equal(t, connectparticipant.ServiceID, operation.Service())
	require.Equal(t, "GetTranscript", operation.Operation())
}

func TestOfficialStyleErrorWithMembers(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	client, token := p.connect(t, p.contact.Customer)
	_, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{ConnectionToken: token, ViewToken: aws.String("no-such-view")})

	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.Equal(t, types.ResourceTypeContact, missing.ResourceType)
	require.Equal(t, p.contact.ID, aws.ToString(missing.ResourceId))
}

func TestOfficialStyleErrorsBeforeSending(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	_, err := connectparticipant.New(p.options).SendMessage(t.Context(), &connectparticipant.SendMessageInput{Content: aws.String("hello")})

	var invalid smithy.InvalidParamsError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, 2, invalid.Len())
	require.ErrorContains(t, err, "SendMessageInput.ConnectionToken")
	require.ErrorContains(t, err, "SendMessageInput.ContentType")
	require.Empty(t, p.column("User-Agent"))
}

func TestOfficialStyleOptionsOfACall(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.options.Retryer = immediately()
	client, token := p.connect(t, p.contact.Customer)
	input := &connectparticipant.GetTranscriptInput{ConnectionToken: token}

	p.fail(1)
	_, err := client.GetTranscript(t.Context(), input, func(o *connectparticipant.Options) { o.RetryMaxAttempts = 1 })
	var response *awshttp.ResponseError
	require.ErrorAs(t, err, &response)
	require.Equal(t, http.StatusServiceUnavailable, response.HTTPStatusCode())
	require.Equal(t, "unavailable", response.ServiceRequestID())
	require.Len(t, p.column("User-Agent"), 1)

	p.fail(2)
	_, err = client.GetTranscript(t.Context(), input)
	require.NoError(t, err, "the client's own options changed")
	require.Len(t, p.column("User-Agent"), 3)
}

func TestOfficialStyleMiddlewares(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.options.Retryer = immediately()
	p.options.AppID = "my-app"
	p.options.APIOptions = []func(*middleware.Stack) error{
		awsmiddleware.AddUserAgentKeyValue("my-framework", "1.2"),
		afterSerializer(t), beforeRetry,
	}
	client, token := p.connect(t, p.contact.Customer)

	p.fail(1)
	_, err := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{
		ConnectionToken: token,
		ContentType:     aws.String("text/plain"),
		Content:         aws.String("hello"),
	}, connectparticipant.WithAPIOptions(smithyhttp.AddHeaderValue("X-Call", "this one")))
	require.NoError(t, err)
	require.Equal(t, []string{"POST SendMessage", "POST SendMessage"}, p.column("X-Serialized"))
	require.Equal(t, []string{"1", "1"}, p.column("X-Runs"))
	require.Equal(t, []string{"this one", "this one"}, p.column("X-Call"))
	for _, userAgent := range p.column("User-Agent") {
		require.Contains(t, userAgent, "my-framework/1.2")
		require.Contains(t, userAgent, "app/my-app")
	}
}

// afterSerializer copies the serialized request into a header.
func afterSerializer(t *testing.T) func(*middleware.Stack) error {
	t.Helper()
	return func(stack *middleware.Stack) error {
		return stack.Serialize.Insert(middleware.SerializeMiddlewareFunc("AfterSerializer", func(
			ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler,
		) (middleware.SerializeOutput, middleware.Metadata, error) {
			request, ok := in.Request.(*smithyhttp.Request)
			require.True(t, ok)
			if params, ok := in.Parameters.(*connectparticipant.SendMessageInput); ok {
				require.Equal(t, "hello", aws.ToString(params.Content))
				require.NotEmpty(t, aws.ToString(params.ClientToken))
			}
			request.Header.Set("X-Serialized", request.Method+" "+awsmiddleware.GetOperationName(ctx))
			return next.HandleSerialize(ctx, in)
		}), "OperationSerializer", middleware.After)
	}
}

// beforeRetry counts its runs in a header.
func beforeRetry(stack *middleware.Stack) error {
	runs := 0
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("BeforeRetry", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			runs++
			request.Header.Set("X-Runs", strconv.Itoa(runs))
		}
		return next.HandleFinalize(ctx, in)
	}), "Retry", middleware.Before)
}

func TestOfficialStyleConfig(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	cfg := aws.Config{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(p.srv.URL),
		HTTPClient:   &http.Client{Transport: p.wireLog},
		Retryer:      immediately,
		APIOptions:   []func(*middleware.Stack) error{smithyhttp.SetHeaderValue("X-Config", "all")},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			require.Fail(t, "the client asked for credentials")
			return aws.Credentials{}, errors.New("no credentials")
		}),
	}
	client := connectparticipant.NewFromConfig(cfg, connectparticipant.WithAPIOptions(smithyhttp.SetHeaderValue("X-Client", "this")))
	require.Equal(t, "us-west-2", client.Options().Region)

	p.fail(2)
	_, err := client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(p.contact.Customer.Token),
		Type:             []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"all", "all", "all"}, p.column("X-Config"))
	require.Equal(t, []string{"this", "this", "this"}, p.column("X-Client"))
	require.Equal(t, []string{"", "", ""}, p.column("Authorization"))
}

// detour is a custom endpoint resolver: it resolves the region's endpoint and then redirects to
// another host.
type detour struct{ url string }

func (d detour) ResolveEndpoint(ctx context.Context, params connectparticipant.EndpointParameters) (smithyendpoints.Endpoint, error) {
	if err := params.ValidateRequired(); err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	regional, err := connectparticipant.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, params.WithDefaults())
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	params.Endpoint = aws.String(d.url)
	endpoint, err := connectparticipant.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, params)
	endpoint.Headers.Set("X-Regional-Host", regional.URI.Host)
	return endpoint, err
}

func TestOfficialStyleEndpointResolver(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.options.BaseEndpoint = nil
	client := connectparticipant.New(p.options, connectparticipant.WithEndpointResolverV2(detour{p.srv.URL}))
	_, err := client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(p.contact.Customer.Token),
	})
	require.NoError(t, err)
	require.Equal(t, []string{"participant.connect.us-west-2.amazonaws.com"}, p.column("X-Regional-Host"))
}
