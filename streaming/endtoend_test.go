// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/streaming"
	"github.com/participant-go/connectparticipant/types"
)

func streamed(o *participanttest.ChatOptions) { o.Streaming = true }

func newClient(srv *participanttest.Server) *connectparticipant.Client {
	return connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
}

// connectionToken returns a token with which a participant can take part without a socket.
func connectionToken(t *testing.T, client connectparticipant.API, p *participanttest.Participant) *string {
	t.Helper()
	out, err := client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &p.Token, ConnectParticipant: aws.Bool(true), Type: []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	require.NoError(t, err)
	return out.ConnectionCredentials.ConnectionToken
}

// endpoint is the HTTPS endpoint of a bot, as SNS calls it.
type endpoint struct {
	verifier *streaming.Verifier
	seen     streaming.Seen
	bot      func(context.Context, streaming.Notification) error

	mu      sync.Mutex
	refused int
	errs    []error
	done    int
}

func (e *endpoint) post(payload []byte) {
	err := e.verifier.Verify(context.Background(), payload)
	if err == nil {
		err = streaming.Handle(context.Background(), payload, e.seen, e.bot)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.done++
	switch {
	case errors.Is(err, streaming.ErrNotVerified):
		e.refused++
	case err != nil:
		e.errs = append(e.errs, err)
	}
}

func (e *endpoint) handled(n int) func() bool {
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.done >= n
	}
}

func TestBotBehindAnHTTPSEndpoint(t *testing.T) {
	t.Parallel()
	e := &endpoint{seen: streaming.Memory(100)}
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.Stream = e.post })
	e.verifier = &streaming.Verifier{TopicARNs: []string{participanttest.TopicARN}, HTTPClient: srv.SNSClient(), Roots: srv.SNSRoots()}
	require.NoError(t, e.verifier.Confirm(t.Context(), srv.SubscriptionConfirmation()))
	require.Equal(t, 1, srv.Count("ConfirmSubscription"))

	client := newClient(srv)
	contact := srv.NewChat(streamed)
	bot := contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot")
	var token *string
	e.bot = func(ctx context.Context, n streaming.Notification) error {
		m, ok := n.Event.(chat.Message)
		if !ok || m.From.Role != types.ParticipantRoleCustomer {
			return nil
		}
		_, err := client.SendMessage(ctx, &connectparticipant.SendMessageInput{
			ConnectionToken: token, ClientToken: aws.String(n.Key()), ContentType: aws.String("text/plain"), Content: aws.String("You said: " + m.Text),
		})
		return err
	}
	token = connectionToken(t, client, bot)

	effects := map[int]participanttest.Effect{0: participanttest.Duplicate(), 1: participanttest.Reorder(), 3: participanttest.Forge(), 4: participanttest.Truncate()}
	var want []string
	for i := range 6 {
		if i == 1 { // a response to the first would release the event that is held back
			require.Eventually(t, e.handled(1+2+1), 10*time.Second, time.Millisecond)
		}
		if effect, ok := effects[i]; ok {
			srv.Inject(participanttest.Fault{On: participanttest.OnPublish, Participant: contact.Customer, Times: 1, Effect: effect})
		}
		contact.Customer.Say(fmt.Sprint(i))
		if i != 3 && i != 4 {
			want = append(want, fmt.Sprint("You said: ", i))
		}
	}
	// The bot's joining, six messages, one duplicate, and four responses.
	require.Eventually(t, e.handled(1+7+4), 10*time.Second, time.Millisecond)
	var said []string
	for _, kept := range contact.Transcript() {
		if kept.ParticipantId == bot.ID && kept.Type == "MESSAGE" {
			said = append(said, kept.Content)
		}
	}
	require.ElementsMatch(t, want, said)
	require.Equal(t, []string{want[0], want[2], want[1]}, said[:3], "the second message was published after the third")
	require.Equal(t, 2, e.refused, "the forged and the truncated notification")
	require.Empty(t, e.errs)
}

// recorder is a handler of events from any source.
type recorder struct{ events []string }

