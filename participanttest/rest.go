// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBody bounds a request body. The largest valid one, a message of 16,384 escaped control characters,
// is far smaller.
const maxBody = 1 << 20

const viewPath = "/participant/views/"

// operation is one of the service's eleven, or one of Amazon Connect.
type operation struct {
	name   string
	bearer bearerKind
	// run runs with the mutex held, so it must not block.
	run func(*call) (any, *wireError)
}

// postOperations are found by path, except for the one with a path label.
var postOperations = map[string]operation{
	"/participant/connection":                 {"CreateParticipantConnection", participantBearer, createParticipantConnection},
	"/participant/disconnect":                 {"DisconnectParticipant", connectionBearer, once(disconnectParticipant)},
	"/participant/message":                    {"SendMessage", connectionBearer, once(sendMessage)},
	"/participant/event":                      {"SendEvent", connectionBearer, once(sendEvent)},
	"/participant/transcript":                 {"GetTranscript", connectionBearer, getTranscript},
	"/participant/start-attachment-upload":    {"StartAttachmentUpload", connectionBearer, once(startAttachmentUpload)},
	"/participant/complete-attachment-upload": {"CompleteAttachmentUpload", connectionBearer, once(completeAttachmentUpload)},
	"/participant/attachment":                 {"GetAttachment", connectionBearer, getAttachment},
	"/participant/authentication-url":         {"GetAuthenticationUrl", connectionBearer, getAuthenticationURL},
	"/participant/cancel-authentication":      {"CancelParticipantAuthentication", connectionBearer, cancelParticipantAuthentication},
}

var describeViewOperation = operation{"DescribeView", connectionBearer, describeView}

// call is one request to an operation.
type call struct {
	srv         *Server
	op          operation
	contact     *Contact
	participant *Participant
	in          *members
	label       string            // the path label of DescribeView, percent-decoded
	labels      map[string]string // those of an operation of Amazon Connect
	outcome     *outcome          // for SendMessage
	pushes      []*push           // what the operation added to the chat
	base        string            // scheme and host of the URLs in the response
	exchange    *exchange         // nil while nothing is recorded
}

// serve handles every request of every kind.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.serveFurther(w, r) {
		return
	}
	if x := s.observe(w, r); x != nil {
		x.serve(r, s.serveService)
		return
	}
	s.serveService(w, r)
}

func (s *Server) serveService(w http.ResponseWriter, r *http.Request) {
	setHeader(w, "x-amzn-RequestId", newUUID())
	w.Header().Set("Date", s.now().Format(http.TimeFormat))
	allowOrigin(w, r)
	switch {
	case isPreflight(r):
		respondPreflight(w, r)
	case strings.HasPrefix(r.URL.Path, storagePath):
		s.serveStorage(w, r)
	case r.URL.Path == socketPath:
		s.serveSocket(w, r)
	default:
		s.serveOperation(w, r)
	}
}

func (s *Server) serveOperation(w http.ResponseWriter, r *http.Request) {
	c, ok := s.route(r)
	if !ok {
		s.record(Request{Status: http.StatusNotFound})
		writeJSON(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		request := Request{Operation: c.op.name, Status: errTooLarge.Status, ErrorCode: errTooLarge.Code}
		s.record(request)
		exchangeOf(w).identify(request)
		writeError(w, errTooLarge)
		return
	}
	c.base = s.baseOf(r)
	c.in = parseMembers(body)
	c.in.addLabels(c.labels)
	bearer := r.Header.Get("X-Amz-Bearer")
	c.exchange = exchangeOf(w)
	effect := s.faultOnOperation(c, bearer)
	c.exchange.open()
	if s.opts.Latency > 0 {
		s.pause(s.opts.Latency)
	}
	if s.interfere(w, r, effect) {
		return
	}
	// The pushes follow the response.
	defer s.release(c)
	s.process(c, bearer)
	out, failure := s.perform(c, bearer)
	if s.opts.EchoFirst && c.participant != nil {
		s.pushFirst(c)
	}
	if failure != nil {
		s.writeFailure(w, failure)
		return
	}
	effect.respond(w, out)
	if len(c.pushes) > 0 {
		_ = http.NewResponseController(w).Flush() // the client may have disconnected
	}
}

// route matches the escaped path: a view token may contain an escaped slash.
func (s *Server) route(r *http.Request) (*call, bool) {
	path := r.URL.EscapedPath()
	if op, ok := postOperations[path]; ok && r.Method == http.MethodPost {
		return &call{srv: s, op: op}, true
	}
	segment, found := strings.CutPrefix(path, viewPath)
	if !found || r.Method != http.MethodGet || segment == "" || strings.Contains(segment, "/") {
		return s.routeConnect(r.Method, path)
	}
	label, err := url.PathUnescape(segment)
	return &call{srv: s, op: describeViewOperation, label: label}, err == nil
}

// outlivesEnd are the operations that Switches.TokensOutliveTheEnd concerns.
var outlivesEnd = map[string]bool{"CreateParticipantConnection": true, "GetTranscript": true, "GetAttachment": true, "DescribeView": true}

// perform runs the operation and logs the request.
func (s *Server) perform(c *call, bearer string) (any, *wireError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = c
	defer func() { s.running = nil }()
	out, failure := s.run(c, bearer)
	caller := c.participant
	if caller == nil && c.op.bearer != signedBearer {
		caller = s.ownerOf(bearer)
	}
	request := newRequest(c.op.name, caller, http.StatusOK)
	if c.contact != nil {
		request.ContactID = c.contact.ID
	}
	if failure != nil {
		request.Status, request.ErrorCode = failure.Status, failure.Code
	}
	s.log(request, caller)
	c.exchange.identify(request)
	return out, failure
}

// run checks the token first, so that a chat that has ended responds with 403 whatever else is wrong
// with the request.
func (s *Server) run(c *call, bearer string) (any, *wireError) {
	if c.op.bearer == signedBearer {
		return s.runConnect(c)
	}
	if !s.withinQuota(c.op.name) {
		return nil, errThrottled
	}
	c.participant = s.authenticate(c.op.bearer, bearer)
	if c.participant == nil {
		return nil, errAccessDenied
	}
	c.contact = c.participant.contact
	if c.contact.ended && (!s.opts.TokensOutliveTheEnd || !outlivesEnd[c.op.name]) {
		return nil, errAccessDenied
	}
	if needsConnected[c.op.name] && !c.participant.isConnected() {
		return nil, errAccessDenied
	}
	if c.in.err != nil {
		return nil, c.in.err
	}
	return c.op.run(c)
}
