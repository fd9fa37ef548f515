// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

// ServiceID is the service's name in the AWS SDKs, in errors and in spans.
const ServiceID = "ConnectParticipant"

// ServiceAPIVersion is the version of the service's API.
const ServiceAPIVersion = "2018-09-07"

// API is the interface of all operations of the service. *Client implements it; code that accepts
// an API can be tested with a stub. New operations of the service are added to it, so a stub should
// embed API.
type API interface {
	CancelParticipantAuthentication(ctx context.Context, params *CancelParticipantAuthenticationInput, optFns ...func(*Options)) (*CancelParticipantAuthenticationOutput, error)
	CompleteAttachmentUpload(ctx context.Context, params *CompleteAttachmentUploadInput, optFns ...func(*Options)) (*CompleteAttachmentUploadOutput, error)
	CreateParticipantConnection(ctx context.Context, params *CreateParticipantConnectionInput, optFns ...func(*Options)) (*CreateParticipantConnectionOutput, error)
	DescribeView(ctx context.Context, params *DescribeViewInput, optFns ...func(*Options)) (*DescribeViewOutput, error)
	DisconnectParticipant(ctx context.Context, params *DisconnectParticipantInput, optFns ...func(*Options)) (*DisconnectParticipantOutput, error)
	GetAttachment(ctx context.Context, params *GetAttachmentInput, optFns ...func(*Options)) (*GetAttachmentOutput, error)
	GetAuthenticationUrl(ctx context.Context, params *GetAuthenticationUrlInput, optFns ...func(*Options)) (*GetAuthenticationUrlOutput, error)
	GetTranscript(ctx context.Context, params *GetTranscriptInput, optFns ...func(*Options)) (*GetTranscriptOutput, error)
	SendEvent(ctx context.Context, params *SendEventInput, optFns ...func(*Options)) (*SendEventOutput, error)
	SendMessage(ctx context.Context, params *SendMessageInput, optFns ...func(*Options)) (*SendMessageOutput, error)
	StartAttachmentUpload(ctx context.Context, params *StartAttachmentUploadInput, optFns ...func(*Options)) (*StartAttachmentUploadOutput, error)
}

var _ API = (*Client)(nil)

// Client calls the Amazon Connect Participant Service. It is safe for concurrent use and keeps no
// state of a chat: each call carries its chat's token. A call with per-call options rebuilds the
// middleware stack, unless they change only the retries; that costs a few microseconds.
type Client struct {
	options Options
	chains  sync.Map // by operation
}

// New returns a client with the given options, after applying optFns to them. It never fails:
// errors in the options, such as a missing region, are returned by each call.
//
// If Options.HTTPClient is nil, an attempt fails when the server sends nothing for 60 seconds, or
// when the header or the body of the response takes 5 minutes; a call makes up to three attempts.
// With an HTTPClient of another type than BuildableClient, only its own time-outs and the call's
// context limit the duration of a call.
func New(options Options, optFns ...func(*Options)) *Client {
	options = options.Copy().withOptFns(optFns)
	options.Retryer = withMaxAttempts(options.Retryer, options.RetryMaxAttempts)
	options.RetryMode = retryMode(&options)
	options.HTTPClient = noRedirects(options.HTTPClient, &options)
	return &Client{options: options}
}

// Options returns a copy of the client's options with the defaults filled in.
func (c *Client) Options() Options { return c.options.Copy() }

// input is implemented by the input of each operation.
type input interface {
	bearer() *string                   // the token for X-Amz-Bearer
	request(w *restjson.RequestWriter) // method, path and body
	validate() error                   // runs before anything is sent
}

// output is implemented by the output of each operation.
type output interface {
	read(r *restjson.Reader)
}

// operation makes the outputs of its calls and is the key of its chain in Client.chains.
type operation interface{ newOutput() output }

// operationWith is the operation with the output O. It has no size.
type operationWith[O any, PO interface {
	*O
	output
}] struct{}

func (operationWith[O, PO]) newOutput() output { return PO(new(O)) }

// invoke calls the operation name with a copy of params, so that the caller's input is not changed.
func invoke[I, O any, PI interface {
	*I
	input
}, PO interface {
	*O
	output
}](ctx context.Context, c *Client, name string, params *I, optFns []func(*Options)) (*O, middleware.Metadata, error) {
	in := new(I)
	if params != nil {
		*in = *params
	}
	chain, attempts, err := c.chain(name, operationWith[O, PO]{}, optFns)
	if err != nil {
		return nil, middleware.Metadata{}, err // unwrapped, so that == works on an error of APIOptions
	}
	result, metadata, err := chain.run(ctx, name, PI(in), attempts)
	if err == nil {
		if out, ok := result.(*O); ok && out != nil {
			return out, metadata, nil
		}
		err = fmt.Errorf("a middleware returned %T for %T", result, new(O))
	}
	return nil, metadata, &smithy.OperationError{ServiceID: ServiceID, OperationName: name, Err: err}
}

