// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
	"github.com/participant-go/connectparticipant/cmd/participant/internal/report"
	"github.com/participant-go/connectparticipant/internal/terminal"
	"github.com/participant-go/connectparticipant/participanttest"
)

var loadCommand = command{
	name:    "load",
	summary: "run many chats at the same time and measure them",
	about: `load runs many chats at the same time and measures them: each chat is a session of
package chat, as the customer. It checks that every message comes back over the chat's own
session once and in order, also when the sockets are cut, and prints percentiles of the
latencies, the number of 429 responses, and the memory and CPU time that a chat takes.

The chats run on one of these:

  (no flags)                            a fake in this process, with the quotas
  -endpoint URL                         a fake that participant serve runs
  -real -region REGION -tokens FILE     the service itself

On a fake, the chats are started with StartChatContact. At the service, the chats cost money
and reach whatever their contact flow leads to. The command leaves the chats at the end.

All chats share one limiter, which applies the quotas that AWS publishes: at most 5 chats a
second start, 6 connect and 3 leave, and 10 messages a second are sent. A load that needs more
is slower, and the command says so before it begins. For an account with raised quotas use
-quota SendMessage=50, or -quota SendMessage=50/75 (calls a second, and the burst: how many
calls at the same time).

An interrupt ends the load early: the chats wait for their messages and leave. A second
interrupt ends it immediately.

Exit codes: 0 every message arrived once and in order, and nothing failed; 1 otherwise; 2
usage error.
`,
	example: "participant load -chats 200 -duration 2m -report load.html",
	new:     func() task { return &loadTask{raised: quotaFlag{}} },
}

// The limits of the flags are far above what one process can do.
const (
	maxChats     = 1_000_000
	maxRate      = 10_000
	maxTokenFile = 1 << 28
)

// loadTask is a load with its flags.
type loadTask struct {
	options    load.Options
	access     access // for its CA certificates
	real       bool
	tokenFile  string
	reportFile string
	raised     quotaFlag
	unlimited  bool
	flags      *flag.FlagSet
	streams
}

func (c *loadTask) define(flags *flag.FlagSet) {
	c.flags = flags
	o := &c.options
	flags.StringVar(&o.Endpoint, "endpoint", "", "run the chats at `URL`, such as the endpoint that participant serve prints (default a fake in this process)")
	flags.StringVar(&o.Region, "region", "", "run the chats at the service in the AWS `REGION`; needs -real and -tokens")
	flags.BoolVar(&c.real, "real", false, "confirm that the chats run outside this machine")
	flags.StringVar(&c.tokenFile, "tokens", "", "read customers' participant tokens from `FILE`, one on each line, or - for standard input, instead of starting chats")
	flags.StringVar(&c.access.caFile, "ca-file", "", "trust the CA certificates in `FILE` (PEM), in addition to those of the system; participant serve -tls writes one")
	flags.IntVar(&o.Chats, "chats", 50, "run `N` chats")
	flags.Float64Var(&o.Rate, "rate", 3, "start `R` chats a second; with more than 3 the chats wait for each other when they leave")
	flags.Float64Var(&o.Messages, "messages", 6, "send `M` messages a minute in each chat")
	flags.DurationVar(&o.Duration, "duration", time.Minute, "end each chat after `D`")
	flags.IntVar(&o.Cuts, "reconnects", 1, "cut the socket of each chat `K` times, at random, so that it reconnects")
	flags.StringVar(&c.reportFile, "report", "", "write a report with charts to `FILE`, one page of HTML")
	flags.Var(c.raised, "quota", "apply another quota than the published one: `OPERATION=RATE[/BURST]`; may be repeated")
	flags.BoolVar(&c.unlimited, "unlimited", false, "apply no quotas")
}

// check returns what is wrong with the flags.
func (c *loadTask) check(args []string) error {
	o := &c.options
	switch {
	case o.Chats < 1 || o.Chats > maxChats:
		return usageError("-chats must be between 1 and 1000000")
	case !(o.Rate >= 0.001 && o.Rate <= maxRate): // not a number too
		return usageError("-rate must be between 0.001 and 10000")
	case !(o.Messages == 0 || o.Messages >= 0.001 && o.Messages <= 60_000):
		return usageError("-messages must be between 0.001 and 60000, or 0")
	case o.Duration < time.Second:
		return usageError("-duration must be 1s or more")
	case o.Cuts < 0 || o.Cuts > 10_000:
		return usageError("-reconnects must be between 0 and 10000")
	case c.unlimited && len(c.raised) > 0:
		return usageError("-unlimited and -quota exclude each other")
	case o.Region != "" && o.Endpoint != "":
		return usageError("-region and -endpoint exclude each other")
	}
	if err := noArguments(args); err != nil {
		return err
	}
	return c.checkService()
}

