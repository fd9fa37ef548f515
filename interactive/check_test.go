// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
)

func long(n int) string { return strings.Repeat("x", n) }

func elements(n int) []interactive.Element {
	all := make([]interactive.Element, n)
	for i := range all {
		all[i].Title = "E"
	}
	return all
}

// requireViolations requires the given lines of path and limit.
func requireViolations(t *testing.T, m interactive.Message, want ...string) {
	t.Helper()
	err := interactive.Check(m)
	var text string
	if len(want) > 0 {
		text = strings.Join(want, "\n") + "\n"
		require.EqualError(t, err, "check interactive message: "+strings.TrimPrefix(strings.Join(want, "; "), ": "))
	} else {
		require.NoError(t, err)
	}
	require.Equal(t, text, violations(err))
}

func TestCheckPickers(t *testing.T) {
	t.Parallel()
	image := interactive.Image{URL: "https://" + long(192), Description: long(50)}
	reply := &interactive.ReplyMessage{Title: long(4000), Subtitle: long(5000), Image: image}
	page := -1
	requireViolations(t, &interactive.ListPicker{
		Title: long(5000), Subtitle: long(5000), Image: image, TargetForLinks: "_self", MultiSelect: true, ReplyMessage: reply,
		Paging:   interactive.Paging{ReferenceID: "r", ListID: "l", PreIndex: &page, NextIndex: &page},
		Elements: append(elements(9), interactive.Element{Title: "L", Type: interactive.ElementHyperlink, URL: "https://example.org"}),
	})
}

func TestCheckReportsViolationsOfPickers(t *testing.T) {
	t.Parallel()
	m := &interactive.ListPicker{
		Title: long(5001), Subtitle: long(5001), Image: interactive.Image{URL: long(201), Description: long(51)}, TargetForLinks: "secret",
		Elements: elements(11), ReplyMessage: &interactive.ReplyMessage{Subtitle: long(5001), Image: interactive.Image{Description: "D"}},
	}
	m.Elements[3] = interactive.Element{Subtitle: long(5001), ActionDetail: "secret", Type: "secret", Image: interactive.Image{Type: "URL"}}
	m.Elements[4].Type = interactive.ElementHyperlink
	m.Elements[5].Image = interactive.Image{URL: "https://i.example.org", Type: "secret"}
	requireViolations(t, m,
		": must be less than 20,480 bytes, has 20796",
		"data.replyMessage.subtitle: must be 0 to 5000 characters, has 5001",
		"data.replyMessage.imageDescription: must not be without imageData",
		"data.replyMessage.title: is required",
		"data.content.title: must be 1 to 5000 characters, has 5001",
		"data.content.subtitle: must be 0 to 5000 characters, has 5001",
		"data.content.imageData: must be 0 to 200 characters, has 201",
		"data.content.imageDescription: must be 0 to 50 characters, has 51",
		`data.content.targetForLinks: must be one of ["_blank" "_parent" "_top" "_self"]`,
		"data.content.elements: must be 1 to 10 elements, has 11",
		"data.content.elements[3].title: is required",
		"data.content.elements[3].subtitle: must be 0 to 5000 characters, has 5001",
		"data.content.elements[3].imageData: is required with imageType",
		`data.content.elements[3].actionDetail: must be one of ["SHOW_MORE" "PREVIOUS_OPTIONS"]`,
		`data.content.elements[3].type: must be one of ["action" "hyperlink"]`,
		"data.content.elements[4].url: is required for a hyperlink",
		`data.content.elements[5].imageType: must be one of ["URL"]`,
	)
	require.NotContains(t, interactive.Check(m).Error(), "secret")
}

