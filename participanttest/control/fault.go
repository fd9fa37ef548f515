// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"
	"strconv"

	"github.com/participant-go/connectparticipant/participanttest"
)

// faultInput is participanttest.Fault.
type faultInput struct {
	On            string                 `json:",omitempty"`
	ContactId     string                 `json:",omitempty"`
	ParticipantId string                 `json:",omitempty"`
	Socket        int                    `json:",omitempty"`
	ContentType   string                 `json:",omitempty"`
	Skip          int                    `json:",omitempty"`
	Times         int                    `json:",omitempty"`
	Chance        float64                `json:",omitempty"`
	Effect        participanttest.Effect `strict:"required"`
}

type faultOutput struct {
	FaultId uint64
	// Applied is how often the fault has been applied.
	Applied int
	faultInput
}

type faultsOutput struct{ Faults []faultOutput }

func newFaultOutput(f *participanttest.Injected) faultOutput {
	out := faultOutput{FaultId: f.ID, Applied: f.Applied(), faultInput: faultInput{
		On: f.On, Socket: f.Socket, ContentType: f.ContentType,
		Skip: f.Skip, Times: f.Times, Chance: f.Chance, Effect: f.Effect,
	}}
	if f.Contact != nil {
		out.ContactId = f.Contact.ID
	}
	if f.Participant != nil {
		out.ParticipantId = f.Participant.ID
	}
	return out
}

func listFaults(c *control, _ *http.Request, _ empty) (faultsOutput, error) {
	out := faultsOutput{Faults: []faultOutput{}}
	for _, f := range c.srv.Faults() {
		out.Faults = append(out.Faults, newFaultOutput(f))
	}
	return out, nil
}

func inject(c *control, _ *http.Request, in faultInput) (faultOutput, error) {
	f := participanttest.Fault{
		On: in.On, Socket: in.Socket, ContentType: in.ContentType,
		Skip: in.Skip, Times: in.Times, Chance: in.Chance, Effect: in.Effect,
	}
	if err := f.Validate(); err != nil {
		return faultOutput{}, invalid("%v", err)
	}
	if err := in.bind(c.srv, &f); err != nil {
		return faultOutput{}, err
	}
	return newFaultOutput(c.srv.Inject(f)), nil
}

// bind finds the chat and the participant that the fault is limited to.
func (in *faultInput) bind(srv *participanttest.Server, f *participanttest.Fault) error {
	if in.ContactId == "" && in.ParticipantId == "" {
		return nil
	}
	f.Contact = srv.Contact(in.ContactId)
	if in.ContactId == "" {
		return invalid("ParticipantId needs the ContactId of its chat")
	}
	if f.Contact == nil {
		return invalid("ContactId must be that of a chat")
	}
	if in.ParticipantId == "" {
		return nil
	}
	p, err := findParticipant(f.Contact, in.ParticipantId)
	if err != nil {
		return invalid("ParticipantId must be that of a participant of the chat")
	}
	f.Participant = p
	return nil
}

func clearFaults(c *control, _ *http.Request, _ empty) (empty, error) {
	for _, f := range c.srv.Faults() {
		f.Remove()
	}
	return empty{}, nil
}

func describeFault(c *control, r *http.Request, _ empty) (faultOutput, error) {
	f, err := c.fault(r)
	if err != nil {
		return faultOutput{}, err
	}
	return newFaultOutput(f), nil
}

func removeFault(c *control, r *http.Request, _ empty) (empty, error) {
	f, err := c.fault(r)
	if err == nil {
		f.Remove()
	}
	return empty{}, err
}

// fault returns the fault in the path.
func (c *control) fault(r *http.Request) (*participanttest.Injected, error) {
	id, err := strconv.ParseUint(r.PathValue("FaultId"), 10, 64)
	for _, f := range c.srv.Faults() {
		if err == nil && f.ID == id {
			return f, nil
		}
	}
	return nil, notFound("fault")
}
