// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// ChatOptions configure a Contact.
type ChatOptions struct {
	// CustomerName is the customer's display name. Defaults to "Customer".
	CustomerName string
	// AgentName is the agent's display name. Defaults to "Agent".
	AgentName string
	// ContentTypes are the content types that SendMessage accepts; StartChatContact calls them
	// SupportedMessagingContentTypes. Defaults to all four of the service.
	ContentTypes []string
	// SystemName is the display name for messages of the flow and of bots. Defaults to
	// "SYSTEM_MESSAGE".
	SystemName string
	// Streaming makes the chat one for which StartContactStreaming was called: its items are published
	// to Options.Stream, and with Switches.StrictConnection its customer can connect by
	// ConnectParticipant. Defaults to off.
	Streaming bool
	// MessageProcessing makes SendMessage respond to a plain text, markdown or JSON message with the
	// processing status PROCESSING. Defaults to off.
	MessageProcessing bool
	// Processor receives each such message. It returns the content to deliver and no status, or the
	// status REJECTED or FAILED, which withholds the message. It turns MessageProcessing on. It may be
	// called concurrently, and also for a retried or invalid request. Defaults to approving every
	// message unchanged.
	Processor func(content string) (string, types.MessageProcessingStatus) `json:"-"`
	// ProcessingDelay is how long a message stays PROCESSING: in the transcript without its content,
	// and not pushed. Defaults to none: it is processed before SendMessage responds.
	ProcessingDelay time.Duration
	// Duration is how long the chat may last, waiting time included: it then ends with chat.ended. The
	// service has 1,500 minutes by default, and accepts 60 to 10,080. Defaults to no limit;
	// StartChatContact uses ChatDurationInMinutes, as the service does.
	Duration time.Duration
	// DisconnectOnCustomerExit makes the agents leave when the last customer has left, before the chat
	// ends. Defaults to chat.ended alone.
	DisconnectOnCustomerExit bool
	// CustomerTimeouts and AgentTimeouts are the chat timeouts of the two roles. The service
	// accepts 2 to 480 minutes each. Defaults to none.
	CustomerTimeouts, AgentTimeouts Timeouts
	// Past are the messages of one past contact of a persistent chat, oldest first. They are returned
	// after the current items of a BACKWARD scan, by NextToken only. Defaults to none.
	Past []PastMessage
	// RehydrationDelay is how long after the start of the chat Past can't be read. Then chat.rehydrated
	// is pushed. Defaults to none: the event is sent before any client can receive it.
	RehydrationDelay time.Duration
	// ScanDelay is how long an attachment stays IN_PROGRESS. Defaults to none: it has its verdict
	// before CompleteAttachmentUpload responds.
	ScanDelay time.Duration
	// ScanVerdict is the status after the scan, APPROVED or REJECTED. Defaults to APPROVED.
	ScanVerdict types.ArtifactStatus
}

// PastMessage is a message of a past contact.
type PastMessage struct {
	// Role is the role of the sender. Defaults to CUSTOMER.
	Role types.ParticipantRole
	// DisplayName is the display name of the sender. Defaults to none.
	DisplayName string
	// Content is the text.
	Content string
	// ContentType defaults to text/plain.
	ContentType string
}

func chatDefaults(optFns []func(*ChatOptions)) ChatOptions {
	var opts ChatOptions
	for _, fn := range optFns {
		fn(&opts)
	}
	setDefault(&opts.CustomerName, "Customer")
	setDefault(&opts.AgentName, "Agent")
	setDefault(&opts.SystemName, "SYSTEM_MESSAGE")
	setDefault(&opts.ScanVerdict, types.ArtifactStatusApproved)
	if len(opts.ContentTypes) == 0 {
		opts.ContentTypes = messageContentTypes
	}
	opts.ContentTypes = slices.Clone(opts.ContentTypes)
	return opts
}

func setDefault[S ~string](s *S, value S) {
	if *s == "" {
		*s = value
	}
}

// keepPast adds the past contact's messages before all others, a second apart and a day before now.
func (c *Contact) keepPast() {
	if len(c.opts.Past) == 0 {
		return
	}
	c.PastID = newUUID()
	at := c.srv.now().Add(-24 * time.Hour)
	for _, m := range c.opts.Past {
		at = at.Add(time.Second)
		c.items = append(c.items, c.pastItem(m, at))
	}
	c.past = len(c.items)
}

// rehydrate makes the past contact readable, immediately or after the delay.
func (c *Contact) rehydrate() {
	if c.past == 0 {
		return
	}
	if c.opts.RehydrationDelay <= 0 {
		c.rehydrated = true
		return
	}
	c.rehydrateAt = c.srv.now().Add(c.opts.RehydrationDelay)
	c.awaitRehydration()
}

func (c *Contact) awaitRehydration() {
	c.srv.at(c.rehydrateAt, func() {
		c.rehydrated = true
		if !c.ended {
			c.send(Item{Type: typeEvent, ContentType: eventRehydrated})
		}
	})
}

func (c *Contact) pastItem(m PastMessage, at time.Time) *Item {
	setDefault(&m.Role, types.ParticipantRoleCustomer)
	setDefault(&m.ContentType, "text/plain")
	return &Item{
		Id:               newUUID(),
		Type:             typeMessage,
		ContentType:      m.ContentType,
		Content:          m.Content,
		ParticipantRole:  m.Role,
		DisplayName:      m.DisplayName,
		RelatedContactId: c.PastID,
		AbsoluteTime:     at.Format(isoMillis),
		at:               at,
	}
}
