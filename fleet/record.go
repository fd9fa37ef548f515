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

// The prefixes of the keys in the store.
const (
	memberPrefix = "member/" // one for each process, with a ttl
	inboxPrefix  = "inbox/"  // chats that a member should look at
	chatPrefix   = "chat/"   // who holds a chat
	statePrefix  = "state/"  // how far a chat has been handled
	tokenPrefix  = "token/"  // the newest connection token of a chat
	sharesKey    = "quota/shares"
)

// memberRecord is what a process says of itself with each renewal of its lease.
type memberRecord struct {
	// Name is that of the process, never used again: chats name it as their owner.
	Name string `json:"name"`
	// Beat changes with each renewal, so that those who poll see it.
	Beat  uint64 `json:"beat"`
	Chats int    `json:"chats"`
	Room  int    `json:"room"`
	// Ready reports that the member has known the others for long enough to claim.
	Ready    bool `json:"ready,omitempty"`
	Draining bool `json:"draining,omitempty"`
	// Left reports that the member has let go of everything.
	Left bool `json:"left,omitempty"`
}

// takes reports whether the member can be given a chat.
func (r memberRecord) takes() bool { return r.Ready && !r.Draining && !r.Left && r.Room > 0 }

// chatRecord says who holds a chat.
type chatRecord struct {
	ID    string `json:"id"`
	Owner string `json:"owner,omitempty"` // nobody if empty
	Epoch uint64 `json:"epoch"`
	// Token is the participant token, sealed.
	Token         []byte `json:"token"`
	ParticipantID string `json:"participantId"`
	Data          []byte `json:"data,omitempty"`
	// Ended reports that the chat is over. Such a record is kept for a while, so that who
	// comes back late learns it.
	Ended bool `json:"ended,omitempty"`
}

func (m *Member) sealChat(c Chat) (chatRecord, error) {
	sealed, err := m.opts.Sealer.Seal([]byte(c.ParticipantToken), chatKey(c.ID))
	return chatRecord{ID: c.ID, Epoch: 1, Token: sealed, ParticipantID: c.ParticipantID, Data: c.Data}, err
}

func (m *Member) openChat(r chatRecord) (Chat, error) {
	token, err := m.opts.Sealer.Open(r.Token, chatKey(r.ID))
	return Chat{ID: r.ID, ParticipantToken: string(token), ParticipantID: r.ParticipantID, Data: r.Data}, err
}

// tokenRecord is a chat's newest connection token, sealed.
type tokenRecord struct {
	Token []byte `json:"token,omitempty"`
	// Refresher is the member that is getting a new one.
	Refresher string `json:"refresher,omitempty"`
}

func chatKey(id string) string  { return chatPrefix + escape(id) }
func stateKey(id string) string { return statePrefix + escape(id) }
func tokenKey(id string) string { return tokenPrefix + escape(id) }

// inboxKey is where a member finds that it should look at a chat.
func inboxKey(name, id string) string { return inboxPrefix + name + "/" + escape(id) }

const keyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// isPlain reports whether a text can be a part of a key as it is.
func isPlain(text string) bool { return strings.Trim(text, keyCharacters) == "" }

// escape makes a chat's ID a part of a key.
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

// decode reads a record. What can't be read names its key and nothing of its content.
func decode[R any](key string, value []byte) (r R, err error) {
	if json.Unmarshal(value, &r) != nil {
		return r, fmt.Errorf("record %s of the store can't be read", key)
	}
	return r, nil
}

func encode(r any) []byte {
	value, err := json.Marshal(r)
	if err != nil {
		panic(err) // records have no types that can't be encoded
	}
	return value
}

// encodeState is a State under the epoch of its owner.
func encodeState(epoch uint64, state chat.State) ([]byte, error) {
	return state.AppendBinary(binary.BigEndian.AppendUint64(nil, epoch))
}

// decodeState returns the epoch also if the state is damaged.
func decodeState(value []byte) (epoch uint64, state chat.State, err error) {
	if len(value) < 8 {
		return 0, state, errors.Join(chat.ErrState, errors.New("it is too short"))
	}
	return binary.BigEndian.Uint64(value), state, state.UnmarshalBinary(value[8:])
}
