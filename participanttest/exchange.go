// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"io"
	"net/http"
	"strconv"
)

// exchange records a request and its response, as the http.ResponseWriter of the request. All
// methods but those of http.ResponseWriter do nothing on nil, when nothing is recorded.
type exchange struct {
	http.ResponseWriter

	srv                       *Server
	log                       *wireLog
	request, response         WireEvent
	requestBody, responseBody excerpt
	opened, ended             bool // the request, or the response, is recorded
	returned                  bool // the handler didn't abort the connection
}

// observe returns nil unless the wire is recorded.
func (s *Server) observe(w http.ResponseWriter, r *http.Request) *exchange {
	log := s.wire.Load()
	if log == nil {
		return nil
	}
	return &exchange{
		ResponseWriter: w, srv: s, log: log, response: WireEvent{Kind: WireResponse},
		request: WireEvent{
			Kind: WireRequest, FromClient: true, Method: r.Method, URL: withoutSecrets(r.RequestURI), Header: headerWithoutSecrets(r.Header),
		},
	}
}

// exchangeOf returns nil if the request isn't recorded.
func exchangeOf(w http.ResponseWriter) *exchange {
	x, _ := w.(*exchange)
	return x
}

// serve calls the handler and records the exchange.
func (x *exchange) serve(r *http.Request, next func(http.ResponseWriter, *http.Request)) {
	defer x.end()
	recorded := *r // a handler must not modify its request
	recorded.Body = recordedBody{r.Body, &x.requestBody}
	next(x, &recorded)
	x.returned = true
}

type recordedBody struct {
	io.ReadCloser
	excerpt *excerpt
}

// Read records what it reads.
func (b recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	_, _ = b.excerpt.Write(p[:n])
	return n, err
}

// identify records whose request it is, as soon as that is known.
func (x *exchange) identify(r Request) {
	if x == nil {
		return
	}
	for _, e := range []*WireEvent{&x.request, &x.response} {
		e.Operation, e.ContactID, e.ParticipantID = r.Operation, r.ContactID, r.ParticipantID
	}
	x.response.ErrorCode = r.ErrorCode
}

// noteFault records the effect on the request.
func (x *exchange) noteFault(e Effect) {
	if x != nil {
		x.request.Fault = e.wireFault()
		x.response.Fault = x.request.Fault
	}
}

// open records the request when its body has been read.
func (x *exchange) open() {
	if x == nil || x.opened {
		return
	}
	x.opened = true
	x.request.Time = x.srv.now()
	x.request.Size, x.request.Body = x.requestBody.size, x.requestBody.String()
	x.response.Exchange = x.log.add(x.request)
}

// end records the response when it is complete, or when the connection is lost.
func (x *exchange) end() {
	if x == nil || x.ended {
		return
	}
	x.open()
	x.ended = true
	e := &x.response
	if x.returned && e.Status == 0 {
		e.Status = http.StatusOK
	}
	if e.Header == nil {
		e.Header = http.Header{}
		if x.returned {
			e.Header = headerWithoutSecrets(x.Header())
		}
	}
	e.Lost = !x.returned && !x.isComplete()
	e.Time = x.srv.now()
	e.Size, e.Body = x.responseBody.size, x.responseBody.String()
	x.log.add(*e)
}

// isComplete reports whether the response is complete, even if the handler hasn't returned.
func (x *exchange) isComplete() bool {
	return x.response.Status == http.StatusSwitchingProtocols ||
		x.response.Status != 0 && x.Header().Get("Content-Length") == strconv.Itoa(x.responseBody.size)
}

// Unwrap is for http.ResponseController.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader records the header. Frames of a socket follow the response to its upgrade.
func (x *exchange) WriteHeader(status int) {
	if x.response.Status == 0 {
		x.response.Status, x.response.Header = status, headerWithoutSecrets(x.Header())
	}
	x.ResponseWriter.WriteHeader(status)
	if x.isComplete() {
		x.end()
	}
}

// Write records the body. A complete response is recorded before the pushes that it releases.
func (x *exchange) Write(p []byte) (int, error) {
	if x.response.Status == 0 {
		x.response.Status, x.response.Header = http.StatusOK, headerWithoutSecrets(x.Header())
	}
	n, err := x.ResponseWriter.Write(p)
	_, _ = x.responseBody.Write(p[:n])
	if err == nil && x.isComplete() {
		x.end()
	}
	return n, err
}
