// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"fmt"
)

// ParseItem returns the events of one item of a chat, as a session would deliver them. raw is the
// item as JSON: from a frame of the socket, a page of GetTranscript, a notification of message
// streaming, or Meta.Raw. A message comes before its receipts; an item that contains only receipts
// may have no events. A chunk of an incomplete message is a Progress with the text of this chunk
// only; chat.ended is a ChatEnded. It returns an error if raw is not JSON or not an item; an item
// of an unknown type is an Other.
//
// ParseItem keeps no state: it doesn't recognize duplicates, and never sets Late, History or Own.
func ParseItem(raw []byte) ([]Event, error) {
	it, err := liveItem(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("parse chat item: %w", err)
	case it.isEmpty():
		return nil, errors.New("parse chat item: it has no Id, Type or ContentType")
	}
	var events []Event
	switch {
	case it.isMetadata():
	case it.partial:
		message := it.message()
		events = append(events, Progress{message.Meta, message.Text, int(it.chunk)})
	default:
		events = append(events, it.event())
	}
	for _, r := range it.receipts() {
		events = append(events, r)
	}
	return events, nil
}
