// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const create = "CreateParticipantConnection"

const sendMessage = "SendMessage"

// bubble is a chat on an in-memory fake, in virtual time.
type bubble struct {
	t       *testing.T
	srv     *participanttest.Server
	contact *participanttest.Contact
	client  *connectparticipant.Client
}

func newBubble(t *testing.T, optFns ...func(*participanttest.Options)) *bubble {
	t.Helper()
	srv := participanttest.Start(t, append(optFns, participanttest.InMemory())...)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	return &bubble{t: t, srv: srv, contact: srv.NewChat(), client: client}
}

func (b *bubble) options(o *chat.Options) {
	o.HTTPClient = b.srv.Client()
	o.Limiter = chat.Unlimited
}

func inBubble(t *testing.T, test func(b *bubble), optFns ...func(*participanttest.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newBubble(t, optFns...)) })
}

// start starts a session of the customer.
func (b *bubble) start(optFns ...func(*chat.Options)) *chat.Session {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	s, err := chat.Start(ctx, b.client, b.contact.Customer.Token, append([]func(*chat.Options){b.options}, optFns...)...)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}

// startAs starts a session of a participant.
func (b *bubble) startAs(p *participanttest.Participant, optFns ...func(*chat.Options)) *chat.Session {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	s, err := chat.Start(ctx, b.client, p.Token, append([]func(*chat.Options){b.options}, optFns...)...)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}

func (b *bubble) sleep(d time.Duration) { <-time.After(d) }

func (b *bubble) settle() { b.sleep(time.Minute) }

// next returns the next event other than ConnectionChanged and Participant.
func (b *bubble) next(s *chat.Session) chat.Event {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Hour)
	defer cancel()
	for {
		event, err := s.Next(ctx)
		require.NoError(b.t, err)
		switch event.(type) {
		case chat.ConnectionChanged, chat.Participant:
		default:
			return event
		}
	}
}

// message returns the next message.
func (b *bubble) message(s *chat.Session) chat.Message {
	b.t.Helper()
	event := b.next(s)
	m, ok := event.(chat.Message)
	require.True(b.t, ok, "%T", event)
	return m
}

// lastMessage returns the next message, and skips all other events.
func (b *bubble) lastMessage(s *chat.Session) chat.Message {
	b.t.Helper()
	for {
		if m, ok := b.next(s).(chat.Message); ok {
			return m
		}
	}
}

// within returns the next message, which must arrive within longest.
func (b *bubble) within(s *chat.Session, longest time.Duration) chat.Message {
	b.t.Helper()
	begun := time.Now()
	m := b.message(s)
	require.LessOrEqual(b.t, time.Since(begun), longest)
	return m
}

// nothing requires that no event arrives within d, except ConnectionChanged and Participant.
func (b *bubble) nothing(s *chat.Session, d time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	for {
		event, err := s.Next(ctx)
		if err != nil {
			require.ErrorIs(b.t, err, context.DeadlineExceeded)
			return
		}
		switch event.(type) {
		case chat.ConnectionChanged, chat.Participant:
		default:
			require.Fail(b.t, "unexpected", "%T", event)
		}
	}
}

// events returns the events within d, except ConnectionChanged and Participant.
func (b *bubble) events(s *chat.Session, d time.Duration) (all []chat.Event) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	for {
		event, err := s.Next(ctx)
		if err != nil {
			require.ErrorIs(b.t, err, context.DeadlineExceeded)
			return all
		}
		switch event.(type) {
		case chat.ConnectionChanged, chat.Participant:
		default:
			all = append(all, event)
		}
	}
}

// queued returns the messages that Next returns without waiting; ctx must be done.
func (b *bubble) queued(ctx context.Context, s *chat.Session) (all []chat.Event) {
	b.t.Helper()
	for {
		event, err := s.Next(ctx)
		if err != nil {
			require.ErrorIs(b.t, err, context.Canceled)
			return all
		}
		if m, ok := event.(chat.Message); ok {
			all = append(all, m)
		}
	}
}

// end receives the events of s until its end, which it returns.
func (b *bubble) end(s *chat.Session) *chat.CloseError {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Hour)
	defer cancel()
	for {
		if _, err := s.Next(ctx); err != nil {
			var closed *chat.CloseError
			require.ErrorAs(b.t, err, &closed)
			return closed
		}
	}
}

