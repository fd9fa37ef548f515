// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
)

func parse[M interactive.Message](t *testing.T, content string) M {
	t.Helper()
	m, err := interactive.Parse(content)
	require.NoError(t, err)
	require.IsType(t, *new(M), m)
	return m.(M)
}

func marshal(t *testing.T, m interactive.Message) string {
	t.Helper()
	content, err := interactive.Marshal(m)
	require.NoError(t, err)
	return content
}

func TestParseRejectsOtherContent(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty":                   "",
		"text":                    "secret words",
		"what Python prints":      `{'templateType': 'secret'}`,
		"cut off":                 `{"templateType":"ListPicker"`,
		"more than one value":     `{"templateType":"ListPicker"}{}`,
		"a list":                  `[{"templateType":"secret"}]`,
		"null":                    `null`,
		"JSON in a string":        `"{\"templateType\":\"ListPicker\"}"`,
		"no template":             `{"version":"1.0","data":{"secret":1}}`,
		"a template in an object": `{"templateType":{"secret":1}}`,
		"another case":            `{"TemplateType":"secret"}`,
		"too deep":                strings.Repeat(`{"templateType":`, 20_000) + strings.Repeat(`}`, 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := interactive.Parse(content)
			require.Nil(t, m)
			require.ErrorContains(t, err, "parse interactive message: the content ")
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestParseIsTolerant(t *testing.T) {
	t.Parallel()
	m := parse[*interactive.TimePicker](t, ` {"templateType":"TimePicker","data":{"content":{"title":5,"subtitle":true,"imageData":null,
		"timeZoneOffset":"-30","location":{"latitude":"1.5","longitude":-2,"title":"T","radius":"1e1"},
		"timeslots":[{"date":"2026-12-01T09:00Z","duration":"30"},{"date":"2026-12-01","duration":1.5}]}}} `)
	require.Equal(t, "5", m.Title)
	require.Equal(t, "true", m.Subtitle)
	require.Zero(t, m.Image)
	require.Equal(t, -30, *m.TimeZoneOffset)
	require.Equal(t, []float64{1.5, -2, 10}, []float64{m.Location.Latitude, m.Location.Longitude, m.Location.Radius})
	require.Equal(t, 30, m.Timeslots[0].Duration)
	require.Zero(t, m.Timeslots[1].Duration)

	p := parse[*interactive.ListPicker](t, `{"templateType":"ListPicker","data":{"content":{"multiSelect":"True","preIndex":"0","nextIndex":"none",
		"elements":[{"title":"A"},null]}}}`)
	require.True(t, p.MultiSelect)
	require.Zero(t, *p.Paging.PreIndex)
	require.Nil(t, p.Paging.NextIndex)
	require.Len(t, p.Elements, 2)
	require.False(t, parse[*interactive.ListPicker](t, `{"templateType":"ListPicker","data":{"content":{"multiSelect":"false"}}}`).MultiSelect)
	require.False(t, parse[*interactive.ListPicker](t, `{"templateType":"ListPicker","data":{"content":{"multiSelect":"perhaps"}}}`).MultiSelect)
}

func TestMarshalKeepsUnchangedMembers(t *testing.T) {
	t.Parallel()
	m := parse[*interactive.ListPicker](t, `{"templateType":"ListPicker","new":1,"data":{"new":2,"replyMessage":{"new":3,"title":"R"},
		"content":{"new":4,"title":"T","subtitle":null,"multiSelect":"false","preIndex":"7","elements":[{"new":5,"title":"A"},{"title":"B"}]}}}`)
	m.Title = "Title"
	m.Elements[0].Subtitle = "S"
	m.Elements[1] = interactive.Element{Title: "C", Image: interactive.Image{URL: "https://img.example.org/c.png"}}
	m.ReplyMessage.Title = ""
	require.JSONEq(t, `{"templateType":"ListPicker","new":1,"data":{"new":2,"replyMessage":{"new":3},
		"content":{"new":4,"title":"Title","subtitle":null,"multiSelect":"false","preIndex":"7","elements":[
			{"new":5,"title":"A","subtitle":"S"},{"title":"C","imageType":"URL","imageData":"https://img.example.org/c.png"}]}}}`, marshal(t, m))
	require.Empty(t, m.Elements[1].Image.Type, "Marshal changes nothing")

	m.ReplyMessage, m.Elements, m.Paging.PreIndex, m.MultiSelect = nil, nil, nil, true
	m.Image.URL = "https://img.example.org/t.png"
	require.JSONEq(t, `{"templateType":"ListPicker","new":1,"data":{"new":2,"content":{"new":4,"title":"Title","subtitle":null,"multiSelect":true,
		"imageType":"URL","imageData":"https://img.example.org/t.png","elements":[]}}}`, marshal(t, m))
}

func TestMarshalKeepsMembersOfTheWrongForm(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		`{"templateType":"ListPicker","version":2,"data":[]}`,
		`{"templateType":"ListPicker","data":{"replyMessage":[],"content":null}}`,
		`{"templateType":"ListPicker","data":{"content":{"title":[1],"elements":{"a":1},"preIndex":1e400,"multiSelect":0}}}`,
		`{"templateType":"ListPicker","data":{"content":{"elements":[{"title":{}},"x",[],null,{}]}}}`,
		`{"templateType":"TimePicker","data":{"content":{"location":{},"timeslots":[{"duration":9007199254740993}]}}}`,
		`{"templateType":"Carousel","data":{"content":{"elements":[1,{"templateType":"Carousel","data":{"content":{"elements":[1]}}},{"a":1}]}}}`,
		`{"templateType":"ApplePay","data":{"content":{"payment":{"endpoints":1,"paymentRequest":{"applePay":null,"lineItems":[],"total":"x",
			"supportedCountries":["DE",1]},"merchantSession":{"signedFields":"x"}}}}}`,
		`{"templateType":"WhatsAppInteractiveReplyButton","data":{"content":{"body":"x","footer":{},"header":{"image":7},"action":{"buttons":[{"type":"x","reply":1}]}}}}`,
		`{"templateType":"AppleCustomInteractiveMessage","data":{"content":{"useLiveLayout":"no","appId":42},"replyMessage":{"title":1}}}`,
		`{"templateType":"ViewResource","data":{"content":{"viewData":null,"viewToken":""}}}`,
		`{"templateType":"Hologram"}`,
		`{"templateType":17,"data":"x"}`,
		`{"templateType":"Panel","a\"<b>":"<&>\u2028","data":{"content":{"title":"\ud800","elements":[]}}}`,
	} {
		m, err := interactive.Parse(content)
		require.NoError(t, err, content)
		sameJSON(t, content, marshal(t, m))
	}
}

func TestMarshalOfBuiltMessages(t *testing.T) {
	t.Parallel()
	offset, none := 0, -1
	for want, m := range map[string]interactive.Message{
		`{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"<T> & \"t\"","preIndex":-1,"elements":[
			{"title":"A","imageType":"URL","imageData":"https://i.example.org","imageDescription":"I"}]}}}`: &interactive.ListPicker{
			Title: `<T> & "t"`, Paging: interactive.Paging{PreIndex: &none},
			Elements: []interactive.Element{{Title: "A", Image: interactive.Image{URL: "https://i.example.org", Description: "I"}}},
		},
		`{"templateType":"TimePicker","version":"1.0","data":{"replyMessage":{"title":"R"},"content":{"title":"T","timeZoneOffset":0,
			"location":{"latitude":0,"longitude":0,"title":"L"},"timeslots":[{"date":"2026-12-01T09:00+00:00","duration":0}]}}}`: &interactive.TimePicker{
			Title: "T", TimeZoneOffset: &offset, Location: &interactive.Location{Title: "L"}, ReplyMessage: &interactive.ReplyMessage{Title: "R"},
			Timeslots: []interactive.Timeslot{{Date: "2026-12-01T09:00+00:00"}},
		},
		`{"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"","elements":[]}}}`: &interactive.QuickReply{},
		`{"templateType":"Carousel","version":"1.0","data":{"content":{"title":"C","carouselIsVertical":true,"elements":[null,
			{"templateType":"Panel","version":"1.0","templateIdentifier":"1","data":{"content":{"title":"P","elements":[]}}}]}}}`: &interactive.Carousel{
			Title: "C", Vertical: true, Elements: []interactive.Message{(*interactive.Panel)(nil), &interactive.Panel{TemplateIdentifier: "1", Title: "P"}},
		},
		`{"templateType":"Hologram","version":"1.0","data":{"a":1}}`: &interactive.Other{Type: "Hologram", Data: json.RawMessage(`{"a":1}`)},
		`{"templateType":"WhatsAppInteractiveReplyButton","version":"1.0","data":{"content":{"title":"T","body":{"text":"B"},
			"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"Yes"}}]}}}}`: &interactive.WhatsAppInteractiveReplyButton{
			Title: "T", Body: "B", Buttons: []interactive.WhatsAppButton{{ID: "1", Title: "Yes"}},
		},
		`{"templateType":"ViewResource","version":"1.0","data":{"content":{"viewToken":"made-up"}}}`: &interactive.ViewResource{ViewToken: "made-up"},
	} {
		require.JSONEq(t, want, marshal(t, m))
	}
}

func TestMarshalRejectsInvalidJSON(t *testing.T) {
	t.Parallel()
	for _, m := range []interactive.Message{
		&interactive.ViewResource{ViewData: json.RawMessage(`{`)},
		&interactive.Other{Type: "Hologram", Data: json.RawMessage(`{"a":1}}`)},
		&interactive.Other{Type: "Hologram", Data: json.RawMessage(`1,"b":2`)},
		&interactive.TimePicker{Location: &interactive.Location{Latitude: math.NaN()}},
	} {
		_, err := interactive.Marshal(m)
		require.ErrorContains(t, err, "not JSON")
		require.Equal(t, err, interactive.Check(m))
	}
}

func TestNilMessages(t *testing.T) {
	t.Parallel()
	for _, m := range []interactive.Message{nil, (*interactive.ListPicker)(nil), (*interactive.Other)(nil)} {
		_, err := interactive.Marshal(m)
		require.ErrorContains(t, err, "is nil")
		require.ErrorContains(t, interactive.Check(m), "is nil")
		require.Empty(t, interactive.Text(m))
		_, ok := interactive.Choose(m, "1")
		require.False(t, ok)
	}
}