func (c *loadTask) run(ctx context.Context, args []string, s streams) error {
	c.streams = s
	if err := c.check(args); err != nil {
		return err
	}
	if err := c.readTokens(); err != nil {
		return err
	}
	page, err := c.openReport()
	if err != nil {
		return err
	}
	defer func() { _ = page.Close() }()
	o := &c.options
	o.Limiter = c.limiter()
	o.Leave = c.isElsewhere()
	service := o.Endpoint + o.Region
	if o.Leave {
		err = c.trust()
	} else {
		var srv *participanttest.Server
		if srv, err = c.startFake(); err == nil {
			defer srv.Close()
			o.Endpoint, o.Transport = srv.URL, srv.Client().Transport.(*http.Transport)
		}
		service = "a fake in this process"
	}
	if err != nil {
		return err
	}
	c.announce(service)
	r := &report.Report{
		Result: c.hold(ctx), Service: service, Command: c.commandLine(), FakeInside: !o.Leave, Quotas: c.quotas(),
		Version: fmt.Sprintf("participant %s, %s", version(), runtime.Version()),
		Machine: fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
	}
	return c.report(r, page)
}

// trust makes the load trust the CAs of -ca-file.
func (c *loadTask) trust() error {
	if c.access.caFile == "" {
		return nil
	}
	roots, err := c.access.readAuthorities()
	if err != nil {
		return &stepError{"read -ca-file", err}
	}
	c.options.Transport = awshttp.NewBuildableClient().GetTransport()
	c.options.Transport.TLSClientConfig.RootCAs = roots
	return nil
}

// hold runs the load to its end. When ctx is done the load is interrupted; a further signal aborts it.
func (c *loadTask) hold(ctx context.Context) *load.Result {
	aborting, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		again, forget := signal.NotifyContext(aborting, os.Interrupt, syscall.SIGTERM)
		defer forget()
		<-again.Done()
		abort()
	})
	progress := newLoadProgress(c.err, c.options.Chats)
	c.options.Watch = progress.show
	result := load.Run(aborting, ctx.Done(), c.options)
	progress.end()
	if !stop() {
		abort()
		<-interrupted
	}
	return result
}

func (c *loadTask) report(r *report.Report, page io.WriteCloser) error {
	if err := r.Text(c.out); err != nil {
		return &stepError{"print the result", err}
	}
	if c.reportFile != "" {
		if err := errors.Join(r.HTML(page), page.Close()); err != nil {
			return &stepError{"write the report", err}
		}
		fmt.Fprintf(c.out, "The report is in %s\n", terminal.Line(c.reportFile))
	}
	if !r.OK() {
		return errors.New(r.Verdict())
	}
	return nil
}

// openReport opens the report's file before the load, so that a wrong path fails early.
func (c *loadTask) openReport() (*os.File, error) {
	if c.reportFile == "" {
		return nil, nil
	}
	file, err := os.Create(c.reportFile)
	if err != nil {
		return nil, &stepError{"open the report", err}
	}
	return file, nil
}

// readTokens reads the file of tokens, if there is one. It must have one for each chat.
func (c *loadTask) readTokens() error {
	if c.tokenFile == "" {
		return nil
	}
	in := c.in
	if c.tokenFile != "-" {
		file, err := os.Open(c.tokenFile)
		if err != nil {
			return &stepError{"read the tokens", err}
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	lines := bufio.NewScanner(io.LimitReader(in, maxTokenFile))
	for lines.Scan() && len(c.options.Tokens) < c.options.Chats {
		if token := strings.TrimSpace(lines.Text()); token != "" {
			c.options.Tokens = append(c.options.Tokens, token)
		}
	}
	if err := lines.Err(); err != nil {
		return &stepError{"read the tokens", err}
	}
	if n := len(c.options.Tokens); n < c.options.Chats {
		return usageError(fmt.Sprintf("there are %d -chats, but only %d of -tokens", c.options.Chats, n))
	}
	return nil
}
