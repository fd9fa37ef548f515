// SPDX-License-Identifier: Apache-2.0

package participanttest

import "time"

// Switches change decisions of the fake where the service's documentation leaves room; see "Decisions"
// in the package comment. The zero value is the default.
type Switches struct {
	// OldTokensDie makes each CreateParticipantConnection invalidate the participant's earlier
	// connection tokens. By default they are valid until their Expiry.
	OldTokensDie bool
	// TokensOutliveTheEnd keeps the tokens of a chat valid after chat.ended, for
	// CreateParticipantConnection, GetTranscript, GetAttachment and DescribeView. By default every
	// operation responds with 403.
	TokensOutliveTheEnd bool
	// TokenLife is how long a connection token is valid. Defaults to 24 hours.
	TokenLife time.Duration
	// ExpiryShown sets the Expiry in the response to that long after now, regardless of TokenLife. It
	// may be negative, for an Expiry in the past; Absent leaves it out. Defaults to the real expiry.
	ExpiryShown time.Duration
	// ConnectionExpiryShown does the same for ConnectionExpiry. Defaults to 66 minutes.
	ConnectionExpiryShown time.Duration
	// SingleUseURLs makes a WebSocket URL valid for one upgrade. By default it can be dialed any
	// number of times within 100 seconds.
	SingleUseURLs bool
	// RefuseSixthSocket refuses a participant's sixth upgrade with 403. By default the oldest socket is
	// closed with 1001.
	RefuseSixthSocket bool
	// CloseAtConnectionExpiry closes a socket with 1001 at the ConnectionExpiry of its URL. By default
	// it stays open.
	CloseAtConnectionExpiry bool
	// GatewayLimits closes a socket with 1001 after 10 minutes without a frame in either direction, and
	// 2 hours after it was opened. The pings of RFC 6455 don't count as frames. By default it stays
	// open.
	GatewayLimits bool
	// CloseSocketsAtEnd closes the sockets with 1000 after chat.ended. By default they stay open.
	CloseSocketsAtEnd bool
	// JoinOnConnection makes a participant join on any CreateParticipantConnection. By default they
	// join with the first socket, or with ConnectParticipant.
	JoinOnConnection bool
	// StrictConnection connects each role only in the documented way, and refuses what a participant
	// who isn't connected sends; see the package comment. JoinOnConnection has no effect then. By
	// default participants join with the first socket or with ConnectParticipant.
	StrictConnection bool
	// EndUnconnected ends a chat whose customer hasn't joined within 5 minutes of its start. By default
	// it waits indefinitely.
	EndUnconnected bool
	// AgentsMayLeave continues the chat when an agent disconnects. By default it ends.
	AgentsMayLeave bool
	// ExclusiveStart leaves the item at StartPosition out of the page. By default it is included.
	ExclusiveStart bool
	// RefuseStartTime refuses a StartPosition with AbsoluteTime with 400. By default it is accepted.
	RefuseStartTime bool
	// EmptyForUnknownStart returns an empty page for an unknown StartPosition.Id. By default the
	// response is 400.
	EmptyForUnknownStart bool
	// EmptyNextToken returns a NextToken of "" with the last page. By default it has none.
	EmptyNextToken bool
	// NextTokensDie refuses a NextToken from before the participant's newest connection. By default it
	// is accepted.
	NextTokensDie bool
	// EqualTimes gives all items of the same second the same AbsoluteTime. By default times rise by at
	// least a millisecond.
	EqualTimes bool
	// EchoFirst pushes a message to its sender's sockets before SendMessage responds. By default the
	// push follows the response.
	EchoFirst bool
	// ContentLimit is the maximum size of a message's Content in bytes. Defaults to 16,384.
	ContentLimit int
	// ErrorForm is how error responses name their type. Defaults to ErrorTypeBare.
	ErrorForm ErrorForm
}

// Absent is a value of Switches.ExpiryShown and Switches.ConnectionExpiryShown: it leaves the expiry
// out of the response.
const Absent = time.Duration(-1 << 63)

// expiry formats the expiry of a response: the real one unless a switch sets another.
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
