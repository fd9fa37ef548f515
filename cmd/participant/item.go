// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/terminal"
	"github.com/participant-go/connectparticipant/types"
)

// messageOf returns the message of an event, new or changed, or the zero Message.
func messageOf(event chat.Event) chat.Message {
	switch e := event.(type) {
	case chat.Message:
		return e
	case chat.Updated:
		return e.Message
	default:
		return chat.Message{}
	}
}

// itemOf reads the item behind an event.
func itemOf(meta chat.Meta) (item types.Item, err error) {
	if err := json.Unmarshal(meta.Raw, &item); err != nil {
		return item, fmt.Errorf("read item: %w", err)
	}
	return item, nil
}

// isMessage distinguishes messages and files from events.
func isMessage(item *types.Item) bool {
	return item.Type == types.ChatItemTypeMessage || item.Type == types.ChatItemTypeAttachment
}

// line formats an item in one line. Further lines of a message are indented, so that they can't be
// mistaken for another item.
func line(at string, item *types.Item) string {
	who := nameOf(item)
	switch {
	case isMessage(item):
		return at + "  " + who + ": " + strings.Join(content(item), "\n    ") + "\n"
	case who == "":
		return at + "  * " + eventName(item) + "\n"
	default:
		return at + "  * " + who + ": " + eventName(item) + "\n"
	}
}

func nameOf(item *types.Item) string {
	if name := terminal.Line(aws.ToString(item.DisplayName)); strings.TrimSpace(name) != "" {
		return name
	}
	return terminal.Line(string(item.ParticipantRole))
}

// content returns the lines of a message.
func content(item *types.Item) (lines []string) {
	if text := aws.ToString(item.Content); text != "" {
		lines = terminal.Lines(text)
	}
	for i := range item.Attachments {
		file := &item.Attachments[i]
		lines = append(lines, terminal.Line(fmt.Sprintf("[file] %s (%s, %s, id %s)", aws.ToString(file.AttachmentName),
			aws.ToString(file.ContentType), file.Status, aws.ToString(file.AttachmentId))))
	}
	if status := processing(item); status != "" {
		lines = append(lines, terminal.Line("["+string(status)+"]"))
	}
	return lines
}

func processing(item *types.Item) types.MessageProcessingStatus {
	if item.MessageMetadata == nil {
		return ""
	}
	return item.MessageMetadata.MessageProcessingStatus
}

// eventName returns "participant joined" for
// application/vnd.amazonaws.connect.event.participant.joined.
func eventName(item *types.Item) string {
	_, name, found := strings.Cut(strings.ToLower(aws.ToString(item.ContentType)), "connect.event.")
	if !found {
		name = strings.ToLower(string(item.Type))
	}
	return terminal.Line(strings.NewReplacer(".", " ", "_", " ").Replace(name))
}

// when formats the item's time; an invalid one is shown unchanged.
func when(item *types.Item, format func(time.Time) string) string {
	at, err := connectparticipant.ParseTime(aws.ToString(item.AbsoluteTime))
	if err != nil {
		return terminal.Line(aws.ToString(item.AbsoluteTime))
	}
	return format(at)
}

// fullTime is for output that is read elsewhere and later.
func fullTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// shortTime is for output that is read now: the time of day, with the date if it isn't today.
func shortTime(t time.Time) string {
	t = t.Local()
	if t.Format(time.DateOnly) != time.Now().Format(time.DateOnly) {
		return t.Format(time.DateTime)
	}
	return t.Format(time.TimeOnly)
}
