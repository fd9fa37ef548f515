// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// chatInput is participanttest.ChatOptions.
type chatInput struct {
	CustomerName, AgentName, SystemName string
	ContentTypes                        []string
	Streaming                           bool
	MessageProcessing                   bool
	Processor                           *processorInput
	ProcessingDelayInSeconds            seconds
	Past                                []participanttest.PastMessage
	RehydrationDelayInSeconds           seconds
	ScanDelayInSeconds                  seconds
	ScanVerdict                         types.ArtifactStatus
}

// processorInput is what happens to every message that is processed: a Content replaces
// its own, a Status holds it back.
type processorInput struct {
	Content string
	Status  types.MessageProcessingStatus
}

type chatOutput struct {
	ContactId     string
	PastContactId string `json:",omitempty"`
	Ended         bool
	// Customer and Agent are those with whom the chat began. Participants has them too.
	Customer, Agent participantOutput
	Participants    []participantOutput
}

type chatsOutput struct{ Chats []chatOutput }

type itemsOutput struct{ Items []participanttest.Item }

func createChat(c *control, _ *http.Request, in chatInput) (chatOutput, error) {
	if err := in.check(); err != nil {
		return chatOutput{}, err
	}
	return newChatOutput(c.srv.NewChat(in.apply)), nil
}

func (in *chatInput) check() error {
	verdicts := []types.ArtifactStatus{"", types.ArtifactStatusApproved, types.ArtifactStatusRejected}
	if !slices.Contains(verdicts, in.ScanVerdict) {
		return invalid("ScanVerdict must be APPROVED or REJECTED")
	}
	if p := in.Processor; p != nil {
		statuses := []types.MessageProcessingStatus{"", types.MessageProcessingStatusRejected, types.MessageProcessingStatusFailed}
		if !slices.Contains(statuses, p.Status) {
			return invalid("Processor.Status must be REJECTED or FAILED, or absent")
		}
	}
	for _, m := range in.Past {
		if m.Role != "" && !slices.Contains(m.Role.Values(), m.Role) {
			return invalid("Past.Role must be one of %v", m.Role.Values())
		}
	}
	return firstError(
		in.ProcessingDelayInSeconds.check("ProcessingDelayInSeconds"),
		in.RehydrationDelayInSeconds.check("RehydrationDelayInSeconds"),
		in.ScanDelayInSeconds.check("ScanDelayInSeconds"),
	)
}

func (in *chatInput) apply(o *participanttest.ChatOptions) {
	o.CustomerName, o.AgentName, o.SystemName = in.CustomerName, in.AgentName, in.SystemName
	o.ContentTypes = in.ContentTypes
	o.Streaming = in.Streaming
	o.MessageProcessing = in.MessageProcessing
	if p := in.Processor; p != nil {
		o.Processor = p.process
	}
	o.ProcessingDelay = in.ProcessingDelayInSeconds.duration()
	o.Past = in.Past
	o.RehydrationDelay = in.RehydrationDelayInSeconds.duration()
	o.ScanDelay = in.ScanDelayInSeconds.duration()
	o.ScanVerdict = in.ScanVerdict
}

func (p *processorInput) process(content string) (string, types.MessageProcessingStatus) {
	if p.Content != "" {
		content = p.Content
	}
	return content, p.Status
}

func newChatOutput(c *participanttest.Contact) chatOutput {
	out := chatOutput{ContactId: c.ID, PastContactId: c.PastID, Ended: c.Ended()}
	out.Customer, out.Agent = newParticipantOutput(c.Customer), newParticipantOutput(c.Agent)
	for _, p := range c.Participants() {
		out.Participants = append(out.Participants, newParticipantOutput(p))
	}
	return out
}

func listChats(c *control, _ *http.Request, _ empty) (chatsOutput, error) {
	out := chatsOutput{Chats: []chatOutput{}}
	for _, contact := range c.srv.Contacts() {
		out.Chats = append(out.Chats, newChatOutput(contact))
	}
	return out, nil
}

func describeChat(c *control, r *http.Request, _ empty) (chatOutput, error) {
	contact, err := c.contact(r)
	if err != nil {
		return chatOutput{}, err
	}
	return newChatOutput(contact), nil
}

func listItems(c *control, r *http.Request, _ empty) (itemsOutput, error) {
	contact, err := c.contact(r)
	if err != nil {
		return itemsOutput{}, err
	}
	return itemsOutput{contact.Kept()}, nil
}

func endChat(c *control, r *http.Request, _ empty) (empty, error) {
	contact, err := c.contact(r)
	if err == nil {
		contact.End()
	}
	return empty{}, err
}

// contact is the chat in the path.
func (c *control) contact(r *http.Request) (*participanttest.Contact, error) {
	if contact := c.srv.Contact(r.PathValue("ContactId")); contact != nil {
		return contact, nil
	}
	return nil, notFound("chat")
}

// seconds is a duration on the wire, with fractions.
type seconds float64

// maxSeconds keeps durations and the clock within what Go's types hold.
const maxSeconds = 10 * 365 * 24 * 3600

func (s seconds) duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

func (s seconds) check(name string) error {
	if s < 0 || s > maxSeconds {
		return invalid("%s must be from 0 to %d", name, maxSeconds)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
