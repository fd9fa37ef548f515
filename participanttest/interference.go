package participanttest

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

func (s *Server) strikeOperation(op operation, bearer string) Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.authenticate(op.bearer, bearer).happening(op.name)
	h.operation = true
	return s.strike(h)
}

func (s *Server) strikeRequest(on string, p *Participant) Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strike(p.happening(on))
}

// interfere does what an effect does to a request before it is looked at. It reports
// whether the request has had its answer, or never gets one.
func (s *Server) interfere(w http.ResponseWriter, r *http.Request, e Effect) bool {
	switch e.kind {
	case effectDelay:
		s.pause(r.Context(), e.delay)
		return false
	case effectFail:
		s.writeFailure(w, &wireError{Status: e.status, Code: e.code, Message: http.StatusText(e.status)})
	case effectAnswer:
		w.Header().Set("Content-Type", e.contentType)
		w.WriteHeader(e.status)
		_, _ = w.Write([]byte(e.body))
	case effectDropBefore:
		panic(http.ErrAbortHandler) // net/http cuts the connection
	case effectIgnore:
		s.pause(r.Context(), never)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// pause ends early when the client goes or the server closes.
func (s *Server) pause(ctx context.Context, d time.Duration) {
	alarm := time.NewTimer(d)
	defer alarm.Stop()
	select {
	case <-alarm.C:
	case <-ctx.Done():
	case <-s.closing:
	}
}

// reply answers an operation that was done, unless the effect is to lose the answer.
func (e Effect) reply(w http.ResponseWriter, out any) {
	switch e.kind {
	case effectDropAfter:
		panic(http.ErrAbortHandler)
	case effectTruncate:
		body := encode(out)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		writeJSON(w, http.StatusOK, out)
	}
}

// The forms in which an error can name its type.
const (
	// ErrorTypeBare is the header with the bare code, and __type in the body.
	ErrorTypeBare ErrorForm = iota
	// ErrorTypeWithURL is the header with a colon and a URL after the code.
	ErrorTypeWithURL
	// ErrorTypeInBody is __type with a namespace, and no header.
	ErrorTypeInBody
	// ErrorTypeAbsent is a message and nothing else, as a gateway sends it.
	ErrorTypeAbsent
	// ErrorEmpty is the status alone.
	ErrorEmpty
)

// ErrorForm is how error answers are written.
type ErrorForm int

func (s *Server) writeFailure(w http.ResponseWriter, e *wireError) {
	switch s.opts.ErrorForm {
	case ErrorTypeWithURL:
		setHeader(w, "x-amzn-ErrorType", e.Code+":http://internal.amazon.com/coral/com.amazon.coral.service/")
		writeJSON(w, e.Status, map[string]string{"message": e.Message})
	case ErrorTypeInBody:
		writeJSON(w, e.Status, map[string]string{"__type": "com.amazonaws.connectparticipant#" + e.Code, "Message": e.Message})
	case ErrorTypeAbsent:
		writeJSON(w, e.Status, map[string]string{"message": e.Message})
	case ErrorEmpty:
		w.WriteHeader(e.Status)
	default:
		writeError(w, e)
	}
}

func (s *Server) interfereWithStorage(w http.ResponseWriter, r *http.Request) bool {
	on := OnDownload
	if r.Method == http.MethodPut {
		on = OnUpload
	}
	var owner *Participant
	if a := s.findAttachment(r.URL.Path); a != nil {
		owner = a.owner
	}
	return s.interfere(w, r, s.strikeRequest(on, owner))
}