// handle records an event, except for members that only sessions set and events that only sessions get.
func (r *recorder) handle(event chat.Event) {
	switch e := event.(type) {
	case chat.ConnectionChanged, chat.Typing:
		return
	case chat.Participant:
		if e.Change == chat.ParticipantIdle || e.Change == chat.ParticipantReturned {
			return
		}
	}
	data, _ := json.Marshal(event)
	var members object
	_ = json.Unmarshal(data, &members)
	for _, name := range []string{"Own", "History", "Late", "Raw", "InitialContactID"} {
		delete(members, name) // an item of the transcript has a different Raw and no InitialContactID
	}
	r.events = append(r.events, fmt.Sprintf("%T %s", event, text(members)))
}

func TestOneHandlerServesSessionsAndNotifications(t *testing.T) {
	t.Parallel()
	for name, progress := range map[string]bool{"complete messages": false, "chunks": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			published := make(chan []byte, 100)
			srv := participanttest.Start(t, func(o *participanttest.Options) {
				o.Stream = func(payload []byte) { published <- payload }
			})
			if !progress { // duplicates don't lose Progress events, but another order does
				srv.Inject(participanttest.Fault{On: participanttest.OnPublish, Chance: 0.3, Effect: participanttest.Duplicate()})
				srv.Inject(participanttest.Fault{On: participanttest.OnPublish, Chance: 0.3, Effect: participanttest.Reorder()})
			}
			contact := srv.NewChat(streamed)
			session, err := chat.Start(t.Context(), newClient(srv), contact.Customer.Token, func(o *chat.Options) { o.Progress = progress })
			require.NoError(t, err)
			defer func() { _ = session.Close() }()
			var bySession, bySNS recorder
			joined, err := session.Next(t.Context()) // the session has read the transcript
			require.NoError(t, err)
			bySession.handle(joined)
			require.NoError(t, session.CatchUp(t.Context()))
			happen(contact)
			for event, err := range session.Events(t.Context()) {
				require.NoError(t, err)
				bySession.handle(event)
			}
			if progress {
				assemble(t, published, bySNS.handle)
			} else {
				handleAll(t, published, &bySNS, len(bySession.events))
			}
			require.ElementsMatch(t, bySession.events, bySNS.events)
			require.Greater(t, len(bySNS.events), 12)
			require.Contains(t, bySession.events[len(bySession.events)-1], "chat.ChatEnded")
		})
	}
}

// happen makes all kinds of events happen in a chat, and ends it.
func happen(contact *participanttest.Contact) {
	contact.Agent.Join()
	contact.Agent.Say("Hello")
	contact.Customer.Say("my own")
	contact.Agent.Typing()
	contact.Agent.SayMarkdown("*Hello*")
	contact.System.SayInteractive(`{"templateType":"ListPicker"}`)
	contact.System.SayInChunks("Hel", "lo", "!")
	contact.Agent.ShareFile("a.txt", "text/plain", []byte("hello"))
	contact.Customer.Idle()
	contact.Customer.Return()
	contact.StartAuthentication(contact.Customer)
	contact.Invite("Bob")
	contact.FailTransfer()
	contact.Push(participanttest.Item{Type: "HOLOGRAM", ContentType: "application/x-hologram", Content: "{}"})
	contact.Transfer("Cid").Say("I have taken over")
	contact.End()
}

// handleAll handles what is published, partly in batches, until there are as many events as expected
// and nothing more is published.
func handleAll(t *testing.T, published <-chan []byte, r *recorder, expected int) {
	t.Helper()
	seen := streaming.Memory(100)
	var waiting [][]byte
	deliver := func() {
		require.NoError(t, streaming.Handle(t.Context(), participanttest.LambdaSQS(waiting...), seen, func(_ context.Context, n streaming.Notification) error {
			r.handle(n.Event)
			return nil
		}))
		waiting = nil
	}
	for begun := time.Now(); ; {
		select {
		case payload := <-published:
			waiting = append(waiting, payload)
			if rand.IntN(3) == 0 {
				deliver()
			}
		case <-time.After(2 * time.Second): // longer than the fake holds an item back
			deliver()
			if len(r.events) >= expected || time.Since(begun) > 20*time.Second {
				return
			}
		}
	}
}

// assemble handles what is published until the end of the chat, one notification at a time.
func assemble(t *testing.T, published <-chan []byte, handle func(chat.Event)) {
	t.Helper()
	var a streaming.Assembler
	for {
		notifications, err := streaming.Read(participanttest.LambdaSNS(<-published))
		require.NoError(t, err)
		for _, n := range a.Add(notifications...) {
			handle(n.Event)
			if _, ended := n.Event.(chat.ChatEnded); ended {
				return
			}
		}
	}
}