// chain returns the chain for a call and, for a call with options that fit the client's chain, its
// attempts. APIOptions run on every call, so a call that has some needs its own chain, as does a
// call whose options differ in anything that the chain depends on.
func (c *Client) chain(name string, op operation, optFns []func(*Options)) (*chain, *attempts, error) {
	if len(optFns) == 0 && len(c.options.APIOptions) == 0 {
		kept, err := c.keptChain(name, op)
		return kept, nil, err
	}
	options := c.callOptions(optFns)
	if !sameChain(options, &c.options) {
		built, err := newChain(name, op, options)
		return built, nil, err
	}
	kept, err := c.keptChain(name, op)
	if err != nil {
		return nil, nil, err
	}
	return kept, newAttempts(options, kept.telemetry), nil
}

// keptChain returns the client's chain for the operation.
func (c *Client) keptChain(name string, op operation) (*chain, error) {
	if kept, ok := c.chains.Load(op); ok {
		return kept.(*chain), nil
	}
	built, err := newChain(name, op, &c.options)
	if err == nil {
		c.chains.Store(op, built)
	}
	return built, err
}

// callOptions returns the options of one call.
func (c *Client) callOptions(optFns []func(*Options)) *Options {
	options := c.options.Copy()
	for _, fn := range optFns {
		fn(&options)
	}
	if options.HTTPClient == nil {
		options.HTTPClient = c.options.HTTPClient
	}
	options.setDefaults()
	if options.RetryMaxAttempts != c.options.RetryMaxAttempts {
		options.Retryer = withMaxAttempts(options.Retryer, options.RetryMaxAttempts)
	}
	if options.HTTPClient != c.options.HTTPClient {
		options.HTTPClient = callHTTPClient(options.HTTPClient, &options)
	}
	return &options
}

// callValues returns a context with the values that third-party middlewares expect in a call's
// context.
func callValues(name string, options *Options) context.Context {
	ctx := middleware.WithServiceID(context.Background(), ServiceID)
	ctx = middleware.WithOperationName(ctx, name)
	ctx = awsmiddleware.SetServiceID(ctx, ServiceID)
	ctx = awsmiddleware.SetOperationName(ctx, name)
	if options.Region != "" {
		ctx = awsmiddleware.SetRegion(ctx, options.Region)
	}
	if _, silent := options.Logger.(logging.Nop); !silent {
		ctx = middleware.SetLogger(ctx, options.Logger)
	}
	return ctx
}

// callContext is a caller's context with the values of a call, which take precedence.
type callContext struct {
	context.Context

	values   context.Context
	attempts *attempts // of this call; nil means the chain's
}

type attemptsKey struct{}

func (c *callContext) Value(key any) any {
	if key == (attemptsKey{}) {
		return c.attempts
	}
	if value := c.values.Value(key); value != nil {
		return value
	}
	return c.Context.Value(key)
}

// newStack builds the middleware stack of an operation, in the order in which a request
// meets it.
func newStack(name string, op operation, options *Options, telemetry *telemetry) (*middleware.Stack, error) {
	stack := middleware.NewStack(name, smithyhttp.NewStackRequest)

	_ = stack.Initialize.Add(&fillClientToken{provider: options.IdempotencyTokenProvider}, middleware.After)
	_ = stack.Initialize.Add(&validateInput{}, middleware.After)

	_ = stack.Serialize.Add(&serialize{members: options.members, telemetry: telemetry}, middleware.After)
	_ = stack.Serialize.Add(&setHeaders{userAgent: userAgent(options.AppID)}, middleware.After)

	_ = stack.Build.Add(&invocationID{}, middleware.After)
	_ = stack.Build.Add(&awsmiddleware.RecursionDetection{}, middleware.After)

	attempts := newAttempts(options, telemetry)
	if attempts.alone {
		attempts.credit = options.Retryer.GetInitialToken()
	}
	_ = stack.Finalize.Add(attempts, middleware.After)
	_ = stack.Finalize.Add(newResolveEndpoint(options, telemetry), middleware.After)

	// A response passes these from the last to the first.
	_ = stack.Deserialize.Add(&awsmiddleware.AddRawResponse{}, middleware.After)
	_ = stack.Deserialize.Add(&awshttp.ResponseErrorWrapper{}, middleware.After)
	_ = stack.Deserialize.Add(&retrieveRequestID{}, middleware.After)
	_ = stack.Deserialize.Add(&deserialize{operation: op, telemetry: telemetry}, middleware.After)
	addLogger(stack, options.ClientLogMode)

	if err := addInterceptors(stack, &options.Interceptors); err != nil {
		return nil, err
	}
	for _, fn := range options.APIOptions {
		if err := fn(stack); err != nil {
			return nil, err
		}
	}
	return stack, nil
}

