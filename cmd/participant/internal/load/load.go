// SPDX-License-Identifier: Apache-2.0

// Package load runs many chats at the same time, each in a session of package chat, and measures them.
package load

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

// Options describe a load. Members without a default are required.
type Options struct {
	// Endpoint is the URL of the service. Defaults to that of Region.
	Endpoint, Region string
	// Transport opens all connections. Defaults to a copy of the client's default.
	Transport *http.Transport
	// Tokens are participant tokens, one for each chat. Defaults to those of customers whose chats
	// the load starts with StartChatContact at Endpoint, without a signature, which only a fake of
	// the service accepts.
	Tokens []string
	// Limiter keeps the calls of all chats within the quotas.
	Limiter chat.Limiter
	// Chats is how many chats there are, and Rate how many of them start a second.
	Chats int
	Rate  float64
	// Messages is how many messages each chat sends a minute. Defaults to none except those after
	// a cut.
	Messages float64
	// Duration is how long each chat lasts.
	Duration time.Duration
	// Cuts is how often each chat cuts its sockets. Defaults to never.
	Cuts int
	// Leave makes each chat leave at its end. By default it only closes its session.
	Leave bool
	// Watch is called about every second with what has happened so far. Defaults to nothing.
	Watch func(Progress)
}

// Progress is what has happened so far.
type Progress struct {
	Counts

	// Elapsed is the time since the start.
	Elapsed time.Duration
	// Push99 is the 99th percentile of the time from send to push.
	Push99 time.Duration
	// Ending reports that the load was interrupted.
	Ending bool
}

// Run runs the chats and returns when all are over. When stop is closed it starts and sends
// nothing more, waits for pending messages, and makes the chats leave. When ctx is done that ends too.
func Run(ctx context.Context, stop <-chan struct{}, opts Options) *Result {
	r := newRunner(opts)
	result := &Result{Start: r.start, Planned: opts.Chats}
	talking, interrupt := context.WithCancel(ctx)
	over := make(chan struct{})
	var helpers sync.WaitGroup
	helpers.Go(func() {
		select {
		case <-stop:
			interrupt()
		case <-over:
		}
	})
	helpers.Go(func() { r.watch(talking, over) })
	r.startChats(ctx, talking)
	r.chats.Wait()
	result.Interrupted = talking.Err() != nil
	close(over)
	helpers.Wait()
	interrupt()
	r.transport.CloseIdleConnections()
	r.fill(result)
	return result
}

// runner is one load.
type runner struct {
	opts      Options
	client    *connectparticipant.Client
	transport *http.Transport
	seats     func(context.Context) (seat, error)
	meter     *meter
	samples   *samples
	start     time.Time
	chats     sync.WaitGroup

	mu    sync.Mutex
	total account
}

func newRunner(opts Options) *runner {
	r := &runner{opts: opts, meter: newMeter(), samples: newSamples(), start: time.Now(), transport: opts.Transport}
	if r.transport == nil {
		r.transport = awshttp.NewBuildableClient().GetTransport()
	}
	r.transport = r.transport.Clone()
	r.transport.MaxIdleConnsPerHost = 64 // the chats take turns with the quota, and share few connections
	options := connectparticipant.Options{
		Region:     opts.Region,
		HTTPClient: &http.Client{Transport: r.transport},
		APIOptions: []func(*middleware.Stack) error{r.meter.countAttempts},
	}
	if opts.Endpoint != "" {
		options.BaseEndpoint = &opts.Endpoint
	}
	r.client = connectparticipant.New(options)
	r.seats = tokenSeats(opts.Tokens)
	if len(opts.Tokens) == 0 {
		url := strings.TrimSuffix(opts.Endpoint, "/") + "/contact/chat"
		r.seats = (&starter{url: url, meter: r.meter, client: &http.Client{Transport: r.transport}, limiter: opts.Limiter}).start
	}
	return r
}

// startChats starts the chats at their rate, until talking ends.
func (r *runner) startChats(ctx, talking context.Context) {
	every := time.Duration(float64(time.Second) / r.opts.Rate)
	next := time.NewTimer(0)
	defer next.Stop()
	for n := range r.opts.Chats {
		select {
		case <-talking.Done():
			return
		case <-next.C:
		}
		// Counted from the start, so that the delays of timers don't add up.
		next.Reset(time.Until(r.start.Add(time.Duration(n+1) * every)))
		r.chats.Go(func() { newChatter(r).hold(ctx, talking) })
	}
}

// close adds the account of a chat's messages.
func (r *runner) close(a account) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total.lost += a.lost
	r.total.duplicated += a.duplicated
	r.total.disordered += a.disordered
}

func (r *runner) fill(result *Result) {
	result.Elapsed = time.Since(r.start)
	result.Samples = r.samples.kept
	result.Lost, result.Duplicated, result.Disordered = r.total.lost, r.total.duplicated, r.total.disordered
	r.meter.fill(result)
}
