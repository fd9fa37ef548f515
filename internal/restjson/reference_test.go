// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// document is a page of a transcript with members of every other type in responses, so that it
// covers all ways to read a value.
type document struct {
	page
	Actions          []string
	HeadersToInclude map[string]string
	Size             *int64
	Version          *int32
}

func (d *document) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "Actions":
			restjson.Strings(r, &d.Actions)
		case "HeadersToInclude":
			restjson.StringMap(r, &d.HeadersToInclude)
		case "InitialContactId":
			r.String(&d.InitialContactId)
		case "NextToken":
			r.String(&d.NextToken)
		case "Size":
			r.Int64(&d.Size)
		case "Transcript":
			restjson.Items(r, &d.Transcript)
		case "Version":
			r.Int32(&d.Version)
		}
	}
}

// reference reads a document with encoding/json, member by member, because encoding/json ignores
// the case of names and merges duplicate members. This package must return the same value, or
// refuse the documents that the reference refuses, with one intended difference: an empty document,
// or one of only white space, reads as an empty object.
func reference(data []byte) (document, error) {
	var d document
	if len(bytes.Trim(data, " \t\r\n")) == 0 {
		return d, nil
	}
	if !json.Valid(data) {
		return d, errors.New("not JSON")
	}
	return d, object(data, fields{
		"Actions":          list(&d.Actions, str),
		"HeadersToInclude": func(raw json.RawMessage) error { return stringMap(raw, &d.HeadersToInclude) },
		"InitialContactId": plain(&d.InitialContactId),
		"NextToken":        plain(&d.NextToken),
		"Size":             plain(&d.Size),
		"Transcript":       list(&d.Transcript, referenceItem),
		"Version":          plain(&d.Version),
	})
}

// referenceWithOddItems reads a page like reference, and collects its odd items.
func referenceWithOddItems(data []byte) (page, []restjson.OddItem, error) {
	var (
		p   page
		odd []restjson.OddItem
	)
	if !json.Valid(data) {
		return p, nil, errors.New("not JSON")
	}
	err := object(data, fields{
		"InitialContactId": plain(&p.InitialContactId),
		"NextToken":        plain(&p.NextToken),
		"Transcript": func(raw json.RawMessage) error {
			odd = nil
			i := -1
			return list(&p.Transcript, func(element json.RawMessage, v *types.Item) error {
				i++
				if err := referenceItem(element, v); err != nil {
					*v = types.Item{}
					odd = append(odd, restjson.OddItem{Index: i, Raw: bytes.TrimSpace(element)})
				}
				return nil
			})(raw)
		},
	})
	return p, odd, err
}

// fields maps each known member of an object to its reader.
type fields map[string]func(json.RawMessage) error

func object(raw json.RawMessage, known fields) error {
	return members(raw, func(name string, value json.RawMessage) error {
		if read, ok := known[name]; ok {
			return read(value)
		}
		return nil
	})
}

// members calls visit for each member in order, including duplicates.
func members(raw json.RawMessage, visit func(name string, value json.RawMessage) error) error {
	if isNull(raw) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return fmt.Errorf("not an object: %v, %w", start, err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if err := visit(name.(string), value); err != nil {
			return err
		}
	}
	return nil
}

// plain reads a value as encoding/json does, null as nil.
func plain[T any](target **T) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		*target = nil
		return json.Unmarshal(raw, target)
	}
}

func enum[T ~string](target *T) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		*target = ""
		return json.Unmarshal(raw, target)
	}
}

func str(raw json.RawMessage, target *string) error { return json.Unmarshal(raw, target) }

func list[T any](target *[]T, read func(json.RawMessage, *T) error) func(json.RawMessage) error {
	return func(raw json.RawMessage) error {
		*target = nil
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil || elements == nil {
			return err
		}
		*target = make([]T, len(elements))
		for i, element := range elements {
			if err := read(element, &(*target)[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

func stringMap(raw json.RawMessage, target *map[string]string) error {
	*target = nil
	if isNull(raw) {
		return nil
	}
	*target = map[string]string{}
	return members(raw, func(name string, value json.RawMessage) error {
		if isNull(value) {
			delete(*target, name)
			return nil
		}
		var text string
		err := json.Unmarshal(value, &text)
		(*target)[name] = text
		return err
	})
}

func referenceItem(raw json.RawMessage, v *types.Item) error {
	return object(raw, fields{
		"AbsoluteTime":     plain(&v.AbsoluteTime),
		"Attachments":      list(&v.Attachments, referenceAttachment),
		"ContactId":        plain(&v.ContactId),
		"Content":          plain(&v.Content),
		"ContentType":      plain(&v.ContentType),
		"DisplayName":      plain(&v.DisplayName),
		"Id":               plain(&v.Id),
		"MessageMetadata":  func(raw json.RawMessage) error { return referenceMetadata(raw, &v.MessageMetadata) },
		"ParticipantId":    plain(&v.ParticipantId),
		"ParticipantRole":  enum(&v.ParticipantRole),
		"RelatedContactId": plain(&v.RelatedContactId),
		"Type":             enum(&v.Type),
	})
}

func referenceAttachment(raw json.RawMessage, v *types.AttachmentItem) error {
	return object(raw, fields{
		"AttachmentId":   plain(&v.AttachmentId),
		"AttachmentName": plain(&v.AttachmentName),
		"ContentType":    plain(&v.ContentType),
		"Status":         enum(&v.Status),
	})
}

func referenceMetadata(raw json.RawMessage, target **types.MessageMetadata) error {
	*target = nil
	if isNull(raw) {
		return nil
	}
	*target = new(types.MessageMetadata)
	return object(raw, fields{
		"MessageId":               plain(&(*target).MessageId),
		"MessageProcessingStatus": enum(&(*target).MessageProcessingStatus),
		"Receipts":                list(&(*target).Receipts, referenceReceipt),
	})
}

func referenceReceipt(raw json.RawMessage, v *types.Receipt) error {
	return object(raw, fields{
		"DeliveredTimestamp":     plain(&v.DeliveredTimestamp),
		"ReadTimestamp":          plain(&v.ReadTimestamp),
		"RecipientParticipantId": plain(&v.RecipientParticipantId),
	})
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }
