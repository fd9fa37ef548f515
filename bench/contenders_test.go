// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

const (
	token   = "made-up connection token"
	content = "I would like to know where my parcel is."

	// Calls with these tokens are throttled. They select how this library's retries are disabled.
	withoutQuota    = "made-up token without a quota"
	noRetryer       = withoutQuota + ", aws.NopRetryer"
	oneAttempt      = withoutQuota + ", RetryMaxAttempts of the client"
	standardRetryer = withoutQuota + ", retry.Standard of one attempt"
	optionOfTheCall = withoutQuota + ", RetryMaxAttempts of the call"

	// Values of NextToken, by page; one page has a receipt for each item.
	firstPage    = "0"
	receiptsPage = "100"
)

// contender does the same work as the others. It returns its own type of output, or the error.
type contender interface {
	SendMessage(ctx context.Context, token string) (any, error)
	CreateParticipantConnection(ctx context.Context) (any, error)
	GetTranscript(ctx context.Context, next string) (any, error)
	Pages(ctx context.Context) (items int, err error)
	Code(err error) string
}

var contenders = []struct {
	name string
	make func(url string, client *http.Client) contender
}{
	{"floor", func(url string, client *http.Client) contender { return floor{url, client} }},
	{"net-http", func(url string, client *http.Client) contender { return bare{url, client} }},
	{"sdk-v1", func(url string, client *http.Client) contender {
		return newV1(url, client, false)
	}},
	{"sdk-v1-signing", func(url string, client *http.Client) contender {
		return newV1(url, client, true)
	}},
	{"this", func(url string, client *http.Client) contender {
		return newOurs(connectparticipant.Options{BaseEndpoint: &url, HTTPClient: client})
	}},
}

// floor is a program without a library: net/http and encoding/json.
type floor struct {
	url    string
	client *http.Client
}

type statusError struct {
	status int
	code   string
}

func (e statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.code) }

func (f floor) call(ctx context.Context, path, token string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Amz-Bearer", token)
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		var failure struct {
			Message string `json:"message"`
		}
		if err := json.Unmarshal(data, &failure); err != nil {
			return err
		}
		return statusError{response.StatusCode, response.Header.Get("X-Amzn-ErrorType")}
	}
	return json.Unmarshal(data, out)
}

type message struct {
	ClientToken, Content, ContentType string
}

func (f floor) SendMessage(ctx context.Context, token string) (any, error) {
	var out struct{ AbsoluteTime, Id *string }
	err := f.call(ctx, "/participant/message", token, message{uuid.NewString(), content, "text/plain"}, &out)
	return &out, err
}

func (f floor) CreateParticipantConnection(ctx context.Context) (any, error) {
	var out struct {
		ConnectionCredentials *struct{ ConnectionToken, Expiry *string }
		Websocket             *struct{ Url, ConnectionExpiry *string }
	}
	in := struct{ Type []string }{[]string{"WEBSOCKET", "CONNECTION_CREDENTIALS"}}
	err := f.call(ctx, "/participant/connection", token, in, &out)
	return &out, err
}

type transcriptIn struct {
	MaxResults int
	NextToken  string `json:",omitempty"`
}

type transcriptOut struct {
	InitialContactId *string
	NextToken        *string
	Transcript       []types.Item
}

func (f floor) GetTranscript(ctx context.Context, next string) (any, error) { return f.page(ctx, next) }

func (f floor) page(ctx context.Context, next string) (*transcriptOut, error) {
	var out transcriptOut
	err := f.call(ctx, "/participant/transcript", token, transcriptIn{pageItems, next}, &out)
	return &out, err
}

func (f floor) Pages(ctx context.Context) (items int, err error) {
	for next := ""; ; {
		out, err := f.page(ctx, next)
		if err != nil {
			return items, err
		}
		items += len(out.Transcript)
		if out.NextToken == nil {
			return items, nil
		}
		next = *out.NextToken
	}
}

func (floor) Code(err error) string {
	var status statusError
	errors.As(err, &status)
	return status.code
}

// bare is net/http alone: prepared bodies, and responses that are read and discarded.
type bare struct {
	url    string
	client *http.Client
}

var errThrottled = errors.New("ThrottlingException")

func (b bare) call(ctx context.Context, path, token, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	request.Header["Content-Type"] = []string{"application/json"}
	request.Header["X-Amz-Bearer"] = []string{token}
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errThrottled
	}
	return data, err
}

func (b bare) SendMessage(ctx context.Context, token string) (any, error) {
	return b.call(ctx, "/participant/message", token, `{"ClientToken":"`+id(1)+`","Content":"`+content+`","ContentType":"text/plain"}`)
}

func (b bare) CreateParticipantConnection(ctx context.Context) (any, error) {
	return b.call(ctx, "/participant/connection", token, `{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}`)
}

func (b bare) GetTranscript(ctx context.Context, next string) (any, error) {
	return b.call(ctx, "/participant/transcript", token, `{"MaxResults":100,"NextToken":"`+next+`"}`)
}

func (b bare) Pages(ctx context.Context) (items int, err error) {
	for number := range lastPage + 1 {
		if _, err := b.call(ctx, "/participant/transcript", token, fmt.Sprintf(`{"MaxResults":100,"NextToken":"%d"}`, number)); err != nil {
			return items, err
		}
		items += pageItems
	}
	return items, nil
}

func (bare) Code(err error) string { return err.Error() }

// ours is this library, with its defaults except for calls that are throttled.
type ours struct {
	client *connectparticipant.Client
	once   map[string]*connectparticipant.Client // by token
}

func newOurs(options connectparticipant.Options) ours {
	return ours{connectparticipant.New(options), map[string]*connectparticipant.Client{
		noRetryer:  connectparticipant.New(options, func(o *connectparticipant.Options) { o.Retryer = aws.NopRetryer{} }),
		oneAttempt: connectparticipant.New(options, once),
		standardRetryer: connectparticipant.New(options, func(o *connectparticipant.Options) {
			o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 1 })
		}),
	}}
}

func once(o *connectparticipant.Options) { o.RetryMaxAttempts = 1 }

func (c ours) SendMessage(ctx context.Context, token string) (any, error) {
	client := c.client
	if c.once[token] != nil {
		client = c.once[token]
	}
	var optFns []func(*connectparticipant.Options)
	if token == optionOfTheCall {
		optFns = append(optFns, once)
	}
	return client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: &token, Content: aws.String(content), ContentType: aws.String("text/plain"),
	}, optFns...)
}

func (c ours) CreateParticipantConnection(ctx context.Context) (any, error) {
	return c.client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(token), Type: []types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials},
	})
}

func (c ours) GetTranscript(ctx context.Context, next string) (any, error) {
	return c.client.GetTranscript(ctx, &connectparticipant.GetTranscriptInput{
		ConnectionToken: aws.String(token), MaxResults: aws.Int32(pageItems), NextToken: &next,
	})
}

func (c ours) Pages(ctx context.Context) (items int, err error) {
	pages := connectparticipant.NewGetTranscriptPaginator(c.client, &connectparticipant.GetTranscriptInput{
		ConnectionToken: aws.String(token), MaxResults: aws.Int32(pageItems),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return items, err
		}
		items += len(page.Transcript)
	}
	return items, nil
}

func (ours) Code(err error) string {
	var failure *types.ThrottlingException
	if !errors.As(err, &failure) {
		return ""
	}
	return failure.ErrorCode()
}
