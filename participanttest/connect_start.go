// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

const (
	// maxAttributes is in bytes of UTF-8, names and values together (API_StartChatContact).
	maxAttributes = 32768
	// maxStarted is the number of active chats of an instance with Options.Throttle (Administrator
	// Guide, "Amazon Connect service quotas").
	maxStarted = 500

	// rehydrateAll refers to the initial contact of the past chat, the other type to a segment of it.
	rehydrateAll     = "ENTIRE_PAST_SESSION"
	rehydrateSegment = "FROM_SEGMENT"
)

// attributeName is the pattern for names of attributes.
var attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// chatSettings are the settings of StartChatContact that ChatOptions doesn't have.
type chatSettings struct {
	responseMode string
	customerID   string
	related      string
	segment      map[string]json.RawMessage
}

// startRequest is a StartChatContact request.
type startRequest struct {
	instance, flow, name string
	attributes           map[string]string
	contentTypes         []string
	initialType, initial string
	rehydration, source  string
	connections          []string
	topic                string
	settings             chatSettings
	duration             time.Duration
	agentsFollowExit     bool
}

type startOutput struct {
	ContactID              string `json:"ContactId"`
	ContinuedFromContactID string `json:"ContinuedFromContactId,omitempty"`
	ParticipantID          string `json:"ParticipantId"`
	ParticipantToken       string
	StreamingID            string             `json:"StreamingId,omitempty"`
	ConnectionCredentials  *credentialsOutput `json:",omitempty"`
	Websocket              *websocketOutput   `json:",omitempty"`
}

func startChatContact(c *call) (any, *wireError) {
	in := c.in.startRequest()
	if c.in.err != nil {
		return nil, c.in.err
	}
	if failure := in.check(); failure != nil {
		return nil, failure
	}
	past, failure := c.srv.pastOf(in)
	if failure != nil {
		return nil, failure
	}
	if limit := c.srv.opts.MaxChats; limit > 0 && c.srv.startedIn(in.instance) >= limit {
		return nil, &wireError{
			Status: http.StatusTooManyRequests, Code: "LimitExceededException",
			Message: "The instance has as many active chats as its quota allows",
		}
	}
	return c.start(in, past), nil
}

// start creates the chat.
func (c *call) start(in startRequest, past *Contact) startOutput {
	opts := chatDefaults(nil)
	opts.CustomerName = in.name
	opts.ContentTypes = in.contentTypes
	opts.Duration, opts.DisconnectOnCustomerExit = in.duration, in.agentsFollowExit
	contact := c.srv.newContact(opts)
	contact.InstanceID, contact.FlowID = in.instance, in.flow
	contact.attributes, contact.settings = in.attributes, in.settings
	c.contact = contact
	customer := contact.Customer
	out := startOutput{ContactID: contact.ID, ParticipantID: customer.ID, ParticipantToken: customer.Token}
	if past != nil {
		last := past.currentID()
		if in.rehydration == rehydrateSegment {
			last = in.source
		}
		contact.continueFrom(past, last)
		out.ContinuedFromContactID = last
	}
	if in.topic != "" {
		out.StreamingID = contact.addStream(in.topic)
	}
	if len(in.connections) > 0 {
		customer.activate()
		connection := customer.connect(in.connections)
		out.ConnectionCredentials, out.Websocket = connection.ConnectionCredentials, connection.Websocket
	}
	if in.initial != "" {
		customer.send(Item{Type: typeMessage, ContentType: in.initialType, Content: in.initial})
	}
	return out
}

func (m *members) startRequest() startRequest {
	in := startRequest{
		instance:   m.requiredText("InstanceId", 1, 100),
		flow:       m.requiredText("ContactFlowId", 1, 500),
		attributes: m.attributes(),
		duration:   time.Duration(m.integer("ChatDurationInMinutes", 60, 10080, 1500)) * time.Minute,
		settings: chatSettings{
			customerID: m.text("CustomerId", 1, 128),
			related:    m.text("RelatedContactId", 1, 256),
			segment:    m.segmentAttributes(),
		},
	}
	m.text("ClientToken", 0, 500)
	m.require("ParticipantDetails")
	details := m.object("ParticipantDetails")
	in.name = details.requiredText("DisplayName", 1, 256)
	m.join(details)
	configuration := m.object("ParticipantConfiguration")
	in.settings.responseMode = configuration.enum("ResponseMode", "INCREMENTAL", "COMPLETE")
	m.join(configuration)
	exits := m.values("DisconnectOnCustomerExit", "AGENT")
	in.agentsFollowExit = len(exits) > 0
	in.contentTypes = m.contentTypes()
	in.initialType, in.initial = m.initialMessage()
	in.rehydration, in.source = m.persistentChat()
	in.connections = m.values("ConnectionTypes", "WEBSOCKET", "CONNECTION_CREDENTIALS")
	if m.has("ChatStreamingConfiguration") {
		in.topic = m.streamingEndpoint()
	}
	return in
}

