// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
	"github.com/participant-go/connectparticipant/types"
)

func quickReply(titles ...string) *interactive.QuickReply {
	m := &interactive.QuickReply{Title: "Q"}
	for _, title := range titles {
		m.Elements = append(m.Elements, interactive.QuickReplyElement{Title: title})
	}
	return m
}

func TestChoose(t *testing.T) {
	t.Parallel()
	teas := &interactive.ListPicker{Elements: []interactive.Element{
		{Title: "Shop", Type: interactive.ElementHyperlink, URL: "https://shop.example.org"},
		{Title: "Green  tea", Subtitle: "3 EUR"},
		{Title: "BLACK"},
		{Title: "ÄPFEL", Type: interactive.ElementAction},
	}}
	rooms := &interactive.Carousel{Elements: []interactive.Message{
		&interactive.Panel{Title: "Attic", Elements: []interactive.Element{{Title: "Book"}, {Title: "Key"}}},
		nil, &interactive.Other{}, (*interactive.Panel)(nil),
		&interactive.Panel{Title: "Cellar:", Elements: []interactive.Element{{Title: "Book"}}},
	}}
	offset := 60
	times := &interactive.TimePicker{TimeZoneOffset: &offset, Timeslots: slots(2)}
	for _, test := range []struct {
		m     interactive.Message
		reply string
		want  string // the title, or empty for no choice
	}{
		{teas, "1", "Green tea"},
		{teas, " 2. ", "BLACK"},
		{teas, "2)", "BLACK"},
		{teas, "(2)", "BLACK"},
		{teas, "02", "BLACK"},
		{teas, "green tea", "Green tea"},
		{teas, "\tGreen \n Tea ", "Green tea"},
		{teas, "äpfel", "ÄPFEL"},
		{teas, "shop", ""},
		{teas, "4", ""},
		{teas, "0", ""},
		{teas, "-1", ""},
		{teas, "+1", ""},
		{teas, "1st", ""},
		{teas, "2.)", ""},
		{teas, "99999999999999999999", ""},
		{teas, "green", ""},
		{teas, "", ""},
		{teas, " ", ""},

		{quickReply("2", "3", "1"), "2", ""}, // the second choice or the first, with the title 2
		{quickReply("2", "3", "1"), "2.", "3"},
		{quickReply("1", "2"), "2", "2"},
		{quickReply("Yes", "yes"), "yes", ""}, // the two are sent differently
		{quickReply("Yes", "Yes"), "yes", "Yes"},
		{quickReply("", "Yes"), "1", "Yes"},

		{rooms, "1", "Attic - Book"},
		{rooms, "3", "Cellar: Book"},
		{rooms, "book", ""},
		{rooms, "key", "Attic - Key"},
		{rooms, "attic - book", "Attic - Book"},
		{rooms, "CELLAR: BOOK", "Cellar: Book"},

		{times, "1", "Tue 1 Dec 2026, 09:00"},
		{times, "2026-12-01t08:01+00:00", "Tue 1 Dec 2026, 09:01"},
		{times, "2026-12-01T09:01:00.00+00:00", "Tue 1 Dec 2026, 09:01"},
		{times, "Tue 1 Dec 2026, 09:01", ""}, // the zone is unknown

		{&interactive.ViewResource{ViewToken: "made-up"}, "1", ""},
		{&interactive.AppleForm{Pages: []interactive.AppleFormPage{{Items: []interactive.AppleFormItem{{Title: "A"}}}}}, "A", ""},
	} {
		c, ok := interactive.Choose(test.m, test.reply)
		require.Equal(t, test.want != "", ok, "%q", test.reply)
		require.Equal(t, test.want, c.Title, "%q", test.reply)
	}
}

// The title is sent unchanged, even if Text shows it differently.
func TestChoiceSendsTheTitleUnchanged(t *testing.T) {
	t.Parallel()
	c, ok := interactive.Choose(quickReply(" Two\r\nlines ", "One"), "two lines")
	require.True(t, ok)
	require.Equal(t, interactive.Choice{Title: "Two lines", ContentType: types.ContentTypeTextPlain, Content: " Two\r\nlines "}, c)
}

func TestSlotIsSentAsByTheWidget(t *testing.T) {
	t.Parallel()
	minutes := func(n int) *int { return &n }
	for _, test := range []struct {
		offset     *int
		date, want string
	}{
		{nil, "2026-12-01T09:00+00:00", "2026-12-01T09:00+00:00"},
		{minutes(0), "2026-12-01T09:00+00:00", "2026-12-01T09:00+00:00"},
		{minutes(-30), "2026-12-01T00:15+00:00", "2026-11-30T23:45:00.00+00:00"},
		{minutes(840), "2026-12-31T23:30+00:00", "2027-01-01T13:30:00.00+00:00"},
		{minutes(60), "2026-12-01T09:00+02:00", "2026-12-01T08:00:00.00+00:00"},
		{minutes(841), "2026-12-01T09:00+00:00", "2026-12-01T09:00+00:00"}, // invalid offset
		{minutes(60), "tomorrow", "tomorrow"},
	} {
		m := &interactive.TimePicker{TimeZoneOffset: test.offset, Timeslots: []interactive.Timeslot{{Date: test.date}}}
		c, ok := interactive.Choose(m, "1")
		require.True(t, ok)
		require.Equal(t, test.want, c.Content)
		require.Equal(t, types.ContentTypeTextPlain, c.ContentType)
	}
}

func TestActionButtonInACarousel(t *testing.T) {
	t.Parallel()
	m := &interactive.Carousel{Elements: []interactive.Message{
		&interactive.Panel{Title: "P", Elements: []interactive.Element{{Title: "More", ActionDetail: interactive.ActionShowMore}}},
	}}
	c, ok := interactive.Choose(m, "more")
	require.True(t, ok)
	require.Equal(t, types.ContentTypeInteractiveResponse, c.ContentType)
	require.JSONEq(t, `{"version":"1.0","data":{"actionName":"SHOW_MORE","templateType":"Panel"},"action":"SHOW_MORE"}`, c.Content)
}