// cloneRequest returns a request for one attempt; the header values are shared between attempts.
// smithy's cloner copies them for middlewares that modify them. The HTTP client gets a copy in any
// case.
func cloneRequest(in any) any {
	request, ok := in.(*smithyhttp.Request)
	if !ok {
		return in
	}
	clone, url := *request, *request.URL
	clone.Request = request.WithContext(request.Context())
	clone.URL, clone.Header = &url, maps.Clone(request.Header)
	return &clone
}

// serialize writes the input to the request: method, path and body.
type serialize struct {
	members   []member
	telemetry *telemetry
}

func (*serialize) ID() string { return "OperationSerializer" }

func (m *serialize) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
	middleware.SerializeOutput, middleware.Metadata, error,
) {
	request, params, err := requestAndInput(in)
	if err != nil {
		return middleware.SerializeOutput{}, middleware.Metadata{}, err
	}
	measured := m.telemetry.start(ctx, "OperationSerializer", m.telemetry.serialization)
	var w restjson.RequestWriter
	params.request(&w)
	for _, extra := range m.members {
		err = errors.Join(err, w.Raw(extra.name, extra.value))
	}
	if err == nil {
		in.Request, err = w.Build(request)
	}
	measured.end(ctx)
	if err != nil {
		return middleware.SerializeOutput{}, middleware.Metadata{}, &smithy.SerializationError{Err: err}
	}
	return next.HandleSerialize(ctx, in)
}

// setHeaders sets the headers of every call, including the token.
type setHeaders struct{ userAgent string }

func (*setHeaders) ID() string { return "BearerToken" }

func (m *setHeaders) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
	middleware.SerializeOutput, middleware.Metadata, error,
) {
	request, params, err := requestAndInput(in)
	if err != nil {
		return middleware.SerializeOutput{}, middleware.Metadata{}, err
	}
	values := []string{m.userAgent, ""}
	setMissing(request.Header, "User-Agent", values[:1:1])
	if token := params.bearer(); token != nil {
		values[1] = *token
		setMissing(request.Header, "X-Amz-Bearer", values[1:])
	}
	return next.HandleSerialize(ctx, in)
}

// setMissing keeps a header that an earlier middleware has set.
func setMissing(header http.Header, name string, value []string) {
	if _, there := header[name]; !there {
		header[name] = value
	}
}

func requestAndInput(in middleware.SerializeInput) (*smithyhttp.Request, input, error) {
	request, err := requestOf(in.Request)
	if err != nil {
		return nil, nil, err
	}
	params, ok := in.Parameters.(input)
	if !ok {
		return nil, nil, fmt.Errorf("unknown input type %T", in.Parameters)
	}
	return request, params, nil
}

func requestOf(in any) (*smithyhttp.Request, error) {
	request, ok := in.(*smithyhttp.Request)
	if !ok {
		return nil, fmt.Errorf("unknown transport type %T", in)
	}
	return request, nil
}

// deserialize reads the response into the output or an error, and consumes its body.
type deserialize struct {
	operation operation
	telemetry *telemetry
}

func (*deserialize) ID() string { return "OperationDeserializer" }

func (m *deserialize) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok || response.Response == nil {
		if err == nil {
			err = &smithy.DeserializationError{Err: fmt.Errorf("unknown transport type %T", out.RawResponse)}
		}
		return out, metadata, err
	}
	defer restjson.Discard(response.Response)
	if err != nil {
		return out, metadata, err
	}
	measured := m.telemetry.start(ctx, "OperationDeserializer", m.telemetry.deserialization)
	defer measured.end(ctx)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return out, metadata, m.readError(ctx, response.Response, in.Request)
	}
	result := m.operation.newOutput()
	unknown, err := restjson.ReadResponse(ctx, response.Response, result.read)
	if err != nil {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			hideEchoes(response.Response, secretsOf(request))
		}
		return out, metadata, responseError(ctx, err)
	}
	if unknown != nil {
		metadata.Set(unknownKey{}, &unknownMembers{unknown, m.operation})
	}
	out.Result = result
	return out, metadata, nil
}

func (*deserialize) readError(ctx context.Context, response *http.Response, in any) error {
	request, err := requestOf(in)
	if err != nil {
		return err
	}
	return readAPIError(ctx, response, request)
}

// responseError wraps an error from reading a successful response.
func responseError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &smithy.CanceledError{Err: ctx.Err()}
	}
	return &smithy.DeserializationError{Err: err}
}
