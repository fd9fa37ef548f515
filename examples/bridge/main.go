// SPDX-License-Identifier: Apache-2.0

// Command bridge connects chats with a system that uses HTTP. It sends what is posted to it to a
// chat, and posts each event of a chat to a webhook, in order, until the receiver has accepted it.
// After a restart, it continues where it stopped.
//
// Usage:
//
//	BRIDGE_TOKEN=… WEBHOOK_SECRET=… bridge -webhook URL -region REGION [-addr HOST:PORT] [-host NAMES] [-dir DIR]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/participant-go/connectparticipant"
)

const (
	postTimeout     = 20 * time.Second // of one attempt to reach the webhook
	sendTimeout     = 20 * time.Second // of a message into a chat
	shutdownTimeout = 25 * time.Second
	firstPause      = 250 * time.Millisecond
	minSecret       = 32 // characters
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	s := secrets{token: os.Getenv("BRIDGE_TOKEN"), webhook: os.Getenv("WEBHOOK_SECRET")}
	err := run(ctx, os.Args[1:], s, os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "bridge: %v\n", err)
		os.Exit(1)
	}
}

// secrets come from the environment: other users can see the arguments of a process.
type secrets struct {
	token   string // that callers of the bridge send
	webhook string // key of the signatures of notifications
}

func (s secrets) check() error {
	if len(s.token) < minSecret || len(s.webhook) < minSecret {
		return fmt.Errorf("BRIDGE_TOKEN and WEBHOOK_SECRET must be set and have at least %d characters", minSecret)
	}
	return nil
}

// config is the result of parsing the flags.
type config struct {
	addr, dir, webhook, region, endpoint string

	hosts        []string
	plainWebhook bool
}

func parse(args []string, stderr io.Writer) (c config, err error) {
	flags := flag.NewFlagSet("bridge", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8090", "listen on `HOST:PORT`, in plain http: for other machines, put a proxy with TLS in front of it")
	flags.StringVar(&c.dir, "dir", "chats", "keep a file for each chat, which contains its participant token, in `DIR`")
	flags.StringVar(&c.webhook, "webhook", "", "post the events to `URL`")
	flags.StringVar(&c.region, "region", "", "the `REGION` of the Amazon Connect instance, such as eu-west-2")
	flags.StringVar(&c.endpoint, "endpoint", "", "call the service at `URL`, for example a fake, instead of the region's")
	flags.BoolVar(&c.plainWebhook, "plain-webhook", false, "permit a plain http webhook on another machine, which exposes the chats to the network")
	flags.Func("host", "also serve requests for these host `NAMES`, separated by commas (default localhost and IP addresses)", func(names string) error {
		c.hosts = strings.Split(names, ",")
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if c.webhook == "" {
		return c, errors.New("-webhook is missing")
	}
	return c, checkWebhook(c.webhook, c.plainWebhook)
}

// run serves until ctx ends, and returns when all sessions are closed.
func run(ctx context.Context, args []string, s secrets, stdout, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	options := connectparticipant.Options{Region: c.region}
	if c.endpoint != "" {
		options.BaseEndpoint = &c.endpoint
	}
	hook := newWebhook(c.webhook, s.webhook, firstPause, log)
	defer hook.close()
	b := newBridge(connectparticipant.New(options), store{dir: c.dir}, hook, log)
	defer b.close()
	if err := b.restore(); err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	return serve(ctx, listener, guard(s.token, c.hosts, b.handler()))
}

// serve returns when ctx has ended and all requests have their responses.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      sendTimeout + 10*time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	served := make(chan error, 1) // the result of Serve
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(ending)
	if stopped := <-served; !errors.Is(stopped, http.ErrServerClosed) {
		err = errors.Join(err, stopped)
	}
	if err != nil {
		return fmt.Errorf("finish the last requests: %w", err)
	}
	return nil
}
