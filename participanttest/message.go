// SPDX-License-Identifier: Apache-2.0

package participanttest

import "github.com/participant-go/connectparticipant/types"

// maxContent is in bytes of UTF-8, for all content types
// (API_connect-participant_SendMessage).
const maxContent = 16384

const (
	contentTypeText        = "text/plain"
	contentTypeMarkdown    = "text/markdown"
	contentTypeJSON        = "application/json"
	contentTypeInteractive = messagePrefix + "interactive"
	contentTypeResponse    = messagePrefix + "interactive.response"
)

var messageContentTypes = []string{contentTypeText, contentTypeMarkdown, contentTypeJSON, contentTypeResponse}

type sentOutput struct {
	AbsoluteTime    string
	ID              string            `json:"Id"`
	MessageMetadata *processingOutput `json:",omitempty"`
}

type processingOutput struct {
	MessageProcessingStatus types.MessageProcessingStatus
}

// Say sends a plain text message and returns its Id.
func (p *Participant) Say(text string) string { return p.SendContent(contentTypeText, text) }

// SayMarkdown sends a markdown message and returns its Id.
func (p *Participant) SayMarkdown(text string) string {
	return p.SendContent(contentTypeMarkdown, text)
}

// SayInteractive sends an interactive message, such as a list picker, and returns its Id. Its content
// is JSON; see the Administrator Guide, "Add interactive messages to chat".
func (p *Participant) SayInteractive(content string) string {
	return p.SendContent(contentTypeInteractive, content)
}

// SendContent sends a message of any content type and returns its Id. Nothing is validated, so that a
// test can also send what no client could.
func (p *Participant) SendContent(contentType, content string) (id string) {
	outcome := p.contact.process(contentType, content)
	p.act(func() { id = p.say(contentType, content, outcome).Id })
	return id
}

func sendMessage(c *call) (any, *wireError) {
	contentType := c.in.requiredText("ContentType", 1, 100)
	c.in.oneOf("ContentType", contentType, c.contact.opts.ContentTypes)
	content := c.in.requiredText("Content", 1, c.srv.opts.ContentLimit)
	c.in.bound("Content", "length", len(content), 1, c.srv.opts.ContentLimit)
	if c.in.err != nil {
		return nil, c.in.err
	}
	it := c.participant.say(contentType, content, c.outcome)
	return sentOutput{AbsoluteTime: it.AbsoluteTime, ID: it.Id, MessageMetadata: c.outcome.output()}, nil
}
