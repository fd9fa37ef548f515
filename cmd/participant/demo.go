package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // for the dialogue
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

//go:embed testdata/dialogue.txt
var dialogue []byte

func runDemo(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	in := flags.String("in", "", "read the lines to be said from `FILE`, - for standard input; a line may begin with \"customer:\" or \"agent:\", the others are said in turn (default a small dialogue)")
	attach := flags.String("attach", "", "send `FILE` as an attachment (default the dialogue)")
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: participant demo [-in FILE] [-attach FILE]\n\nExample: echo 'Is anybody there?' | participant demo -in - -attach photo.png\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage // Parse has said why
	}
	if flags.NArg() > 0 {
		flags.Usage()
		return exitUsage
	}
	d := &demo{out: stdout}
	if err := d.run(ctx, *in, *attach, stdin); err != nil {
		fmt.Fprintf(stderr, "participant demo: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// demo holds one chat.
type demo struct {
	out      io.Writer
	server   *participanttest.Server
	client   connectparticipant.API
	customer *speaker
	agent    *speaker
}

// speaker is one side of the chat.
type speaker struct {
	name        string
	participant *participanttest.Participant
	token       *string // the connection token
	socket      *socket
}

func (d *demo) run(ctx context.Context, in, attach string, stdin io.Reader) error {
	lines, err := readLines(in, stdin)
	if err != nil {
		return fmt.Errorf("read the dialogue: %w", err)
	}
	file, err := readFile(attach)
	if err != nil {
		return fmt.Errorf("read the attachment: %w", err)
	}
	d.server, err = participanttest.New()
	if err != nil {
		return fmt.Errorf("start the fake: %w", err)
	}
	defer d.server.Close()
	d.client = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &d.server.URL, HTTPClient: d.server.Client()})
	contact := d.server.NewChat()
	d.customer = &speaker{name: "Customer", participant: contact.Customer}
	d.agent = &speaker{name: "Agent", participant: contact.Agent}
	defer d.closeSockets()
	d.printf("The fake service listens on %s; the chat is contact %s.\n", d.server.URL, contact.ID)

	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"connect", d.connect},
		{"hold the conversation", func(ctx context.Context) error { return d.converse(ctx, lines) }},
		{"exchange a file", func(ctx context.Context) error { return d.exchange(ctx, file) }},
		{"read the transcript", d.printTranscript},
		{"disconnect", d.disconnect},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (d *demo) closeSockets() {
	for _, s := range []*speaker{d.customer, d.agent} {
		if s.socket != nil {
			s.socket.close()
		}
	}
}

func (d *demo) printf(format string, args ...any) { fmt.Fprintf(d.out, format, args...) }

func (d *demo) heading(text string) { d.printf("\n%s\n", text) }

// connect gets each side its connection token and opens its socket.
func (d *demo) connect(ctx context.Context) error {
	d.heading("Connecting")
	for _, s := range []*speaker{d.customer, d.agent} {
		out, err := d.client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
			ParticipantToken:   &s.participant.Token,
			ConnectParticipant: aws.Bool(true),
			Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials, types.ConnectionTypeWebsocket},
		})
		if err != nil {
			return err
		}
		s.token = out.ConnectionCredentials.ConnectionToken
		s.socket, err = openSocket(ctx, d.server.Client(), aws.ToString(out.Websocket.Url))
		if err != nil {
			return err
		}
		d.printf("  %-8s is connected, and its socket listens; the token is good until %s\n", s.name, aws.ToString(out.ConnectionCredentials.Expiry))
	}
	return nil
}

// converse lets the two say the lines, each with typing before and receipts after. What
// is printed is what the other side hears on its socket.
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
	if err := d.sendEvent(ctx, speaker, "typing", nil); err != nil {
		return err
	}
	sent, err := d.client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: speaker.token, ContentType: aws.String("text/plain"), Content: &text,
	})
	if err != nil {
		return err
	}
	heard, err := listener.socket.await(ctx, "the message", func(item pushed) bool { return item.ID == aws.ToString(sent.Id) })
	if err != nil {
		return err
	}
	d.printf("  %s  %-8s  %s\n", clockTime(sent.AbsoluteTime), speaker.name, heard.Content)
	about := `{"messageId":"` + aws.ToString(sent.Id) + `"}`
	for _, receipt := range []string{"message.delivered", "message.read"} {
		if err := d.sendEvent(ctx, listener, receipt, &about); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) sendEvent(ctx context.Context, s *speaker, event string, content *string) error {
	_, err := d.client.SendEvent(ctx, &connectparticipant.SendEventInput{
		ConnectionToken: s.token, ContentType: aws.String("application/vnd.amazonaws.connect.event." + event), Content: content,
	})
	return err
}

// exchange lets the customer upload a file and the agent download it.
func (d *demo) exchange(ctx context.Context, file attachment) error {
	d.heading("Exchanging a file")
	d.printf("  Customer  sends    %s, %d bytes, SHA-256 %x\n", file.name, len(file.data), sha256.Sum256(file.data))
	id, err := upload(ctx, d.client, d.server.Client(), d.customer.token, file)
	if err != nil {
		return err
	}
	got, err := download(ctx, d.client, d.server.Client(), d.agent.token, id)
	if err != nil {
		return err
	}
	d.printf("  Agent     receives %s, %d bytes, SHA-256 %x\n", file.name, len(got), sha256.Sum256(got))
	if !bytes.Equal(got, file.data) {
		return errors.New("the bytes that came back are not those that were sent")
	}
	return nil
}

// printTranscript reads the transcript in small pages, newest first as the service
// gives it, and prints it oldest first.
func (d *demo) printTranscript(ctx context.Context) error {
	pages := connectparticipant.NewGetTranscriptPaginator(d.client, &connectparticipant.GetTranscriptInput{
		ConnectionToken: d.agent.token, MaxResults: aws.Int32(5),
	})
	var items []types.Item
	count := 0
	for ; pages.HasMorePages(); count++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		items = append(items, page.Transcript...)
	}
	slices.Reverse(items)
	d.heading(fmt.Sprintf("The transcript: %d items on %d pages", len(items), count))
	for i := range items {
		d.printf("  %s  %-8s  %s\n", clockTime(items[i].AbsoluteTime), aws.ToString(items[i].DisplayName), describe(&items[i]))
	}
	return nil
}

// describe tells an item in a line.
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

// disconnect ends the chat and shows what that means for its tokens.
func (d *demo) disconnect(ctx context.Context) error {
	d.heading("Leaving")
	if _, err := d.client.DisconnectParticipant(ctx, &connectparticipant.DisconnectParticipantInput{ConnectionToken: d.customer.token}); err != nil {
		return err
	}
	_, err := d.agent.socket.await(ctx, "the end", func(item pushed) bool { return strings.HasSuffix(item.ContentType, "event.chat.ended") })
	if err != nil {
		return err
	}
	d.printf("  Customer  has left, and with the last customer gone the chat has ended\n")
	d.printf("  Agent     hears so on the socket\n")
	switch err := d.sendEvent(ctx, d.agent, "typing", nil); {
	case err == nil:
		return errors.New("a call after the end was not refused")
	case !connectparticipant.IsAccessDenied(err):
		return err
	}
	d.printf("  Agent     is told AccessDeniedException on the next call\n")
	return nil
}

// cutSpeaker splits "customer: hello" into who and what.
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
		return nil, errors.New("there are no lines to say")
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

func clockTime(absoluteTime *string) string {
	t, err := connectparticipant.ParseTime(aws.ToString(absoluteTime))
	if err != nil {
		return "            "
	}
	return t.In(time.Local).Format("15:04:05.000")
}
