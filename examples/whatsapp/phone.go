// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
)

// phone is a customer with a fake of WhatsApp. It posts to the webhook, and is the transport of a
// graph.
type phone struct {
	number, name  string
	phoneNumberID string
	token         string // of the Graph API
	secret        string // of the app
	verifyToken   string
	webhook       http.Handler
	shown         chan shown // large enough for a whole demo

	mu    sync.Mutex
	sent  int
	files map[string][]byte
}

// shown is a message on the display.
type shown struct {
	kind, text string
	options    []pick // buttons or rows
	file       []byte
}

func newPhone(number, name string) *phone {
	return &phone{
		number: number, name: name, phoneNumberID: "made-up-phone-number-id",
		token: "made-up-access-token", secret: "made-up-app-secret", verifyToken: "made-up-verify-token",
		shown: make(chan shown, 100), files: map[string][]byte{},
	}
}

// connect creates a gateway between the phone and a fake of the service.
func (p *phone) connect(srv *participanttest.Server, s starter, log *slog.Logger) *gateway {
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	gw := newGateway(client, s, newGraph("https://graph.example", p.phoneNumberID, p.token, p), log)
	hook := &webhook{verifyToken: p.verifyToken, appSecret: p.secret, phoneNumberID: p.phoneNumberID, gateway: gw}
	p.webhook = hook.handler()
	return gw
}

// write sends a text to the business.
func (p *phone) write(ctx context.Context, text string) error {
	return p.send(ctx, map[string]any{"type": "text", "text": map[string]string{"body": text}})
}

// pick picks the option with a title.
func (p *phone) pick(ctx context.Context, s shown, title string) error {
	kind := map[string]string{"button": "button_reply", "list": "list_reply"}[s.kind]
	for _, o := range s.options {
		if o.Title == title {
			return p.send(ctx, map[string]any{"type": "interactive", "interactive": map[string]any{"type": kind, kind: o}})
		}
	}
	return fmt.Errorf("no option %q", title)
}

// attach sends a file.
func (p *phone) attach(ctx context.Context, contentType, caption string, data []byte) error {
	kind, _, _ := strings.Cut(contentType, "/")
	return p.send(ctx, map[string]any{"type": kind, kind: media{ID: p.keep(data), MIMEType: contentType, Caption: caption}})
}

// send sends a message with a new ID.
func (p *phone) send(ctx context.Context, m map[string]any) error {
	p.mu.Lock()
	p.sent++
	m["id"] = fmt.Sprintf("wamid.%s.%d", p.number, p.sent)
	p.mu.Unlock()
	m["from"] = p.number
	status, err := p.notify(ctx, p.secret, m)
	if err == nil && status != http.StatusOK {
		return fmt.Errorf("status %d from the webhook", status)
	}
	return err
}

// notify posts a message as Meta does.
func (p *phone) notify(ctx context.Context, secret string, m map[string]any) (status int, err error) {
	body, err := json.Marshal(map[string]any{
		"object": "whatsapp_business_account",
		"entry": []any{map[string]any{"changes": []any{map[string]any{"field": "messages", "value": map[string]any{
			"metadata": map[string]string{"phone_number_id": p.phoneNumberID},
			"contacts": []any{map[string]any{"wa_id": p.number, "profile": map[string]string{"name": p.name}}},
			"messages": []any{m},
		}}}}},
	})
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "/webhook", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("X-Hub-Signature-256", sign(secret, body))
	response := httptest.NewRecorder()
	p.webhook.ServeHTTP(response, request)
	return response.Code, nil
}

// next waits for the next message on the display.
func (p *phone) next(ctx context.Context) (shown, error) {
	select {
	case s := <-p.shown:
		return s, nil
	case <-ctx.Done():
		return shown{}, ctx.Err()
	}
}

func (p *phone) keep(data []byte) (id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id = fmt.Sprintf("file-%d", len(p.files)+1)
	p.files[id] = data
	return id
}

func (p *phone) kept(id string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.files[id]
}

// RoundTrip is the Graph API.
func (p *phone) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, []byte(nil)
	id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	switch {
	case r.Header.Get("Authorization") != "Bearer "+p.token:
		status = http.StatusUnauthorized
	case r.Method == http.MethodGet && r.URL.Host == "media.example":
		body = p.kept(id)
	case r.Method == http.MethodGet:
		body = fmt.Appendf(nil, `{"url":"https://media.example/%s"}`, id)
	case id == "media":
		data, err := readUpload(r)
		if err != nil {
			return nil, err
		}
		body = fmt.Appendf(nil, `{"id":%q}`, p.keep(data))
	default:
		if err := p.show(r.Body); err != nil {
			return nil, err
		}
		body = []byte(`{"messages":[{"id":"wamid.out"}]}`)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

func readUpload(r *http.Request) ([]byte, error) {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	form, err := multipart.NewReader(r.Body, parameters["boundary"]).ReadForm(maxFile)
	if err != nil {
		return nil, err
	}
	if len(form.File["file"]) != 1 || len(form.Value["messaging_product"]) != 1 {
		return nil, errors.New("the upload lacks a field")
	}
	f, err := form.File["file"][0].Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(f)
}

// show puts a message of the gateway on the display.
func (p *phone) show(body io.Reader) error {
	var in struct {
		Type            string
		Text            struct{ Body string }
		Image, Document struct{ ID, Filename string }
		Interactive     struct {
			Type   string
			Body   struct{ Text string }
			Action struct {
				Buttons  []struct{ Reply pick }
				Sections []struct{ Rows []pick }
			}
		}
	}
	if err := json.NewDecoder(body).Decode(&in); err != nil {
		return err
	}
	s := shown{kind: in.Type, text: in.Text.Body}
	switch in.Type {
	case "image":
		s.file = p.kept(in.Image.ID)
	case "document":
		s.text, s.file = in.Document.Filename, p.kept(in.Document.ID)
	case "interactive":
		s.kind, s.text = in.Interactive.Type, in.Interactive.Body.Text
		for _, b := range in.Interactive.Action.Buttons {
			s.options = append(s.options, b.Reply)
		}
		for _, section := range in.Interactive.Action.Sections {
			s.options = append(s.options, section.Rows...)
		}
	}
	p.shown <- s
	return nil
}
