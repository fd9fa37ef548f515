// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

const teas = `{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"Which tea?","elements":[
{"title":"Assam","subtitle":"strong"},{"title":"Darjeeling","subtitle":"light"},{"title":"Peppermint","subtitle":"without caffeine"}]}}}`

const question = `{"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"With milk?",
"elements":[{"title":"Yes"},{"title":"No"}]}}}`

// chats starts chats on the fake.
type chats struct {
	srv     *participanttest.Server
	started chan *participanttest.Contact // large enough for a whole demo
}

func (c chats) start(_ context.Context, name, _ string) (participantToken, participantID string, err error) {
	contact := c.srv.NewChat(func(o *participanttest.ChatOptions) { o.CustomerName = name })
	contact.Agent.Join()
	c.started <- contact
	return contact.Customer.Token, contact.Customer.ID, nil
}

// show runs a conversation between fakes on both sides.
func show(ctx context.Context, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	srv, err := participanttest.New(participanttest.InMemory())
	if err != nil {
		return err
	}
	defer srv.Close()
	p := newPhone("15550100", "Ann")
	c := chats{srv, make(chan *participanttest.Contact, 10)}
	gw := p.connect(srv, c, slog.New(slog.DiscardHandler))
	defer gw.close()
	return (&demo{phone: p, chats: c, stdout: stdout}).play(ctx)
}

// demo is a running demo. After the first error, its steps do nothing.
type demo struct {
	phone  *phone
	chats  chats
	stdout io.Writer
	chat   *participanttest.Contact
	err    error
}

func (d *demo) play(ctx context.Context) error {
	d.act(d.phone.write(ctx, "Hello!"))
	d.act(d.phone.write(ctx, "I would like some tea."))
	d.newChat(ctx)
	d.arrives(ctx, "SendMessage", 1)
	d.system(func() { d.chat.System.SayInteractive(teas) })
	d.act(d.phone.pick(ctx, d.display(ctx), "Darjeeling"))
	d.arrives(ctx, "SendMessage", 2)
	d.system(func() { d.chat.System.SayInteractive(question) })
	d.act(d.phone.pick(ctx, d.display(ctx), "No"))
	d.arrives(ctx, "SendMessage", 3)
	d.system(func() { d.chat.Agent.Say(strings.Repeat("All about tea. ", 400)) })
	d.display(ctx)
	d.display(ctx)
	d.system(func() { d.chat.Agent.ShareFile("tea.pdf", "application/pdf", []byte("%PDF made up")) })
	d.display(ctx)
	d.act(d.phone.attach(ctx, "image/jpeg", "", []byte("made up")))
	d.arrives(ctx, "CompleteAttachmentUpload", 1)
	d.system(func() { d.chat.End() })
	d.display(ctx)
	d.act(d.phone.write(ctx, "One more question …"))
	d.newChat(ctx)
	d.arrives(ctx, "SendMessage", 1)
	return d.err
}

func (d *demo) act(err error) {
	if d.err == nil {
		d.err = err
	}
}

// system acts on the side of Amazon Connect.
func (d *demo) system(do func()) {
	if d.err == nil {
		do()
	}
}

func (d *demo) newChat(ctx context.Context) {
	if d.err != nil {
		return
	}
	select {
	case d.chat = <-d.chats.started:
		fmt.Fprintf(d.stdout, "-- a new chat\n")
	case <-ctx.Done():
		d.err = ctx.Err()
	}
}

// arrives waits for the n-th call of an operation in the chat, and prints the message.
func (d *demo) arrives(ctx context.Context, operation string, n int) {
	if d.err != nil {
		return
	}
	if d.err = d.chat.Customer.WaitRequest(ctx, operation, n); d.err != nil {
		return
	}
	kept := d.chat.Transcript()
	item := kept[len(kept)-1]
	text := item.Content
	for _, a := range item.Attachments {
		text = a.AttachmentName
	}
	fmt.Fprintf(d.stdout, "the agent reads: %q\n", text)
}

// display waits for the next message on the phone, and prints it.
func (d *demo) display(ctx context.Context) shown {
	if d.err != nil {
		return shown{}
	}
	var s shown
	if s, d.err = d.phone.next(ctx); d.err != nil {
		return s
	}
	text := []rune(s.text)
	if len(text) > 60 {
		text = append(text[:20:20], []rune(fmt.Sprintf("… (%d characters)", len(text)))...)
	}
	fmt.Fprintf(d.stdout, "WhatsApp shows a %s: %q", s.kind, string(text))
	for _, o := range s.options {
		fmt.Fprintf(d.stdout, " [%s]", o.Title)
	}
	fmt.Fprintf(d.stdout, "\n")
	return s
}
