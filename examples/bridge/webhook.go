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
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

const maxPause = 30 * time.Second

// notification is a request to the webhook.
type notification struct {
	// Chat is the chat's name.
	Chat string `json:"chat"`
	// Type is the event's Kind, such as "message". The last notification of a chat has "closed".
	Type string `json:"type"`
	// ID is Meta.ID. Delivery is at least once, and the receiver recognizes duplicates by the ID.
	ID string `json:"id,omitempty"`
	// Own reports that the bridge has sent the message.
	Own bool `json:"own,omitempty"`
	// Late reports that a later item has been delivered before.
	Late bool `json:"late,omitempty"`
	// Reason is why the chat is over, in the last notification.
	Reason string `json:"reason,omitempty"`
	// Gap reports that events may be missing before the end.
	Gap bool `json:"gap,omitempty"`
	// Item is the item in the service's form, see API_connect-participant_Item.
	Item json.RawMessage `json:"item,omitempty"`
}

// describe returns false for an event of the connection.
func describe(name string, event chat.Event) (n notification, ok bool) {
	meta, ok := chat.MetaOf(event)
	return notification{
		Chat: name, Type: string(event.Kind()), ID: meta.ID, Own: meta.Own, Late: meta.Late, Item: meta.Raw,
	}, ok
}

// checkWebhook requires a URL that doesn't expose the chats to the network. Its errors only contain
// the host, because the rest of the URL may be a secret.
func checkWebhook(address string, plain bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("-webhook must be an https URL")
	case u.Scheme == "https" || plain || isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("plain http to %s would expose the chats to the network: use https, or set -plain-webhook", u.Hostname())
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// sign returns the signature of a body: "v1=" and, in hex, the HMAC-SHA256 of the timestamp, a full
// stop and the body. The timestamp lets the receiver reject recorded requests.
func sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// webhook posts to one URL.
type webhook struct {
	url    string
	secret string
	client *http.Client
	first  time.Duration // pause after the first attempt; it doubles
	log    *slog.Logger
}

func newWebhook(url, secret string, first time.Duration, log *slog.Logger) *webhook {
	return &webhook{url: url, secret: secret, first: first, log: log, client: &http.Client{
		Timeout:   postTimeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
		// A redirected POST becomes a GET, whose 200 would count as accepted.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (w *webhook) close() { w.client.CloseIdleConnections() }

// deliver posts until the receiver responds with 2xx or ctx ends.
func (w *webhook) deliver(ctx context.Context, n notification) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notification: %w", err)
	}
	for pause := w.first; ; pause = min(2*pause, maxPause) {
		err := w.post(ctx, body)
		if err == nil {
			return nil
		}
		w.log.Warn("could not notify the receiver", "chat", n.Chat, "type", n.Type, "id", n.ID, "error", err)
		select {
		case <-time.After(pause/2 + rand.N(pause)): // so that chats don't retry together
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *webhook) post(ctx context.Context, body []byte) error {
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
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}
