// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/interactive"
	"github.com/participant-go/connectparticipant/types"
)

const (
	// viewWait is how long a view may delay the events after it.
	viewWait = 10 * time.Second
	// viewAge keeps a long history from calling DescribeView for each of its views, of which only the
	// newest can be replied to.
	viewAge = time.Hour
)

// prompt is an interactive message to which a line of the input may be the reply.
type prompt struct {
	offer    interactive.Message       // contains the choices
	resource *interactive.ViewResource // nil unless it announces a view
	view     *interactive.View         // nil if the view could not be described
	problem  string                    // why not
}

// promptOf returns nil for everything but interactive messages of other participants.
func promptOf(session chat.API, event chat.Event) *prompt {
	m, ok := event.(chat.Message)
	if !ok || m.Own || !types.IsContentType(m.ContentType, types.ContentTypeInteractive) {
		return nil
	}
	message, err := interactive.Parse(m.Text)
	if err != nil {
		return nil
	}
	p := &prompt{offer: message}
	if p.resource, ok = message.(*interactive.ViewResource); ok {
		p.describe(session, m.Time)
	}
	return p
}

// describe turns the actions of the view into the choices.
func (p *prompt) describe(session chat.API, announced time.Time) {
	actions := &interactive.QuickReply{Title: promptText(p.resource)}
	p.offer = actions
	if time.Since(announced) > viewAge {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), viewWait)
	defer cancel()
	out, err := session.DescribeView(ctx, p.resource.ViewToken)
	if err == nil {
		p.view, err = interactive.ParseView(out)
	}
	if err != nil {
		p.problem = "the view can't be shown: " + problem(err)
		return
	}
	for _, action := range p.view.Actions {
		actions.Elements = append(actions.Elements, interactive.QuickReplyElement{Title: action})
	}
}

// text returns "" for a message without displayable content.
func (p *prompt) text() string {
	return strings.TrimSpace(interactive.Text(p.offer) + "\n" + p.problem)
}

// choose returns what to send for a line, without a Title if the line is none of the choices. p may be
// nil.
func (p *prompt) choose(line string) (interactive.Choice, error) {
	if p != nil {
		choice, ok := interactive.Choose(p.offer, line)
		switch {
		case ok && p.resource != nil:
			return p.view.Respond(choice.Content, nil)
		case ok:
			return choice, nil
		case p.resource != nil:
			reply := p.resource.Reply(line)
			reply.Title = ""
			return reply, nil
		}
	}
	return interactive.Choice{ContentType: types.ContentTypeTextPlain, Content: line}, nil
}

// promptText formats a message whose choices can't be used any more.
func promptText(m interactive.Message) string {
	text := interactive.Text(m, func(o *interactive.TextOptions) { o.Hint = func(int) string { return "" } })
	if resource, ok := m.(*interactive.ViewResource); ok {
		text = strings.TrimSpace("[view] " + resource.ViewID + "\n" + text)
	}
	return text
}

// readable returns an interactive message as plain text. Other items, and messages without displayable
// content, stay unchanged.
func readable(item *types.Item) *types.Item {
	if !types.IsContentType(aws.ToString(item.ContentType), types.ContentTypeInteractive) {
		return item
	}
	message, err := interactive.Parse(aws.ToString(item.Content))
	if err != nil {
		return item
	}
	return withText(item, promptText(message))
}

func withText(item *types.Item, text string) *types.Item {
	if text == "" {
		return item
	}
	plain := *item
	plain.Content, plain.ContentType = &text, aws.String(types.ContentTypeTextPlain)
	return &plain
}
