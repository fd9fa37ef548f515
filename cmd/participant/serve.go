// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

// Who plays the agents.
const (
	agentEcho = "echo"
	agentNone = "none"
)

const serveUsage = `Usage: participant serve [FLAGS]

serve runs the fake service until it is interrupted. When it is ready it prints one line
of JSON: the endpoint, and for each chat the participant tokens of its two sides. Requests
are logged to standard error, without tokens and content.

A customer whom nobody answers within a second meets the echo, an agent who repeats every
message. Where a client connects with the agent's token the echo stays away; with -agent
none there is no echo, which a bot on the customer's token would talk to for ever. Some
messages it understands (participant chat sends "//list" as "/list"):

  /list    sends a list picker
  /view    sends a view
  /file    sends a file
  /stream  lets an AI agent speak piece by piece
  /login   starts an authentication
  /cut     cuts the customer's WebSockets
  /bye     ends the chat

Example: participant serve -addr 127.0.0.1:8080 -chats 1

`

func runServe(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s := &serve{stdout: stdout, stderr: stderr}
	flags.StringVar(&s.options.Addr, "addr", "127.0.0.1:0", "listen on `HOST:PORT`; port 0 is a free one")
	flags.IntVar(&s.options.MaxSockets, "max-sockets", 8000, "keep at most `N` WebSockets open, and answer 503 to further ones")
	flags.DurationVar(&s.options.Latency, "latency", 0, "let each operation wait for `D`, such as 80ms, before it is looked at")
	flags.BoolVar(&s.options.Throttle, "throttle", false, "answer calls over the service's published quotas with ThrottlingException")
	flags.Uint64Var(&s.options.Seed, "seed", 0, "begin the server's streams of chance with `N`")
	flags.IntVar(&s.chats, "chats", 8, "start `N` chats")
	flags.BoolVar(&s.control.on, "control", false, "serve the control API under /_control/v1/, for tests in any language")
	flags.StringVar(&s.control.host, "control-host", "", "serve the control API under host `NAME` too, also beyond loopback")
	flags.StringVar(&s.agent, "agent", agentEcho, "let `WHO` play the agent where nobody else does: echo or none")
	flags.Usage = func() {
		fmt.Fprint(stderr, serveUsage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage // Parse has said why
	}
	if flags.NArg() > 0 || s.chats < 1 || s.options.MaxSockets < 1 || s.options.Latency < 0 || s.agent != agentEcho && s.agent != agentNone {
		flags.Usage()
		return exitUsage
	}
	if err := s.control.check(s.options.Addr); err != nil {
		fmt.Fprintf(stderr, "participant serve: %v\n", err)
		return exitUsage
	}
	if err := s.run(ctx); err != nil {
		fmt.Fprintf(stderr, "participant serve: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// serve is the fake on its own, for clients in any language.
type serve struct {
	stdout, stderr io.Writer
	options        participanttest.Options
	chats          int
	agent          string
	control        controlFlags
}

// ready is the line that tells a client where the fake is and whom to play.
type ready struct {
	Endpoint string      `json:"endpoint"`
	Control  string      `json:"control,omitempty"`
	Chats    []readyChat `json:"chats"`
}

type readyChat struct {
	ContactID string    `json:"contactId"`
	Customer  readySide `json:"customer"`
	Agent     readySide `json:"agent"`
}

type readySide struct {
	ParticipantToken string `json:"participantToken"`
}

func (s *serve) run(ctx context.Context) error {
	s.options.Flow, s.options.Stream = s.flow, s.published
	srv, err := participanttest.New(func(o *participanttest.Options) { *o = s.options })
	if err != nil {
		return err
	}
	defer srv.Close()
	s.control.mount(srv)
	contacts := make([]*participanttest.Contact, s.chats)
	for i := range contacts {
		contacts[i] = srv.NewChat()
	}
	if err := s.tell(srv, contacts); err != nil {
		return fmt.Errorf("tell the endpoint: %w", err)
	}
	log := requestLog{s.stderr, srv}
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { log.follow(ctx) })
	if s.agent == agentEcho {
		for _, contact := range contacts {
			work.Go(func() { (&echo{contact: contact}).run(ctx) })
		}
	}
	<-ctx.Done()
	return nil
}

func (s *serve) tell(srv *participanttest.Server, contacts []*participanttest.Contact) error {
	line := ready{Endpoint: srv.URL, Control: s.control.address(srv.URL)}
	for _, c := range contacts {
		line.Chats = append(line.Chats, readyChat{
			ContactID: c.ID,
			Customer:  readySide{c.Customer.Token},
			Agent:     readySide{c.Agent.Token},
		})
	}
	return json.NewEncoder(s.stdout).Encode(line)
}

// requestLog prints a line a request.
type requestLog struct {
	out io.Writer
	srv *participanttest.Server
}

// follow prints what the server remembers until the context ends.
func (l requestLog) follow(ctx context.Context) {
	var before []participanttest.Request
	for err := error(nil); err == nil; {
		err = pause(ctx, 100*time.Millisecond)
		now := l.srv.Requests()
		for _, r := range now[known(before, now):] {
			l.request(r)
		}
		before = now
	}
}

// known is how many of the requests that the server remembers now it remembered before.
// It forgets the oldest.
func known(before, now []participanttest.Request) int {
	n := min(len(before), len(now))
	for n > 0 && !slices.Equal(before[len(before)-n:], now[:n]) {
		n--
	}
	return n
}

func (l requestLog) request(r participanttest.Request) {
	operation := cmp.Or(r.Operation, "unknown")
	role := cmp.Or(roleOf(l.srv, r), "-")
	fmt.Fprintf(l.out, "%s  %-8s  %-31s  %d %s\n", r.Time.Local().Format("15:04:05.000"), role, operation, r.Status, r.ErrorCode)
}