func TestCheckReportsViolations(t *testing.T) {
	t.Parallel()
	offset := 841
	for name, test := range map[string]struct {
		m    interactive.Message
		want []string
	}{
		"an empty panel":         {&interactive.Panel{}, []string{"data.content.title: is required", "data.content.elements: is required"}},
		"a panel too long":       {&interactive.Panel{Title: "T", Elements: elements(11)}, []string{"data.content.elements: must be 1 to 10 elements, has 11"}},
		"a quick reply alone":    {&interactive.QuickReply{Title: "T", Elements: []interactive.QuickReplyElement{{Title: "A"}}}, []string{"data.content.elements: must be 2 to 10 elements, has 1"}},
		"a long quick reply":     {&interactive.QuickReply{Title: "T", Elements: []interactive.QuickReplyElement{{Title: long(201)}, {}}}, []string{"data.content.elements[0].title: must be 1 to 200 characters, has 201", "data.content.elements[1].title: is required"}},
		"UTF-16 code units":      {&interactive.QuickReply{Title: "T", Elements: []interactive.QuickReplyElement{{Title: strings.Repeat("😀", 101)}, {Title: strings.Repeat("😀", 100)}}}, []string{"data.content.elements[0].title: must be 1 to 200 characters, has 202"}},
		"times out of range":     {&interactive.TimePicker{Title: "T", Subtitle: long(201), TimeZoneOffset: &offset, Location: &interactive.Location{Latitude: 91, Longitude: -181, Radius: 201}, Timeslots: []interactive.Timeslot{{Date: "2026-12-01T09:00:00Z", Duration: 3601}, {}}}, []string{"data.content.subtitle: must be 0 to 200 characters, has 201", "data.content.timeZoneOffset: must be -720 to 840", "data.content.location.latitude: must be -90 to 90", "data.content.location.longitude: must be -180 to 180", "data.content.location.title: is required", "data.content.location.radius: must be 0 to 200", "data.content.timeslots[0].date: must have the form 2026-12-01T09:00+00:00", "data.content.timeslots[0].duration: must be 1 to 3600", "data.content.timeslots[1].date: is required", "data.content.timeslots[1].duration: must be 1 to 3600"}},
		"too many times":         {&interactive.TimePicker{Title: "T", Timeslots: slots(41)}, []string{"data.content.timeslots: must be 1 to 40 elements, has 41"}},
		"carousel of one":        {&interactive.Carousel{Title: "T", Elements: []interactive.Message{&interactive.Panel{Title: "P", Elements: elements(1)}}}, []string{"data.content.elements: must be 2 to 5 elements, has 1", "data.content.elements[0].templateIdentifier: is required in a carousel"}},
		"carousel of two kinds":  {&interactive.Carousel{Title: "T", Elements: []interactive.Message{&interactive.Panel{TemplateIdentifier: "1", Title: "P", Elements: elements(1)}, &interactive.ListPicker{TemplateIdentifier: "2", Title: "P", Elements: elements(1)}}}, []string{"data.content.elements: must be all ListPicker or all Panel"}},
		"carousel of unknown":    {&interactive.Carousel{Title: "T", Elements: []interactive.Message{&interactive.Other{Type: "X", Data: []byte("{}")}, nil}}, []string{"data.content.elements[1]: must be an object", "data.content.elements: must be all ListPicker or all Panel"}},
		"a view":                 {&interactive.ViewResource{ViewToken: long(1001)}, []string{"data.content.viewToken: must be 1 to 1000 characters, has 1001"}},
		"an unknown template":    {&interactive.Other{}, []string{"templateType: is required", "data: is required"}},
		"an empty form":          {&interactive.AppleForm{Title: "T", Image: interactive.Image{URL: long(201)}, SplashPage: &interactive.AppleSplashPage{}}, []string{"data.content.imageData: must be 0 to 200 characters, has 201", "data.content.pages: is required", "data.content.splashPage.title: is required", "data.content.splashPage.buttonTitle: is required"}},
		"a form's page":          {&interactive.AppleForm{Title: "T", Pages: []interactive.AppleFormPage{{Type: "secret", Items: make([]interactive.AppleFormItem, 1)}}}, []string{`data.content.pages[0].pageType: must be one of ["Input" "DatePicker" "ListPicker" "WheelPicker"]`, "data.content.pages[0].title: is required", "data.content.pages[0].subtitle: is required", "data.content.pages[0].items[0].title: is required"}},
		"an iMessage app":        {&interactive.AppleCustomInteractiveMessage{}, []string{"data.replyMessage: is required", "data.content.appIconUrl: is required", "data.content.appId: is required", "data.content.appName: is required", "data.content.bid: is required", "data.content.dataUrl: is required", "data.content.title: is required"}},
		"WhatsApp list":          {&interactive.WhatsAppInteractiveList{Title: "T", Header: &interactive.WhatsAppHeader{Type: "image"}, Body: long(4097), Footer: long(61), Button: long(21), Sections: []interactive.WhatsAppSection{{Title: long(25), Rows: rows(6)}, {Title: "S", Rows: rows(5)}, {Title: "S", Rows: []interactive.WhatsAppRow{{ID: long(201), Title: long(25), Description: long(73)}}}, {}}}, []string{"data.content.header.image.link: is required for this type", `data.content.header.type: must be "text" in a list`, "data.content.body.text: must be 1 to 4096 characters, has 4097", "data.content.footer.text: must be 1 to 60 characters, has 61", "data.content.action.button: must be 1 to 20 characters, has 21", "data.content.action.sections[0].title: must be 1 to 24 characters, has 25", "data.content.action.sections[2].rows[0].id: must be 1 to 200 characters, has 201", "data.content.action.sections[2].rows[0].title: must be 1 to 24 characters, has 25", "data.content.action.sections[2].rows[0].description: must be 1 to 72 characters, has 73", "data.content.action.sections[3].title: is required", "data.content.action.sections[3].rows: is required", "data.content.action.sections: must have at most 10 rows in total", "data.content.action.sections: must have rows with different ids"}},
		"WhatsApp buttons":       {&interactive.WhatsAppInteractiveReplyButton{Title: "T", Header: &interactive.WhatsAppHeader{Type: "text", Video: "ftp://example.org"}, Body: long(1025), Buttons: []interactive.WhatsAppButton{{ID: "a", Title: long(21)}, {ID: "a", Title: "B"}, {}, {ID: long(257), Title: "B"}}}, []string{"data.content.header.text: is required for this type", "data.content.header.video.link: must be http or https", "data.content.body.text: must be 1 to 1024 characters, has 1025", "data.content.action.buttons: must be 1 to 3 elements, has 4", "data.content.action.buttons[0].reply.title: must be 1 to 20 characters, has 21", "data.content.action.buttons[2].reply.id: is required", "data.content.action.buttons[2].reply.title: is required", "data.content.action.buttons[3].reply.id: must be 1 to 256 characters, has 257", "data.content.action.buttons: must have different ids"}},
		"an empty WhatsApp list": {&interactive.WhatsAppInteractiveList{Header: &interactive.WhatsAppHeader{Type: "secret"}}, []string{"data.content.title: is required", `data.content.header.type: must be one of ["text" "image" "video" "document"]`, `data.content.header.type: must be "text" in a list`, "data.content.body.text: is required", "data.content.action.button: is required", "data.content.action.sections: is required"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireViolations(t, test.m, test.want...)
		})
	}
}

