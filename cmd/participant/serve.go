// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

const fakePackage = "github.com/participant-go/connectparticipant/participanttest"

// The values of -agent.
const (
	agentEcho = "echo"
	agentNone = "none"
)

var serveCommand = command{
	name:    "serve",
	summary: "run the fake of the service, for clients in any language",
	about: `serve runs the fake of the service until it is interrupted. When it is ready it prints one
line of JSON: the endpoint, and for each chat the participant tokens of its customer and its agent.
Requests are logged to standard error, without tokens and contents.

In chats of -chats and in those that clients start with StartChatContact, a built-in agent
replies if no other agent does within a second: the echo, which sends every message back. It
leaves a chat when a client joins it as an agent or a bot. Chats of StartChatContact begin with a
greeting. Chats that the control API or its page starts have neither: there the test plays the
agent. -agent none turns both off; use it if the customer is a bot, since two bots would talk
forever. The echo acts on these messages (in participant chat, type "//list" to send "/list"):

  /list    send a list picker
  /view    send a view
  /file    send a file
  /stream  stream a message of an AI agent, chunk by chunk
  /login   start an authentication
  /cut     cut the customer's WebSockets
  /bye     end the chat

Clients on other machines can reach the fake with -addr 0.0.0.0:8080. It is for tests: every
client that reaches it can use it, without credentials. With -tls, clients must trust the CA
certificate that serve writes to the file: set SSL_CERT_FILE for Go on Linux, for curl and for
Python, NODE_EXTRA_CA_CERTS for Node.js, AWS_CA_BUNDLE for boto3, and -ca-file for the commands
of this program. Each start makes a new CA. With -state, a restart keeps the CA as long as its
certificate is valid for the names in -addr, -public-url and -control-host.

With -state, chats and tokens survive a restart on the same -addr; a crash may lose the last
three seconds. Faults and recorded requests don't survive. The file contains tokens and messages:
protect it accordingly. Only one process at a time can use it.
`,
	example: "participant serve -addr 127.0.0.1:8080 -chats 1",
	new:     func() task { return &serve{} },
}

// serve runs the fake alone, for clients in any language.
type serve struct {
	streams
	options participanttest.Options
	chats   int
	agent   string
	control controlFlags
	tlsFile string // for the CA certificate
	state   stateFile
}

func (s *serve) define(flags *flag.FlagSet) {
	flags.StringVar(&s.options.Addr, "addr", "127.0.0.1:0", "listen on `HOST:PORT`; port 0 is a free one")
	flags.StringVar(&s.options.PublicURL, "public-url", "", "clients reach the fake at `URL`, such as https://fake.example:8443: the WebSocket and file URLs in responses, and the printed endpoint, begin with it (default the scheme and the Host header of the request)")
	flags.StringVar(&s.tlsFile, "tls", "", "serve https and wss with a new certificate, and write the CA certificate that clients must trust to `FILE`")
	flags.IntVar(&s.options.MaxSockets, "max-sockets", 8000, "accept at most `N` WebSockets at the same time, and respond with 503 to further ones")
	flags.DurationVar(&s.options.Latency, "latency", 0, "delay each operation by `D`, such as 80ms")
	flags.BoolVar(&s.options.Throttle, "throttle", false, "respond with ThrottlingException to calls over the service's published quotas")
	flags.Uint64Var(&s.options.Seed, "seed", 0, "seed the random generators of faults that have a Chance with `N`")
	flags.IntVar(&s.chats, "chats", 8, "start `N` chats, unless -state has chats that have not ended; use 0 if clients start the chats")
	flags.Var(switches{&s.options.Switches}, "switch", "change a decision of the fake: `NAME` or NAME=VALUE; may be repeated. The names are "+list(switchNames())+"; \"go doc "+fakePackage+".Switches\" describes them")
	s.options.Topics = map[string]string{}
	flags.Var(topics(s.options.Topics), "topic", "post the notifications of streamed chats to a URL, as Amazon SNS does: `ARN=URL` is the topic that StartContactStreaming names and the URL; may be repeated")
	flags.StringVar(&s.state.name, "state", "", "continue the chats in `FILE`, and save them there every few seconds and at the end")
	flags.BoolVar(&s.control.on, "control", false, "serve the control API under /_control/v1/, for tests in any language, and a page at / that shows the chats and the wire")
	flags.StringVar(&s.control.host, "control-host", "", "allow the host `NAME`, without scheme and port, in requests to the control API, and any -addr; every client that reaches the port can then use the API")
	oneOfVar(flags, &s.agent, "agent", "let `WHO` play the flow and the agent in chats in which no client does", agentEcho, agentNone)
}

