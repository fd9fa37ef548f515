// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// pages is a transport that changes the pages of GetTranscript on the wire.
type pages struct {
	http.RoundTripper

	// delay returns how long a page takes. Defaults to no delay.
	delay func(in pageRequest) time.Duration
	// respond returns the page; fetch requests it from the fake. Defaults to fetch. While a
	// session runs, set it with respondWith.
	respond func(in pageRequest, fetch func(pageRequest) page) page

	mu      sync.Mutex
	calls   int
	planted []planted
}

// pageRequest is the wire form of a request for a page.
type pageRequest struct {
	ContactID     string         `json:"ContactId,omitempty"`
	MaxResults    int            `json:",omitempty"`
	NextToken     string         `json:",omitempty"`
	ScanDirection string         `json:",omitempty"`
	SortOrder     string         `json:",omitempty"`
	StartPosition map[string]any `json:",omitempty"`
}

func (in pageRequest) forward() bool { return in.ScanDirection == "FORWARD" }

// start returns the time in StartPosition, or the zero time.
func (in pageRequest) start() time.Time {
	text, _ := in.StartPosition["AbsoluteTime"].(string)
	at, _ := time.Parse(time.RFC3339, text)
	return at
}

// page is the wire form of a response.
type page struct {
	InitialContactID string `json:"InitialContactId"`
	NextToken        string `json:",omitempty"`
	Transcript       []json.RawMessage
}

// planted is an item that exists only in the transcript. Forward pages that begin at a time up to at
// show it.
type planted struct {
	at   time.Time
	item json.RawMessage
}

// through makes the bubble's client use p.
func (b *bubble) through(p *pages) *pages {
	p.RoundTripper = b.srv.Client().Transport
	b.client = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &b.srv.URL, HTTPClient: &http.Client{Transport: p}})
	return p
}

// plant adds an item to the transcript, as JSON.
func (p *pages) plant(at time.Time, item string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.planted = append(p.planted, planted{at, json.RawMessage(item)})
}

func (p *pages) respondWith(respond func(in pageRequest, fetch func(pageRequest) page) page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.respond = respond
}

// count returns how many pages were requested.
func (p *pages) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

func (p *pages) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/transcript") {
		return p.RoundTripper.RoundTrip(r)
	}
	var in pageRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	if err := p.wait(r.Context(), in); err != nil {
		return nil, err
	}
	call := &pageCall{next: p.RoundTripper, request: r}
	out := p.page(in, call.fetch)
	return call.result(out)
}

func (p *pages) wait(ctx context.Context, in pageRequest) error {
	p.mu.Lock()
	p.calls++
	p.mu.Unlock()
	if p.delay == nil {
		return nil
	}
	select {
	case <-time.After(p.delay(in)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pages) page(in pageRequest, fetch func(pageRequest) page) page {
	p.mu.Lock()
	respond := p.respond
	p.mu.Unlock()
	if respond == nil {
		respond = func(in pageRequest, fetch func(pageRequest) page) page { return fetch(in) }
	}
	out := respond(in, fetch)
	p.mu.Lock()
	defer p.mu.Unlock()
	if in.forward() && out.NextToken == "" || !in.forward() && in.NextToken == "" { // the page with the newest items
		for _, planted := range p.planted {
			if !planted.at.Before(in.start()) {
				out.insert(in, planted)
			}
		}
	}
	return out
}

// insert inserts an item in the order of times.
func (out *page) insert(in pageRequest, p planted) {
	at := p.at.UTC().Format(isoMillis)
	i := slices.IndexFunc(out.Transcript, func(raw json.RawMessage) bool {
		var other struct{ AbsoluteTime string }
		_ = json.Unmarshal(raw, &other)
		return (other.AbsoluteTime > at) == in.forward()
	})
	if i < 0 {
		i = len(out.Transcript)
	}
	out.Transcript = slices.Insert(out.Transcript, i, p.item)
}

// pageCall is one call of GetTranscript on its way to the fake.
type pageCall struct {
	next     http.RoundTripper
	request  *http.Request
	response *http.Response
	err      error
}

func (c *pageCall) fetch(in pageRequest) (out page) {
	body, _ := json.Marshal(in)
	r := c.request.Clone(c.request.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if c.response, c.err = c.next.RoundTrip(r); c.err != nil || c.response.StatusCode != http.StatusOK {
		return page{}
	}
	c.err = errors.Join(json.NewDecoder(c.response.Body).Decode(&out), c.response.Body.Close())
	return out
}

// result returns the page as a response, or the fake's error response.
func (c *pageCall) result(out page) (*http.Response, error) {
	switch {
	case c.err != nil:
		return nil, c.err
	case c.response == nil:
		c.response = &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: c.request,
			Header: http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}},
		}
	case c.response.StatusCode != http.StatusOK:
		return c.response, nil
	}
	if out.Transcript == nil {
		out.Transcript = []json.RawMessage{}
	}
	body, err := json.Marshal(out)
	c.response.Header.Del("Content-Length")
	c.response.ContentLength, c.response.Body = int64(len(body)), io.NopCloser(bytes.NewReader(body))
	return c.response, err
}

func TestPagesAreThoseOfTheFake(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{})
		id := b.contact.Agent.Say("said")
		b.sleep(time.Second)
		s := b.start()
		require.Equal(b.t, id, b.message(s).ID)
		p.plant(time.Now(), `{"Id":"planted","Type":"MESSAGE","AbsoluteTime":"`+time.Now().UTC().Format(isoMillis)+`"}`)
		b.sleep(time.Second)
		b.reconnect()
		require.Equal(b.t, "planted", b.message(s).ID)
		require.Positive(b.t, p.count())
	})
}
