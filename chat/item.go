// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"cmp"
	"encoding/json"
	"hash/crc32"
	"hash/fnv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

const (
	contentPrefix = "application/vnd.amazonaws.connect."
	eventPrefix   = "event."
)

// item is one item from a socket or a page, on its way to becoming an event.
type item struct {
	types.Item

	meta      Meta
	key       uint64 // a hash of the Id, or of the other members without one
	at        int64  // AbsoluteTime in ns; 0 if unknown or impossible
	arrived   instant
	kind      string // the content type without prefix, in lower case
	revision  uint32 // a checksum of the parts of a message that can change
	chunk     int32  // the number of the chunk
	partial   bool   // a chunk of a streamed message that isn't complete
	final     bool   // no scan or processing is in progress
	live      bool   // never appears in the transcript
	past      bool   // of a past contact
	malformed bool   // could not be decoded completely

	unknownEvent bool // may or may not appear in the transcript
}

// liveItem decodes the item of a frame and keeps raw.
func liveItem(raw []byte) (*item, error) {
	var live restjson.LiveItem
	if err := restjson.Decode(raw, live.Read); err != nil {
		return nil, err
	}
	it := newItem(live.Item)
	it.past = live.RelatedContactId != nil && live.ContactId == nil
	it.meta.InitialContactID = aws.ToString(live.InitialContactID)
	it.meta.Raw = raw
	if m := live.MessageMetadata; m != nil && m.MessageCompleted != nil && !*m.MessageCompleted {
		it.partial, it.chunk = true, aws.ToInt32(m.ChunkNumber)
	}
	return it, nil
}

// pageItem returns the item for one of a transcript page.
func pageItem(in types.Item) *item {
	it := newItem(in)
	it.meta.Raw = rawItem(&in)
	it.past = in.RelatedContactId != nil && in.ContactId == nil
	return it
}

// malformedItem returns the item for a malformed one of a transcript page: the members that can be
// decoded, and all of it as Raw.
func malformedItem(raw []byte) *item {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members)
	text := func(name string) *string {
		var s *string
		_ = json.Unmarshal(members[name], &s)
		return s
	}
	it := newItem(types.Item{
		Id: text("Id"), AbsoluteTime: text("AbsoluteTime"), ContentType: text("ContentType"), ContactId: text("ContactId"),
		ParticipantId: text("ParticipantId"), DisplayName: text("DisplayName"),
		ParticipantRole: types.ParticipantRole(aws.ToString(text("ParticipantRole"))), Type: types.ChatItemType(aws.ToString(text("Type"))),
	})
	it.meta.Raw = raw
	if it.meta.ID == "" {
		it.key = keyOf(string(raw))
	}
	it.malformed, it.live, it.final = true, false, true
	it.revision, it.kind = 0, ""
	return it
}

func newItem(in types.Item) *item {
	it := &item{Item: in}
	it.meta = Meta{
		ID:           aws.ToString(in.Id),
		AbsoluteTime: aws.ToString(in.AbsoluteTime),
		From: From{
			ParticipantID: aws.ToString(in.ParticipantId), Role: in.ParticipantRole, DisplayName: aws.ToString(in.DisplayName),
		},
		ContactID: aws.ToString(in.ContactId),
	}
	if t, err := connectparticipant.ParseTime(it.meta.AbsoluteTime); err == nil {
		it.meta.Time = t
		if isPossible(t) {
			it.at = t.UnixNano()
		}
	}
	it.key = it.hash()
	it.classify()
	return it
}

// isPossible reports whether t is plausible as the time of an item. Others, some of which an int64
// of nanoseconds can't hold, are ignored.
func isPossible(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2200 }

// hash returns the key. An item without an Id must have the same key on every page.
func (it *item) hash() uint64 {
	if it.meta.ID != "" {
		return keyOf(it.meta.ID)
	}
	parts := []string{
		"", string(it.Type), aws.ToString(it.ContentType), it.meta.AbsoluteTime, it.meta.From.ParticipantID, aws.ToString(it.Content),
	}
	for _, file := range it.Attachments {
		parts = append(parts, aws.ToString(file.AttachmentId))
	}
	return keyOf(parts...)
}

