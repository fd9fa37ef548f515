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
	DurationInSeconds                   seconds
	DisconnectOnCustomerExit            bool
	CustomerTimeouts, AgentTimeouts     timeoutsInput
	Past                                []participanttest.PastMessage
	RehydrationDelayInSeconds           seconds
	ScanDelayInSeconds                  seconds
	ScanVerdict                         types.ArtifactStatus
}

// timeoutsInput is participanttest.Timeouts.
type timeoutsInput struct{ IdleInSeconds, AutoDisconnectInSeconds seconds }

func (in timeoutsInput) timeouts() participanttest.Timeouts {
	return participanttest.Timeouts{Idle: in.IdleInSeconds.duration(), AutoDisconnect: in.AutoDisconnectInSeconds.duration()}
}

func (in timeoutsInput) check(name string) error {
	return firstError(in.IdleInSeconds.check(name+".IdleInSeconds"), in.AutoDisconnectInSeconds.check(name+".AutoDisconnectInSeconds"))
}

// processorInput is the outcome for every processed message: Content replaces the message's content,
// Status withholds it.
type processorInput struct {
	Content string
	Status  types.MessageProcessingStatus
}

type chatOutput struct {
	ContactId string
	// CurrentContactId is the contact id of further items; it changes with a transfer.
	CurrentContactId string
	PastContactId    string `json:",omitempty"`
	// InstanceId, ContactFlowId and Attributes are those of StartChatContact.
	InstanceId    string            `json:",omitempty"`
	ContactFlowId string            `json:",omitempty"`
	Attributes    map[string]string `json:",omitempty"`
	Ended         bool
	// Customer and Agent started the chat. Participants includes them.
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
		in.DurationInSeconds.check("DurationInSeconds"),
		in.CustomerTimeouts.check("CustomerTimeouts"),
		in.AgentTimeouts.check("AgentTimeouts"),
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
	o.Duration, o.DisconnectOnCustomerExit = in.DurationInSeconds.duration(), in.DisconnectOnCustomerExit
	o.CustomerTimeouts, o.AgentTimeouts = in.CustomerTimeouts.timeouts(), in.AgentTimeouts.timeouts()
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
	out := chatOutput{
		ContactId: c.ID, CurrentContactId: c.CurrentID(), PastContactId: c.PastID, InstanceId: c.InstanceID, ContactFlowId: c.FlowID,
		Attributes: c.Attributes(), Ended: c.Ended(),
	}
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

// onChat calls a function with the chat in the path.
func onChat[In, Out any](do func(*participanttest.Contact, In) (Out, error)) func(*control, *http.Request, In) (Out, error) {
	return func(c *control, r *http.Request, in In) (out Out, err error) {
		contact, err := c.contact(r)
		if err != nil {
			return out, err
		}
		return do(contact, in)
	}
}

// contact returns the chat in the path.
func (c *control) contact(r *http.Request) (*participanttest.Contact, error) {
	if contact := c.srv.Contact(r.PathValue("ContactId")); contact != nil {
		return contact, nil
	}
	return nil, notFound("chat")
}

func describeChat(c *participanttest.Contact, _ empty) (chatOutput, error) {
	return newChatOutput(c), nil
}

func listItems(c *participanttest.Contact, _ empty) (itemsOutput, error) {
	return itemsOutput{c.Transcript()}, nil
}

func endChat(c *participanttest.Contact, _ empty) (empty, error) {
	c.End()
	return empty{}, nil
}

type nameInput struct {
	DisplayName string `strict:"required"`
}

func (in nameInput) check() error {
	if in.DisplayName == "" {
		return invalid("DisplayName must not be empty")
	}
	return nil
}

func invite(c *participanttest.Contact, in nameInput) (participantOutput, error) {
	if err := firstError(in.check(), notEnded(c)); err != nil {
		return participantOutput{}, err
	}
	return newParticipantOutput(c.Invite(in.DisplayName)), nil
}

func transfer(c *participanttest.Contact, in nameInput) (participantOutput, error) {
	if err := firstError(in.check(), notEnded(c)); err != nil {
		return participantOutput{}, err
	}
	return newParticipantOutput(c.Transfer(in.DisplayName)), nil
}

func failTransfer(c *participanttest.Contact, _ empty) (empty, error) {
	if err := notEnded(c); err != nil {
		return empty{}, err
	}
	c.FailTransfer()
	return empty{}, nil
}

// notEnded returns an error once the chat has ended; the methods of the fake would then have no effect.
func notEnded(c *participanttest.Contact) error {
	if c.Ended() {
		return errorf(http.StatusConflict, "the chat has ended")
	}
	return nil
}

type frameInput struct {
	Text string `strict:"required"`
}

func push(c *participanttest.Contact, in participanttest.Item) (empty, error) {
	c.Push(in)
	return empty{}, nil
}

func pushFrame(c *participanttest.Contact, in frameInput) (empty, error) {
	c.PushFrame(in.Text)
	return empty{}, nil
}

type publishInput struct {
	Item       participanttest.Item `strict:"required"`
	Visibility string               `strict:"required"`
}

func publish(c *participanttest.Contact, in publishInput) (empty, error) {
	switch in.Visibility {
	case participanttest.VisibilityAll, participanttest.VisibilityCustomer, participanttest.VisibilityAgent:
		c.Publish(in.Item, in.Visibility)
		return empty{}, nil
	default:
		return empty{}, invalid("Visibility must be ALL, CUSTOMER or AGENT")
	}
}

// seconds is a duration on the wire, which may have fractions.
type seconds float64

// maxSeconds keeps durations and the clock within the range of Go's types.
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
