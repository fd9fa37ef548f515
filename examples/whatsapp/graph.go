// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"strings"
	"time"
)

const (
	attempts    = 3 // of a request that fails with a retryable error
	firstPause  = time.Second
	callTimeout = 30 * time.Second
	maxResponse = 1 << 20 // bytes
	maxImage    = 5 << 20
)

// graph calls Meta's Graph API for one phone number.
type graph struct {
	base          string // https://graph.facebook.com/ and a version
	phoneNumberID string
	token         string
	client        *http.Client
}

func newGraph(base, phoneNumberID, token string, transport http.RoundTripper) *graph {
	return &graph{base, phoneNumberID, token, &http.Client{
		Transport: transport, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// text sends a text of up to 4,096 characters.
func (g *graph) text(ctx context.Context, to, body string) error {
	return g.send(ctx, to, "text", map[string]any{"body": body})
}

// send sends a message. content is the member that is named after the message's type.
func (g *graph) send(ctx context.Context, to, kind string, content any) error {
	body, err := json.Marshal(map[string]any{
		"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": kind, kind: content,
	})
	if err != nil {
		return err
	}
	_, err = g.call(ctx, http.MethodPost, g.path(g.phoneNumberID, "messages"), "application/json", body, maxResponse)
	return err
}

// sendFile uploads a file and sends it: as an image if WhatsApp can show it, otherwise as a
// document, which may have any type.
func (g *graph) sendFile(ctx context.Context, to, name, contentType string, data []byte) error {
	formType, form, err := uploadForm(name, contentType, data)
	if err != nil {
		return err
	}
	response, err := g.call(ctx, http.MethodPost, g.path(g.phoneNumberID, "media"), formType, form, maxResponse)
	if err != nil {
		return fmt.Errorf("upload file: %w", err)
	}
	var uploaded struct{ ID string }
	if err := json.Unmarshal(response, &uploaded); err != nil || uploaded.ID == "" {
		return errors.New("upload file: the response has no id")
	}
	if len(data) <= maxImage && (contentType == "image/jpeg" || contentType == "image/png") {
		return g.send(ctx, to, "image", map[string]string{"id": uploaded.ID})
	}
	return g.send(ctx, to, "document", map[string]string{"id": uploaded.ID, "filename": name})
}

func uploadForm(name, contentType string, data []byte) (formType string, body []byte, err error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", mime.FormatMediaType("form-data", map[string]string{"name": "file", "filename": name}))
	header.Set("Content-Type", contentType)
	part, err := w.CreatePart(header)
	if err == nil {
		_, err = part.Write(data)
	}
	err = errors.Join(err, w.WriteField("messaging_product", "whatsapp"), w.WriteField("type", contentType), w.Close())
	return w.FormDataContentType(), form.Bytes(), err
}

// download returns the content of a customer's file.
func (g *graph) download(ctx context.Context, id string) ([]byte, error) {
	response, err := g.call(ctx, http.MethodGet, g.path(id), "", nil, maxResponse)
	if err != nil {
		return nil, err
	}
	var found struct{ URL string }
	if err := json.Unmarshal(response, &found); err != nil || !strings.HasPrefix(found.URL, "https://") {
		return nil, errors.New("the response has no https URL")
	}
	return g.call(ctx, http.MethodGet, found.URL, "", nil, maxFile)
}

func (g *graph) path(elements ...string) string {
	for i, e := range elements {
		elements[i] = url.PathEscape(e)
	}
	return g.base + "/" + strings.Join(elements, "/")
}

// call retries after a retryable status. It doesn't retry a request without a response, because the
// customer may have received the message.
func (g *graph) call(ctx context.Context, method, address, contentType string, body []byte, limit int64) ([]byte, error) {
	for attempt, pause := 1, firstPause; ; attempt, pause = attempt+1, 2*pause {
		response, err := g.once(ctx, method, address, contentType, body, limit)
		var status *statusError
		passing := errors.As(err, &status) && (status.status == http.StatusTooManyRequests || status.status >= 500)
		if !passing || attempt == attempts || !wait(ctx, pause) {
			return response, err
		}
	}
}

// once sends a request. Its errors contain neither URLs nor message content.
func (g *graph) once(ctx context.Context, method, address, contentType string, body []byte, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("malformed URL of the Graph API")
	}
	request.Header.Set("Authorization", "Bearer "+g.token)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := g.client.Do(request)
	var sending *url.Error
	if errors.As(err, &sending) {
		return nil, sending.Err
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, newStatusError(response.StatusCode, data)
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("the response has more than %d bytes", limit)
	}
	return data, nil
}

// statusError is an error response of the Graph API. Meta's documentation lists the codes: 131047
// is a message more than 24 hours after the customer's last one.
type statusError struct{ status, code int }

func newStatusError(status int, body []byte) *statusError {
	var in struct{ Error struct{ Code int } }
	_ = json.Unmarshal(body, &in) // an error of a proxy has no code
	return &statusError{status, in.Error.Code}
}

func (e *statusError) Error() string { return fmt.Sprintf("status %d, code %d", e.status, e.code) }

// file is a customer's file before the download.
type file struct{ id, name, contentType string }

// media is a file as described in the webhook.
type media struct {
	ID       string `json:"id"`
	MIMEType string `json:"mime_type"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
}

// extensions are the extensions of types that WhatsApp sends without a file name.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "video/mp4": ".mp4", "video/3gpp": ".3gp",
	"audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/aac": ".aac", "audio/amr": ".amr",
}

// file removes parameters of the type, such as codecs=opus, which the service doesn't know.
func (m *media) file() *file {
	contentType, _, err := mime.ParseMediaType(m.MIMEType)
	if err != nil {
		contentType = "application/octet-stream"
	}
	name := path.Base(m.Filename)
	if m.Filename == "" {
		name = "whatsapp" + extensions[contentType]
	}
	return &file{m.ID, name, contentType}
}
