// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

const chatEnded = "application/vnd.amazonaws.connect.event.chat.ended"

// judge compares the received events with the items of the transcript.
func (tr *trial) judge() {
	tr.onceEach()
	tr.inOrder()
	tr.lastStates()
	tr.receiptsRise()
	tr.onlyOwnIsOwn()
	tr.oneCreateADial()
	if tr.lossless {
		require.Zero(tr.t, tr.session.Stats().Reconnects, "no socket was lost")
	}
	for _, check := range tr.checks {
		check(tr)
	}
}

// metaOf returns the Meta of an event of a kind that is delivered once.
func metaOf(e chat.Event) (m chat.Meta, ok bool) {
	switch e := e.(type) {
	case chat.Message:
		return e.Meta, true
	case chat.Participant:
		return e.Meta, true
	case chat.Transfer:
		return e.Meta, true
	case chat.Typing:
		return e.Meta, true
	case chat.Other:
		return e.Meta, true
	default:
		return m, false
	}
}

// inTranscript reports whether the event of this item appears in a transcript.
func inTranscript(e chat.Event) bool {
	switch e := e.(type) {
	case chat.Message, chat.Transfer:
		return true
	case chat.Participant:
		return e.Change == chat.ParticipantJoined || e.Change == chat.ParticipantLeft || e.Change == chat.ParticipantInvited
	default:
		return false
	}
}

func (tr *trial) onceEach() {
	times := map[string]int{}
	for _, e := range tr.events {
		if m, ok := metaOf(e.Event); ok {
			times[m.ID]++
			require.Equal(tr.t, 1, times[m.ID], "%T %s was delivered again at %v", e.Event, m.ID, e.at.Sub(tr.begun))
		}
	}
	kept := map[string]bool{}
	for _, it := range tr.contact.Transcript() {
		if it.ContentType != chatEnded {
			kept[it.Id] = true
			require.Equal(tr.t, 1, times[it.Id], "%s %s %q of %s was lost, the chat began %v", it.Type, it.Id, it.Content, it.AbsoluteTime, tr.begun.UTC())
		}
	}
	for _, e := range tr.events {
		if m, ok := metaOf(e.Event); ok && inTranscript(e.Event) {
			require.True(tr.t, kept[m.ID], "%T %s isn't in the transcript", e.Event, m.ID)
		}
	}
}

// inOrder requires that an item is Late exactly if it is older than a delivered one.
func (tr *trial) inOrder() {
	var top time.Time
	for _, e := range tr.events {
		m, ok := metaOf(e.Event)
		if !ok || !inTranscript(e.Event) {
			continue
		}
		require.Equal(tr.t, m.Time.Before(top), m.Late, "Late of %T %s, %s after %s, at %v", e.Event, m.ID, m.Time, top, e.at.Sub(tr.begun))
		if m.Time.After(top) {
			top = m.Time
		}
	}
}

func (tr *trial) lastStates() {
	states := map[string]chat.Message{}
	for _, e := range tr.events {
		switch e := e.Event.(type) {
		case chat.Message:
			states[e.ID] = e
		case chat.Updated:
			_, known := states[e.ID]
			require.True(tr.t, known, "%s is updated before it was delivered", e.ID)
			states[e.ID] = e.Message
		}
	}
	for _, it := range tr.contact.Transcript() {
		if m, ok := states[it.Id]; ok {
			tr.sameState(it, m)
		}
	}
}

func (tr *trial) sameState(it participanttest.Item, m chat.Message) {
	require.Equal(tr.t, it.Content, m.Text, "%s of %s", it.Id, it.AbsoluteTime)
	require.Equal(tr.t, it.AbsoluteTime, m.AbsoluteTime)
	require.Equal(tr.t, it.ParticipantId, m.From.ParticipantID)
	require.Len(tr.t, m.Attachments, len(it.Attachments))
	for i, file := range it.Attachments {
		require.Equal(tr.t, file.Status, m.Attachments[i].Status, "%s of %s", it.Id, it.AbsoluteTime)
	}
	if it.MessageMetadata != nil {
		require.Equal(tr.t, it.MessageMetadata.MessageProcessingStatus, m.Status)
	}
}

// receiptsRise requires that receipts only rise. A duplicate after more than a minute is allowed.
func (tr *trial) receiptsRise() {
	type about struct{ message, reader string }
	last := map[about]received{}
	for _, e := range tr.events {
		r, ok := e.Event.(chat.Receipt)
		if !ok {
			continue
		}
		key := about{r.MessageID, r.From.ParticipantID}
		if prior, known := last[key]; known {
			again := r.Read == prior.Event.(chat.Receipt).Read && e.at.Sub(prior.at) > time.Minute
			require.True(tr.t, again || r.Read && !prior.Event.(chat.Receipt).Read, "receipt for %s of %s at %v", key.message, key.reader, e.at.Sub(tr.begun))
		}
		last[key] = e
	}
}

