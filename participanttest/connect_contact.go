// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// Attributes returns a copy of the contact's attributes, which StartChatContact and
// UpdateContactAttributes set.
func (c *Contact) Attributes() map[string]string {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return maps.Clone(c.attributes)
}

// stopContact ends a chat, whatever its state.
func stopContact(c *call) (any, *wireError) {
	reason := c.in.object("DisconnectReason")
	reason.text("Code", 1, 256)
	c.in.join(reason)
	switch failure := c.findContact("ContactId"); {
	case failure != nil && failure.Code == codeNotFound:
		return nil, &wireError{
			Status: http.StatusGone, Code: "ContactNotFoundException", Message: "The contact with the specified ID does not exist.",
		}
	case failure != nil:
		return nil, failure
	}
	c.contact.endFor(reasonAPI)
	return struct{}{}, nil
}

type contactOutput struct {
	Contact describedContact
}

// describedContact is the description of a chat. Times are in seconds.
type describedContact struct {
	Arn                        string
	ID                         string  `json:"Id"`
	InitialContactID           string  `json:"InitialContactId"`
	PreviousContactID          string  `json:"PreviousContactId,omitempty"`
	RelatedContactID           string  `json:"RelatedContactId,omitempty"`
	InitiationMethod           string  // API: the customer's side has called StartChatContact
	Channel                    string  // CHAT
	InitiationTimestamp        float64 `json:",omitempty"`
	ConnectedToSystemTimestamp float64 `json:",omitempty"`
	LastUpdateTimestamp        float64
	DisconnectTimestamp        float64                    `json:",omitempty"`
	DisconnectReason           string                     `json:",omitempty"`
	CustomerID                 string                     `json:"CustomerId,omitempty"`
	AgentInfo                  *agentInfo                 `json:",omitempty"`
	Attributes                 map[string]string          `json:",omitempty"`
	SegmentAttributes          map[string]json.RawMessage `json:",omitempty"`
}

type agentInfo struct {
	ConnectedToAgentTimestamp float64
}

func describeContact(c *call) (any, *wireError) {
	if failure := c.findContact("ContactId"); failure != nil {
		return nil, failure
	}
	out := c.contact.describe(c.in.text("ContactId", 1, 256))
	out.Arn = "arn:aws:connect:us-west-2:" + accountID + ":instance/" + c.in.text("InstanceId", 1, 100) + "/contact/" + out.ID
	return contactOutput{out}, nil
}

func (c *Contact) describe(id string) describedContact {
	out := describedContact{
		ID: id, InitialContactID: c.ID, RelatedContactID: c.settings.related,
		InitiationMethod: "API", Channel: "CHAT", CustomerID: c.settings.customerID,
		InitiationTimestamp: seconds(c.started), ConnectedToSystemTimestamp: seconds(c.started),
		LastUpdateTimestamp: seconds(c.started), DisconnectReason: c.endReason,
		Attributes: c.attributes, SegmentAttributes: c.settings.segment,
	}
	if i := slices.Index(c.ids, id); i > 0 {
		out.PreviousContactID = c.ids[i-1]
	}
	for _, it := range c.items[c.past:] {
		out.LastUpdateTimestamp = seconds(it.at)
		if out.AgentInfo == nil && it.ContentType == eventJoined && it.ParticipantRole == types.ParticipantRoleAgent {
			out.AgentInfo = &agentInfo{seconds(it.at)}
		}
	}
	if c.ended {
		out.DisconnectTimestamp = seconds(c.endedAt)
	}
	return out
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func getContactAttributes(c *call) (any, *wireError) {
	if failure := c.findContact("InitialContactId"); failure != nil {
		return nil, failure
	}
	return map[string]any{"Attributes": maps.Clone(c.contact.attributes)}, nil
}

// updateContactAttributes also accepts a chat that has ended. An empty value removes the attribute.
func updateContactAttributes(c *call) (any, *wireError) {
	c.in.require("Attributes")
	given := c.in.attributes()
	if failure := c.findContact("InitialContactId"); failure != nil {
		return nil, failure
	}
	merged := map[string]string{}
	maps.Copy(merged, c.contact.attributes)
	maps.Copy(merged, given)
	maps.DeleteFunc(merged, func(_, value string) bool { return value == "" })
	size := 0
	for name, value := range merged {
		size += len(name) + len(value)
	}
	if size > maxAttributes {
		return nil, invalidParameter("The attributes have more than %d bytes together", maxAttributes)
	}
	c.contact.attributes = merged
	return struct{}{}, nil
}
