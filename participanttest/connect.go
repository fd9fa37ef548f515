// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	_ "embed" // for connectOperations
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// connectOperations has a line for each operation of Amazon Connect: method, path, name.
// They are sorted, so that a segment that is a label follows those that aren't.
//
//go:embed connect_operations.txt
var connectOperations string

// connectAPI has the implemented operations of Amazon Connect, by name.
var connectAPI = map[string]func(*call) (any, *wireError){
	"StartChatContact":                once(startChatContact),
	"CreateParticipant":               once(createParticipant),
	"StopContact":                     stopContact,
	"StartContactStreaming":           once(startContactStreaming),
	"StopContactStreaming":            stopContactStreaming,
	"UpdateParticipantAuthentication": updateParticipantAuthentication,
	"DescribeContact":                 describeContact,
	"GetContactAttributes":            getContactAttributes,
	"UpdateContactAttributes":         updateContactAttributes,
}

// listsThrottling are the operations whose model has ThrottlingException.
var listsThrottling = map[string]bool{"CreateParticipant": true, "UpdateParticipantAuthentication": true, "DescribeContact": true}

type connectRoute struct {
	name     string
	segments []string
}

// connectRoutes are by method.
var connectRoutes = sync.OnceValue(func() map[string][]connectRoute {
	routes := map[string][]connectRoute{}
	for line := range strings.Lines(connectOperations) {
		fields := strings.Fields(line)
		routes[fields[0]] = append(routes[fields[0]], connectRoute{fields[2], strings.Split(fields[1], "/")})
	}
	return routes
})

// routeConnect finds the operation of Amazon Connect with a method and an escaped path.
func (s *Server) routeConnect(method, path string) (*call, bool) {
	segments := strings.Split(path, "/")
	for _, route := range connectRoutes()[method] {
		labels, ok := route.match(segments)
		if !ok {
			continue
		}
		run := connectAPI[route.name]
		if run == nil {
			run = notImplemented
		}
		return &call{srv: s, op: operation{route.name, signedBearer, run}, labels: labels}, true
	}
	return nil, false
}

func (r connectRoute) match(segments []string) (labels map[string]string, ok bool) {
	if len(segments) != len(r.segments) {
		return nil, false
	}
	labels = map[string]string{}
	for i, want := range r.segments {
		name, isLabel := strings.CutPrefix(want, "{")
		value, err := url.PathUnescape(segments[i])
		switch {
		case !isLabel && want == segments[i]:
		case !isLabel, err != nil, value == "":
			return nil, false
		default:
			labels[strings.TrimSuffix(name, "}")] = value
		}
	}
	return labels, true
}

// addLabels adds the labels of the path to the members of the request.
func (m *members) addLabels(labels map[string]string) {
	if len(labels) > 0 && m.raw == nil {
		m.raw = map[string]json.RawMessage{}
	}
	for name, value := range labels {
		m.raw[name] = encode(value)
	}
}

// contactID returns the id of the chat that a request to Amazon Connect concerns, or "" if it has none.
func (c *call) contactID() string {
	in := &members{raw: c.in.raw} // the operation reports its errors
	if id := in.text("ContactId", 0, 256); id != "" {
		return id
	}
	return in.text("InitialContactId", 0, 256)
}

// runConnect runs an operation of Amazon Connect.
func (s *Server) runConnect(c *call) (any, *wireError) {
	out, failure := s.tryConnect(c)
	if failure == nil {
		return out, nil
	}
	form := *failure
	form.ofConnect = true
	if form.Code == codeValidation {
		form.Code = codeInvalidRequest // Amazon Connect's name for it
	}
	return nil, &form
}

func (s *Server) tryConnect(c *call) (any, *wireError) {
	switch {
	case s.withinQuota(c.op.name):
	case listsThrottling[c.op.name]:
		return nil, errThrottled
	default:
		return nil, &wireError{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: "Too Many Requests"}
	}
	if c.in.err != nil {
		return nil, c.in.err
	}
	return c.op.run(c)
}

const (
	codeInvalidRequest   = "InvalidRequestException"
	codeInvalidParameter = "InvalidParameterException"
	codeNotFound         = "ResourceNotFoundException"
)

func notImplemented(c *call) (any, *wireError) {
	return nil, &wireError{
		Status: http.StatusNotImplemented, Code: "NotImplementedException",
		Message: "participanttest doesn't implement " + c.op.name + " of Amazon Connect",
	}
}

// invalidParameter is the error for a member that is well-formed but can't be used.
func invalidParameter(format string, args ...any) *wireError {
	return &wireError{Status: http.StatusBadRequest, Code: codeInvalidParameter, Message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *wireError {
	return &wireError{Status: http.StatusNotFound, Code: codeNotFound, Message: fmt.Sprintf(format, args...)}
}

// findContact reads InstanceId and the contact's id from the request. It doesn't find a chat that was
// started by another instance.
func (c *call) findContact(idMember string) *wireError {
	instance := c.in.requiredText("InstanceId", 1, 100)
	id := c.in.requiredText(idMember, 1, 256)
	if c.in.err != nil {
		return c.in.err
	}
	c.contact = c.srv.contactIn(instance, id)
	if c.contact == nil {
		return notFound("The contact %s is not found", idMember)
	}
	return nil
}

// contactIn finds a chat of NewChat with any instance.
func (s *Server) contactIn(instance, id string) *Contact {
	contact := s.contacts[id]
	if contact == nil || contact.InstanceID != "" && contact.InstanceID != instance {
		return nil
	}
	return contact
}
