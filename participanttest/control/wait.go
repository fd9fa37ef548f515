// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
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
	return in.wait(r, c.srv.WaitRequest)
}

func waitOwn(c *control, r *http.Request, in waitRequestInput) (empty, error) {
	p, err := c.participant(r)
	if err != nil {
		return empty{}, err
	}
	return in.wait(r, p.WaitRequest)
}

func (in waitRequestInput) wait(r *http.Request, until func(context.Context, string, int) error) (empty, error) {
	if in.Operation == "" {
		return empty{}, invalid("Operation must not be empty")
	}
	if err := (waitInput{Count: in.Count}).check(); err != nil {
		return empty{}, err
	}
	return wait(r, in.TimeoutInSeconds, func(ctx context.Context) error { return until(ctx, in.Operation, in.Count) })
}

// operationQuery has the operation whose requests are counted.
type operationQuery struct{ Operation string }

type countOutput struct{ Count int }

func count(c *control, _ *http.Request, in operationQuery) (countOutput, error) {
	return in.count(c.srv.Count)
}

func countOwn(p *participanttest.Participant, in operationQuery) (countOutput, error) {
	return in.count(p.Count)
}

func (in operationQuery) count(count func(string) int) (countOutput, error) {
	if in.Operation == "" {
		return countOutput{}, invalid("the query needs an Operation")
	}
	return countOutput{count(in.Operation)}, nil
}
