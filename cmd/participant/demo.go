// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // for the dialogue
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/terminal"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// patience is how long the demo waits for each expected event.
const patience = 10 * time.Second

//go:embed testdata/dialogue.txt
var dialogue []byte

var demoCommand = command{
	name:    "demo",
	summary: "run a chat on a fake of the service, in this process",
	about: `demo starts a fake of the service on a free loopback port, runs a chat between a customer
and an agent on it, and prints what happens: messages, a lost connection, a file, the
transcript and the end.
`,
	example: "echo 'Is anybody there?' | participant demo -in - -attach photo.png",
	new:     func() task { return &demo{} },
}

// demo runs one chat.
type demo struct {
	in, attach string // the flags

	out      io.Writer
	server   *participanttest.Server
	client   connectparticipant.API
	customer *speaker
	agent    *speaker
}

// speaker is one participant of the chat.
type speaker struct {
	name        string
	participant *participanttest.Participant
	session     *chat.Session
}

// attachment is the file to exchange.
type attachment struct {
	name string
	data []byte
}

func (d *demo) define(flags *flag.FlagSet) {
	flags.StringVar(&d.in, "in", "", "read the lines of the chat from `FILE`, or - for standard input; a line may begin with \"customer:\" or \"agent:\", the others alternate (default a short dialogue)")
	flags.StringVar(&d.attach, "attach", "", "send `FILE` as an attachment (default a text file with the short dialogue)")
}

func (d *demo) run(ctx context.Context, args []string, s streams) error {
	if err := noArguments(args); err != nil {
		return err
	}
	d.out = s.out
	lines, err := readLines(d.in, s.in)
	if err != nil {
		return &stepError{"read the dialogue", err}
	}
	file, err := readFile(d.attach)
	if err != nil {
		return &stepError{"read the attachment", err}
	}
	d.server, err = participanttest.New()
	if err != nil {
		return &stepError{"start the fake", err}
	}
	defer d.server.Close()
	d.client = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &d.server.URL, HTTPClient: d.server.Client()})
	d.printf("The fake service listens on %s.\n", d.server.URL)
	contact, err := d.start(ctx)
	if err != nil {
		return &stepError{"start a chat", err}
	}
	d.customer = &speaker{name: "Customer", participant: contact.Customer}
	d.agent = &speaker{name: "Agent", participant: contact.Agent}
	defer d.closeSessions()
	d.printf("StartChatContact has started the chat, contact %s.\n", contact.ID)

	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"connect", d.connect},
		{"hold the conversation", func(ctx context.Context) error { return d.converse(ctx, lines) }},
		{"lose the connection", d.cut},
		{"exchange a file", func(ctx context.Context) error { return d.exchange(ctx, file) }},
		{"read the transcript", d.printTranscript},
		{"disconnect", d.disconnect},
	} {
		if err := step.do(ctx); err != nil {
			return &stepError{step.name, err}
		}
	}
	return nil
}

// start starts the chat with StartChatContact, as a back end does with the official client, which also
// signs the request. The fake doesn't verify signatures.
func (d *demo) start(ctx context.Context) (*participanttest.Contact, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, d.server.URL+"/contact/chat",
		strings.NewReader(`{"InstanceId":"demo","ContactFlowId":"demo","ParticipantDetails":{"DisplayName":"Customer"}}`))
	if err != nil {
		return nil, err
	}
	response, err := d.server.Client().Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var started struct {
		ContactID string `json:"ContactId"`
	}
	if err := json.NewDecoder(response.Body).Decode(&started); err != nil {
		return nil, err
	}
	contact := d.server.Contact(started.ContactID)
	if contact == nil {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return contact, nil
}

func (d *demo) closeSessions() {
	for _, s := range []*speaker{d.customer, d.agent} {
		if s.session != nil {
			_ = s.session.Close()
		}
	}
}

func (d *demo) printf(format string, args ...any) { fmt.Fprintf(d.out, format, args...) }

func (d *demo) heading(text string) { d.printf("\n%s\n", text) }

