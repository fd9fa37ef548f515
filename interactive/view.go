// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/types"
)

// ViewResource announces a view of a Show view block: a form, a card or another guide. DescribeView
// with the ViewToken returns the view itself, for [ParseView].
type ViewResource struct {
	// ViewID identifies the view.
	ViewID string
	// ViewToken is for DescribeView. It is a secret. Required, up to 1,000 characters.
	ViewToken string
	// ViewData is the input of the view: an object, or JSON in a string; see Data.
	ViewData json.RawMessage

	source
}

// Template returns ViewResource.
func (m *ViewResource) Template() Template { return TemplateViewResource }

func (m *ViewResource) visit(v visitor) {
	envelope(v, TemplateViewResource, func(visitor) {}, func(v visitor) {
		v.member("viewId", text(&m.ViewID), free)
		v.member("viewToken", text(&m.ViewToken), between(1, 1000).must())
		v.member("viewData", anything(&m.ViewData), free)
	})
}

// LogValue hides the token and the data from log/slog.
func (m *ViewResource) LogValue() slog.Value { return redact.LogValue(*m) }

// Data returns ViewData for a renderer. JSON in a string is decoded, in ViewData itself and in each
// of its members. It returns nil if ViewData is not an object.
func (m *ViewResource) Data() map[string]any {
	raw := string(m.ViewData)
	if s, ok := unquote(raw); ok {
		raw = s
	}
	members, ok := object(raw)
	if !ok {
		return nil
	}
	data := make(map[string]any, len(members))
	for name, member := range members {
		data[name] = decoded(member)
	}
	return data
}

// decoded returns a JSON value, or the value that a string contains as JSON.
func decoded(raw string) (v any) {
	if s, ok := unquote(raw); ok && json.Unmarshal([]byte(s), &v) == nil {
		return v
	}
	v = nil
	_ = json.Unmarshal([]byte(raw), &v) // raw is a part of valid JSON
	return v
}

func (m *ViewResource) outline(*TextOptions) outline {
	data := m.Data()
	var lines []string
	for _, name := range []string{"Heading", "SubHeading", "Description"} {
		line, _ := data[name].(string)
		lines = append(lines, tidy(line))
	}
	return outline{{title: joinFilled(lines, "\n")}}
}

// Reply returns the choice that a client sends for text that its user enters while the view is the
// newest message from another participant: the flow takes the branch No match, with the text as
// $.Views.ViewResultData.content.
func (m *ViewResource) Reply(text string) Choice {
	return viewChoice(oneLine(text), " ", `{"content":`+quote(text)+"}")
}

// View is the input of a renderer of views.
type View struct {
	// ID, ARN, Name and Version identify the view; they may be empty.
	ID, ARN, Name string
	Version       int
	// InputSchema describes the input data. Its dialect is not documented.
	InputSchema json.RawMessage
	// Template is the layout (Administrator Guide, "Customized views").
	Template json.RawMessage
	// Actions are the actions that the view offers, such as Submit.
	Actions []string
}

// LogValue hides the content from log/slog.
func (v *View) LogValue() slog.Value { return redact.LogValue(*v) }

// ParseView converts a view as DescribeView returns it (the field View of DescribeViewOutput). It
// decodes InputSchema and Template; each is nil if the service did not send it. It returns an error
// if out or its Content is nil, or if one of the two is not JSON. Errors contain no content.
func ParseView(out *types.View) (*View, error) {
	if out == nil || out.Content == nil {
		return nil, errors.New("parse view: the view has no content")
	}
	schema, err := jsonInString("InputSchema", out.Content.InputSchema)
	if err != nil {
		return nil, err
	}
	template, err := jsonInString("Template", out.Content.Template)
	if err != nil {
		return nil, err
	}
	return &View{
		ID: deref(out.Id), ARN: deref(out.Arn), Name: deref(out.Name), Version: int(deref(out.Version)),
		InputSchema: schema, Template: template, Actions: slices.Clone(out.Content.Actions),
	}, nil
}

func jsonInString(name string, s *string) (json.RawMessage, error) {
	if deref(s) == "" {
		return nil, nil
	}
	if !json.Valid([]byte(*s)) {
		return nil, fmt.Errorf("parse view: %s is not JSON", name)
	}
	return json.RawMessage(*s), nil
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// maxResponse is in bytes of UTF-8 (API_connect-participant_SendMessage).
const maxResponse = 16384

// Respond returns the choice to send when a user of the view takes an action. data becomes
// $.Views.ViewResultData in the flow: nil for none, or a value that encoding/json encodes as an
// object, such as {"FormData":{"city":"Ulm"}} for a managed form and {"city":"Ulm"} for a
// customized one.
//
// It returns an error if the view does not have the action, data is not an object, or the content
// is longer than the 16,384 bytes that SendMessage accepts. A view without a list of actions
// accepts any action that is not empty.
func (v *View) Respond(action string, data any) (Choice, error) {
	switch {
	case action == "":
		return Choice{}, errors.New("respond to view: the action is empty")
	case len(v.Actions) > 0 && !slices.Contains(v.Actions, action):
		return Choice{}, errors.New("respond to view: the view does not have this action; see View.Actions")
	case data == nil:
		data = struct{}{}
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return Choice{}, fmt.Errorf("respond to view: encode data: %w", err)
	}
	if !isObject(string(encoded)) {
		return Choice{}, errors.New("respond to view: data is not a JSON object")
	}
	c := viewChoice(action, action, string(encoded))
	if n := len(c.Content); n > maxResponse {
		return Choice{}, fmt.Errorf("respond to view: the content has %d bytes, more than %d", n, maxResponse)
	}
	return c, nil
}

func viewChoice(title, action, data string) Choice {
	content := `{"action":` + quote(action) + `,"data":` + data + `,"templateType":"ViewResource","version":"1.0"}`
	return Choice{title, types.ContentTypeInteractiveResponse, content}
}
