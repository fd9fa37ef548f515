// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/participant-go/connectparticipant/participanttest"
)

type messageInput struct {
	Content string
	// ContentType defaults to text/plain.
	ContentType string
	// Chunks are the chunks of a streamed message, in place of Content.
	Chunks []string
}

// idOutput has the Id of a message.
type idOutput struct{ Id string }

func say(p *participanttest.Participant, in messageInput) (idOutput, error) {
	if in.Chunks != nil {
		if in.Content != "" || in.ContentType != "" {
			return idOutput{}, invalid("Chunks can't be used with Content or ContentType: a streamed message is plain text")
		}
		id := p.SayInChunks(in.Chunks...)
		return idOutput{id}, checkResult(id)
	}
	if in.Content == "" {
		return idOutput{}, invalid("Content must not be empty")
	}
	if in.ContentType == "" {
		in.ContentType = "text/plain"
	}
	id := p.SendContent(in.ContentType, in.Content)
	return idOutput{id}, checkResult(id)
}

type receiptInput struct {
	MessageId string `strict:"required"`
}

func markDelivered(p *participanttest.Participant, in receiptInput) (empty, error) {
	return empty{}, in.mark(p.MarkDelivered)
}

func markRead(p *participanttest.Participant, in receiptInput) (empty, error) {
	return empty{}, in.mark(p.MarkRead)
}

func (in receiptInput) mark(mark func(string)) error {
	if in.MessageId == "" {
		return invalid("MessageId must not be empty")
	}
	mark(in.MessageId)
	return nil
}

// fileInput has the file as text or in Base64.
type fileInput struct {
	AttachmentName  string `strict:"required"`
	ContentType     string `strict:"required"`
	Content         string
	ContentInBase64 []byte
}

type fileOutput struct{ AttachmentId string }

func shareFile(p *participanttest.Participant, in fileInput) (fileOutput, error) {
	switch {
	case in.AttachmentName == "":
		return fileOutput{}, invalid("AttachmentName must not be empty")
	case in.ContentType == "":
		return fileOutput{}, invalid("ContentType must not be empty")
	case in.Content != "" && in.ContentInBase64 != nil:
		return fileOutput{}, invalid("a file has Content or ContentInBase64, not both")
	case in.Content != "":
		in.ContentInBase64 = []byte(in.Content)
	}
	id := p.ShareFile(in.AttachmentName, in.ContentType, in.ContentInBase64)
	return fileOutput{id}, checkResult(id)
}

// viewInput is participanttest.View.
type viewInput struct {
	Id, Arn, Name         string
	Version               int
	InputSchema, Template string
	Actions               []string
}

func (in viewInput) view() participanttest.View {
	return participanttest.View{
		ID: in.Id, ARN: in.Arn, Name: in.Name, Version: in.Version,
		InputSchema: in.InputSchema, Template: in.Template, Actions: in.Actions,
	}
}

type viewOutput struct{ ViewToken string }

func addView(c *participanttest.Contact, in viewInput) (viewOutput, error) {
	return viewOutput{c.AddView(in.view())}, nil
}

func showView(p *participanttest.Participant, in viewInput) (viewOutput, error) {
	return viewOutput{p.ShowView(in.view())}, nil
}
