// SPDX-License-Identifier: Apache-2.0

package participanttest

import "slices"

// Connection is what StartChatContact returns in addition to the participant token when it is asked for
// connection information, which it has supported since September 2026. The expiries have the format of
// the wire; with Absent in the Switches they are empty.
type Connection struct {
	// ConnectionToken is valid until Expiry.
	ConnectionToken, Expiry string
	// URL is the URL of a WebSocket; it can be dialed for 100 seconds. ConnectionExpiry is when the
	// client has to ask for a new one.
	URL, ConnectionExpiry string
}

// NewConnection returns a new connection token and WebSocket URL, as StartChatContact does for the
// customer: a client that has them can start without CreateParticipantConnection. Count doesn't count
// it as a call of that operation. ExpireTokens and the Switches for tokens, URLs and expiries apply to
// it.
func (p *Participant) NewConnection() (connection Connection) {
	p.act(func() {
		p.activate()
		out := p.connect([]string{"WEBSOCKET", "CONNECTION_CREDENTIALS"})
		connection = Connection{
			ConnectionToken:  out.ConnectionCredentials.ConnectionToken,
			Expiry:           out.ConnectionCredentials.Expiry,
			URL:              out.Websocket.URL,
			ConnectionExpiry: out.Websocket.ConnectionExpiry,
		}
	})
	return connection
}

type connectionOutput struct {
	Websocket             *websocketOutput   `json:",omitempty"`
	ConnectionCredentials *credentialsOutput `json:",omitempty"`
	WebRTCConnection      *webRTCOutput      `json:",omitempty"`
}

type websocketOutput struct {
	URL              string `json:"Url"`
	ConnectionExpiry string `json:",omitempty"`
}

type credentialsOutput struct {
	ConnectionToken string
	Expiry          string `json:",omitempty"`
}

// createParticipantConnection returns what Type asks for. ChatJS agents send no Type, only to be marked
// as connected, and get an empty response.
func createParticipantConnection(c *call) (any, *wireError) {
	kinds := c.in.values("Type", "WEBSOCKET", "CONNECTION_CREDENTIALS", "WEBRTC_CONNECTION")
	connect := c.in.flag("ConnectParticipant")
	if c.in.err != nil {
		return nil, c.in.err
	}
	if failure := c.participant.lateConnection(); failure != nil {
		return nil, failure
	}
	c.participant.generation++
	c.participant.activate()
	c.participant.joinByCall(connect)
	return c.participant.connect(kinds), nil
}

func (p *Participant) connect(kinds []string) connectionOutput {
	s := p.contact.srv
	var out connectionOutput
	if slices.Contains(kinds, "WEBSOCKET") {
		socketURL, expiry := p.newSocketURL()
		out.Websocket = &websocketOutput{URL: socketURL, ConnectionExpiry: s.expiry(expiry, s.opts.ConnectionExpiryShown)}
	}
	if slices.Contains(kinds, "CONNECTION_CREDENTIALS") {
		token, expiry := p.newConnectionToken()
		out.ConnectionCredentials = &credentialsOutput{ConnectionToken: token, Expiry: s.expiry(expiry, s.opts.ExpiryShown)}
	}
	if slices.Contains(kinds, "WEBRTC_CONNECTION") {
		out.WebRTCConnection = newWebRTC(p)
	}
	return out
}

func disconnectParticipant(c *call) (any, *wireError) {
	if c.in.err != nil {
		return nil, c.in.err
	}
	c.participant.leave()
	return struct{}{}, nil
}

type webRTCOutput struct {
	Attendee struct {
		AttendeeID string `json:"AttendeeId"`
		JoinToken  string
	}
	Meeting struct {
		MediaPlacement  mediaPlacement
		MeetingFeatures struct {
			Audio struct{ EchoReduction string }
		}
		MeetingID string `json:"MeetingId"`
	}
}

type mediaPlacement struct {
	AudioHostURL      string `json:"AudioHostUrl"`
	AudioFallbackURL  string `json:"AudioFallbackUrl"`
	SignalingURL      string `json:"SignalingUrl"`
	EventIngestionURL string `json:"EventIngestionUrl"`
}

// newWebRTC returns a plausible meeting that can't be dialed: .invalid never resolves.
func newWebRTC(p *Participant) *webRTCOutput {
	var out webRTCOutput
	out.Attendee.AttendeeID = newUUID()
	out.Attendee.JoinToken = newToken("join-token.")
	out.Meeting.MeetingID = p.contact.ID
	out.Meeting.MeetingFeatures.Audio.EchoReduction = "AVAILABLE"
	out.Meeting.MediaPlacement = mediaPlacement{
		AudioHostURL:      "media.chime.invalid:3478",
		AudioFallbackURL:  "wss://haxrp.chime.invalid:443/calls/" + p.contact.ID,
		SignalingURL:      "wss://signal.chime.invalid/control/" + p.contact.ID,
		EventIngestionURL: "https://data.chime.invalid/v1/client-events",
	}
	return &out
}
