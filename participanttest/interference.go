// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"net/http"
	"strconv"
	"time"
)

func (s *Server) faultOnOperation(c *call, bearer string) Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.authenticate(c.op.bearer, bearer).target(c.op.name)
	h.operation = true
	if c.op.bearer == signedBearer {
		h.contact = s.contacts[c.contactID()]
	}
	return s.faultOnRequest(c.exchange, h, s.ownerOf(bearer), c.op.name)
}

// faultOnRequest also logs a request that a fault keeps from being handled, with status 0 if it gets no
// response. The caller's token may be invalid: then the caller isn't in h, because no fault matches it.
func (s *Server) faultOnRequest(x *exchange, h target, caller *Participant, operation string) Effect {
	e := s.faultOn(h)
	request := newRequest(operation, caller, e.status)
	request.ErrorCode = e.code
	if h.contact != nil {
		request.ContactID = h.contact.ID
	}
	x.identify(request)
	x.noteFault(e)
	switch e.kind {
	case effectFail, effectRespond, effectDropBefore, effectIgnore:
		s.log(request, caller)
	default:
	}
	return e
}

// interfere applies an effect to a request before it is handled. It reports whether the request needs
// no further handling.
func (s *Server) interfere(w http.ResponseWriter, r *http.Request, e Effect) bool {
	switch e.kind {
	case effectDelay:
		s.pause(e.delay)
		return false
	case effectFail:
		s.writeFailure(w, &wireError{Status: e.status, Code: e.code, Message: http.StatusText(e.status)})
	case effectRespond:
		w.Header().Set("Content-Type", e.contentType)
		w.WriteHeader(e.status)
		_, _ = w.Write([]byte(e.body))
	case effectDropBefore:
		panic(http.ErrAbortHandler) // net/http cuts the connection
	case effectIgnore:
		select {
		case <-r.Context().Done():
		case <-s.closing:
		}
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// pause waits for d even if the client has disconnected: a slow network still delivers the request. It
// aborts the request when the server closes.
func (s *Server) pause(d time.Duration) {
	alarm, stop := newAlarm(d)
	defer stop()
	select {
	case <-alarm:
	case <-s.closing:
		panic(http.ErrAbortHandler)
	}
}

// respond writes the response to an operation, unless the effect drops it.
func (e Effect) respond(w http.ResponseWriter, out any) {
	switch e.kind {
	case effectDropAfter:
		exchangeOf(w).end() // before the pushes
		panic(http.ErrAbortHandler)
	case effectTruncate:
		body := encode(out)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		exchangeOf(w).end()
		panic(http.ErrAbortHandler)
	default:
		writeJSON(w, http.StatusOK, out)
	}
}

// The forms in which an error response can name its type.
const (
	// ErrorTypeBare sends the code alone in the header X-Amzn-ErrorType, and __type in the body.
	ErrorTypeBare ErrorForm = iota
	// ErrorTypeWithURL sends the code, a colon and a URL in the header.
	ErrorTypeWithURL
	// ErrorTypeInBody sends __type with a namespace in the body, and no header.
	ErrorTypeInBody
	// ErrorTypeAbsent sends only a message, as a gateway does.
	ErrorTypeAbsent
	// ErrorEmpty sends the status alone, without a body.
	ErrorEmpty
)

// ErrorForm is the form of error responses.
type ErrorForm int

func (s *Server) writeFailure(w http.ResponseWriter, e *wireError) {
	switch s.opts.ErrorForm {
	case ErrorTypeWithURL:
		setHeader(w, "x-amzn-ErrorType", e.Code+":http://internal.amazon.com/coral/com.amazon.coral.service/")
		writeJSON(w, e.Status, map[string]string{e.messageMember(): e.Message})
	case ErrorTypeInBody:
		writeJSON(w, e.Status, map[string]string{"__type": "com.amazonaws.connectparticipant#" + e.Code, "Message": e.Message})
	case ErrorTypeAbsent:
		writeJSON(w, e.Status, map[string]string{e.messageMember(): e.Message})
	case ErrorEmpty:
		w.WriteHeader(e.Status)
	default:
		writeError(w, e)
	}
}

func (s *Server) interfereWithStorage(w http.ResponseWriter, r *http.Request) bool {
	on, operation := OnDownload, "GetObject"
	if r.Method == http.MethodPut {
		on, operation = OnUpload, "PutObject"
	}
	var owner *Participant
	if a := s.findAttachment(r.URL.Path); a != nil {
		owner = a.owner
	}
	return s.interfere(w, r, s.faultOnStorage(exchangeOf(w), owner.target(on), operation))
}

func (s *Server) faultOnStorage(x *exchange, h target, operation string) Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faultOnRequest(x, h, h.participant, operation)
}
