// SPDX-License-Identifier: Apache-2.0

package restjson

import "github.com/participant-go/connectparticipant/types"

// Enum reads a value of an enumeration; null is "".
func Enum[T ~string](r *Reader, target *T) { *target = T(r.Text()) }

// Struct reads an object into a new *T with read; null makes *target nil.
func Struct[T any](r *Reader, target **T, read func(*Reader, *T)) {
	*target = nil
	if r.Null() {
		return
	}
	v := new(T)
	read(r, v)
	*target = v
}

// Structs reads a list of objects with read; null makes *target nil, an empty
// list an empty slice.
func Structs[T any](r *Reader, target *[]T, read func(*Reader, *T)) {
	structsInto(r, []T{}, target, read, nil)
}

// structsInto appends the list to room, an empty slice, as long as its capacity suffices. Elements
// of unexpected types are added to odd, unless it is nil.
func structsInto[T any](r *Reader, room []T, target *[]T, read func(*Reader, *T), odd *OddItems) {
	*target = nil
	if r.Null() {
		return
	}
	list := room
	mark, begun := r.Mark(), r.pos
	for i := range r.Elements() {
		if r.keep(); i == cap(list) {
			r.Store(mark) // strings read so far belong to the old elements
			list = append(make([]T, 0, i+r.expected(begun, i)), list...)
		}
		var zero T
		list = append(list, zero)
		switch {
		case r.Null():
		case odd == nil:
			read(r, &list[i])
		default:
			readOdd(r, odd, i, &list[i], read)
		}
	}
	*target = list
}

// expected estimates the remaining number of elements of a list from the size of the previous ones,
// which start at begun. A page has a hundred, and growing step by step takes twice the memory.
func (r *Reader) expected(begun, elements int) int {
	const few, most, large = 4, 128, 4 << 10
	switch {
	case elements == 0 && len(r.data)-r.pos < large:
		return 1
	case elements < few:
		return few - elements
	}
	size := max(1, (r.pos-begun)/elements)
	left := (len(r.data) - r.pos) / size
	return min(1+left+left/8, max(most, elements))
}

// Strings reads a list of strings, null elements as ""; null makes *target nil.
func Strings(r *Reader, target *[]string) {
	*target = nil
	if r.Null() {
		return
	}
	list := []string{}
	for range r.Elements() {
		r.keep()
		list = append(list, r.Text())
	}
	*target = list
}

// StringMap reads an object whose values are strings; null values are omitted, and a null object
// makes *target nil.
func StringMap(r *Reader, target *map[string]string) {
	*target = nil
	if r.Null() {
		return
	}
	m := map[string]string{}
	for name := range r.Members() {
		r.keep()
		key := string(name)
		if r.Null() {
			delete(m, key)
			continue
		}
		m[key] = r.Text()
	}
	*target = m
}

// Item reads a transcript item. Its strings share one allocation, but none with other items.
func Item(r *Reader, v *types.Item) {
	mark := r.Mark()
	for name := range r.Members() {
		itemMember(r, name, v)
	}
	r.Store(mark)
}

// LiveItem is an item as received on a socket, with a member that transcript items lack. The
// service's model doesn't define it, so a value of another type is ignored and the item is kept.
type LiveItem struct {
	types.Item

	InitialContactID *string
}

// Read reads the item.
func (v *LiveItem) Read(r *Reader) {
	mark := r.Mark()
	for name := range r.Members() {
		if string(name) != "InitialContactId" {
			itemMember(r, name, &v.Item)
		} else if kind := r.Kind(); kind == '"' || kind == 'n' {
			r.String(&v.InitialContactID)
		}
	}
	r.Store(mark)
}

func itemMember(r *Reader, name []byte, v *types.Item) {
	switch string(name) {
	case "AbsoluteTime":
		r.String(&v.AbsoluteTime)
	case "Attachments":
		Structs(r, &v.Attachments, attachmentItem)
	case "ContactId":
		r.String(&v.ContactId)
	case "Content":
		r.String(&v.Content)
	case "ContentType":
		r.String(&v.ContentType)
	case "DisplayName":
		r.String(&v.DisplayName)
	case "Id":
		r.String(&v.Id)
	case "MessageMetadata":
		messageMetadata(r, &v.MessageMetadata)
	case "ParticipantId":
		r.String(&v.ParticipantId)
	case "ParticipantRole":
		Enum(r, &v.ParticipantRole)
	case "RelatedContactId":
		r.String(&v.RelatedContactId)
	case "Type":
		Enum(r, &v.Type)
	}
}

func attachmentItem(r *Reader, v *types.AttachmentItem) {
	for name := range r.Members() {
		switch string(name) {
		case "AttachmentId":
			r.String(&v.AttachmentId)
		case "AttachmentName":
			r.String(&v.AttachmentName)
		case "ContentType":
			r.String(&v.ContentType)
		case "Status":
			Enum(r, &v.Status)
		}
	}
}

// messageMetadata allocates one receipt together with the metadata: a message in a chat of two has
// at most one.
func messageMetadata(r *Reader, target **types.MessageMetadata) {
	*target = nil
	if r.Null() {
		return
	}
	room := new(struct {
		metadata types.MessageMetadata
		receipts [1]types.Receipt
	})
	receipts := room.receipts[:0]
	for name := range r.Members() {
		if string(name) == "Receipts" && receipts != nil {
			structsInto(r, receipts, &room.metadata.Receipts, receipt, nil)
			receipts = nil // must not be used twice
			continue
		}
		metadataMember(r, name, &room.metadata)
	}
	*target = &room.metadata
}

// metadataMember ignores MessageCompleted and ChunkNumber if they have another type, because the
// service's model doesn't define them.
func metadataMember(r *Reader, name []byte, v *types.MessageMetadata) {
	switch string(name) {
	case "ChunkNumber":
		r.int32IfAny(&v.ChunkNumber)
	case "MessageCompleted":
		if kind := r.Kind(); kind == 't' || kind == 'f' || kind == 'n' {
			r.Bool(&v.MessageCompleted)
		}
	case "MessageId":
		r.String(&v.MessageId)
	case "MessageProcessingStatus":
		Enum(r, &v.MessageProcessingStatus)
	case "Receipts":
		Structs(r, &v.Receipts, receipt)
	}
}

func receipt(r *Reader, v *types.Receipt) {
	for name := range r.Members() {
		switch string(name) {
		case "DeliveredTimestamp":
			r.String(&v.DeliveredTimestamp)
		case "ReadTimestamp":
			r.String(&v.ReadTimestamp)
		case "RecipientParticipantId":
			r.String(&v.RecipientParticipantId)
		}
	}
}
