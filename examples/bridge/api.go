// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

// maxBody suffices for the longest message with each character escaped.
const maxBody = 128 << 10

// validName matches names that are distinct file names on every system.
var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// handler serves the bridge's API without authentication: wrap it in guard.
func (b *bridge) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /chats", b.postChat)
	mux.HandleFunc("POST /chats/{name}/messages", b.postMessage)
	return mux
}

// postChat responds when the chat is saved, which is before it is connected. If the token is
// invalid, the webhook is notified.
func (b *bridge) postChat(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name, Token string }
	if !decode(w, r, &in) {
		return
	}
	if !validName.MatchString(in.Name) || in.Token == "" {
		http.Error(w, "name must match "+validName.String()+", and token must not be empty", http.StatusBadRequest)
		return
	}
	if err := b.add(in.Name, in.Token); err != nil {
		b.refuse(w, in.Name, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// postMessage responds with the message's ID, which its notification has too. A caller that may
// have to retry sends an Idempotency-Key of up to 500 characters.
func (b *bridge) postMessage(w http.ResponseWriter, r *http.Request) {
	var in struct{ Text string }
	if !decode(w, r, &in) {
		return
	}
	if in.Text == "" {
		http.Error(w, "text must not be empty", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendTimeout)
	defer cancel()
	sent, err := b.send(ctx, r.PathValue("name"), r.Header.Get("Idempotency-Key"), in.Text)
	if err != nil {
		b.refuse(w, r.PathValue("name"), err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"id": sent.ID})
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
func (b *bridge) refuse(w http.ResponseWriter, name string, err error) {
	status := statusOf(err)
	b.log.Warn("refused a request", "chat", name, "status", status, "error", err)
	http.Error(w, http.StatusText(status), status)
}

func statusOf(err error) int {
	var (
		closed  *chat.CloseError
		invalid *types.ValidationException
	)
	switch {
	case errors.Is(err, errUnknown):
		return http.StatusNotFound
	case errors.Is(err, errExists):
		return http.StatusConflict
	case errors.Is(err, chat.ErrClosed):
		return http.StatusServiceUnavailable
	case errors.As(err, &closed):
		return http.StatusGone
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity
	case connectparticipant.IsThrottled(err):
		return http.StatusTooManyRequests
	case connectparticipant.IsRetryable(err):
		return http.StatusServiceUnavailable // a retry with the same key may succeed later
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	default:
		return http.StatusBadGateway
	}
}