func (s *serve) check(args []string) error {
	switch {
	case s.chats < 0:
		return usageError("-chats must be 0 or more")
	case s.options.PublicURL != "" && !isBase(s.options.PublicURL):
		return usageError("-public-url must be http:// or https:// and a host, with or without a port, and nothing else")
	case strings.HasPrefix(s.tlsFile, "-"):
		return usageError("-tls needs the name of the file to write the CA certificate to")
	case s.options.MaxSockets < 1:
		return usageError("-max-sockets must be 1 or more")
	case s.options.Latency < 0:
		return usageError("-latency must be 0 or more")
	}
	if err := s.control.check(s.options.Addr); err != nil {
		return err
	}
	return noArguments(args)
}

// ready is the line that lists the endpoint and the tokens for clients.
type ready struct {
	Endpoint string      `json:"endpoint"`
	Control  string      `json:"control,omitempty"`
	Page     string      `json:"page,omitempty"`
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

func (s *serve) run(ctx context.Context, args []string, streams streams) error {
	if err := s.check(args); err != nil {
		return err
	}
	s.streams = streams
	s.options.Flow, s.options.Stream = s.flow, s.published
	unlock, err := s.state.lock()
	if err != nil {
		return &stepError{"lock " + s.state.name, err}
	}
	defer unlock()
	srv, err := s.start()
	if err != nil {
		return err
	}
	defer srv.Close()
	contacts := s.contacts(srv)
	if err := s.state.save(srv); err != nil {
		return err
	}
	if err := s.print(srv, contacts); err != nil {
		return &stepError{"print the endpoint", err}
	}
	log := requestLog{s.err, srv}
	var work sync.WaitGroup
	work.Go(func() { log.follow(ctx) })
	work.Go(func() { s.state.follow(ctx, srv) })
	if s.agent == agentEcho {
		for _, contact := range contacts {
			work.Go(func() { (&echo{contact: contact, read: len(contact.Transcript())}).run(ctx) })
		}
	}
	<-ctx.Done()
	work.Wait()
	return s.state.save(srv)
}

// start starts the server and writes the CA certificate for clients.
func (s *serve) start() (*participanttest.Server, error) {
	s.options.TLS = s.tlsFile != ""
	if s.control.host != "" {
		s.options.TLSHosts = []string{s.control.host}
	}
	s.state.errors = s.err
	var err error
	if s.options.Snapshot, err = s.state.load(); err != nil {
		return nil, &stepError{"read the chats", err}
	}
	srv, err := participanttest.New(func(o *participanttest.Options) { *o = s.options })
	if err != nil {
		return nil, s.notStarted(err)
	}
	s.control.mount(srv, s.addresses(srv), s.err)
	if s.options.PublicURL != "" {
		fmt.Fprintf(s.err, "Listening on %s\n", srv.URL)
	}
	if err := s.writeAuthority(srv.AuthorityPEM()); err != nil {
		srv.Close()
		return nil, &stepError{"write the certificate", err}
	}
	return srv, nil
}

// writeAuthority writes the CA certificate for clients, and reports that it replaces another one.
func (s *serve) writeAuthority(certificate []byte) error {
	if !s.options.TLS {
		return nil
	}
	before, err := os.ReadFile(s.tlsFile)
	if err == nil && len(before) > 0 && !bytes.Equal(before, certificate) {
		fmt.Fprintf(s.err, "The CA certificate in %s is a new one: clients that have loaded the old one must load it again.\n", s.tlsFile)
	}
	return os.WriteFile(s.tlsFile, certificate, 0o644)
}

// notStarted removes the Go-specific parts of an error.
func (s *serve) notStarted(err error) error {
	if failed := (*net.OpError)(nil); s.options.Snapshot == nil || errors.As(err, &failed) {
		return err
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return &stepError{"continue the chats in " + s.state.name, err}
}

// contacts returns the chats that were restored from -state, or new ones.
func (s *serve) contacts(srv *participanttest.Server) []*participanttest.Contact {
	if continued := slices.DeleteFunc(srv.Contacts(), (*participanttest.Contact).Ended); len(continued) > 0 {
		return continued
	}
	contacts := make([]*participanttest.Contact, s.chats)
	for i := range contacts {
		contacts[i] = srv.NewChat()
	}
	return contacts
}

// isBase reports whether URLs in responses can begin with a text.
func isBase(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && text == u.Scheme+"://"+u.Host
}

func (s *serve) addresses(srv *participanttest.Server) addresses {
	return s.control.addresses(srv.URL, s.options.PublicURL)
}

func (s *serve) print(srv *participanttest.Server, contacts []*participanttest.Contact) error {
	address := s.addresses(srv)
	line := ready{Endpoint: address.endpoint, Control: address.control, Page: address.page, Chats: []readyChat{}}
	for _, c := range contacts {
		line.Chats = append(line.Chats, readyChat{
			ContactID: c.ID,
			Customer:  readySide{c.Customer.Token},
			Agent:     readySide{c.Agent.Token},
		})
	}
	return json.NewEncoder(s.out).Encode(line)
}

// requestLog prints a line for each request.
type requestLog struct {
	out io.Writer
	srv *participanttest.Server
}

// follow prints the requests of the server until the context is done.
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

// known returns how many of the requests in now were also in before. The server forgets the oldest.
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
