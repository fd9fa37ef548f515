// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/interactive"
	"github.com/participant-go/connectparticipant/types"
)

const (
	// maxText is WhatsApp's limit of a text.
	maxText = 4096
	// maxFile limits the memory for a file, in bytes.
	maxFile = 16 << 20

	goodbye = "The chat has ended. Write again to start a new one."
)

// conversation is one chat of a customer.
type conversation struct {
	session *chat.Session
	graph   *graph
	number  string
	log     *slog.Logger
	menus   menus
	shown   map[string]bool // by the IDs of messages and attachments; used by relay only
	over    chan struct{}   // closed when relay has returned
}

// send sends what the customer wrote, picked or attached. WhatsApp's ID is the client token: the
// service accepts a message once, even if another process sends it again.
func (c *conversation) send(ctx context.Context, m message) error {
	if m.file != nil {
		if err := c.sendFile(ctx, *m.file); err != nil || m.text == "" {
			return err
		}
	}
	choice := c.menus.choose(m.pickID, m.text)
	_, err := c.session.SendOnce(ctx, m.id, choice.ContentType, choice.Content)
	return err
}

func (c *conversation) sendFile(ctx context.Context, f file) error {
	data, err := c.graph.download(ctx, f.id)
	if err != nil {
		return fmt.Errorf("download file: %w", err)
	}
	_, err = c.session.SendFile(ctx, chat.File{Name: f.name, ContentType: f.contentType, Reader: bytes.NewReader(data)})
	return err
}

// relay shows the customer the messages of the others until the chat is over or ctx ends.
func (c *conversation) relay(ctx context.Context) {
	defer close(c.over)
	for event, err := range c.session.Events(ctx) {
		if err != nil {
			if ctx.Err() == nil {
				c.log.Warn("the session ended", "error", err)
			}
			return
		}
		switch e := event.(type) {
		case chat.Message:
			c.show(ctx, e)
		case chat.Updated: // a file has been scanned, or a message processed
			c.show(ctx, e.Message)
		case chat.ChatEnded:
			c.report(c.graph.text(ctx, c.number, goodbye), e.ID)
		}
	}
}

// show shows a message and its files once, each as soon as it can be shown.
func (c *conversation) show(ctx context.Context, m chat.Message) {
	if m.From.Role == types.ParticipantRoleCustomer {
		return
	}
	if m.Text != "" && !c.shown[m.ID] {
		c.shown[m.ID] = true
		c.report(c.showText(ctx, m), m.ID)
	}
	for _, a := range m.Attachments {
		if a.Status == types.ArtifactStatusApproved && !c.shown[a.ID] {
			c.shown[a.ID] = true
			c.report(c.showFile(ctx, a), a.ID)
		}
	}
}

func (c *conversation) showText(ctx context.Context, m chat.Message) error {
	c.menus.close()
	text := m.Text
	if types.IsContentType(m.ContentType, types.ContentTypeInteractive) {
		// Other content is shown unchanged: some bots send text with this content type.
		if prompt, err := interactive.Parse(m.Text); err == nil {
			if menu := c.menus.open(m.ID, prompt); menu != nil {
				return c.graph.send(ctx, c.number, "interactive", menu)
			}
			text = interactive.Text(prompt)
		}
	}
	for _, part := range interactive.Split(text, maxText) {
		if err := c.graph.text(ctx, c.number, part); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversation) showFile(ctx context.Context, a chat.Attachment) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	r, err := c.session.OpenAttachment(ctx, a.ID, maxFile)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return c.graph.sendFile(ctx, c.number, a.Name, a.ContentType, data)
}

// report logs what could not be shown to the customer.
func (c *conversation) report(err error, id string) {
	if err != nil {
		c.log.Error("could not show a message on WhatsApp", "id", id, "error", err)
	}
}
