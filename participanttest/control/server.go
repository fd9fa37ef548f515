// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

type serverOutput struct {
	Endpoint string
	Now      time.Time
	// Sockets is the number of open WebSockets, subscribed or not.
	Sockets int
	// AuthorityPem is the CA certificate of TLS; absent without TLS.
	AuthorityPem string `json:",omitempty"`
}

func describeServer(c *control, _ *http.Request, _ empty) (serverOutput, error) {
	return serverOutput{cmp.Or(c.opts.Endpoint, c.srv.URL), c.srv.Now(), c.srv.Sockets(), string(c.srv.AuthorityPEM())}, nil
}

func snapshot(c *control, _ *http.Request, _ empty) (json.RawMessage, error) {
	return c.srv.Snapshot()
}

func reset(c *control, _ *http.Request, _ empty) (empty, error) {
	c.srv.Reset()
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.streams)
	return empty{}, nil
}

type clockOutput struct{ Now time.Time }

type advanceInput struct {
	Seconds seconds `strict:"required"`
}

// lastYear bounds the clock: Go's durations span 292 years.
const lastYear = 2200

func readClock(c *control, _ *http.Request, _ empty) (clockOutput, error) {
	return clockOutput{c.srv.Now()}, nil
}

func advance(c *control, _ *http.Request, in advanceInput) (clockOutput, error) {
	if err := in.Seconds.check("Seconds"); err != nil {
		return clockOutput{}, err
	}
	d := in.Seconds.duration()
	if c.srv.Now().Add(d).Year() > lastYear {
		return clockOutput{}, invalid("Seconds must not move the clock beyond the year %d", lastYear)
	}
	c.srv.Advance(d)
	return clockOutput{c.srv.Now()}, nil
}

type snsQuery struct{ Url string }

type snsOutput struct {
	Status int
	Body   string
}

// fetchSNS gives tests in other languages access to what SNS serves: the certificate of a notification,
// and the URL that confirms a subscription.
func fetchSNS(c *control, r *http.Request, in snsQuery) (snsOutput, error) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, in.Url, http.NoBody)
	if err != nil {
		return snsOutput{}, invalid("Url must be one of SNS")
	}
	resp, err := c.srv.SNSClient().Do(req)
	if err != nil {
		return snsOutput{}, invalid("Url must be one of SNS")
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return snsOutput{resp.StatusCode, string(body)}, err
}

func confirmation(c *control, _ *http.Request, _ empty) (json.RawMessage, error) {
	return c.srv.SubscriptionConfirmation(), nil
}