func (tr *trial) onlyOwnIsOwn() {
	for _, e := range tr.events {
		if m, ok := metaOf(e.Event); ok && m.Own {
			require.Equal(tr.t, tr.contact.Customer.ID, m.From.ParticipantID)
		}
	}
}

// ownKnown requires that all messages of the session have Own.
func (tr *trial) ownKnown() {
	for _, e := range tr.events {
		if m, ok := e.Event.(chat.Message); ok && tr.sent[m.ID] {
			require.True(tr.t, m.Own, "%s of %s was sent by the session, and delivered at %v", m.ID, m.AbsoluteTime, e.at.Sub(tr.begun))
		}
	}
}

// oneCreateADial requires that each new URL is dialed, and only once.
func (tr *trial) oneCreateADial() {
	created, dialed, failed := tr.srv.Count("CreateParticipantConnection"), tr.srv.Count("WebSocket"), 0
	for _, rule := range tr.creating {
		failed += rule.Applied()
	}
	replayed := 0 // net/http redials by itself if a keep-alive connection is dropped
	for _, rule := range tr.rules {
		if rule.On == participanttest.OnUpgrade {
			replayed += rule.Applied()
		}
	}
	require.LessOrEqual(tr.t, created, dialed+failed+1, "Close may precede the last dial")
	require.LessOrEqual(tr.t, dialed, created+replayed)
}

func (tr *trial) noneLate() {
	for _, e := range tr.events {
		if m, ok := metaOf(e.Event); ok {
			require.False(tr.t, m.Late, "%T %s is late at %v", e.Event, m.ID, e.at.Sub(tr.begun))
		}
	}
	require.Zero(tr.t, tr.session.Stats().Late)
}

// allImmediate requires that live items are delivered at the instant at which they were sent.
func (tr *trial) allImmediate() {
	if tr.session.Stats().Behind > 0 {
		return // more items arrived in one instant than the caller could receive
	}
	for _, e := range tr.events {
		m, ok := metaOf(e.Event)
		if at, known := tr.said[m.ID]; ok && known && !m.History {
			require.Zero(tr.t, e.at.Sub(at), "%T %s", e.Event, m.ID)
		}
	}
}

func (tr *trial) noneRecovered() {
	if stats := tr.session.Stats(); stats.Behind == 0 {
		require.Zero(tr.t, stats.Recovered)
	}
}

// fewCalls limits the passes: two for each loss, one for each renewal, for each 512 items and for each
// stream that falls silent, and one every three minutes. It limits the pages of each pass to the items
// since two minutes before the newest item of the last pass.
func (tr *trial) fewCalls() {
	const memory, period = 512, 3 * time.Minute
	stats, kept := tr.session.Stats(), tr.contact.Transcript()
	if stats.Behind > 0 {
		return // there are additional passes for a slow caller
	}
	require.LessOrEqual(tr.t, stats.Passes, 2+2*stats.Reconnects+stats.Renewals+len(kept)/memory+tr.streams+int(time.Since(tr.begun)/period))
	require.LessOrEqual(tr.t, stats.Reconnects, len(tr.losses)+1, "the last cut is not counted as a loss")
	var times []time.Time
	for _, it := range kept {
		at, err := time.Parse(time.RFC3339, it.AbsoluteTime)
		require.NoError(tr.t, err)
		times = append(times, at)
	}
	fence := tr.begun.Add(-time.Hour)
	for _, pass := range tr.passTimes() {
		inOneInstant := 1 + tr.lossesWithin(pass.at.Add(-time.Second), pass.at)
		require.LessOrEqual(tr.t, pass.pages, inOneInstant*(1+within(times, fence.Add(-2*time.Minute), pass.at)/100), "pass at %v", pass.at.Sub(tr.begun))
		for _, at := range times {
			if !at.After(pass.at) && at.After(fence) {
				fence = at
			}
		}
	}
}

// passed is a pass: all requests of one instant.
type passed struct {
	at    time.Time
	pages int
}

func (tr *trial) passTimes() (passes []passed) {
	for _, r := range tr.srv.Requests() {
		switch last := len(passes) - 1; {
		case r.Operation != "GetTranscript":
		case last >= 0 && passes[last].at.Equal(r.Time):
			passes[last].pages++
		default:
			passes = append(passes, passed{r.Time, 1})
		}
	}
	return passes
}

func (tr *trial) lossesWithin(from, to time.Time) (n int) {
	for _, at := range tr.losses {
		if !at.Before(from) && !at.Truncate(time.Millisecond).After(to) {
			n++
		}
	}
	return n
}

// within counts the times between from and to. The times of a burst may be ahead of the clock.
func within(times []time.Time, from, to time.Time) (n int) {
	const ahead = 2 * time.Second
	for _, at := range times {
		if !at.Before(from) && at.Before(to.Add(ahead)) {
			n++
		}
	}
	return n
}
