// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

// wireLimit is the number of wire events that Handler makes the server keep.
const wireLimit = 2000

type wireQuery struct{ After, TimeoutInSeconds string }

// wireEvent is participanttest.WireEvent without its header and body.
type wireEvent struct {
	Sequence      uint64
	Time          time.Time
	Kind          participanttest.WireKind
	FromClient    bool
	Exchange      uint64 `json:",omitempty"`
	Operation     string `json:",omitempty"`
	ContactId     string `json:",omitempty"`
	ParticipantId string `json:",omitempty"`
	Socket        int    `json:",omitempty"`
	Method        string `json:",omitempty"`
	Url           string `json:",omitempty"`
	Status        int    `json:",omitempty"`
	ErrorCode     string `json:",omitempty"`
	ContentType   string `json:",omitempty"`
	Size          int
	Lost          bool       `json:",omitempty"`
	Fault         *wireFault `json:",omitempty"`
}

type wireFault struct {
	FaultId uint64
	Effect  participanttest.Effect
}

type wireOutput struct{ Events []wireEvent }

type wireEventOutput struct {
	wireEvent
	Header http.Header `json:",omitempty"`
	Body   string
}

func newWireEvent(e participanttest.WireEvent) wireEvent {
	out := wireEvent{
		Sequence: e.Sequence, Time: e.Time, Kind: e.Kind, FromClient: e.FromClient, Exchange: e.Exchange,
		Operation: e.Operation, ContactId: e.ContactID, ParticipantId: e.ParticipantID, Socket: e.Socket,
		Method: e.Method, Url: e.URL, Status: e.Status, ErrorCode: e.ErrorCode, ContentType: e.ContentType,
		Size: e.Size, Lost: e.Lost,
	}
	if e.Fault != nil {
		out.Fault = &wireFault{e.Fault.ID, e.Fault.Effect}
	}
	return out
}

// listWire waits for the next event if there is none, up to the timeout in the query.
func listWire(c *control, r *http.Request, in wireQuery) (wireOutput, error) {
	after, timeout, err := in.parse()
	if err != nil {
		return wireOutput{}, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	_ = c.srv.WaitWire(ctx, after) // no event is an empty list
	out := wireOutput{Events: []wireEvent{}}
	for _, e := range c.srv.Wire(after) {
		out.Events = append(out.Events, newWireEvent(e))
	}
	return out, nil
}

func (in wireQuery) parse() (after uint64, timeout time.Duration, err error) {
	if in.After != "" {
		if after, err = strconv.ParseUint(in.After, 10, 64); err != nil {
			return 0, 0, invalid("After must be a Sequence")
		}
	}
	if in.TimeoutInSeconds != "" {
		s, err := strconv.ParseFloat(in.TimeoutInSeconds, 64)
		if err != nil || !(s >= 0 && s <= maxTimeout) {
			return 0, 0, invalid("TimeoutInSeconds must be from 0 to %d", maxTimeout)
		}
		timeout = seconds(s).duration()
	}
	return after, timeout, nil
}

func describeWireEvent(c *control, r *http.Request, _ empty) (wireEventOutput, error) {
	sequence, err := strconv.ParseUint(r.PathValue("Sequence"), 10, 64)
	if err == nil && sequence > 0 {
		if events := c.srv.Wire(sequence - 1); len(events) > 0 && events[0].Sequence == sequence {
			return wireEventOutput{newWireEvent(events[0]), events[0].Header, events[0].Body}, nil
		}
	}
	return wireEventOutput{}, notFound("wire event, or it is forgotten")
}
