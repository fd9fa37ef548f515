// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// storagePath begins the path of signed URLs. The service returns URLs of S3.
const storagePath = "/storage/"

// storageError is an error response of S3.
type storageError struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`

	status int
}

// Error returns the code alone.
func (e *storageError) Error() string { return e.Code }

func refuse(status int, code, message string) error {
	return &storageError{status: status, Code: code, Message: message}
}

func (a *attachment) storagePath() string { return storagePath + a.owner.contact.ID + "/" + a.id }

// serveStorage acts as the S3 bucket: it serves the PUT and the GET that a signed URL allows.
func (s *Server) serveStorage(w http.ResponseWriter, r *http.Request) {
	requestID := strings.ToUpper(hex.EncodeToString(randomBytes(8)))
	setHeader(w, "x-amz-request-id", requestID)
	boundWrite(w)
	w.Header().Set("Server", "AmazonS3")
	if s.interfereWithStorage(w, r) {
		return
	}
	a, err := s.admit(r)
	switch {
	case err != nil:
	case r.Method == http.MethodPut:
		err = s.putFile(w, r, a)
	default:
		s.getFile(w, r, a)
	}
	exchangeOf(w).identify(s.recordStorage(r, a, err))
	if err != nil {
		writeStorageError(w, requestID, err)
	}
}

func (s *Server) recordStorage(r *http.Request, a *attachment, err error) Request {
	operation := "GetObject"
	if r.Method == http.MethodPut {
		operation = "PutObject"
	}
	request := Request{Operation: operation, Status: http.StatusOK}
	if a != nil {
		request.ContactID, request.ParticipantID = a.owner.contact.ID, a.owner.ID
	}
	var e *storageError
	if errors.As(err, &e) {
		request.Status, request.ErrorCode = e.status, e.Code
	}
	s.record(request)
	return request
}

// admit checks what S3 checks before it reads the body, and that the request has no bearer: a client
// that sends one to S3 leaks its connection token. It returns the attachment, if there is one, with an
// error too.
func (s *Server) admit(r *http.Request) (*attachment, error) {
	a := s.findAttachment(r.URL.Path)
	switch {
	case r.Header.Get("X-Amz-Bearer") != "" || r.Header.Get("Authorization") != "":
		return a, refuse(http.StatusBadRequest, "InvalidArgument", "Only one auth mechanism allowed")
	case s.isExpired(r):
		return a, refuse(http.StatusForbidden, "AccessDenied", "Request has expired")
	case r.Method == http.MethodPut && a != nil && r.ContentLength != a.size:
		return a, lengthError(r.ContentLength, a.size)
	case a == nil || !s.isSigned(r):
		return a, refuse(http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	default:
		return a, nil
	}
}

func lengthError(got, want int64) error {
	switch {
	case got < 0:
		return refuse(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	case got < want:
		return refuse(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the size announced.")
	default:
		return refuse(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload is larger than the size announced.")
	}
}

func (s *Server) findAttachment(path string) *attachment {
	contactID, id, _ := strings.Cut(strings.TrimPrefix(path, storagePath), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.contacts[contactID]; c != nil {
		return c.attachments[id]
	}
	return nil
}

func (s *Server) putFile(w http.ResponseWriter, r *http.Request, a *attachment) error {
	content, err := io.ReadAll(io.LimitReader(r.Body, a.size+1))
	if err != nil || int64(len(content)) != a.size {
		return refuse(http.StatusBadRequest, "IncompleteBody",
			"You did not provide the number of bytes specified by the Content-Length HTTP header.")
	}
	s.store(a, content)
	w.Header().Set("ETag", etag(content))
	return nil
}

// store replaces the file if a PUT is sent again, until the upload is completed.
func (s *Server) store(a *attachment, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.item == nil {
		a.content, a.uploaded = content, true
	}
}

func (s *Server) getFile(w http.ResponseWriter, r *http.Request, a *attachment) {
	s.mu.Lock()
	content := a.content
	s.mu.Unlock()
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Content-Disposition", cmp.Or(r.URL.Query().Get(queryDisposition), contentDisposition("attachment", a.name)))
	w.Header().Set("ETag", etag(content))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// etag has the length of an S3 ETag.
func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

func writeStorageError(w http.ResponseWriter, requestID string, err error) {
	var e *storageError
	if !errors.As(err, &e) {
		panic(err)
	}
	e.RequestID = requestID
	body, _ := xml.Marshal(e)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	_, _ = w.Write(append([]byte(xml.Header), body...))
}