func rows(n int) []interactive.WhatsAppRow {
	all := make([]interactive.WhatsAppRow, n)
	for i := range all {
		all[i] = interactive.WhatsAppRow{ID: string(rune('a' + i)), Title: "R"}
	}
	return all
}

func slots(n int) []interactive.Timeslot {
	all := make([]interactive.Timeslot, n)
	for i := range all {
		all[i] = interactive.NewTimeslot(time.Date(2026, 12, 1, 9, i, 59, 0, time.FixedZone("", 3600)), 30)
	}
	return all
}

func TestCheckApplePay(t *testing.T) {
	t.Parallel()
	const payment = "data.content.payment."
	requireViolations(t, &interactive.ApplePay{
		Title: long(513), Subtitle: long(513),
		Payment: interactive.ApplePayment{Request: interactive.ApplePayRequest{
			MerchantCapabilities: []string{"secret"}, LineItems: []interactive.ApplePayItem{{Type: "secret"}},
			ShippingMethods: make([]interactive.ApplePayShippingMethod, 1),
		}, MerchantSession: interactive.ApplePayMerchantSession{DisplayName: long(65), Initiative: "secret"}},
	},
		"data.content.title: must be 1 to 512 characters, has 513",
		"data.content.subtitle: must be 0 to 512 characters, has 513",
		payment+"endpoints.paymentGatewayUrl: is required",
		payment+"merchantSession.displayName: must be 1 to 64 characters, has 65",
		payment+`merchantSession.initiative: must be one of ["messaging"]`,
		payment+"merchantSession.initiativeContext: is required",
		payment+"merchantSession.merchantIdentifier: is required",
		payment+"merchantSession.merchantSessionIdentifier: is required",
		payment+"merchantSession.epochTimestamp: must be at least 1",
		payment+"merchantSession.expiresAt: must be at least 1",
		payment+"paymentRequest.applePay.merchantIdentifier: is required",
		payment+`paymentRequest.applePay.merchantCapabilities: must have "supports3DS"`,
		payment+"paymentRequest.applePay.supportedNetworks: is required",
		payment+"paymentRequest.countryCode: is required",
		payment+"paymentRequest.currencyCode: is required",
		payment+"paymentRequest.total.amount: is required",
		payment+"paymentRequest.total.label: is required",
		payment+"paymentRequest.lineItems[0].amount: is required",
		payment+"paymentRequest.lineItems[0].label: is required",
		payment+`paymentRequest.lineItems[0].type: must be one of ["final" "pending"]`,
		payment+"paymentRequest.shippingMethods[0].amount: is required",
		payment+"paymentRequest.shippingMethods[0].detail: is required",
		payment+"paymentRequest.shippingMethods[0].label: is required",
		payment+"paymentRequest.shippingMethods[0].identifier: is required",
	)
}

