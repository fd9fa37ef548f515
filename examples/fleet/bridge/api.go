// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/types"
)

const (
	maxBody     = 128 << 10 // suffices for the longest message with each character escaped
	addTimeout  = 10 * time.Second
	sendTimeout = 20 * time.Second
)

type api struct {
	member *fleet.Member
	log    *slog.Logger
}

// handler serves the API without authentication: wrap it in guard.
func (a *api) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /chats", a.postChat)
	mux.HandleFunc("POST /chats/{id}/messages", a.postMessage)
	mux.HandleFunc("GET /healthz", a.health)
	return mux
}

// postChat responds when the chat is in the store, which is before it is connected. A request may
// be retried, in any process.
func (a *api) postChat(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ChatID, ParticipantToken, ParticipantID string
		Data                                    json.RawMessage
	}
	if !decode(w, r, &in) {
		return
	}
	if in.ChatID == "" || len(in.ChatID) > 150 || in.ParticipantToken == "" || in.ParticipantID == "" || len(in.Data) > 64<<10 {
		http.Error(w, "chatId (up to 150 bytes), participantToken and participantId are required, and data may have up to 64 KiB", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), addTimeout)
	defer cancel()
	err := a.member.Add(ctx, fleet.Chat{ID: in.ChatID, ParticipantToken: in.ParticipantToken, ParticipantID: in.ParticipantID, Data: in.Data})
	if err != nil {
		a.refuse(w, in.ChatID, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// postMessage responds with the message's ID. Requests with the same clientToken send one message,
// whichever process they reach.
func (a *api) postMessage(w http.ResponseWriter, r *http.Request) {
	var in struct{ ClientToken, Text string }
	if !decode(w, r, &in) {
		return
	}
	if in.ClientToken == "" || in.Text == "" {
		http.Error(w, "clientToken and text are required", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendTimeout)
	defer cancel()
	sent, err := a.member.Send(ctx, r.PathValue("id"), in.ClientToken, types.ContentTypeTextPlain, in.Text)
	if err != nil {
		a.refuse(w, r.PathValue("id"), err)
		return
	}
	write(w, map[string]string{"id": sent.ID})
}

// health reports the state of this process. A process without a lease can still send.
func (a *api) health(w http.ResponseWriter, _ *http.Request) { write(w, a.member.Stats()) }

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func decode(w http.ResponseWriter, r *http.Request, in any) (ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(in); err != nil {
		http.Error(w, "the body must be a JSON object with the documented members, and not too long", http.StatusBadRequest)
		return false
	}
	return true
}

// refuse responds with a status that tells the caller whether to retry. The details are only
// logged.
func (a *api) refuse(w http.ResponseWriter, id string, err error) {
	status := statusOf(err)
	a.log.Warn("refused a request", "chat", id, "status", status, "error", err)
	http.Error(w, http.StatusText(status), status)
}

// statusOf returns 5xx or 429 if a retry may succeed later, in this or another process.
func statusOf(err error) int {
	var (
		closed  *chat.CloseError
		invalid *types.ValidationException
	)
	switch {
	case errors.Is(err, fleet.ErrUnknownChat):
		return http.StatusNotFound
	case errors.Is(err, fleet.ErrOtherChat):
		return http.StatusConflict
	case errors.Is(err, fleet.ErrClosed):
		return http.StatusServiceUnavailable
	case errors.As(err, &closed):
		return http.StatusGone
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity
	case connectparticipant.IsThrottled(err):
		return http.StatusTooManyRequests
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	default:
		return http.StatusServiceUnavailable
	}
}
