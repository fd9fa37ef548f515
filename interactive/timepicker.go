// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// TimePicker is a list of appointments.
type TimePicker struct {
	// Title is required. Up to 5,000 characters, of which AWS's chat widget shows 400.
	Title string
	// Subtitle has up to 200 characters.
	Subtitle string
	// Image is shown by Apple Messages, which shows a default image if there is none.
	Image Image
	// TimeZoneOffset is the offset of the event's location from GMT in minutes, -720 to 840.
	// Without it, clients show the times in their user's time zone.
	TimeZoneOffset *int
	// Location is the location of the event. AWS's chat widget doesn't show it.
	Location *Location
	// Timeslots are 1 to 40 times to choose from.
	Timeslots    []Timeslot
	ReplyMessage *ReplyMessage

	source
}

// Template returns TimePicker.
func (m *TimePicker) Template() Template { return TemplateTimePicker }

func (m *TimePicker) visit(v visitor) {
	envelope(v, TemplateTimePicker, optionalReply(&m.ReplyMessage), func(v visitor) {
		visitTitle(v, &m.Title)
		v.member("subtitle", text(&m.Subtitle), atMost(200))
		visitImage(v, &m.Image)
		v.member("timeZoneOffset", optionalWhole(&m.TimeZoneOffset), between(minOffset, maxOffset))
		one(v, "location", &m.Location, free)
		many(v, "timeslots", &m.Timeslots, between(1, 40).must())
	})
}

// Range of TimePicker.TimeZoneOffset.
const minOffset, maxOffset = -720, 840

// Location is the location of an event.
type Location struct {
	// Latitude is -90 to 90, and Longitude -180 to 180, in degrees.
	Latitude, Longitude float64
	// Title is required. Up to 5,000 characters.
	Title string
	// Radius is 0 to 200; the unit is not documented. The iOS SDK requires a whole number.
	Radius float64

	source
}

func (l *Location) visit(v visitor) {
	v.member("latitude", number(&l.Latitude), between(-90, 90).must())
	v.member("longitude", number(&l.Longitude), between(-180, 180).must())
	visitTitle(v, &l.Title)
	v.member("radius", number(&l.Radius), between(0, 200))
}

// TimeslotLayout is the layout of Timeslot.Date for the time package. [NewTimeslot] uses it.
const TimeslotLayout = "2006-01-02T15:04-07:00"

// Timeslot is a time to choose.
type Timeslot struct {
	// Date is the time in TimeslotLayout: 2026-12-01T09:00+00:00, without seconds and with an
	// offset. Required.
	Date string
	// Duration is 1 to 3,600. The unit is not documented: Apple's is seconds, and AWS's samples
	// look like minutes.
	Duration int

	source
}

// NewTimeslot returns a slot that begins at t, to the minute.
func NewTimeslot(t time.Time, duration int) Timeslot {
	return Timeslot{Date: t.UTC().Format(TimeslotLayout), Duration: duration}
}

func (s *Timeslot) visit(v visitor) {
	v.member("date", text(&s.Date), free.must())
	_, err := time.Parse(TimeslotLayout, s.Date)
	v.rule("date", s.Date == "" || err == nil, "must have the form 2026-12-01T09:00+00:00")
	v.member("duration", whole(&s.Duration), between(1, 3600).must())
}

// timeLayouts are the forms of times that bots have sent. Go parses fractions of a second even if
// the layout has none.
var timeLayouts = []string{
	TimeslotLayout, time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02T15:04-0700",
	"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04",
}

// Time returns the beginning of the slot, in UTC. It accepts more than [Check]: seconds, fractions
// of a second, Z, and a time without a zone, which is UTC. ok is false if Date is not a time.
func (s *Timeslot) Time() (t time.Time, ok bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, strings.TrimSpace(s.Date)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// offset returns the time zone of the event, or nil if it is unknown.
func (m *TimePicker) offset() *time.Location {
	if m.TimeZoneOffset == nil || *m.TimeZoneOffset < minOffset || *m.TimeZoneOffset > maxOffset {
		return nil
	}
	return time.FixedZone("", *m.TimeZoneOffset*60)
}

func (m *TimePicker) outline(o *TextOptions) outline {
	s := section{m.Title, m.Subtitle, m.Image, nil}
	if m.Location != nil && m.Location.Title != "" {
		s.subtitle = strings.TrimSpace(s.subtitle + "\n" + m.Location.Title)
	}
	for _, slot := range m.Timeslots {
		sent := m.sent(slot)
		s.entries = append(s.entries, entry{
			title: m.label(slot, o), names: []string{slot.Date, sent},
			choice: &Choice{m.label(slot, o), types.ContentTypeTextPlain, sent},
		})
	}
	return outline{s}
}

// label returns the time as Text shows it.
func (m *TimePicker) label(slot Timeslot, o *TextOptions) string {
	t, ok := slot.Time()
	switch zone := m.offset(); {
	case !ok:
		return oneLine(slot.Date)
	case o.Location != nil:
		t = t.In(o.Location)
	case zone != nil:
		t = t.In(zone)
	}
	return oneLine(o.Time(t))
}

// sent returns what AWS's chat widget sends for a slot: its date or, for a message with an offset,
// the local time, which it also writes as +00:00.
func (m *TimePicker) sent(slot Timeslot) string {
	t, ok := slot.Time()
	zone := m.offset()
	if !ok || zone == nil || *m.TimeZoneOffset == 0 {
		return slot.Date
	}
	return t.In(zone).Format("2006-01-02T15:04:05.00") + "+00:00"
}
