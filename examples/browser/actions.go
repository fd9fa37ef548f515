// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"github.com/participant-go/connectparticipant/chat"
)

const (
	maxBody = 64 << 10
	// maxFile is the default limit of the service.
	maxFile = 20 << 20
)

// posted is the body of a request of a page.
type posted struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// receive reads a request's body, or responds with an error.
func receive(w http.ResponseWriter, r *http.Request) (p posted, ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&p); err != nil {
		http.Error(w, "The request is not JSON or too large.", http.StatusBadRequest)
		return p, false
	}
	return p, true
}

func (s *site) sendMessage(w http.ResponseWriter, r *http.Request, v *visitor) {
	p, ok := receive(w, r)
	if !ok {
		return
	}
	if _, err := v.session.Send(r.Context(), p.Text); err != nil {
		s.fail(w, "send a message", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// sendFile passes a file on while it arrives.
func (s *site) sendFile(w http.ResponseWriter, r *http.Request, v *visitor) {
	if r.ContentLength > maxFile {
		s.fail(w, "send a file", &http.MaxBytesError{Limit: maxFile})
		return
	}
	name, kind := r.URL.Query().Get("name"), r.Header.Get("Content-Type")
	if name == "" || kind == "" || r.ContentLength <= 0 {
		http.Error(w, "Please choose a file that is not empty.", http.StatusBadRequest)
		return
	}
	_, err := v.session.SendFile(r.Context(), chat.File{Name: name, ContentType: kind, Size: r.ContentLength, Reader: r.Body})
	if err != nil {
		s.fail(w, "send a file", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// attachment passes a file on while it arrives. The file is from someone else and has our origin,
// so only images are shown, and nothing in it runs.
func (s *site) attachment(w http.ResponseWriter, r *http.Request, v *visitor) {
	file, ok := v.log.file(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	content, err := v.session.OpenAttachment(r.Context(), file.ID, maxFile)
	if err != nil {
		s.fail(w, "open an attachment", err)
		return
	}
	defer func() { _ = content.Close() }()
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	if file.Image {
		h.Set("Content-Type", file.kind)
		h.Set("Content-Disposition", "inline")
	}
	if _, err := io.Copy(w, content); err != nil {
		panic(http.ErrAbortHandler) // otherwise the browser would consider the file complete
	}
}

func (s *site) typing(w http.ResponseWriter, r *http.Request, v *visitor) {
	if err := v.session.Typing(r.Context()); err != nil {
		s.fail(w, "type", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *site) read(w http.ResponseWriter, r *http.Request, v *visitor) {
	p, ok := receive(w, r)
	if !ok {
		return
	}
	v.session.MarkRead(p.ID)
	w.WriteHeader(http.StatusNoContent)
}

func (s *site) leave(w http.ResponseWriter, r *http.Request, v *visitor) {
	if err := v.session.Leave(r.Context()); err != nil {
		s.fail(w, "leave", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
