// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/smithy-go/middleware"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// CreateParticipantConnection returns a token for the other calls, the URL of the chat's socket, or
// both.
//
// Call it again before the token expires, whenever a new socket is needed (each URL is valid for
// 100 seconds), and at the socket's ConnectionExpiry. The first call must be made within 5 minutes
// of StartChatContact. After the end of the chat, and for a wrong token, it fails with
// *types.AccessDeniedException.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_CreateParticipantConnection.html
func (c *Client) CreateParticipantConnection(ctx context.Context, params *CreateParticipantConnectionInput, optFns ...func(*Options)) (*CreateParticipantConnectionOutput, error) {
	out, metadata, err := invoke[CreateParticipantConnectionInput, CreateParticipantConnectionOutput](ctx, c, "CreateParticipantConnection", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// CreateParticipantConnectionInput is the input of CreateParticipantConnection.
type CreateParticipantConnectionInput struct {
	// ParticipantToken is the secret that StartChatContact or CreateParticipant returned. It is
	// valid for the lifetime of the participant. Required.
	ParticipantToken *string

	// ConnectParticipant marks the participant as connected without a socket. For
	// message streaming it is required, together with CONNECTION_CREDENTIALS.
	// Defaults to false.
	ConnectParticipant *bool

	// Type selects what the service returns. Without it the service returns neither token nor URL,
	// which is useful only with ConnectParticipant.
	Type []types.ConnectionType
}

// CreateParticipantConnectionOutput is the output of CreateParticipantConnection.
type CreateParticipantConnectionOutput struct {
	// ConnectionCredentials holds the connection token; nil unless Type asks for it.
	ConnectionCredentials *types.ConnectionCredentials

	// WebRTCConnection holds the data to join an audio or video call; nil unless Type asks for it.
	WebRTCConnection *types.WebRTCConnection

	// Websocket holds the URL of the socket; nil unless Type asks for it.
	Websocket *types.Websocket

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *CreateParticipantConnectionInput) bearer() *string { return in.ParticipantToken }

func (in *CreateParticipantConnectionInput) validate() error {
	return check("CreateParticipantConnectionInput",
		token("ParticipantToken", in.ParticipantToken),
	)
}

func (in *CreateParticipantConnectionInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/connection")
	w.Bool("ConnectParticipant", in.ConnectParticipant)
	restjson.List(w, "Type", in.Type)
}

func (out *CreateParticipantConnectionOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "ConnectionCredentials":
			restjson.Struct(r, &out.ConnectionCredentials, connectionCredentials)
		case "WebRTCConnection":
			restjson.Struct(r, &out.WebRTCConnection, webRTCConnection)
		case "Websocket":
			restjson.Struct(r, &out.Websocket, websocket)
		}
	}
}

func connectionCredentials(r *restjson.Reader, v *types.ConnectionCredentials) {
	for name := range r.Members() {
		switch string(name) {
		case "ConnectionToken":
			r.String(&v.ConnectionToken)
		case "Expiry":
			r.String(&v.Expiry)
		}
	}
}

func websocket(r *restjson.Reader, v *types.Websocket) {
	for name := range r.Members() {
		switch string(name) {
		case "ConnectionExpiry":
			r.String(&v.ConnectionExpiry)
		case "Url":
			r.String(&v.Url)
		}
	}
}

func webRTCConnection(r *restjson.Reader, v *types.WebRTCConnection) {
	for name := range r.Members() {
		switch string(name) {
		case "Attendee":
			restjson.Struct(r, &v.Attendee, attendee)
		case "Meeting":
			restjson.Struct(r, &v.Meeting, webRTCMeeting)
		}
	}
}

func attendee(r *restjson.Reader, v *types.Attendee) {
	for name := range r.Members() {
		switch string(name) {
		case "AttendeeId":
			r.String(&v.AttendeeId)
		case "JoinToken":
			r.String(&v.JoinToken)
		}
	}
}

func webRTCMeeting(r *restjson.Reader, v *types.WebRTCMeeting) {
	for name := range r.Members() {
		switch string(name) {
		case "MediaPlacement":
			restjson.Struct(r, &v.MediaPlacement, webRTCMediaPlacement)
		case "MeetingFeatures":
			restjson.Struct(r, &v.MeetingFeatures, meetingFeatures)
		case "MeetingId":
			r.String(&v.MeetingId)
		}
	}
}

func webRTCMediaPlacement(r *restjson.Reader, v *types.WebRTCMediaPlacement) {
	for name := range r.Members() {
		switch string(name) {
		case "AudioFallbackUrl":
			r.String(&v.AudioFallbackUrl)
		case "AudioHostUrl":
			r.String(&v.AudioHostUrl)
		case "EventIngestionUrl":
			r.String(&v.EventIngestionUrl)
		case "SignalingUrl":
			r.String(&v.SignalingUrl)
		}
	}
}

func meetingFeatures(r *restjson.Reader, v *types.MeetingFeaturesConfiguration) {
	for name := range r.Members() {
		if string(name) == "Audio" {
			restjson.Struct(r, &v.Audio, audioFeatures)
		}
	}
}

func audioFeatures(r *restjson.Reader, v *types.AudioFeatures) {
	for name := range r.Members() {
		if string(name) == "EchoReduction" {
			restjson.Enum(r, &v.EchoReduction)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in CreateParticipantConnectionInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in CreateParticipantConnectionInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }

// LogValue shows the output to log/slog without its secrets.
func (out CreateParticipantConnectionOutput) LogValue() slog.Value { return redact.LogValue(out) }

// Format shows the output to fmt without its secrets, whatever the verb.
func (out CreateParticipantConnectionOutput) Format(f fmt.State, _ rune) { redact.Format(f, out) }
