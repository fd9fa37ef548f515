// SPDX-License-Identifier: Apache-2.0

// Command startchat starts a chat at an Amazon Connect instance, says one thing in it as
// the customer and prints what the others say, until the chat ends or it is interrupted.
//
// Usage:
//
//	startchat -instance ID -flow ID [-region REGION] [-name NAME] TEXT
//
// It ends with 0, with 1 if something failed, and with 2 if it was called wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

// patience is how long the start of a chat, and its end, may take.
const patience = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// order is what chat to start.
type order struct {
	region, instance, flow, name, text string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	c, err := newCustomer(ctx, o.region, stdout)
	if err == nil {
		err = c.run(ctx, o)
	}
	if err != nil {
		fmt.Fprintf(stderr, "startchat: %s\n", printable(err.Error()))
		return 1
	}
	return 0
}

// parse reads the command line, and says on stderr what is wrong with it.
func parse(args []string, stderr io.Writer) (o order, err error) {
	flags := flag.NewFlagSet("startchat", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.region, "region", "", "the `REGION` of the instance (default that of the AWS configuration)")
	flags.StringVar(&o.instance, "instance", "", "the `ID` of the Amazon Connect instance")
	flags.StringVar(&o.flow, "flow", "", "the `ID` of the contact flow that takes the chat")
	flags.StringVar(&o.name, "name", "Customer", "the `NAME` that the agent sees")
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: startchat -instance ID -flow ID [-region REGION] [-name NAME] TEXT\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.text = strings.Join(flags.Args(), " ")
	if o.instance == "" || o.flow == "" || o.text == "" {
		flags.Usage()
		return o, errors.New("instance, flow and text are required")
	}
	return o, nil
}

// customer starts chats and takes part in them.
type customer struct {
	starter      *connect.Client        // signs with AWS credentials
	participants connectparticipant.API // has no use for them
	stdout       io.Writer
}

// newCustomer makes both clients from one AWS configuration.
func newCustomer(ctx context.Context, region string, stdout io.Writer) (*customer, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return &customer{connect.NewFromConfig(cfg), connectparticipant.NewFromConfig(cfg), stdout}, nil
}

// run holds a chat from its start to its end.
func (c *customer) run(ctx context.Context, o order) error {
	session, err := c.start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	err = c.talk(ctx, session, o.text)
	if err == nil {
		return nil // the chat has ended
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	// A customer who goes without leaving stays in the queue, or keeps an agent.
	left := session.Leave(leaving)
	if ctx.Err() != nil {
		return left // to be interrupted is no failure
	}
	return err
}

// start starts a chat and joins it. The service wants that within five minutes.
func (c *customer) start(ctx context.Context, o order) (*chat.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	started, err := c.starter.StartChatContact(ctx, &connect.StartChatContactInput{
		InstanceId:         &o.instance,
		ContactFlowId:      &o.flow,
		ParticipantDetails: &types.ParticipantDetails{DisplayName: &o.name},
	})
	if err != nil {
		return nil, err
	}
	session, err := chat.Start(ctx, c.participants, aws.ToString(started.ParticipantToken), func(o *chat.Options) {
		o.ParticipantID = aws.ToString(started.ParticipantId)
	})
	if err != nil {
		return nil, fmt.Errorf("join contact %s: %w", aws.ToString(started.ContactId), err)
	}
	return session, nil
}

// talk says text and prints what the others say until the chat ends.
func (c *customer) talk(ctx context.Context, session *chat.Session, text string) error {
	if _, err := session.Send(ctx, text); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	for event, err := range session.Events(ctx) {
		if err != nil {
			return err
		}
		switch e := event.(type) {
		case chat.Message:
			if !e.Own {
				fmt.Fprintf(c.stdout, "%s: %s\n", printable(e.From.DisplayName), printable(e.Text))
			}
		case chat.ChatEnded:
			fmt.Fprint(c.stdout, "The chat has ended.\n")
		}
	}
	return nil
}

// printable returns what others wrote as one line without the characters that control a
// terminal or set the direction of text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Bidi_Control):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, s)
}
