// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

var transcriptHelp = command{
	name:    "transcript",
	summary: "print the transcript, and with -follow new items as they arrive",
	about: `transcript prints everything that the service keeps of the chat, oldest item first, with the
past contacts of a persistent chat. Times are UTC. Interactive messages, such as pickers,
appear as text. The JSON format has one item on each line, with the service's names and contents.
The Markdown format keeps the formatting of Markdown messages, but shows their HTML, images
and links as text. The whole transcript is held in memory, since the service returns its
newest items first.

With -follow it then prints new items until the chat ends or it is interrupted; the exit code
is 0 in both cases. An item that changes, such as a file that has been scanned, is printed
again under the same Id. Lost connections are reported on standard error; the items that were
missed are printed after the reconnection.
`,
	example: "participant transcript -region eu-west-2 -format markdown >chat.md",
}

// transcriptCommand prints the transcript.
type transcriptCommand struct {
	format string
	follow bool
}

func (c *transcriptCommand) define(flags *flag.FlagSet) {
	oneOfVar(flags, &c.format, "format", "print in `FORMAT`", "text", "json", "markdown")
	flags.BoolVar(&c.follow, "follow", false, "after the transcript, print new items until the chat ends")
}

func (c *transcriptCommand) take(args []string) (readsInput bool, err error) {
	return false, noArguments(args)
}

func (c *transcriptCommand) perform(ctx context.Context, a *access, s streams) error {
	if c.follow {
		return c.runLive(ctx, a, s)
	}
	conn, err := a.connect(ctx, false)
	if err != nil {
		return err
	}
	items, err := oldestFirst(connectparticipant.Transcript(ctx, conn.client, &connectparticipant.GetTranscriptInput{ConnectionToken: conn.token}))
	if err != nil {
		return err
	}
	return c.print(s.out, items)
}

// oldestFirst collects a transcript, which is returned newest first. Reading it FORWARD would need no
// memory, but doesn't reach past contacts (API_connect-participant_GetTranscript).
func oldestFirst(transcript iter.Seq2[types.Item, error]) (items []types.Item, err error) {
	for item, err := range transcript {
		if err != nil {
			return nil, &stepError{"read the transcript", err}
		}
		items = append(items, item)
	}
	slices.Reverse(items)
	return items, nil
}

func (c *transcriptCommand) print(out io.Writer, items []types.Item) error {
	w := bufio.NewWriter(out)
	for i := range items {
		_, _ = w.WriteString(formats[c.format](&items[i])) // Flush has the error
	}
	return w.Flush()
}

// runLive prints the transcript, and then the items of the session that weren't in it. The session also
// has the whole history, so that no item is missed in between; duplicates are recognized by Id.
func (c *transcriptCommand) runLive(ctx context.Context, a *access, s streams) error {
	session, err := a.start(ctx, func(o *chat.Options) { o.History = chat.HistoryAll })
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	items, err := oldestFirst(session.Transcript(ctx))
	if err != nil {
		return err
	}
	if err := c.print(s.out, items); err != nil {
		return err
	}
	printed := make(map[string]string, len(items))
	for i := range items {
		printed[aws.ToString(items[i].Id)] = state(&items[i])
	}
	for event, err := range session.Events(ctx) {
		if err != nil && ctx.Err() != nil {
			return nil // an interrupt is the normal end
		}
		if err == nil {
			err = c.printEvent(event, printed, s)
		}
		if err != nil {
			return err
		}
	}
	return ending(session)
}

// printEvent prints an event unless its item has been printed in the same state.
func (c *transcriptCommand) printEvent(event chat.Event, printed map[string]string, s streams) error {
	switch e := event.(type) {
	case chat.ConnectionChanged:
		fmt.Fprintf(s.err, "participant transcript: %s\n", connectionText(e))
		return nil
	case chat.Typing, chat.Receipt:
		return nil
	}
	meta, ok := chat.MetaOf(event)
	if !ok {
		return nil
	}
	item, err := itemOf(meta)
	if err != nil {
		return err
	}
	if before, known := printed[meta.ID]; known && before == state(&item) && meta.ID != "" {
		return nil
	}
	printed[meta.ID] = state(&item)
	return c.print(s.out, []types.Item{item})
}

// state returns what can change in an item.
func state(item *types.Item) string {
	text := string(processing(item))
	for _, file := range item.Attachments {
		text += " " + string(file.Status)
	}
	return text
}

// ending returns nil for a session whose chat has ended with nothing missing.
func ending(session *chat.Session) error {
	err := session.Err()
	var over *chat.CloseError
	switch {
	case !errors.Is(err, chat.ErrChatEnded) || !errors.As(err, &over):
		return err
	case over.Gap:
		return errors.New("the chat has ended, and its last items may be missing")
	default:
		return nil
	}
}

// connectionText describes a change of the connection in one line.
func connectionText(change chat.ConnectionChanged) string {
	switch {
	case change.Connected:
		return "connected again"
	case change.Cause == nil:
		return "connection lost"
	default:
		return "connection lost: " + problem(change.Cause)
	}
}
