// SPDX-License-Identifier: Apache-2.0

// Command llmbot takes part in a chat as a custom bot with a language model, until a person takes
// over. Without a token, it runs a demo: it talks to a customer on a fake of the service, and
// prints the conversation.
//
// Usage:
//
//	llmbot
//	PARTICIPANT_TOKEN=… llmbot -region REGION -participant-id ID
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
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv("PARTICIPANT_TOKEN"), os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		// The handler quotes what could control a terminal.
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("llmbot failed", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, participantToken string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("llmbot", flag.ContinueOnError)
	flags.SetOutput(stderr)
	region := flags.String("region", "", "the `REGION` of the Amazon Connect instance, such as eu-west-2")
	participantID := flags.String("participant-id", "", "the bot's `ID`, which CreateParticipant returns with the token")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if participantToken == "" {
		return show(ctx, stdout)
	}
	client := connectparticipant.New(connectparticipant.Options{Region: *region})
	return join(ctx, client, participantToken, *participantID, script{}, slog.New(slog.NewTextHandler(stderr, nil)))
}

// show runs a demo of the bot with a customer who asks for a person in the end.
func show(ctx context.Context, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	srv, err := participanttest.New()
	if err != nil {
		return err
	}
	defer srv.Close()
	contact := srv.NewChat()
	helper := contact.AddParticipant(types.ParticipantRoleCustomBot, "Helper")
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	ended := make(chan error, 1)
	go func() {
		ended <- join(ctx, client, helper.Token, helper.ID, script{pause: 300 * time.Millisecond}, slog.New(slog.DiscardHandler))
	}()
	if err := helper.WaitSockets(ctx, 1); err != nil {
		return errors.Join(err, <-ended)
	}
	srv.Advance(2 * time.Second) // messages from now on are not history
	for i, question := range []string{"Hello!", "Where is my parcel?", "I want to talk to a person."} {
		contact.Customer.Say(question)
		if err := helper.WaitRequest(ctx, "SendMessage", i+1); err != nil {
			cancel()
			return errors.Join(err, <-ended)
		}
	}
	err = <-ended
	for _, item := range contact.Transcript() {
		if item.Type == string(types.ChatItemTypeMessage) {
			fmt.Fprintf(stdout, "%s: %s\n", item.DisplayName, item.Content)
		}
	}
	return err
}
