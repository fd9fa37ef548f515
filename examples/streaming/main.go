// SPDX-License-Identifier: Apache-2.0

// Command streaming is a bot without a socket: it answers what Amazon Connect's real-time
// chat message streaming publishes to an SNS topic. Its handler is made for AWS Lambda;
// here it is called for each event that standard input brings, so that it can be tried
// without an AWS account.
//
// Usage:
//
//	PARTICIPANT_TOKEN=… streaming -region REGION -contact ID < events.json
package main

import (
	"context"
	"encoding/json"
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
)

// handleTimeout is what a Lambda function would have as its time-out.
const handleTimeout = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv("PARTICIPANT_TOKEN"), os.Stdin, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		// The handler quotes what could control a terminal.
		slog.New(slog.NewTextHandler(os.Stderr, nil)).Error("streaming failed", "error", err)
		os.Exit(1)
	}
}

// run lets a bot join one chat and handle the events of stdin. In Lambda there is, with a
// store that all instances share, and join called where CreateParticipant is:
//
//	lambda.Start(newBot(client, store, reply, log).handle)
func run(ctx context.Context, args []string, participantToken string, stdin io.Reader, stderr io.Writer) error {
	flags := flag.NewFlagSet("streaming", flag.ContinueOnError)
	flags.SetOutput(stderr)
	region := flags.String("region", "", "the `REGION` of the Amazon Connect instance, such as eu-west-2")
	endpoint := flags.String("endpoint", "", "call the service at `URL`, such as that of a fake, in place of the region's")
	contact := flags.String("contact", "", "the `ID` of the contact that the token is for, as it stands in the events")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if participantToken == "" || *contact == "" {
		return errors.New("PARTICIPANT_TOKEN is not set, or -contact is missing")
	}
	options := connectparticipant.Options{Region: *region}
	if *endpoint != "" {
		options.BaseEndpoint = endpoint
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	b := newBot(connectparticipant.New(options), newMemory(), reply, log)
	if err := b.join(ctx, *contact, participantToken); err != nil {
		return err
	}
	return handleAll(ctx, b, json.NewDecoder(stdin))
}

// reply is where a bot's mind would be.
func reply(text string) string { return fmt.Sprintf("You wrote %d letters.", len([]rune(text))) }

// handleAll handles one event after the other. In Lambda one that fails would be delivered again.
func handleAll(ctx context.Context, b *bot, events *json.Decoder) error {
	for {
		var event json.RawMessage
		err := events.Decode(&event)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		handleOne(ctx, b, event)
	}
}

func handleOne(ctx context.Context, b *bot, event json.RawMessage) {
	ctx, cancel := context.WithTimeout(ctx, handleTimeout)
	defer cancel()
	_, _ = b.handle(ctx, event) // which logs what failed
}
