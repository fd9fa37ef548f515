// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// How SNS delivers to an HTTP endpoint (SNS developer guide, "Amazon SNS message delivery retries").
const (
	deliveryTimeout  = 15 * time.Second
	deliveryInterval = 20 * time.Second
	deliveryAttempts = 4
)

// maxDeliveries bounds the memory that a slow endpoint takes: further notifications are dropped.
const maxDeliveries = 10_000

// The operations of Request for what is posted to Options.Topics.
const (
	operationNotification = "Notification"
	operationConfirmation = "SubscriptionConfirmation"
)

// endpoint receives the notifications of a topic by POST, one after the other.
type endpoint struct {
	srv       *Server
	arn       string
	address   string
	client    *http.Client
	wake      chan struct{} // full: run is about to check anyway
	cancel    context.CancelFunc
	confirmed bool // used by run's goroutine only

	// Guarded by srv.mu.
	queue   []delivery
	waiting int // deliveries that wait for their next attempt
}

// delivery is a notification on its way to an endpoint.
type delivery struct {
	notice   notice
	attempts int // failed ones
}

func checkTopics(topics map[string]string) error {
	for arn, address := range topics {
		if !topicARN.MatchString(arn) {
			return fmt.Errorf("Options.Topics: %q is not the ARN of a standard SNS topic", arn)
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("Options.Topics: the endpoint of %s is not an http or https URL", arn)
		}
	}
	return nil
}

func (s *Server) subscribe(topics map[string]string) {
	for arn, address := range topics {
		ctx, cancel := context.WithCancel(context.Background())
		e := &endpoint{
			srv: s, arn: arn, address: address, wake: make(chan struct{}, 1), cancel: cancel,
			client: &http.Client{
				Transport:     &http.Transport{},
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			},
		}
		s.endpoints[arn] = e
		s.work.Go(func() { e.run(ctx) })
	}
}

func (e *endpoint) enqueue(d delivery) {
	if len(e.queue)+e.waiting >= maxDeliveries {
		return
	}
	e.queue = append(e.queue, d)
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// run delivers until the server closes.
func (e *endpoint) run(ctx context.Context) {
	defer e.client.CloseIdleConnections()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.wake:
		}
		for d, ok := e.next(); ok && ctx.Err() == nil; d, ok = e.next() {
			e.attempt(ctx, d)
		}
	}
}

func (e *endpoint) next() (d delivery, ok bool) {
	e.srv.mu.Lock()
	defer e.srv.mu.Unlock()
	if len(e.queue) == 0 {
		return delivery{}, false
	}
	d = e.queue[0]
	e.queue[0] = delivery{} // what it refers to can be collected
	e.queue = e.queue[1:]
	return d, true
}

// attempt confirms the subscription first if it isn't confirmed yet.
func (e *endpoint) attempt(ctx context.Context, d delivery) {
	if !e.confirmed && !e.confirm(ctx, d) {
		return
	}
	status := e.post(ctx, operationNotification, d.notice.messageID, d.notice.payload())
	e.retry(status, d)
	e.srv.record(Request{Operation: operationNotification, ContactID: d.notice.contactID, Status: status})
}

// confirm reports whether the endpoint has accepted the message. It doesn't wait for a call of
// SubscribeURL, which is an address of AWS that the endpoint may be unable to reach.
func (e *endpoint) confirm(ctx context.Context, d delivery) bool {
	id := newUUID()
	status := e.post(ctx, operationConfirmation, id, subscriptionConfirmation(e.arn, id))
	e.confirmed = status >= 200 && status <= 299
	e.retry(status, d)
	e.srv.record(Request{Operation: operationConfirmation, Status: status})
	return e.confirmed
}

// post returns the status of the response, or 0 without one.
func (e *endpoint) post(ctx context.Context, kind, messageID string, payload []byte) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.srv.mu.Lock()
	e.srv.after(deliveryTimeout, cancel)
	e.srv.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.address, bytes.NewReader(payload))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	req.Header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	req.Header.Set("X-Amz-Sns-Message-Type", kind)
	req.Header.Set("X-Amz-Sns-Message-Id", messageID)
	req.Header.Set("X-Amz-Sns-Topic-Arn", e.arn)
	if kind == operationNotification {
		req.Header.Set("X-Amz-Sns-Subscription-Arn", e.arn+":"+instanceID)
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is reused
	return resp.StatusCode
}

// retry schedules the next attempt of a delivery after a failure that SNS regards as temporary.
func (e *endpoint) retry(status int, d delivery) {
	d.attempts++
	if status != 0 && status != http.StatusTooManyRequests && status < 500 || d.attempts == deliveryAttempts {
		return
	}
	e.srv.mu.Lock()
	defer e.srv.mu.Unlock()
	e.waiting++
	e.srv.after(deliveryInterval, func() {
		e.waiting--
		e.enqueue(d)
	})
}
