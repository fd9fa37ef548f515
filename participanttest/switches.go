// SPDX-License-Identifier: Apache-2.0

package participanttest

import "time"

// Switches turn the judgement calls of the package comment the other way, where the
// service's documentation leaves room. The zero value is the default everywhere.
type Switches struct {
	// OldTokensDie makes each CreateParticipantConnection end the participant's earlier
	// connection tokens. Defaults to letting them live until their own Expiry.
	OldTokensDie bool
	// TokensOutliveTheEnd keeps connection tokens good after chat.ended, and
	// CreateParticipantConnection with them. Defaults to 403 on everything.
	TokensOutliveTheEnd bool
	// TokenLife is how long a connection token is good. Defaults to 24 hours.
	TokenLife time.Duration
	// ExpiryShown is how far ahead the Expiry in the answer lies, whatever the token's
	// life: negative for one in the past, Absent for none. Defaults to the truth.
	ExpiryShown time.Duration
	// ConnectionExpiryShown is the same for ConnectionExpiry. Defaults to 66 minutes.
	ConnectionExpiryShown time.Duration
	// SingleUseURLs lets a WebSocket URL be dialled once. Defaults to any number of times
	// within its 100 seconds.
	SingleUseURLs bool
	// RefuseSixthSocket answers a participant's sixth upgrade with 403. Defaults to
	// closing the oldest with 1001.
	RefuseSixthSocket bool
	// CloseAtConnectionExpiry closes a socket with 1001 at the ConnectionExpiry of its URL.
	// Defaults to leaving it open.
	CloseAtConnectionExpiry bool
	// GatewayLimits closes a socket with 1001 after 10 minutes without a frame in either
	// direction, and 2 hours after its opening. Frames are those with text, not the pings of
	// RFC 6455. Defaults to leaving it open.
	GatewayLimits bool
	// CloseSocketsAtEnd closes the sockets with 1000 after chat.ended. Defaults to
	// leaving them open.
	CloseSocketsAtEnd bool
	// JoinOnConnection makes a participant join on any CreateParticipantConnection.
	// Defaults to the first socket, or ConnectParticipant.
	JoinOnConnection bool
	// StrictConnection connects each role only in the way the documentation gives for it,
	// and refuses what a participant who isn't connected sends; see the package comment.
	// JoinOnConnection has no effect then. Defaults to joining on the first socket or
	// ConnectParticipant.
	StrictConnection bool
	// EndUnconnected ends a chat whose customer hasn't joined within 5 minutes of its start.
	// Defaults to waiting for ever.
	EndUnconnected bool
	// AgentsMayLeave keeps the chat going when an agent disconnects. Defaults to
	// chat.ended.
	AgentsMayLeave bool
	// ExclusiveStart leaves the item at StartPosition out of the page. Defaults to
	// having it in.
	ExclusiveStart bool
	// RefuseStartTime answers a StartPosition with AbsoluteTime with 400. Defaults to
	// taking it.
	RefuseStartTime bool
	// EmptyForUnknownStart answers an unknown StartPosition.Id with an empty page.
	// Defaults to 400.
	EmptyForUnknownStart bool
	// EmptyNextToken ends the pages with a NextToken of "". Defaults to none.
	EmptyNextToken bool
	// NextTokensDie refuses a NextToken from before the participant's newest connection.
	// Defaults to taking it.
	NextTokensDie bool
	// EqualTimes gives all items of the same second the same AbsoluteTime. Defaults to
	// times that rise by a millisecond at least.
	EqualTimes bool
	// EchoFirst writes the push of a message to its sender's sockets before the answer
	// to SendMessage. Defaults to after it.
	EchoFirst bool
	// ContentLimit is how many bytes the Content of a message may have. Defaults to
	// 16,384.
	ContentLimit int
	// ErrorForm is how error answers name their type. Defaults to ErrorTypeBare.
	ErrorForm ErrorForm
}

// Absent is an expiry that is left out of the answer.
const Absent = time.Duration(-1 << 63)

// expiry writes an announced expiry: the true one if nothing else is asked for.
func (s *Server) expiry(truth time.Time, shown time.Duration) string {
	switch shown {
	case 0:
		return truth.Format(isoMillis)
	case Absent:
		return ""
	default:
		return s.now().Add(shown).Format(isoMillis)
	}
}
