// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// chain is a middleware stack that many calls can run at the same time. A Stack can't be shared,
// because its steps modify themselves when they run, and building one takes nearly as many
// allocations as the rest of a call. The client therefore keeps one chain per operation; a call
// with its own options may have its own chain.
type chain struct {
	telemetry *telemetry
	values    context.Context
	first     middleware.InitializeHandler
}

func newChain(name string, op operation, options *Options) (*chain, error) {
	if options.err != nil {
		return nil, &smithy.OperationError{ServiceID: ServiceID, OperationName: name, Err: options.err}
	}
	telemetry, err := newTelemetry(options)
	if err != nil {
		return nil, err
	}
	stack, err := newStack(name, op, options, telemetry)
	if err != nil {
		return nil, err
	}
	newRequest := smithyhttp.NewStackRequest
	if options.private() {
		// The serializer is the first to need a request, and makes a cheaper one for nil.
		newRequest = func() any { return (*smithyhttp.Request)(nil) }
	}
	first, err := unstack(stack, newRequest, sender{options.HTTPClient, telemetry})
	return &chain{telemetry, callValues(name, options), first}, err
}

// run makes a call. A non-nil attempts replaces the chain's own.
func (c *chain) run(ctx context.Context, name string, in input, attempts *attempts) (any, middleware.Metadata, error) {
	ctx, measured := c.telemetry.startCall(&callContext{ctx, c.values, attempts}, name)
	out, metadata, err := c.first.HandleInitialize(ctx, middleware.InitializeInput{Parameters: in})
	measured.endCall(ctx, err)
	return out.Result, metadata, err
}

// unstack links the middlewares of a stack, in order, to a chain that ends with sender.
func unstack(stack *middleware.Stack, newRequest func() any, sender middleware.Handler) (first middleware.InitializeHandler, err error) {
	deserialize, err := link(stack.Deserialize, middleware.DeserializeHandler(lastLink{sender}),
		func(m middleware.DeserializeMiddleware, next middleware.DeserializeHandler) middleware.DeserializeHandler {
			return &deserializeLink{m, next}
		})
	if err != nil {
		return nil, err
	}
	finalize, err := link(stack.Finalize, middleware.FinalizeHandler(toDeserialize{deserialize}),
		func(m middleware.FinalizeMiddleware, next middleware.FinalizeHandler) middleware.FinalizeHandler {
			return &finalizeLink{m, next}
		})
	if err != nil {
		return nil, err
	}
	build, err := link(stack.Build, middleware.BuildHandler(toFinalize{finalize}),
		func(m middleware.BuildMiddleware, next middleware.BuildHandler) middleware.BuildHandler {
			return &buildLink{m, next}
		})
	if err != nil {
		return nil, err
	}
	serialize, err := link(stack.Serialize, middleware.SerializeHandler(toBuild{build}),
		func(m middleware.SerializeMiddleware, next middleware.SerializeHandler) middleware.SerializeHandler {
			return &serializeLink{m, next}
		})
	if err != nil {
		return nil, err
	}
	return link(stack.Initialize, middleware.InitializeHandler(toSerialize{serialize, newRequest}),
		func(m middleware.InitializeMiddleware, next middleware.InitializeHandler) middleware.InitializeHandler {
			return &initializeLink{m, next}
		})
}

// step is a step of the stack.
type step[M any] interface {
	List() []string
	Remove(id string) (M, error)
}

// link puts the middlewares of a step before its last handler. It removes them one by one from the
// front, because two may have the same ID.
func link[M, H any](s step[M], last H, before func(M, H) H) (H, error) {
	ids := s.List()
	middlewares := make([]M, len(ids))
	for i, id := range ids {
		var err error
		if middlewares[i], err = s.Remove(id); err != nil {
			return last, err
		}
	}
	for i := len(middlewares) - 1; i >= 0; i-- {
		last = before(middlewares[i], last)
	}
	return last, nil
}

// A link is a middleware and the handler after it.
type (
	initializeLink struct {
		with middleware.InitializeMiddleware
		next middleware.InitializeHandler
	}
	serializeLink struct {
		with middleware.SerializeMiddleware
		next middleware.SerializeHandler
	}
	buildLink struct {
		with middleware.BuildMiddleware
		next middleware.BuildHandler
	}
	finalizeLink struct {
		with middleware.FinalizeMiddleware
		next middleware.FinalizeHandler
	}
	deserializeLink struct {
		with middleware.DeserializeMiddleware
		next middleware.DeserializeHandler
	}
)

func (l *initializeLink) HandleInitialize(ctx context.Context, in middleware.InitializeInput) (middleware.InitializeOutput, middleware.Metadata, error) {
	return l.with.HandleInitialize(ctx, in, l.next)
}

func (l *serializeLink) HandleSerialize(ctx context.Context, in middleware.SerializeInput) (middleware.SerializeOutput, middleware.Metadata, error) {
	return l.with.HandleSerialize(ctx, in, l.next)
}

func (l *buildLink) HandleBuild(ctx context.Context, in middleware.BuildInput) (middleware.BuildOutput, middleware.Metadata, error) {
	return l.with.HandleBuild(ctx, in, l.next)
}

func (l *finalizeLink) HandleFinalize(ctx context.Context, in middleware.FinalizeInput) (middleware.FinalizeOutput, middleware.Metadata, error) {
	return l.with.HandleFinalize(ctx, in, l.next)
}

func (l *deserializeLink) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
	return l.with.HandleDeserialize(ctx, in, l.next)
}

// The last link of each step calls the next step, or sends the request.
type (
	toSerialize struct {
		next       middleware.SerializeHandler
		newRequest func() any
	}
	toBuild       struct{ next middleware.BuildHandler }
	toFinalize    struct{ next middleware.FinalizeHandler }
	toDeserialize struct{ next middleware.DeserializeHandler }
	lastLink      struct{ sender middleware.Handler }
)

func (l toSerialize) HandleInitialize(ctx context.Context, in middleware.InitializeInput) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, metadata, err := l.next.HandleSerialize(ctx, middleware.SerializeInput{Parameters: in.Parameters, Request: l.newRequest()})
	return middleware.InitializeOutput(out), metadata, err
}

func (l toBuild) HandleSerialize(ctx context.Context, in middleware.SerializeInput) (middleware.SerializeOutput, middleware.Metadata, error) {
	out, metadata, err := l.next.HandleBuild(ctx, middleware.BuildInput{Request: in.Request})
	return middleware.SerializeOutput(out), metadata, err
}

func (l toFinalize) HandleBuild(ctx context.Context, in middleware.BuildInput) (middleware.BuildOutput, middleware.Metadata, error) {
	out, metadata, err := l.next.HandleFinalize(ctx, middleware.FinalizeInput(in))
	return middleware.BuildOutput(out), metadata, err
}

func (l toDeserialize) HandleFinalize(ctx context.Context, in middleware.FinalizeInput) (middleware.FinalizeOutput, middleware.Metadata, error) {
	out, metadata, err := l.next.HandleDeserialize(ctx, middleware.DeserializeInput(in))
	return middleware.FinalizeOutput{Result: out.Result}, metadata, err
}

func (l lastLink) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
	response, metadata, err := l.sender.Handle(ctx, in.Request)
	return middleware.DeserializeOutput{RawResponse: response}, metadata, err
}