// attributes returns the contact's attributes, never nil.
func (m *members) attributes() map[string]string {
	attributes := map[string]string{}
	m.read("Attributes", &attributes, "a map of strings")
	size := 0
	for name, value := range attributes {
		if !attributeName.MatchString(name) {
			m.fail("Attributes", "Map keys must satisfy regular expression pattern: %s", attributeName)
		}
		size += len(name) + len(value)
	}
	m.bound("Attributes", "length", size, 0, maxAttributes)
	return attributes
}

// segmentAttributes checks names and members. The fake doesn't use the values.
func (m *members) segmentAttributes() map[string]json.RawMessage {
	var attributes map[string]json.RawMessage
	m.read("SegmentAttributes", &attributes, "a map of objects")
	for name, raw := range attributes {
		m.bound("SegmentAttributes", "map keys of length", utf8.RuneCountInString(name), 1, 128)
		value := members{prefix: "SegmentAttributes."}
		if err := json.Unmarshal(raw, &value.raw); err != nil {
			m.fail("SegmentAttributes", "Map value must be an object")
			continue
		}
		value.text("ValueString", 0, 1024)
		for member := range value.raw {
			value.oneOf("value", member, []string{"ValueArn", "ValueInteger", "ValueList", "ValueMap", "ValueString"})
		}
		m.join(&value)
	}
	return attributes
}

// contentTypes returns the content types that SendMessage accepts.
func (m *members) contentTypes() []string {
	const name = "SupportedMessagingContentTypes"
	listed := m.values(name, append([]string{contentTypeInteractive}, messageContentTypes...)...)
	if len(listed) == 0 {
		return []string{contentTypeText}
	}
	if !slices.Contains(listed, contentTypeText) {
		m.fail(name, "Member must contain %s", contentTypeText)
	}
	// No client sends this one by SendMessage.
	return slices.DeleteFunc(listed, func(kind string) bool { return kind == contentTypeInteractive })
}

func (m *members) initialMessage() (contentType, content string) {
	if !m.has("InitialMessage") {
		return "", ""
	}
	in := m.object("InitialMessage")
	contentType = in.requiredText("ContentType", 1, 100)
	content = in.requiredText("Content", 1, maxContent)
	m.join(in)
	return contentType, content
}

func (m *members) persistentChat() (rehydration, source string) {
	in := m.object("PersistentChat")
	rehydration = in.enum("RehydrationType", rehydrateAll, rehydrateSegment)
	source = in.text("SourceContactId", 1, 256)
	m.join(in)
	return rehydration, source
}

// check validates members that depend on each other.
func (in startRequest) check() *wireError {
	switch {
	case in.rehydration == "" != (in.source == ""):
		return invalidParameter("PersistentChat needs both RehydrationType and SourceContactId")
	case in.source != "" && in.settings.related != "":
		return invalidParameter("PersistentChat and RelatedContactId exclude each other")
	case in.initial != "" && !slices.Contains(in.contentTypes, in.initialType):
		return invalidParameter("The ContentType of InitialMessage is not in SupportedMessagingContentTypes")
	case in.topic != "":
		return checkTopic(in.topic)
	default:
		return nil
	}
}

// pastOf finds the chat that the new one continues, and returns nil if it continues none.
func (s *Server) pastOf(in startRequest) (*Contact, *wireError) {
	id := in.source
	if id == "" {
		id = in.settings.related
	}
	if id == "" {
		return nil, nil
	}
	past := s.contactIn(in.instance, id)
	switch {
	case past == nil:
		return nil, notFound("The contact to continue is not found")
	case !past.ended:
		return nil, invalidParameter("The contact to continue has not ended")
	case in.rehydration == rehydrateAll && id != past.ID:
		return nil, invalidParameter("%s needs the initial contact", rehydrateAll)
	default:
		return past, nil
	}
}

// continueFrom makes the items of a past chat, up to its contact last, and of the chats that it
// continued readable.
func (c *Contact) continueFrom(past *Contact, last string) {
	c.PastID = last
	later := past.ids[slices.Index(past.ids, last)+1:]
	for _, it := range past.items {
		if it.Type == typeEvent || it.shown.Equal(forever) || slices.Contains(later, it.ContactId) {
			continue
		}
		item := *it
		setDefault(&item.RelatedContactId, item.ContactId)
		item.ContactId = ""
		c.items = append(c.items, &item)
	}
	c.past = len(c.items)
	c.lastTime = past.lastTime
	maps.Copy(c.attachments, past.attachments)
	c.rehydrated = true
}

// startedIn counts the active chats that StartChatContact started.
func (s *Server) startedIn(instance string) int {
	n := 0
	for id, c := range s.contacts {
		if id == c.ID && c.InstanceID == instance && !c.ended {
			n++
		}
	}
	return n
}
