// SPDX-License-Identifier: Apache-2.0

// Command streaming is a bot without a socket: it replies to what Amazon Connect's real-time chat
// message streaming publishes to an SNS topic. Its handler is for AWS Lambda. Here, the handler is
// called for each event on standard input, so that you can try it without an AWS account.
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

// handleTimeout stands for the time-out of a Lambda function.
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

// run joins one chat and handles the events of stdin. In Lambda, with a store that all instances
// share, and with join called after CreateParticipant, this is
//
//	lambda.Start(newBot(client, store, reply, log).handle)
func run(ctx context.Context, args []string, participantToken string, stdin io.Reader, stderr io.Writer) error {
	flags := flag.NewFlagSet("streaming", flag.ContinueOnError)
	flags.SetOutput(stderr)
	region := flags.String("region", "", "the `REGION` of the Amazon Connect instance, such as eu-west-2")
	endpoint := flags.String("endpoint", "", "call the service at `URL`, for example a fake, instead of the region's")
	contact := flags.String("contact", "", "the `ID` of the token's contact, as in the events")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if participantToken == "" || *contact == "" {
		return errors.New("set PARTICIPANT_TOKEN and -contact")
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

// reply is a placeholder for the logic of a bot.
func reply(text string) string { return fmt.Sprintf("You wrote %d letters.", len([]rune(text))) }

// handleAll handles one event after the other. In Lambda, a failed event would be delivered again.
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
	_, _ = b.handle(ctx, event) // handle logs errors
}
