// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

type requestsQuery struct{ Operation, ContactId, ParticipantId string }

// requestOutput is participanttest.Request.
type requestOutput struct {
	Time          time.Time
	Operation     string
	ContactId     string `json:",omitempty"`
	ParticipantId string `json:",omitempty"`
	Status        int
	ErrorCode     string `json:",omitempty"`
}

type requestsOutput struct{ Requests []requestOutput }

func listRequests(c *control, _ *http.Request, in requestsQuery) (requestsOutput, error) {
	out := requestsOutput{Requests: []requestOutput{}}
	if in.Operation != "" {
		if err := c.checkOperation(in.Operation); err != nil {
			return out, err
		}
	}
	unknown := in.resolve(c.srv)
	for _, r := range c.srv.Requests() {
		if in.matches(r) {
			out.Requests = append(out.Requests, requestOutput{r.Time, r.Operation, r.ContactID, r.ParticipantID, r.Status, r.ErrorCode})
		}
	}
	if len(out.Requests) == 0 {
		return out, unknown
	}
	return out, nil // also those of a chat that is forgotten
}

// resolve replaces the ids by those of a Request: a chat's first id, and the id of a participant. It returns
// an error if there is no such chat or participant.
func (in *requestsQuery) resolve(srv *participanttest.Server) error {
	contacts := srv.Contacts()
	if in.ContactId != "" {
		contact := srv.Contact(in.ContactId)
		if contact == nil {
			return notFound("chat")
		}
		in.ContactId = contact.ID
		contacts = []*participanttest.Contact{contact}
	} else if isAlias(in.ParticipantId) {
		return invalid("ParticipantId %s needs the ContactId of its chat", in.ParticipantId)
	}
	if in.ParticipantId == "" {
		return nil
	}
	for _, contact := range contacts {
		if p, err := findParticipant(contact, in.ParticipantId); err == nil {
			in.ParticipantId = p.ID
			return nil
		}
	}
	return notFound("participant")
}

func (in *requestsQuery) matches(r participanttest.Request) bool {
	return (in.Operation == "" || in.Operation == r.Operation) &&
		(in.ContactId == "" || in.ContactId == r.ContactID) &&
		(in.ParticipantId == "" || in.ParticipantId == r.ParticipantID)
}

// operations returns the names that requests and frames of clients have.
func operations() []string {
	places := slices.DeleteFunc(participanttest.FaultPlaces(), func(place string) bool {
		switch place {
		case participanttest.OnUpgrade, participanttest.OnUpload, participanttest.OnDownload,
			participanttest.OnPush, participanttest.OnTranscript, participanttest.OnPublish:
			return true
		default:
			return false
		}
	})
	return append(places, "WebSocket", "PutObject", "GetObject", "Notification", "SubscriptionConfirmation", "ConfirmSubscription")
}

// checkOperation refuses a name that no request has. An operation of Amazon Connect that the fake doesn't
// implement is known once it was called.
func (c *control) checkOperation(name string) error {
	if known := operations(); !slices.Contains(known, name) && c.srv.Count(name) == 0 {
		return invalid("Operation must be one of %s", strings.Join(known, ", "))
	}
	return nil
}
