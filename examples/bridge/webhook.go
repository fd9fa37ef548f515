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

// notification is what the receiver gets.
type notification struct {
	// Chat is the chat's name.
	Chat string `json:"chat"`
	// Type is the event's Kind, such as "message"; "closed" is the last of a chat.
	Type string `json:"type"`
	// ID is Meta.ID, by which a receiver knows what it has already: at least once is
	// what the bridge promises.
	ID string `json:"id,omitempty"`
	// Own says that the bridge has sent it.
	Own bool `json:"own,omitempty"`
	// Late says that a later item has been notified before.
	Late bool `json:"late,omitempty"`
	// Reason is why the bridge has nothing more to say about the chat.
	Reason string `json:"reason,omitempty"`
	// Gap says that something may be missing before the end.
	Gap bool `json:"gap,omitempty"`
	// Item is the item in the service's own form, see API_connect-participant_Item.
	Item json.RawMessage `json:"item,omitempty"`
}

// describe returns false for what isn't an event of the chat but of its connection.
func describe(name string, event chat.Event) (n notification, ok bool) {
	meta, ok := chat.MetaOf(event)
	return notification{
		Chat: name, Type: string(event.Kind()), ID: meta.ID, Own: meta.Own, Late: meta.Late, Item: meta.Raw,
	}, ok
}

// checkWebhook wants a URL that shows the chats to nobody else. Its errors name the host only:
// the rest of the URL may hold a secret.
func checkWebhook(address string, plain bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("-webhook must be an https URL")
	case u.Scheme == "https" || plain || isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("plain http to %s would show the chats to the network: use https, or set -plain-webhook", u.Hostname())
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// sign returns the signature of a body: "v1=" and, in hex, the HMAC-SHA256 of the timestamp, a
// full stop and the body. The receiver can tell by the timestamp what was recorded and sent again.
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
	first  time.Duration // between two attempts; it doubles
	log    *slog.Logger
}

func newWebhook(url, secret string, first time.Duration, log *slog.Logger) *webhook {
	return &webhook{url: url, secret: secret, first: first, log: log, client: &http.Client{
		Timeout:   postTimeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
		// A redirected POST becomes a GET, whose 200 would be taken for an answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (w *webhook) close() { w.client.CloseIdleConnections() }

// deliver posts until the receiver answers 2xx. Its only other end is that of ctx.
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
		w.log.Warn("notify receiver", "chat", n.Chat, "type", n.Type, "id", n.ID, "error", err)
		select {
		case <-time.After(pause/2 + rand.N(pause)): // so that chats don't knock together
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
		return sending.Err // without the URL, which may hold a secret
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}
