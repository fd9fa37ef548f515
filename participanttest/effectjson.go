// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant/internal/strictjson"
)

// effectNames are the names of the constructors.
var effectNames = map[effectKind]string{
	effectFail: "Fail", effectRespond: "Respond", effectTruncate: "Truncate", effectDelay: "Delay",
	effectDropBefore: "DropBefore", effectDropAfter: "DropAfter", effectIgnore: "Ignore", effectRefuse: "Refuse",
	effectGatewayError: "GatewayError", effectClose: "Close", effectSilent: "Silent", effectUnread: "Unread",
	effectBlackhole: "Blackhole", effectLose: "Lose", effectDuplicate: "Duplicate", effectReorder: "Reorder",
	effectLag: "Lag", effectForge: "Forge",
}

// The constructors whose effects have the kind of another constructor.
const (
	nameRespondHTML = "RespondHTML"
	nameLagForever  = "LagForever"
)

// effectMembers is the JSON form of an Effect.
type effectMembers struct {
	Name           string   `strict:"required"`
	Status         *int     `json:",omitempty"`
	Code           *string  `json:",omitempty"`
	ContentType    *string  `json:",omitempty"`
	Body           *string  `json:",omitempty"`
	DelayInSeconds *float64 `json:",omitempty"`
	CloseCode      *int     `json:",omitempty"`
}

// allowed has the members that an effect accepts in addition to Name.
var allowed = map[string][]string{
	"Fail": {"Status", "Code"}, "Respond": {"Status", "ContentType", "Body"}, nameRespondHTML: {"Status"},
	"Delay": {"DelayInSeconds"}, "Lag": {"DelayInSeconds"}, "Close": {"CloseCode"},
}

// String returns the name of the constructor, such as Fail.
func (e Effect) String() string {
	if e.kind == effectLag && e.delay == never {
		return nameLagForever
	}
	if name, ok := effectNames[e.kind]; ok {
		return name
	}
	return "None"
}

// MarshalJSON returns an object with the Name of the constructor and its parameters: Status, Code,
// ContentType, Body, DelayInSeconds, CloseCode. RespondHTML becomes Respond.
func (e Effect) MarshalJSON() ([]byte, error) {
	m := effectMembers{Name: e.String()}
	switch m.Name {
	case "Fail":
		m.Status, m.Code = &e.status, &e.code
	case "Respond":
		m.Status, m.ContentType, m.Body = &e.status, &e.contentType, &e.body
	case "Delay", "Lag":
		seconds := e.delay.Seconds()
		m.DelayInSeconds = &seconds
	case "Close":
		code := int(e.closeCode)
		m.CloseCode = &code
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON writes, and the name RespondHTML. Fail, Respond and RespondHTML
// need a Status, Delay and Lag a DelayInSeconds. Without a Code, Fail has the service's code for the
// Status: ValidationException for 400, AccessDeniedException for 403, ThrottlingException for 429,
// InternalServerException for 500; for another Status it needs a Code, which may be empty.
// UnmarshalJSON returns an error that names the member if the constructor doesn't accept its value.
func (e *Effect) UnmarshalJSON(text []byte) error {
	var m effectMembers
	if err := strictjson.Unmarshal(text, &m, "Effect"); err != nil {
		return err
	}
	kind, err := m.kind()
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("effect %s: %w", m.Name, err)
	}
	*e = Effect{kind: kind}
	switch m.Name {
	case "Fail":
		*e = Fail(*m.Status, m.failureCode())
	case "Respond":
		*e = Respond(*m.Status, deref(m.ContentType), deref(m.Body))
	case nameRespondHTML:
		*e = RespondHTML(*m.Status)
	case nameLagForever:
		*e = LagForever()
	case "Delay", "Lag":
		e.delay = time.Duration(*m.DelayInSeconds * float64(time.Second))
	case "Close":
		e.closeCode = websocket.StatusCode(deref(m.CloseCode))
	}
	return nil
}

func (m effectMembers) kind() (effectKind, error) {
	switch m.Name {
	case nameRespondHTML:
		return effectRespond, nil
	case nameLagForever:
		return effectLag, nil
	}
	for kind, name := range effectNames {
		if name == m.Name {
			return kind, nil
		}
	}
	names := slices.Sorted(maps.Values(effectNames))
	return 0, fmt.Errorf("effect: Name %q is not one of %s, %s, %s", m.Name, strings.Join(names, ", "), nameRespondHTML, nameLagForever)
}

// maxEffectDelay keeps a delay within the range of a timer.
const maxEffectDelay = 10 * 365 * 24 * time.Hour

// failureCodes are the service's own, by status.
var failureCodes = map[int]string{
	http.StatusBadRequest:          codeValidation,
	http.StatusForbidden:           "AccessDeniedException",
	http.StatusTooManyRequests:     "ThrottlingException",
	http.StatusInternalServerError: "InternalServerException",
}

func (m effectMembers) failureCode() string {
	if m.Code != nil {
		return *m.Code
	}
	return failureCodes[*m.Status]
}

func (m effectMembers) check() error {
	given := map[string]bool{
		"Status": m.Status != nil, "Code": m.Code != nil, "ContentType": m.ContentType != nil, "Body": m.Body != nil,
		"DelayInSeconds": m.DelayInSeconds != nil, "CloseCode": m.CloseCode != nil,
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] && !slices.Contains(allowed[m.Name], name) {
			return fmt.Errorf("it has no member %s", name)
		}
	}
	needed, lowest := allowed[m.Name], minStatus
	if m.Name == "Fail" {
		lowest = minFailure
	}
	switch {
	case slices.Contains(needed, "Status") && (m.Status == nil || *m.Status < lowest || *m.Status > maxStatus):
		return fmt.Errorf("its Status must be from %d to %d", lowest, maxStatus)
	case m.Name == "Fail" && m.Code == nil && failureCodes[*m.Status] == "":
		return fmt.Errorf("it needs a Code for Status %d; an empty one doesn't name an error", *m.Status)
	case slices.Contains(needed, "DelayInSeconds") && (m.DelayInSeconds == nil || *m.DelayInSeconds < 0 || *m.DelayInSeconds > maxEffectDelay.Seconds()):
		return errors.New("its DelayInSeconds must be a number of seconds from 0 to ten years")
	case m.CloseCode != nil && *m.CloseCode != 0 && (*m.CloseCode < 1000 || *m.CloseCode > 4999):
		return errors.New("its CloseCode must be 0 or from 1000 to 4999")
	}
	return nil
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