// connect makes both participants join.
func (d *demo) connect(ctx context.Context) error {
	d.heading("Connecting")
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, s := range []*speaker{d.customer, d.agent} {
		var err error
		s.session, err = chat.Start(ctx, d.client, s.participant.Token, func(o *chat.Options) {
			o.ParticipantID = s.participant.ID
			o.HTTPClient = d.server.Client()
			o.Limiter = chat.Unlimited
		})
		if err != nil {
			return err
		}
		d.printf("  %-8s is connected, and its session listens\n", s.name)
	}
	return nil
}

// converse sends the lines, each with a typing event before it and receipts after it. It prints what
// the other participant receives.
func (d *demo) converse(ctx context.Context, lines []string) error {
	d.heading("Talking")
	speaker, listener := d.agent, d.customer
	for _, line := range lines {
		who, text, named := cutSpeaker(line)
		if named && who == strings.ToLower(listener.name) || !named {
			speaker, listener = listener, speaker
		}
		if err := d.say(ctx, speaker, listener, text); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) say(ctx context.Context, speaker, listener *speaker, text string) error {
	if err := speaker.session.Typing(ctx); err != nil {
		return err
	}
	sent, err := speaker.session.Send(ctx, text)
	if err != nil {
		return err
	}
	received, err := await(ctx, listener.session, "the message", func(m chat.Message) bool { return m.ID == sent.ID })
	if err != nil {
		return err
	}
	d.printf("  %s  %-8s  %s\n", clockTime(received.Time), speaker.name, terminal.Line(received.Text))
	return d.markRead(ctx, listener, sent.ID)
}

// markRead sends the receipts immediately; a program would use MarkRead.
func (d *demo) markRead(ctx context.Context, reader *speaker, id string) error {
	for _, receipt := range []string{types.ContentTypeMessageDelivered, types.ContentTypeMessageRead} {
		if err := sendReceipt(ctx, reader.session, receipt, id); err != nil {
			return err
		}
	}
	return nil
}

// cut resets the customer's socket, lets the agent send messages in the meantime, and shows that the
// customer receives all of them, once and in order.
func (d *demo) cut(ctx context.Context) error {
	d.heading("Losing the connection")
	d.customer.participant.CutSockets()
	d.printf("  Customer  has lost its socket\n")
	var missed []string
	for _, text := range whileAway {
		sent, err := d.agent.session.Send(ctx, text)
		if err != nil {
			return err
		}
		missed = append(missed, sent.ID)
		d.printf("  Agent     sends during the cut: %s\n", text)
	}
	for i, id := range missed {
		m, err := await(ctx, d.customer.session, "what was missed", func(m chat.Message) bool { return !m.Own })
		if err != nil {
			return err
		}
		if m.ID != id || m.Late {
			return fmt.Errorf("message %d of %d was lost, duplicated or late", i+1, len(missed))
		}
		d.printf("  Customer  receives after reconnecting: %s\n", terminal.Line(m.Text))
	}
	d.printf("  Nothing was lost: %d of %d messages, each once and in order\n", len(missed), len(whileAway))
	return nil
}

var whileAway = []string{"Are you still there?", "I'll wait a moment.", "Take your time."}

// await takes events until one has the type and is wanted.
func await[E chat.Event](ctx context.Context, s *chat.Session, what string, wanted func(E) bool) (found E, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for event, err := range s.Events(ctx) {
		if err != nil {
			return found, &stepError{"wait for " + what, err}
		}
		if e, ok := event.(E); ok && wanted(e) {
			return e, nil
		}
	}
	return found, &stepError{"wait for " + what, s.Err()}
}

// exchange sends a file from the customer to the agent, who downloads it.
func (d *demo) exchange(ctx context.Context, file attachment) error {
	d.heading("Exchanging a file")
	d.printf("  Customer  sends    %s, %d bytes, SHA-256 %x\n", file.name, len(file.data), sha256.Sum256(file.data))
	id, err := d.customer.session.SendFile(ctx, chat.File{
		Name: file.name, ContentType: contentType(file.name), Reader: bytes.NewReader(file.data), WaitForScan: true,
	})
	if err != nil {
		return err
	}
	body, err := d.agent.session.OpenAttachment(ctx, id, int64(len(file.data)))
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	got, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	d.printf("  Agent     receives %s, %d bytes, SHA-256 %x\n", file.name, len(got), sha256.Sum256(got))
	if !bytes.Equal(got, file.data) {
		return errors.New("the downloaded file differs from the one that was sent")
	}
	return nil
}

func contentType(name string) string {
	if kind := mime.TypeByExtension(filepath.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// printTranscript reads the transcript, which the service returns newest first, and prints it oldest
// first.
func (d *demo) printTranscript(ctx context.Context) error {
	var items []types.Item
	for item, err := range d.agent.session.Transcript(ctx) {
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	slices.Reverse(items)
	d.heading(fmt.Sprintf("The transcript: %d items", len(items)))
	for i := range items {
		at, _ := connectparticipant.ParseTime(aws.ToString(items[i].AbsoluteTime))
		d.printf("  %s  %-8s  %s\n", clockTime(at), terminal.Line(aws.ToString(items[i].DisplayName)), terminal.Line(describe(&items[i])))
	}
	return nil
}

// describe returns an item in one line.
func describe(item *types.Item) string {
	switch item.Type {
	case types.ChatItemTypeMessage:
		return aws.ToString(item.Content) + receipts(item.MessageMetadata)
	case types.ChatItemTypeAttachment:
		var names []string
		for _, file := range item.Attachments {
			names = append(names, fmt.Sprintf("%s (%s)", aws.ToString(file.AttachmentName), file.Status))
		}
		return "[file] " + strings.Join(names, ", ")
	}
	_, event, _ := strings.Cut(aws.ToString(item.ContentType), "connect.event.")
	return "[" + event + "]"
}

func receipts(metadata *types.MessageMetadata) string {
	if metadata == nil {
		return ""
	}
	for _, receipt := range metadata.Receipts {
		if receipt.ReadTimestamp != nil {
			return "  ✓✓ read"
		}
		if receipt.DeliveredTimestamp != nil {
			return "  ✓ delivered"
		}
	}
	return ""
}

// disconnect ends the chat and shows how the other participant learns of it.
func (d *demo) disconnect(ctx context.Context) error {
	d.heading("Leaving")
	if err := d.customer.session.Leave(ctx); err != nil {
		return err
	}
	d.printf("  Customer  has left, and with the last customer gone the chat has ended\n")
	ended, err := await(ctx, d.agent.session, "the end", func(chat.ChatEnded) bool { return true })
	if err != nil {
		return err
	}
	d.printf("  Agent     receives the end of the chat; items may be missing: %t\n", ended.Gap)
	switch _, err := d.agent.session.Send(ctx, "One more thing"); {
	case err == nil:
		return errors.New("a call after the end was not refused")
	case !errors.Is(err, chat.ErrChatEnded):
		return err
	default:
		d.printf("  Agent     gets an error from the next call: %v\n", err)
	}
	return nil
}

// cutSpeaker splits "customer: hello" into the speaker and the text.
func cutSpeaker(line string) (who, text string, named bool) {
	who, text, found := strings.Cut(line, ":")
	who = strings.ToLower(strings.TrimSpace(who))
	if found && (who == "customer" || who == "agent") {
		return who, strings.TrimSpace(text), true
	}
	return "", line, false
}

// readLines reads the lines that aren't blank.
func readLines(path string, stdin io.Reader) ([]string, error) {
	data := dialogue
	var err error
	switch path {
	case "":
	case "-":
		data, err = io.ReadAll(stdin)
	default:
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	lines := strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' || r == '\r' })
	lines = slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(lines) == 0 {
		return nil, errors.New("the input has no lines")
	}
	return lines, nil
}

func readFile(path string) (attachment, error) {
	if path == "" {
		return attachment{name: "dialogue.txt", data: dialogue}, nil
	}
	data, err := os.ReadFile(path)
	return attachment{name: filepath.Base(path), data: data}, err
}

func clockTime(t time.Time) string {
	if t.IsZero() {
		return "            "
	}
	return t.In(time.Local).Format("15:04:05.000")
}
