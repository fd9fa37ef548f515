// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"unicode/utf8"
)

// View is a view as DescribeView returns it.
type View struct {
	// ID, ARN, Name and Version identify the view. Version defaults to 1.
	ID, ARN, Name string
	Version       int
	// InputSchema and Template are JSON. The response contains them as strings.
	InputSchema, Template string
	// Actions are the names of the actions that a participant can take in the view.
	Actions []string
}

type viewOutput struct {
	Actions     []string `json:",omitempty"`
	InputSchema string   `json:",omitempty"`
	Template    string   `json:",omitempty"`
}

type describeViewOutput struct {
	View struct {
		ARN     string `json:"Arn,omitempty"`
		Content viewOutput
		ID      string `json:"Id,omitempty"`
		Name    string `json:",omitempty"`
		Version int
	}
}

// AddView adds a view to the chat and returns its token for DescribeView. The token contains characters
// that must be escaped in the path of a URL.
func (c *Contact) AddView(view View) string {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if view.Version == 0 {
		view.Version = 1
	}
	token := "view/token+" + base64.StdEncoding.EncodeToString(randomBytes(32))
	view.Actions = slices.Clone(view.Actions)
	c.views[token] = view
	return token
}

// ShowView adds a view to the chat, sends the interactive message that shows it, and returns its token.
func (p *Participant) ShowView(view View) string {
	token := p.contact.AddView(view)
	content := encode(map[string]any{
		"templateType": "ViewResource",
		"version":      "1.0",
		"data":         map[string]any{"content": map[string]any{"viewId": view.ID, "viewToken": token, "viewData": map[string]any{}}},
	})
	p.SayInteractive(string(content))
	return token
}

func describeView(c *call) (any, *wireError) {
	if n := utf8.RuneCountInString(c.label); n > 1000 {
		return nil, invalid("ViewToken", "Member must have length less than or equal to 1000")
	}
	view, ok := c.contact.views[c.label]
	if !ok {
		return nil, c.contact.viewNotFound()
	}
	return view.output(), nil
}

// viewNotFound names the contact: the model has no resource type for a view, and the
// view token is a secret.
func (c *Contact) viewNotFound() *wireError {
	return &wireError{
		Status: http.StatusNotFound, Code: codeNotFound, Message: "View not found",
		ResourceID: c.ID, ResourceType: "CONTACT",
	}
}

func (v View) output() describeViewOutput {
	var out describeViewOutput
	out.View.ID, out.View.ARN, out.View.Name, out.View.Version = v.ID, v.ARN, v.Name, v.Version
	out.View.Content = viewOutput{Actions: v.Actions, InputSchema: v.InputSchema, Template: v.Template}
	return out
}