// toEnd returns all events until the end of the session, which must occur within longest, and the
// reason.
func (b *bubble) toEnd(s *chat.Session, longest time.Duration) (events []chat.Event, end *chat.CloseError) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	for {
		event, err := s.Next(ctx)
		if err != nil {
			require.ErrorAs(b.t, err, &end, "no end within %v", longest)
			return events, end
		}
		events = append(events, event)
	}
}

// ids returns the ids of events, with how often each was delivered.
func ids(events []chat.Event) map[string]int {
	counts := make(map[string]int, len(events))
	for _, event := range events {
		m, _ := chat.MetaOf(event)
		counts[m.ID]++
	}
	return counts
}

// messageIDs returns the ids of the messages among the events.
func messageIDs(events []chat.Event) (ids []string) {
	for _, event := range events {
		if m, ok := event.(chat.Message); ok {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// only returns the events of one type.
func only[E chat.Event](events []chat.Event) (some []E) {
	for _, event := range events {
		if e, ok := event.(E); ok {
			some = append(some, e)
		}
	}
	return some
}

// addBot adds a participant whose departure doesn't end the chat.
func (b *bubble) addBot() *participanttest.Participant {
	return b.contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot")
}

// hasLeft reports whether the transcript shows that a participant has left.
func (b *bubble) hasLeft(c *participanttest.Contact, p *participanttest.Participant) bool {
	for _, item := range c.Transcript() {
		if item.ContentType == participantLeft && item.ParticipantId == p.ID {
			return true
		}
	}
	return false
}

const participantLeft = "application/vnd.amazonaws.connect.event.participant.left"

// slack is added to time limits, for the duration of a call.
const slack = 100 * time.Millisecond

// breakTranscript makes GetTranscript fail with 429 from now on.
func (b *bubble) breakTranscript() {
	b.t.Helper()
	b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(429, "ThrottlingException")})
}

// refuseSockets makes every dial fail until the fault is removed.
func (b *bubble) refuseSockets() *participanttest.Injected {
	b.t.Helper()
	return b.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Fail(503, "")})
}

// lose drops the next push to the customer.
func (b *bubble) lose() {
	b.t.Helper()
	b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Participant: b.contact.Customer, Times: 1, Effect: participanttest.Lose()})
}

// reconnect cuts the sockets, which makes a pass due, and waits for the next socket.
func (b *bubble) reconnect() {
	b.t.Helper()
	b.contact.Customer.CutSockets()
	require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
}

// flap cuts n sockets, each of which lives 20 s, and pushes one message on each of them.
func (b *bubble) flap(n int) (pushed map[string]time.Time) {
	b.t.Helper()
	pushed = map[string]time.Time{}
	for range n {
		b.reconnect()
		b.sleep(5 * time.Second)
		pushed[b.contact.Agent.Say("pushed on an open socket")] = time.Now()
		b.sleep(15 * time.Second)
	}
	return pushed
}

// blackhole drops everything that is sent to a participant's socket from now on, beginning with a
// message of the agent.
func (b *bubble) blackhole(p *participanttest.Participant) {
	b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Participant: p, Times: 1, Effect: participanttest.Blackhole()})
	b.contact.Agent.Say("lost")
}

// shareFile makes the agent share a file and returns its attachment id.
func (b *bubble) shareFile(s *chat.Session, content string) string {
	b.t.Helper()
	b.contact.Agent.ShareFile("a.txt", "text/plain", []byte(content))
	m := b.message(s)
	require.Len(b.t, m.Attachments, 1)
	return m.Attachments[0].ID
}

// receiptOf returns when a message was delivered and when it was read.
func (b *bubble) receiptOf(id string) (delivered, read string) {
	for _, item := range b.contact.Transcript() {
		if item.Id == id && item.MessageMetadata != nil {
			for _, r := range item.MessageMetadata.Receipts {
				return r.DeliveredTimestamp, r.ReadTimestamp
			}
		}
	}
	return "", ""
}

// resume resumes a session from the text of a state.
func (b *bubble) resume(state chat.State) *chat.Session {
	b.t.Helper()
	text, err := state.MarshalText()
	require.NoError(b.t, err)
	var read chat.State
	require.NoError(b.t, read.UnmarshalText(text))
	s, err := chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, read, b.options)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}
