// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = 300
)

type waitInput struct {
	Count            int `strict:"required"`
	TimeoutInSeconds seconds
}

type waitRequestInput struct {
	Operation        string `strict:"required"`
	Count            int    `strict:"required"`
	TimeoutInSeconds seconds
}

// wait waits in real time. It responds with 504 after the timeout.
func wait(r *http.Request, timeout seconds, until func(context.Context) error) (empty, error) {
	if timeout < 0 || timeout > maxTimeout {
		return empty{}, invalid("TimeoutInSeconds must be from 0 to %d; 0 is %v", maxTimeout, defaultTimeout)
	}
	d := timeout.duration()
	if d == 0 {
		d = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	switch err := until(ctx); {
	case errors.Is(err, context.DeadlineExceeded):
		return empty{}, errorf(http.StatusGatewayTimeout, "timeout after %v: %s", d, strings.TrimSuffix(err.Error(), ": "+context.DeadlineExceeded.Error()))
	case err != nil: // or the client has disconnected
		return empty{}, errorf(http.StatusServiceUnavailable, "the server is closing")
	}
	return empty{}, nil
}

func (in waitInput) check() error {
	if in.Count < 0 {
		return invalid("Count must be 0 or more")
	}
	return nil
}

func waitChatSockets(c *control, r *http.Request, in waitInput) (empty, error) {
	contact, err := c.contact(r)
	if err := firstError(err, in.check()); err != nil {
		return empty{}, err
	}
	return wait(r, in.TimeoutInSeconds, func(ctx context.Context) error { return contact.WaitSockets(ctx, in.Count) })
}

func waitSockets(c *control, r *http.Request, in waitInput) (empty, error) {
	p, err := c.participant(r)
	if err := firstError(err, in.check()); err != nil {
		return empty{}, err
	}
	return wait(r, in.TimeoutInSeconds, func(ctx context.Context) error { return p.WaitSockets(ctx, in.Count) })
}

func waitFault(c *control, r *http.Request, in waitInput) (empty, error) {
	f, err := c.fault(r)
	if err := firstError(err, in.check()); err != nil {
		return empty{}, err
	}
	return wait(r, in.TimeoutInSeconds, func(ctx context.Context) error { return f.WaitApplied(ctx, in.Count) })
}

func waitRequest(c *control, r *http.Request, in waitRequestInput) (empty, error) {
	return in.wait(c, r, c.srv.WaitRequest)
}

func waitOwn(c *control, r *http.Request, in waitRequestInput) (empty, error) {
	p, err := c.participant(r)
	if err != nil {
		return empty{}, err
	}
	return in.wait(c, r, p.WaitRequest)
}

func (in waitRequestInput) wait(c *control, r *http.Request, until func(context.Context, string, int) error) (empty, error) {
	if err := firstError(c.checkOperation(in.Operation), waitInput{Count: in.Count}.check()); err != nil {
		return empty{}, err
	}
	return wait(r, in.TimeoutInSeconds, func(ctx context.Context) error { return until(ctx, in.Operation, in.Count) })
}

// operationQuery has the operation whose requests are counted.
type operationQuery struct{ Operation string }

type countOutput struct{ Count int }

func count(c *control, _ *http.Request, in operationQuery) (countOutput, error) {
	return countOutput{c.srv.Count(in.Operation)}, c.checkOperation(in.Operation)
}

func countOwn(c *control, r *http.Request, in operationQuery) (countOutput, error) {
	p, err := c.participant(r)
	if err := firstError(err, c.checkOperation(in.Operation)); err != nil {
		return countOutput{}, err
	}
	return countOutput{p.Count(in.Operation)}, nil
}
