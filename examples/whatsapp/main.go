// SPDX-License-Identifier: Apache-2.0

// Command whatsapp is a gateway between the WhatsApp Cloud API and Amazon Connect, with a chat for
// each number that writes to a business. Without arguments, it runs a demo: a customer with a fake
// of WhatsApp talks to an agent on a fake of the service, and what they see is printed.
//
// Usage:
//
//	whatsapp
//	WHATSAPP_TOKEN=… WHATSAPP_APP_SECRET=… WHATSAPP_VERIFY_TOKEN=… whatsapp -region REGION -phone-number-id ID [-addr HOST:PORT]
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	s := secrets{os.Getenv("WHATSAPP_TOKEN"), os.Getenv("WHATSAPP_APP_SECRET"), os.Getenv("WHATSAPP_VERIFY_TOKEN")}
	// Replace nil by a starter that calls StartChatContact, as examples/startchat does.
	err := run(ctx, os.Args[1:], s, nil, os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		// The handler quotes what could control a terminal.
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("whatsapp failed", "error", err)
		os.Exit(1)
	}
}

// secrets are read from the environment: other users can see the arguments of a process.
type secrets struct {
	token       string // of the Graph API
	appSecret   string // key of the signatures of Meta's requests
	verifyToken string // entered in Meta's app settings with the webhook's URL
}

func run(ctx context.Context, args []string, s secrets, starter starter, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return show(ctx, stdout)
	}
	flags := flag.NewFlagSet("whatsapp", flag.ContinueOnError)
	flags.SetOutput(stderr)
	region := flags.String("region", "", "the `REGION` of the Amazon Connect instance, such as eu-west-2")
	phoneNumberID := flags.String("phone-number-id", "", "the `ID` of the business's number")
	addr := flags.String("addr", "127.0.0.1:8092", "listen on `HOST:PORT`, in plain http: put a proxy with TLS in front of it")
	base := flags.String("graph", "https://graph.facebook.com/v23.0", "the `URL` of the Graph API with its version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case *region == "" || *phoneNumberID == "":
		return errors.New("set -region and -phone-number-id")
	case s.token == "" || s.appSecret == "" || s.verifyToken == "":
		return errors.New("set WHATSAPP_TOKEN, WHATSAPP_APP_SECRET and WHATSAPP_VERIFY_TOKEN")
	case starter == nil:
		return errors.New("no starter for chats: pass one to run in main.go")
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute}
	defer transport.CloseIdleConnections()
	client := connectparticipant.New(connectparticipant.Options{Region: *region})
	gw := newGateway(client, starter, newGraph(*base, *phoneNumberID, s.token, transport), slog.New(slog.NewTextHandler(stderr, nil)))
	defer gw.close()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", *addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "http://%s/webhook\n", listener.Addr())
	hook := &webhook{verifyToken: s.verifyToken, appSecret: s.appSecret, phoneNumberID: *phoneNumberID, gateway: gw}
	return serve(ctx, listener, hook.handler())
}

// serve returns when ctx has ended and all requests have their responses.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	served := make(chan error, 1) // the result of Serve
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	err := server.Shutdown(ending)
	if stopped := <-served; !errors.Is(stopped, http.ErrServerClosed) {
		err = errors.Join(err, stopped)
	}
	return err
}