func TestCheckOfParsedMessages(t *testing.T) {
	t.Parallel()
	for content, want := range map[string][]string{
		`{"templateType":"ListPicker","version":null,"data":{"content":{"title":null,"elements":null}}}`: {
			"version: is required", "data.content.title: is required", "data.content.elements: is required",
		},
		`{"templateType":"List\u0050icker","version":"\u0031.0","data":{"content":{"title":"","elements":{}}}}`: {
			"data.content.title: must be 1 to 5000 characters, has 0", "data.content.elements: must be an array",
		},
		`{"templateType":"Panel","version":"1.0","data":{"replyMessage":{"title":"  "},"content":{"title":"T","elements":[]}}}`: {
			"data.content.elements: must be 1 to 10 elements, has 0",
		},
		`{"templateType":"Panel","version":"1.0","data":{"replyMessage":{"title":""},"content":{"title":"T","elements":[{"title":"E","imageType":"URL"}]}}}`: {
			"data.replyMessage.title: is required", "data.content.elements[0].imageData: is required with imageType",
		},
		`{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"T","location":{"title":"L","latitude":0},"timeslots":[{"date":"2026-12-01T09:00+01:00","duration":1}]}}}`: {
			"data.content.location.longitude: is required",
		},
		`{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"T","location":5,"timeZoneOffset":true,"timeslots":[{"date":"2026-12-01T09:00+01:00","duration":1.0}]}}}`: {
			"data.content.timeZoneOffset: must be a whole number", "data.content.location: must be an object",
			"data.content.timeslots[0].duration: must be a whole number",
		},
		`{"templateType":"WhatsAppInteractiveReplyButton","version":"1.0","data":{"content":{"title":"T","body":null,"footer":7,"action":{"buttons":[{"type":"url","reply":{"id":"1","title":"A"}}]}}}}`: {
			"data.content.body: is required", "data.content.footer: must be an object", `data.content.action.buttons[0].type: must be "reply"`,
		},
		`{"templateType":"WhatsAppInteractiveReplyButton","version":"1.0","data":{"content":{"title":"T","body":{"text":"B"},"footer":{"text":""},"action":{"buttons":[{"reply":{"id":"1","title":"A"}}]}}}}`: {
			"data.content.footer.text: must be 1 to 60 characters, has 0", "data.content.action.buttons[0].type: is required",
		},
	} {
		m, err := interactive.Parse(content)
		require.NoError(t, err)
		requireViolations(t, m, want...)
	}
}

// A member of the wrong form is no violation any more after it has been set.
func TestCheckOfParsedAndChangedMessages(t *testing.T) {
	t.Parallel()
	m := parse[*interactive.TimePicker](t, `{"templateType":"TimePicker","version":"1.0","data":{"replyMessage":{},"content":{"title":7,
		"timeslots":[{"date":"soon","duration":"x"}]}}}`)
	require.Error(t, interactive.Check(m))
	m.Title, m.Timeslots[0].Duration, m.ReplyMessage = "T", 30, nil
	m.Timeslots[0].Date = "2026-12-01T09:00+00:00"
	requireViolations(t, m)
	m.Timeslots = nil
	requireViolations(t, m, "data.content.timeslots: is required")
}