// isEmpty reports whether the item lacks all members that identify it.
func (it *item) isEmpty() bool { return it.meta.ID == "" && it.Type == "" && it.ContentType == nil }

// keyOf returns a short key for an id, the same in every process.
func keyOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, part := range parts {
		_, _ = h.Write([]byte(part))
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// kinds maps the item types that older parts of the service use for events to their kinds.
var kinds = map[types.ChatItemType]string{
	types.ChatItemTypeTyping:            kindTyping,
	types.ChatItemTypeParticipantJoined: kindJoined,
	types.ChatItemTypeParticipantLeft:   kindLeft,
	types.ChatItemTypeChatEnded:         kindEnded,
	types.ChatItemTypeTransferSucceeded: kindTransferred,
	types.ChatItemTypeTransferFailed:    kindNotTransferred,
}

const (
	kindTyping         = "event.typing"
	kindJoined         = "event.participant.joined"
	kindLeft           = "event.participant.left"
	kindInvited        = "event.participant.invited"
	kindEnded          = "event.chat.ended"
	kindTransferred    = "event.transfer.succeeded"
	kindNotTransferred = "event.transfer.failed"
	kindMetadata       = "event.message.metadata"
	kindParticipant    = "event.participant."
	kindAuthentication = "event.authentication."
)

// kept are the kinds of events that appear in a transcript (API_connect-participant_Item).
var kept = map[string]bool{
	kindJoined: true, kindLeft: true, kindInvited: true, kindEnded: true, kindTransferred: true, kindNotTransferred: true,
}

// liveOnly are the kinds of events that never appear there (Amazon Connect administrator guide, "Set
// up chat timeouts"). For other kinds it is not documented.
var liveOnly = map[string]bool{
	kindTyping: true, "event.participant.idle": true, "event.participant.returned": true, "event.participant.autodisconnection": true,
}

func (it *item) classify() {
	it.kind = strings.TrimPrefix(strings.ToLower(aws.ToString(it.ContentType)), contentPrefix)
	if kind, ok := kinds[it.Type]; ok && !strings.HasPrefix(it.kind, eventPrefix) {
		it.kind = kind
	}
	if it.isMessage() {
		it.setRevision()
		if it.kind != kindMetadata {
			it.kind = "" // a message is not an event, whatever its content type
		}
		return
	}
	it.final, it.live = true, liveOnly[it.kind]
	it.unknownEvent = strings.HasPrefix(it.kind, eventPrefix) && !it.live && !kept[it.kind]
}

func (it *item) isMessage() bool {
	return it.Type == types.ChatItemTypeMessage || it.Type == types.ChatItemTypeAttachment
}

// isMetadata reports whether the item contains only receipts and is never delivered itself.
func (it *item) isMetadata() bool {
	return it.kind == kindMetadata || it.Type == "MESSAGEMETADATA" || it.Type == "MESSAGE_METADATA"
}

// setRevision sets revision and final.
func (it *item) setRevision() {
	it.final = true
	sum := crc32.ChecksumIEEE([]byte(aws.ToString(it.Content)))
	for _, file := range it.Attachments {
		sum = crc32.Update(sum, crc32.IEEETable, []byte(file.Status))
		it.final = it.final && file.Status != types.ArtifactStatusInProgress
	}
	if status := it.processing(); status != "" {
		sum = crc32.Update(sum, crc32.IEEETable, []byte(status))
		it.final = it.final && status != types.MessageProcessingStatusProcessing
	}
	it.revision = sum
}

func (it *item) processing() types.MessageProcessingStatus {
	if it.MessageMetadata == nil {
		return ""
	}
	return it.MessageMetadata.MessageProcessingStatus
}

// event returns the event of an item, unless that is the new state of a known message.
func (it *item) event() Event {
	rest := it.kind
	switch {
	case it.malformed:
		return it.other()
	case it.isMessage():
		return it.message()
	case it.kind == kindTyping:
		return Typing{it.meta}
	case it.kind == kindEnded:
		return ChatEnded{Meta: it.meta}
	case it.kind == kindTransferred, it.kind == kindNotTransferred:
		return Transfer{it.meta, it.kind == kindTransferred}
	case cutPrefix(&rest, kindParticipant):
		return Participant{it.meta, ParticipantChange(rest)}
	case cutPrefix(&rest, kindAuthentication):
		return Authentication{it.meta, rest, sessionID(aws.ToString(it.Content))}
	default:
		return it.other()
	}
}

func (it *item) other() Other {
	return Other{it.meta, it.Type, aws.ToString(it.ContentType), aws.ToString(it.Content)}
}

func cutPrefix(s *string, prefix string) (found bool) {
	*s, found = strings.CutPrefix(*s, prefix)
	return found
}

func (it *item) message() Message {
	m := Message{
		Meta: it.meta, ContentType: aws.ToString(it.ContentType), Text: aws.ToString(it.Content), Status: it.processing(),
	}
	for _, file := range it.Attachments {
		m.Attachments = append(m.Attachments, Attachment{
			ID: aws.ToString(file.AttachmentId), Name: aws.ToString(file.AttachmentName),
			ContentType: aws.ToString(file.ContentType), Status: file.Status,
		})
	}
	return m
}

// size is roughly the memory that the event takes.
func (it *item) size() int {
	const overhead = 400
	return overhead + 2*len(it.meta.Raw)
}

func sessionID(content string) string {
	var c struct {
		SessionID string `json:"SessionId"`
	}
	_ = json.Unmarshal([]byte(content), &c)
	return c.SessionID
}

// receipts returns the receipts in the item.
func (it *item) receipts() []Receipt {
	if it.MessageMetadata == nil {
		return nil
	}
	id := cmp.Or(aws.ToString(it.MessageMetadata.MessageId), it.meta.ID)
	receipts := make([]Receipt, 0, len(it.MessageMetadata.Receipts))
	for _, r := range it.MessageMetadata.Receipts {
		if aws.ToString(r.DeliveredTimestamp) != "" || aws.ToString(r.ReadTimestamp) != "" {
			receipts = append(receipts, it.receipt(id, r))
		}
	}
	return receipts
}

func (it *item) receipt(messageID string, r types.Receipt) Receipt {
	out := Receipt{Meta: it.meta, MessageID: messageID, Read: aws.ToString(r.ReadTimestamp) != ""}
	out.AbsoluteTime = aws.ToString(r.DeliveredTimestamp)
	if out.Read {
		out.AbsoluteTime = aws.ToString(r.ReadTimestamp)
	}
	out.Time, _ = connectparticipant.ParseTime(out.AbsoluteTime)
	out.From = From{ParticipantID: aws.ToString(r.RecipientParticipantId)}
	if it.isMessage() {
		out.ID = ""
	}
	return out
}

// isHistory reports whether the item is older than since; 0 means that since is unknown.
func (it *item) isHistory(since int64) bool { return since == 0 || it.at < since }

// latest returns the later of the times of the receipt and of its message, in ns: a recent receipt
// for an old message may still be pushed.
func (r *Receipt) latest(message int64) int64 {
	if !isPossible(r.Time) {
		return message
	}
	return max(message, r.Time.UnixNano())
}

// rawItem encodes the item as a frame would contain it.
func rawItem(in *types.Item) json.RawMessage {
	raw, _ := json.Marshal(wireItem(*in)) // strings and lists of strings: can't fail
	return raw
}

// wireItem is an Item that omits absent members.
type wireItem struct {
	AbsoluteTime     *string                `json:",omitempty"`
	Attachments      []types.AttachmentItem `json:",omitempty"`
	ContactId        *string                `json:",omitempty"`
	Content          *string                `json:",omitempty"`
	ContentType      *string                `json:",omitempty"`
	DisplayName      *string                `json:",omitempty"`
	Id               *string                `json:",omitempty"`
	MessageMetadata  *types.MessageMetadata `json:",omitempty"`
	ParticipantId    *string                `json:",omitempty"`
	ParticipantRole  types.ParticipantRole  `json:",omitempty"`
	RelatedContactId *string                `json:",omitempty"`
	Type             types.ChatItemType     `json:",omitempty"`
}
