// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"encoding/json"

	"github.com/participant-go/connectparticipant/types"
)

// MarshalEvent encodes an event as a JSON object, for a webhook or a queue: its kind and all its
// fields but Raw, with names in camel case. Members that are empty or false are omitted.
//
//	{"kind":"message","id":"…","time":"2026-02-09T10:00:00.123Z","from":{"participantId":"…",
//	"role":"CUSTOMER","displayName":"Ann"},"contactId":"…","contentType":"text/plain","text":"Hello"}
//
// time is ISO 8601 in UTC with milliseconds, within is in seconds, and cause is the text of the
// error. Later versions may add members but don't rename any. Don't log the object: it contains
// message contents, including the view tokens of interactive messages, and names.
func MarshalEvent(event Event) ([]byte, error) {
	out := eventJSON{Kind: event.Kind()}
	if meta, ok := MetaOf(event); ok {
		out.setMeta(meta)
	}
	switch e := event.(type) {
	case Message:
		out.setMessage(e)
	case Updated:
		out.setMessage(e.Message)
	case Progress:
		out.Text, out.Chunk = e.Text, e.Chunk
	case Receipt:
		out.MessageID, out.Read = e.MessageID, e.Read
	case Participant:
		out.Change = e.Change
	case Transfer:
		out.Succeeded = e.Succeeded
	case Authentication:
		out.Step, out.SessionID = e.Step, e.SessionID
	case Other:
		out.Type, out.ContentType, out.Content = e.Type, e.ContentType, e.Content
	case ConnectionChanged:
		out.Connected = e.Connected
		if e.Cause != nil {
			out.Cause = e.Cause.Error()
		}
	case RenewalDue:
		out.Within = e.Within.Seconds()
	case ChatEnded:
		out.Gap = e.Gap
	}
	return json.Marshal(out)
}

type eventJSON struct {
	Kind             Kind      `json:"kind"`
	ID               string    `json:"id,omitempty"`
	Time             string    `json:"time,omitempty"`
	From             *fromJSON `json:"from,omitempty"`
	ContactID        string    `json:"contactId,omitempty"`
	InitialContactID string    `json:"initialContactId,omitempty"`
	Late             bool      `json:"late,omitempty"`
	History          bool      `json:"history,omitempty"`
	Own              bool      `json:"own,omitempty"`

	ContentType string                        `json:"contentType,omitempty"`
	Text        string                        `json:"text,omitempty"`
	Attachments []attachmentJSON              `json:"attachments,omitempty"`
	Status      types.MessageProcessingStatus `json:"status,omitempty"`

	Chunk     int                `json:"chunk,omitempty"`
	MessageID string             `json:"messageId,omitempty"`
	Read      bool               `json:"read,omitempty"`
	Change    ParticipantChange  `json:"change,omitempty"`
	Succeeded bool               `json:"succeeded,omitempty"`
	Step      string             `json:"step,omitempty"`
	SessionID string             `json:"sessionId,omitempty"`
	Type      types.ChatItemType `json:"type,omitempty"`
	Content   string             `json:"content,omitempty"`
	Connected bool               `json:"connected,omitempty"`
	Cause     string             `json:"cause,omitempty"`
	Within    float64            `json:"within,omitempty"`
	Gap       bool               `json:"gap,omitempty"`
}

type fromJSON struct {
	ParticipantID string                `json:"participantId,omitempty"`
	Role          types.ParticipantRole `json:"role,omitempty"`
	DisplayName   string                `json:"displayName,omitempty"`
}

type attachmentJSON struct {
	ID          string               `json:"id,omitempty"`
	Name        string               `json:"name,omitempty"`
	ContentType string               `json:"contentType,omitempty"`
	Status      types.ArtifactStatus `json:"status,omitempty"`
}

func (j *eventJSON) setMeta(meta Meta) {
	j.ID, j.ContactID, j.InitialContactID = meta.ID, meta.ContactID, meta.InitialContactID
	j.Late, j.History, j.Own = meta.Late, meta.History, meta.Own
	j.Time = meta.AbsoluteTime
	if !meta.Time.IsZero() {
		j.Time = meta.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	if meta.From != (From{}) {
		from := fromJSON(meta.From)
		j.From = &from
	}
}

func (j *eventJSON) setMessage(m Message) {
	j.ContentType, j.Text, j.Status = m.ContentType, m.Text, m.Status
	for _, file := range m.Attachments {
		j.Attachments = append(j.Attachments, attachmentJSON(file))
	}
}
