// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/participant-go/connectparticipant/chat"
)

// Prefixes of the keys in the store.
const (
	memberPrefix = "member/" // one per process, with a ttl
	inboxPrefix  = "inbox/"  // chats that a member should check
	chatPrefix   = "chat/"   // the owner of a chat
	statePrefix  = "state/"  // the State of a chat
	tokenPrefix  = "token/"  // the newest connection token of a chat
	sharesKey    = "quota/shares"
)

// memberRecord describes a process, as of the last renewal of its lease.
type memberRecord struct {
	// Name is unique to the process and never used again; it names the owner of a chat.
	Name string `json:"name"`
	// Beat changes with each renewal, so that polling watchers notice it.
	Beat  uint64 `json:"beat"`
	Chats int    `json:"chats"`
	Room  int    `json:"room"`
	// Ready reports that the member has known the others for long enough to claim chats.
	Ready    bool `json:"ready,omitempty"`
	Draining bool `json:"draining,omitempty"`
	// Left reports that the member has released everything.
	Left bool `json:"left,omitempty"`
}

// takes reports whether the member accepts another chat.
func (r memberRecord) takes() bool { return r.Ready && !r.Draining && !r.Left && r.Room > 0 }

// chatRecord records the owner of a chat.
type chatRecord struct {
	ID    string `json:"id"`
	Owner string `json:"owner,omitempty"` // empty: none
	Epoch uint64 `json:"epoch"`
	// Since is the epoch under which the chat was added. A State of a lower one belongs to an earlier
	// chat with the same ID.
	Since uint64 `json:"since,omitempty"`
	// Token is the participant token, sealed.
	Token         []byte `json:"token"`
	ParticipantID string `json:"participantId"`
	Data          []byte `json:"data,omitempty"`
	// Ended reports that the chat is over. Such a record is kept for a while, for members and
	// callers of Add that were away.
	Ended bool `json:"ended,omitempty"`
}

func (m *Member) sealChat(c Chat) (chatRecord, error) {
	sealed, err := m.opts.Sealer.Seal([]byte(c.ParticipantToken), chatKey(c.ID))
	return chatRecord{ID: c.ID, Token: sealed, ParticipantID: c.ParticipantID, Data: c.Data}, err
}

func (m *Member) openChat(r chatRecord) (Chat, error) {
	token, err := m.opts.Sealer.Open(r.Token, chatKey(r.ID))
	return Chat{ID: r.ID, ParticipantToken: string(token), ParticipantID: r.ParticipantID, Data: r.Data}, err
}

// tokenRecord is a chat's newest connection token, sealed.
type tokenRecord struct {
	Token []byte `json:"token,omitempty"`
	// Refresher is the member that is requesting a new token.
	Refresher string `json:"refresher,omitempty"`
}

func chatKey(id string) string  { return chatPrefix + escape(id) }
func stateKey(id string) string { return statePrefix + escape(id) }
func tokenKey(id string) string { return tokenPrefix + escape(id) }

// inboxKey is the key of an entry that asks a member to check a chat.
func inboxKey(name, id string) string { return inboxPrefix + name + "/" + escape(id) }

const keyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// isPlain reports whether a text can be part of a key without escaping.
func isPlain(text string) bool { return strings.Trim(text, keyCharacters) == "" }

// escape makes a chat's ID usable as a part of a key.
func escape(id string) string {
	if isPlain(id) {
		return id
	}
	var b strings.Builder
	for i := range len(id) {
		if strings.IndexByte(keyCharacters, id[i]) >= 0 {
			b.WriteByte(id[i])
		} else {
			fmt.Fprintf(&b, "=%02X", id[i])
		}
	}
	return b.String()
}

// decode reads a record. Its error names the key, but nothing of the value.
func decode[R any](key string, value []byte) (r R, err error) {
	if json.Unmarshal(value, &r) != nil {
		return r, fmt.Errorf("decode record %s of the store: invalid JSON", key)
	}
	return r, nil
}

func encode(r any) []byte {
	value, err := json.Marshal(r)
	if err != nil {
		panic(err) // all fields can be encoded
	}
	return value
}

// encodeState encodes a State and the epoch of its owner.
func encodeState(epoch uint64, state chat.State) ([]byte, error) {
	return state.AppendBinary(binary.BigEndian.AppendUint64(nil, epoch))
}

// decodeState returns the epoch even if the state is damaged.
func decodeState(value []byte) (epoch uint64, state chat.State, err error) {
	if len(value) < 8 {
		return 0, state, errors.Join(chat.ErrState, errors.New("too short"))
	}
	return binary.BigEndian.Uint64(value), state, state.UnmarshalBinary(value[8:])
}
