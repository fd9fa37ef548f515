// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
)

func TestTextKeepsATitleOnItsLine(t *testing.T) {
	t.Parallel()
	m := &interactive.ListPicker{
		Title: " Two\r\nlines ", Elements: []interactive.Element{{Title: "A\n2. B", Subtitle: "c\r\nd"}, {}, {Type: interactive.ElementHyperlink, URL: "https://example.org"}},
	}
	require.Equal(t, "Two\nlines\n1. A 2. B - c d\nhttps://example.org\n\nReply with the number of your choice.", interactive.Text(m))
}

func TestTextOptions(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CET", 60*60)
	m := &interactive.TimePicker{Title: "Wann?", Timeslots: slots(2), Image: interactive.Image{URL: "https://i.example.org"}}
	text := interactive.Text(m, func(o *interactive.TextOptions) {
		o.Location, o.Images = berlin, true
		o.Time = func(t time.Time) string { return t.Format("2.1.\n15:04 MST") }
		o.Hint = func(n int) string { return fmt.Sprintf("1 bis %d?", n) }
	})
	require.Equal(t, "Wann?\nhttps://i.example.org\n1. 1.12. 09:00 CET\n2. 1.12. 09:01 CET\n\n1 bis 2?", text)

	text = interactive.Text(m, func(o *interactive.TextOptions) { o.Hint = func(int) string { return "" } })
	require.Equal(t, "Wann?\n1. Tue 1 Dec 2026, 08:00 UTC\n2. Tue 1 Dec 2026, 08:01 UTC", text)
}

func TestTextOfMessagesWithoutChoices(t *testing.T) {
	t.Parallel()
	require.Empty(t, interactive.Text(&interactive.ViewResource{ViewToken: "made-up"}))
	require.Equal(t, "Title", interactive.Text(&interactive.WhatsAppInteractiveList{Title: "Title"}))
}

func TestTimeOfASlot(t *testing.T) {
	t.Parallel()
	nine := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for _, date := range []string{
		"2026-12-01T09:00+00:00", "2026-12-01T10:00+01:00", "2026-12-01T09:00Z", "2026-12-01T09:00:00Z", "2026-12-01T09:00:00.000Z",
		"2026-12-01T09:00:00+00:00", "2026-12-01T09:00+0000", "2026-12-01T09:00:00-0000", "2026-12-01T09:00", " 2026-12-01 09:00:00 ",
	} {
		slot := interactive.Timeslot{Date: date}
		at, ok := slot.Time()
		require.True(t, ok, date)
		require.Equal(t, nine, at, date)
	}
	slot := interactive.Timeslot{Date: "soon"}
	_, ok := slot.Time()
	require.False(t, ok)
	require.Equal(t, interactive.Timeslot{Date: "2026-12-01T09:00+00:00", Duration: 30},
		interactive.NewTimeslot(time.Date(2026, 12, 1, 10, 0, 59, 9, time.FixedZone("", 3600)), 30))
}
