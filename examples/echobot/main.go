// SPDX-License-Identifier: Apache-2.0

// Command echobot joins a chat and echoes the messages of the others. It ends with the chat, and
// leaves it on SIGINT and SIGTERM.
//
// Usage:
//
//	PARTICIPANT_TOKEN=… echobot -region REGION
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

const (
	startTimeout = time.Minute
	callTimeout  = 20 * time.Second
	// maxMessage is the limit of SendMessage, in bytes.
	maxMessage = 16384
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv("PARTICIPANT_TOKEN"), os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		// The handler quotes what could control a terminal.
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("echobot failed", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, participantToken string, stderr io.Writer) error {
	flags := flag.NewFlagSet("echobot", flag.ContinueOnError)
	flags.SetOutput(stderr)
	region := flags.String("region", "", "the `REGION` of the Amazon Connect instance, such as eu-west-2")
	endpoint := flags.String("endpoint", "", "call the service at `URL`, for example a fake, instead of the region's")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if participantToken == "" {
		return errors.New("PARTICIPANT_TOKEN is not set")
	}
	options := connectparticipant.Options{Region: *region}
	if *endpoint != "" {
		options.BaseEndpoint = endpoint
	}
	return join(ctx, connectparticipant.New(options), participantToken, slog.New(slog.NewTextHandler(stderr, nil)))
}

// join returns nil when the chat has ended, or when ctx has ended and the bot has left.
func join(ctx context.Context, client connectparticipant.API, participantToken string, log *slog.Logger) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	session, err := chat.Start(starting, client, participantToken, func(o *chat.Options) { o.Logger = log })
	if err != nil {
		return fmt.Errorf("join chat: %w", err)
	}
	defer func() { _ = session.Close() }()
	log.Info("joined the chat")
	b := &bot{session: session, log: log}
	if err := b.converse(ctx); ctx.Err() == nil {
		return err
	}
	// ctx has ended, but leaving needs a live context.
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	return session.Leave(leaving)
}

// bot replies in one chat.
type bot struct {
	session *chat.Session
	log     *slog.Logger
}

// converse replies until the session is over or ctx ends.
func (b *bot) converse(ctx context.Context) error {
	for event, err := range b.session.Events(ctx) {
		if err != nil {
			return fmt.Errorf("receive events: %w", err)
		}
		switch e := event.(type) {
		case chat.Message:
			b.reply(ctx, e)
		case chat.ChatEnded:
			b.log.Info("the chat has ended", "gap", e.Gap)
		}
	}
	return nil
}

// reply echoes a message. A reply that fails doesn't end the bot: if the session is over, the loop over
// its events ends.
func (b *bot) reply(ctx context.Context, m chat.Message) {
	if m.Own || m.History || m.Text == "" {
		return // own messages, the history and files
	}
	text := "You said: " + m.Text
	if len(text) > maxMessage {
		text = "That was too long to repeat."
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	sent, err := b.session.Send(ctx, text)
	if err != nil {
		b.log.Warn("could not send a reply", "to", m, "error", err)
		return
	}
	b.log.Info("replied", "to", m, "reply", sent.ID)
}
