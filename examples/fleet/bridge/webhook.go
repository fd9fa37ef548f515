// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

const postTimeout = 20 * time.Second // of one request to the webhook

// notification is a request to the webhook.
type notification struct {
	Chat string `json:"chat"`
	// Epoch rises each time the owner of the chat changes. A receiver that has seen a higher one
	// rejects the notification: its process was frozen, and another one owns the chat.
	Epoch uint64 `json:"epoch"`
	// Member is the process that owns the chat.
	Member string `json:"member"`
	// Data is the data of POST /chats.
	Data json.RawMessage `json:"data,omitempty"`
	// Event is the event as returned by chat.MarshalEvent. An ID may be received twice.
	Event json.RawMessage `json:"event,omitempty"`
	// Ended is why the chat is over, in its last notification.
	Ended string `json:"ended,omitempty"`
	// Gap reports that events may be missing before the end.
	Gap bool `json:"gap,omitempty"`
}

// webhook posts to one URL.
type webhook struct {
	url, secret, member string
	client              *http.Client
	log                 *slog.Logger
}

func newWebhook(url, secret, member string, log *slog.Logger) *webhook {
	return &webhook{url: url, secret: secret, member: member, log: log, client: &http.Client{
		Timeout:   postTimeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
		// A redirected POST becomes a GET, whose 200 would count as accepted.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// handle posts an event once. After an error, the fleet retries.
func (w *webhook) handle(ctx context.Context, held *fleet.Held, event chat.Event) error {
	body, err := chat.MarshalEvent(event)
	if err != nil {
		return err
	}
	return w.post(ctx, notification{Chat: held.ID, Epoch: held.Epoch, Member: w.member, Data: held.Data, Event: body})
}

// ended posts why a chat is over until the receiver accepts it.
func (w *webhook) ended(ctx context.Context, held *fleet.Held, reason *chat.CloseError) {
	n := notification{
		Chat: held.ID, Epoch: held.Epoch, Member: w.member, Data: held.Data, Ended: reason.Reason.Error(), Gap: reason.Gap,
	}
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 30*time.Second) {
		err := w.post(ctx, n)
		if err == nil {
			return
		}
		w.log.Warn("could not post the end of a chat", "chat", held.ID, "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

func (w *webhook) post(ctx context.Context, n notification) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notification: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook's URL is malformed")
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Bridge-Timestamp", now)
	request.Header.Set("Bridge-Signature", sign(w.secret, now, body))
	response, err := w.client.Do(request)
	var sending *url.Error
	if errors.As(err, &sending) {
		return sending.Err // without the URL, which may be a secret
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be reused
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook responded with status %d", response.StatusCode)
	}
	return nil
}

// sign returns "v1=" and, in hex, the HMAC-SHA256 of the timestamp, a full stop and the body.
func sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// checkWebhook requires a URL that doesn't expose the chats to the network.
func checkWebhook(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return errors.New("-webhook must be an https URL, or one on this machine")
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}
