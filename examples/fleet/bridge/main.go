// SPDX-License-Identifier: Apache-2.0

// Command bridge is one of several processes that share an account's chats and connect them with a
// system that uses HTTP. Each process accepts chats and messages. The process that owns a chat
// posts its events to a webhook.
//
// Usage:
//
//	BRIDGE_TOKEN=… WEBHOOK_SECRET=… FLEET_KEY=… bridge -webhook URL -region REGION (-nats URL | -dynamodb TABLE | -embedded DIR)
//	bridge engine [-addr HOST:PORT] DIR
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
	"syscall"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/fleet"
)

func main() {
	signals := make(chan os.Signal, 2) // the second one shortens the drain
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	err := run(os.Args[1:], os.Getenv, signals, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "bridge: %v\n", err)
		os.Exit(1)
	}
}

// run returns after the first signal when other processes own the chats, and soon after the second.
func run(args []string, env func(string) string, signals <-chan os.Signal, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "engine" {
		return runEngine(args[1:], signals, stdout, stderr)
	}
	c, err := parse(args, env, stderr)
	if err != nil {
		return err
	}
	ctx := context.Background()
	store, closeStore, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer closeStore()
	log := slog.New(slog.NewTextHandler(stderr, nil))
	hook := newWebhook(c.webhook, c.webhookSecret, c.id, log)
	defer hook.client.CloseIdleConnections()
	member, err := fleet.Join(ctx, store, connectparticipant.New(c.service), hook.handle, func(o *fleet.Options) {
		o.ID, o.SaveEvery, o.Sealer, o.Logger, o.Ended = c.id, c.saveEvery, c.sealer, log, hook.ended
	})
	if err != nil {
		return err
	}
	defer func() { _ = member.Close() }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	a := &api{member: member, log: log}
	server := &http.Server{Handler: guard(c.token, c.hosts, a.handler()), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	served := make(chan error, 1) // the result of Serve
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	select {
	case err := <-served:
		return err
	case <-signals:
	}
	err = drain(member, c.drain, signals) // keep serving in the meantime: Send still works
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return errors.Join(err, server.Shutdown(ctx))
}

// drain hands the chats over to other processes, each when its connection would be renewed anyway.
// After within, it hands over the rest at the rate of the quota. At the next signal, it releases
// all chats, which other processes take over.
func drain(member *fleet.Member, within time.Duration, signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- member.Drain(ctx) }()
	select {
	case err := <-drained:
		return err
	case <-signals:
		return member.Close()
	}
}
