// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
)

// maxBody is more than WhatsApp posts, in bytes.
const maxBody = 4 << 20

// webhook is the server that Meta calls.
type webhook struct {
	verifyToken, appSecret, phoneNumberID string

	gateway *gateway
}

func (h *webhook) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /webhook", h.verify)
	mux.HandleFunc("POST /webhook", h.post)
	return mux
}

// verify proves to Meta that the webhook knows the token that was entered in the app settings.
func (h *webhook) verify(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	token := []byte(q.Get("hub.verify_token"))
	if q.Get("hub.mode") != "subscribe" || subtle.ConstantTimeCompare(token, []byte(h.verifyToken)) != 1 {
		http.Error(w, "wrong token", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, q.Get("hub.challenge"))
}

// post queues the messages and responds immediately. After any status other than 200, Meta retries;
// messages that are already queued are then ignored.
func (h *webhook) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return
	}
	if !hmac.Equal([]byte(r.Header.Get("X-Hub-Signature-256")), []byte(sign(h.appSecret, body))) {
		http.Error(w, "wrong signature", http.StatusForbidden)
		return
	}
	var n notification
	if err := json.Unmarshal(body, &n); err != nil {
		http.Error(w, "not a notification", http.StatusBadRequest)
		return
	}
	for _, m := range n.messages(h.phoneNumberID) {
		if !h.gateway.receive(m) {
			http.Error(w, "too many messages", http.StatusServiceUnavailable)
			return
		}
	}
}

// sign returns the X-Hub-Signature-256 of a body.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// notification has the members of a POST that the gateway needs.
type notification struct {
	Entry []struct {
		Changes []struct {
			Value struct {
				Metadata struct {
					PhoneNumberID string `json:"phone_number_id"`
				} `json:"metadata"`
				Contacts []contact    `json:"contacts"`
				Messages []rawMessage `json:"messages"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

type contact struct {
	WaID    string `json:"wa_id"`
	Profile struct {
		Name string `json:"name"`
	} `json:"profile"`
}

// rawMessage has one of the members after Type: the one that Type names.
type rawMessage struct {
	From, ID, Type string

	Text struct {
		Body string `json:"body"`
	} `json:"text"`
	Interactive struct {
		ButtonReply pick `json:"button_reply"`
		ListReply   pick `json:"list_reply"`
	} `json:"interactive"`
	Button struct {
		Text string `json:"text"`
	} `json:"button"`
	Image, Audio, Video, Document, Sticker *media
}

type pick struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// messages returns the messages to one of the business's numbers.
func (n notification) messages(phoneNumberID string) (all []message) {
	for _, entry := range n.Entry {
		for _, change := range entry.Changes {
			if change.Value.Metadata.PhoneNumberID != phoneNumberID {
				continue
			}
			names := map[string]string{}
			for _, c := range change.Value.Contacts {
				names[c.WaID] = c.Profile.Name
			}
			for _, raw := range change.Value.Messages {
				if m, ok := raw.message(); ok {
					m.name = names[m.number]
					all = append(all, m)
				}
			}
		}
	}
	return all
}

// message returns false for a message without a form in a chat, such as a reaction or a location.
func (r rawMessage) message() (message, bool) {
	m := message{id: r.ID, number: r.From}
	switch r.Type {
	case "text":
		m.text = r.Text.Body
	case "button": // of a message template
		m.text = r.Button.Text
	case "interactive":
		p := r.Interactive.ButtonReply
		if p.ID == "" {
			p = r.Interactive.ListReply
		}
		m.pickID, m.text = p.ID, p.Title
	default:
		for _, f := range []*media{r.Image, r.Audio, r.Video, r.Document, r.Sticker} {
			if f != nil {
				m.file, m.text = f.file(), f.Caption
			}
		}
	}
	return m, m.id != "" && m.number != "" && (m.text != "" || m.file != nil)
}
