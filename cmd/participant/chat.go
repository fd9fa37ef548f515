// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

var chatHelp = command{
	name:    "chat",
	summary: "take part in the chat on the terminal, or through a pipe",
	about: `chat prints what happens in the chat, beginning with the newest 1,000 items of its history,
and sends each line of standard input as a message. Lines that begin with a slash are commands:

` + slashHelp + `
Pickers, views and other interactive messages appear with numbered choices. While
one is the newest message that was printed, a line with the number or the title of a choice
sends that choice; other lines are sent as typed. Only the actions of a view are shown. A
chosen action is sent without the data of a form; any other line is sent as a text reply to the
view.

The end of the input has the effect of /quit. Both wait until everything that was sent has
appeared in the chat. An interrupt doesn't wait.

On a terminal a failed send is reported and the chat continues. In a pipe a failed send ends
the command; if the chat ends before the input does, the exit code is 3. Use participant send
for messages of several lines.

On a terminal the line that is being typed can be edited; new items are printed above it.
Arrows move the cursor and recall earlier lines; Ctrl-A and Ctrl-E go to the beginning and the
end; Ctrl-U, Ctrl-K and Ctrl-W delete up to the beginning, up to the end and the last word.
Pasted lines are sent as one message, at Enter. Ctrl-D in an empty line is the end of the
input, Ctrl-C an interrupt, and Ctrl-Z has no effect. Setting NO_COLOR turns colors off;
TERM=dumb turns off both colors and editing.

If the connection is lost, chat reconnects, reports it in a line, and prints every message that
arrived in the meantime.
`,
	example: `printf 'Hello\n/file invoice.pdf\n' | participant chat -region eu-west-2`,
}

// slashHelp is what /help prints.
const slashHelp = `  /file PATH  send a file; its line appears when it has been scanned
  /typing     show the others that you are typing, at most every 10 seconds
  /read       mark the newest message of the others as read
  /login URI  print the URL of the sign-in page, which then redirects to URI;
              works once, within a minute of "authentication initiated", and
              the identity provider must allow URI
  /nologin    cancel the authentication
  /leave      leave the chat for good, which ends it for a customer or an agent
  /quit       end this program only: the chat continues, and you can return
  /help       print this list
  //text      send /text as a message
`

// deliveryWait is how long the end waits for what was sent. The scan of a file takes up to a minute
// (Administrator Guide, "Amazon Connect feature specifications").
const deliveryWait = 90 * time.Second

// chatCommand runs a chat on the terminal or in a pipe.
type chatCommand struct{}

func (*chatCommand) define(*flag.FlagSet) {}

func (*chatCommand) take(args []string) (readsInput bool, err error) {
	return true, noArguments(args)
}

func (*chatCommand) perform(ctx context.Context, a *access, s streams) error {
	session, err := a.start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	on := openConsole(s, interrupt)
	defer on.close()
	t := &conversation{
		session: session, s: on, strict: !isTerminal(s.in), tracker: newTracker(), over: make(chan struct{}), names: map[string]string{},
	}
	return t.run(ctx)
}

// conversation is a running chat: one goroutine prints what happens, the other one reads the input and
// sends.
type conversation struct {
	session *chat.Session
	s       *console
	strict  bool // no person sees errors: they end the command
	tracker *tracker
	over    chan struct{} // closed when all events have been printed

	names    map[string]string // by participant id; used by the printing goroutine
	printErr error             // valid once over is closed

	sent []string // ids of messages and files; used by the sending goroutine
}

func (t *conversation) run(ctx context.Context) error {
	inputCtx, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	work.Go(t.printEvents)
	err := t.processInput(ctx, readInput(inputCtx, 0, t.s.next))
	_ = t.session.Close()
	work.Wait()
	return errors.Join(err, t.printErr)
}

// printEvents returns when the session ends.
func (t *conversation) printEvents() {
	defer close(t.over)
	defer t.s.restoreOnPanic()
	for event, err := range t.session.Events(context.Background()) {
		if err != nil {
			return // Session.Err returns it too
		}
		p := promptOf(t.session, event)
		t.tracker.expect(event, p)
		text, err := t.describe(event, p)
		if err == nil {
			_, err = io.WriteString(t.s.out, t.s.paintOut(colourOf(event), text))
		}
		if err != nil {
			t.printErr = &stepError{"print what happens", err}
			_ = t.session.Close()
			return
		}
		t.tracker.printed(event)
	}
}

func colourOf(event chat.Event) string {
	switch m := messageOf(event); {
	case m.ID == "":
		return colourSystem
	case m.Own:
		return colourOwn
	default:
		return colourOthers
	}
}

// describe returns the line for an event, or "" for none.
func (t *conversation) describe(event chat.Event, p *prompt) (string, error) {
	switch e := event.(type) {
	case chat.ConnectionChanged:
		return shortTime(time.Now()) + "  * " + connectionText(e) + "\n", nil
	case chat.Receipt:
		return t.describeReceipt(e), nil
	case chat.Typing:
		if e.Own {
			return "", nil
		}
	}
	meta, ok := chat.MetaOf(event)
	if !ok {
		return "", nil
	}
	item, err := itemOf(meta)
	if err != nil {
		return "", err
	}
	t.names[meta.From.ParticipantID] = nameOf(&item)
	shown := readable(&item)
	if p != nil {
		shown = withText(&item, p.text())
	}
	text := line(when(&item, shortTime), shown)
	if end, ok := event.(chat.ChatEnded); ok && end.Gap {
		text += "    something may be missing before this\n"
	}
	return text, nil
}

// describeReceipt skips receipts without news: old ones, and one's own.
func (t *conversation) describeReceipt(receipt chat.Receipt) string {
	who := t.names[receipt.From.ParticipantID]
	if receipt.History || receipt.Own || who == "" {
		return ""
	}
	what := "message delivered"
	if receipt.Read {
		what = "message read"
	}
	return shortTime(receipt.Time) + "  * " + who + ": " + what + "\n"
}
