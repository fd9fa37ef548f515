// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
	"github.com/participant-go/connectparticipant/types"
)

func TestParseView(t *testing.T) {
	t.Parallel()
	out := &types.View{
		Id: aws.String("form"), Arn: aws.String("arn:aws:connect:us-east-1:aws:view/form:1"), Name: aws.String("Form"), Version: aws.Int32(3),
		Content: &types.ViewContent{
			InputSchema: aws.String(` {"type":"object"}`), Template: aws.String(`{"Head":{}}`), Actions: []string{"Submit", "Back"},
		},
	}
	v, err := interactive.ParseView(out)
	require.NoError(t, err)
	require.Equal(t, &interactive.View{
		ID: "form", ARN: "arn:aws:connect:us-east-1:aws:view/form:1", Name: "Form", Version: 3,
		InputSchema: []byte(` {"type":"object"}`), Template: []byte(`{"Head":{}}`), Actions: []string{"Submit", "Back"},
	}, v)
	v.Actions[0] = "other"
	require.Equal(t, "Submit", out.Content.Actions[0])
}

func TestParseViewWithoutContent(t *testing.T) {
	t.Parallel()
	v, err := interactive.ParseView(&types.View{Content: &types.ViewContent{Template: aws.String("")}})
	require.NoError(t, err)
	require.Equal(t, &interactive.View{}, v)

	for want, out := range map[string]*types.View{
		"parse view: the view has no content": {},
		"parse view: InputSchema is not JSON": {Content: &types.ViewContent{InputSchema: aws.String("secret")}},
		"parse view: Template is not JSON":    {Content: &types.ViewContent{Template: aws.String("{secret")}},
	} {
		_, err = interactive.ParseView(out)
		require.EqualError(t, err, want)
	}
	_, err = interactive.ParseView(nil)
	require.EqualError(t, err, "parse view: the view has no content")
}

func TestRespond(t *testing.T) {
	t.Parallel()
	v := &interactive.View{Actions: []string{"Submit", "Back"}}
	c, err := v.Respond("Submit", map[string]any{"FormData": map[string]string{"city": "Ulm"}, "StepName": "Address"})
	require.NoError(t, err)
	require.Equal(t, "Submit", c.Title)
	require.Equal(t, types.ContentTypeInteractiveResponse, c.ContentType)
	require.JSONEq(t, `{"action":"Submit","data":{"FormData":{"city":"Ulm"},"StepName":"Address"},"templateType":"ViewResource","version":"1.0"}`, c.Content)

	c, err = v.Respond("Back", nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"action":"Back","data":{},"templateType":"ViewResource","version":"1.0"}`, c.Content)

	c, err = (&interactive.View{}).Respond(`any "thing"`, struct{ A int }{1})
	require.NoError(t, err)
	require.JSONEq(t, `{"action":"any \"thing\"","data":{"A":1},"templateType":"ViewResource","version":"1.0"}`, c.Content)
}

func TestRespondRejects(t *testing.T) {
	t.Parallel()
	v := &interactive.View{Actions: []string{"Submit"}}
	for want, test := range map[string]struct {
		action string
		data   any
	}{
		"action is empty":                     {"", nil},
		"does not have this action":           {"secret", nil},
		"data is not a JSON object":           {"Submit", []string{"secret"}},
		"encode data: json: unsupported type": {"Submit", func() {}},
		"bytes, more than 16384":              {"Submit", map[string]string{"secret": long(16384)}},
	} {
		c, err := v.Respond(test.action, test.data)
		require.Zero(t, c)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "respond to view: ")
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestReplyToAView(t *testing.T) {
	t.Parallel()
	c := new(interactive.ViewResource).Reply("typed \"words\"\n<b>")
	require.Equal(t, interactive.Choice{
		Title: `typed "words" <b>`, ContentType: types.ContentTypeInteractiveResponse,
		Content: `{"action":" ","data":{"content":"typed \"words\"\n<b>"},"templateType":"ViewResource","version":"1.0"}`,
	}, c)
}

func TestDataOfAView(t *testing.T) {
	t.Parallel()
	for viewData, want := range map[string]map[string]any{
		``:        nil,
		`null`:    nil,
		`[1]`:     nil,
		`"words"`: nil,
		`{}`:      {},
		`{"a":"{\"b\":[1]}","c":"no JSON","d":{"e":"1"},"f":"5","g":null,"h":""}`: {
			"a": map[string]any{"b": []any{1.0}}, "c": "no JSON", "d": map[string]any{"e": "1"}, "f": 5.0, "g": nil, "h": "",
		},
		`"{\"a\":\"[1]\"}"`: {"a": []any{1.0}},
	} {
		m := &interactive.ViewResource{ViewData: []byte(viewData)}
		require.Equal(t, want, m.Data(), viewData)
	}
}

func TestLogsContainNoSecretsOfViews(t *testing.T) {
	t.Parallel()
	m := parse[*interactive.ViewResource](t, `{"templateType":"ViewResource","data":{"content":{"viewToken":"secret-1","viewData":{"Heading":"secret-2"}}}}`)
	v := &interactive.View{ID: "form", Actions: []string{"secret-4"}, Template: []byte(`{"a":"secret-5"}`)}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("view", "message", m, "as message", interactive.Message(m), "view", v,
		"payment", &interactive.ApplePay{Payment: interactive.ApplePayment{MerchantSession: interactive.ApplePayMerchantSession{Nonce: "secret-6"}}})
	require.Contains(t, b.String(), "redacted")
	require.NotContains(t, b.String(), "secret-")
}
