// SPDX-License-Identifier: Apache-2.0

// Command browser serves a page for the customer of an Amazon Connect chat.
//
// The session of the chat is on the server. The page gets events as server-sent events, and posts
// the visitor's actions. No token of the service reaches the browser.
//
// Usage:
//
//	browser [-addr HOST:PORT] [-host NAMES]
//	PARTICIPANT_TOKEN=… browser -region REGION [-addr HOST:PORT] [-host NAMES] [-endpoint URL]
//
// Without a token, every visitor gets a chat on a fake of the service, with an agent that echoes
// messages. With a token, the first visitor joins that chat.
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

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv("PARTICIPANT_TOKEN"), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, token string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("browser", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:8080", "serve the page on `HOST:PORT`; port 0 selects a free one")
	hosts := flags.String("host", "", "also serve the page under these host `NAMES`, separated by commas (default localhost and IP addresses)")
	region := flags.String("region", "", "join the chat of PARTICIPANT_TOKEN in this AWS `REGION`")
	endpoint := flags.String("endpoint", "", "join it at this `URL` instead of the region's")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage // Parse has printed the error
	}
	if flags.NArg() > 0 || (token != "") != (*region != "" || *endpoint != "") {
		fmt.Fprintf(stderr, "browser: set PARTICIPANT_TOKEN and one of -region and -endpoint, or none of them, and no arguments\n")
		flags.Usage()
		return exitUsage
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	s := realService(token, *region, *endpoint)
	if token == "" {
		var err error
		if s, err = startFake(); err != nil {
			fmt.Fprintf(stderr, "browser: %v\n", err)
			return exitFailed
		}
	}
	defer s.close()
	page := newSite(s, log)
	page.hosts = strings.Split(*hosts, ",")
	if err := serve(ctx, *addr, page, stdout); err != nil {
		fmt.Fprintf(stderr, "browser: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// realService is Amazon Connect. A program with AWS credentials would call StartChatContact for
// every visitor; this one has a single chat.
func realService(token, region, endpoint string) service {
	options := connectparticipant.Options{Region: region}
	if endpoint != "" {
		options.BaseEndpoint = &endpoint
	}
	free := make(chan struct{}, 1) // holds one value while no visitor has the chat
	free <- struct{}{}
	return service{
		client: connectparticipant.New(options),
		newContact: func() (contact, error) {
			select {
			case <-free:
				return contact{token: token, release: func() { free <- struct{}{} }}, nil
			default:
				return contact{}, errTaken
			}
		},
		close: func() {},
	}
}

// serve serves the page until the context ends.
func serve(ctx context.Context, addr string, site *site, stdout io.Writer) error {
	defer site.close()
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("serve the page: %w", err)
	}
	server := &http.Server{
		Handler:           site.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		// A stream ends with its request's context, so that Shutdown needn't wait for it.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1) // the result of Serve
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "Open http://%s in a browser. Press Ctrl-C to stop.\n", listener.Addr())
	select {
	case err = <-ended:
		return fmt.Errorf("serve the page: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}
