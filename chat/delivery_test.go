// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestLostPushIsFoundByTheNextPass(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ReadEvery = time.Hour })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		lost := b.contact.Agent.Say("lost on the way")
		for range 10 {
			b.settle()
			b.contact.Agent.Say("seen")
			b.message(s)
		}
		b.contact.Customer.CutSockets()
		m := b.within(s, time.Minute)
		require.Equal(b.t, lost, m.ID)
		require.True(b.t, m.Late)
	})
}

func TestSettlePassFindsItemsThatAppearSecondsLate(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(5 * time.Second)})
		b.contact.Customer.CutSockets()
		id := b.contact.Agent.Say("not shown yet")
		require.Equal(b.t, id, b.within(s, 15*time.Second).ID)
	})
}

func TestPassReadsTheOverlapAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(90 * time.Second)})
		b.contact.Customer.CutSockets()
		lagging := b.contact.Agent.Say("shown after 90 seconds")
		shown := b.contact.Agent.Say("shown immediately")
		require.Equal(b.t, shown, b.within(s, time.Minute).ID)
		b.sleep(2 * time.Minute)
		b.contact.Customer.CutSockets()
		m := b.within(s, time.Minute)
		require.Equal(b.t, lagging, m.ID)
		require.True(b.t, m.Late)
	})
}

func TestLiveItemsWaitForMissedOnes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.contact.Agent.Say("first")
		b.message(s)
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 1, Effect: participanttest.Delay(5 * time.Second)})
		b.contact.Customer.CutSockets()
		missed := b.contact.Agent.Say("missed")
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		live := b.contact.Agent.Say("live")
		first, second := b.message(s), b.message(s)
		require.Equal(b.t, []string{missed, live}, []string{first.ID, second.ID})
		require.False(b.t, first.Late)
		require.False(b.t, second.Late)
	})
}

func TestLiveItemsWaitAtMostCatchUpWait(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.contact.Agent.Say("first")
		b.message(s)
		b.settle()
		broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
		b.contact.Customer.CutSockets()
		missed := b.contact.Agent.Say("missed")
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		live := b.contact.Agent.Say("live")
		require.Equal(b.t, live, b.within(s, 31*time.Second).ID)
		require.Equal(b.t, 1, s.Stats().Reconnects, "a failing transcript doesn't close the socket")
		broken.Remove()
		m := b.within(s, time.Minute)
		require.Equal(b.t, missed, m.ID)
		require.True(b.t, m.Late)
	})
}

func TestDuplicatesAreDeliveredOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Duplicate()})
		for i := range 20 {
			b.contact.Agent.Say(strconv.Itoa(i))
			require.Equal(b.t, strconv.Itoa(i), b.message(s).Text)
			b.contact.Agent.Typing()
			require.IsType(b.t, chat.Typing{}, b.next(s))
		}
		b.nothing(s, time.Hour)
		require.GreaterOrEqual(b.t, s.Stats().Duplicates, 40)
	})
}

func TestHoldBackOrdersItemsThatArriveOutOfOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.HoldBack = 1500 * time.Millisecond })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Delay(time.Second)})
		first := b.contact.Agent.Say("delayed")
		b.sleep(100 * time.Millisecond)
		second := b.contact.Agent.Say("prompt")
		m := b.within(s, 1500*time.Millisecond)
		require.Equal(b.t, first, m.ID)
		require.False(b.t, m.Late)
		require.Equal(b.t, second, b.within(s, 0).ID)
	})
}

func TestHoldBackIsNotProlongedBySending(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.HoldBack = 300 * time.Millisecond })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Delay(100 * time.Millisecond)})
		var sending sync.WaitGroup
		sending.Go(func() { _, _ = s.Send(b.t.Context(), "hi") })
		b.sleep(time.Millisecond)
		b.contact.Agent.Say("hello")
		b.within(s, 310*time.Millisecond)
		sending.Wait()
	})
}

func TestAttachmentsAndProcessedMessagesAreUpdated(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		contact := b.srv.NewChat(func(o *participanttest.ChatOptions) {
			o.ScanDelay = 20 * time.Second
			o.ProcessingDelay = 20 * time.Second
			o.Processor = func(string) (string, types.MessageProcessingStatus) { return "***", "" }
		})
		b.contact = contact
		s := b.start()
		b.settle()
		contact.Agent.ShareFile("a.txt", "text/plain", []byte("hello"))
		contact.Agent.Say("my card number")
		contact.Customer.CutSockets()
		file, text := b.message(s), b.message(s)
		require.Equal(b.t, types.ArtifactStatusInProgress, file.Attachments[0].Status)
		require.Equal(b.t, types.MessageProcessingStatusProcessing, text.Status)
		require.Empty(b.t, text.Text)
		updated := map[string]chat.Updated{}
		for range 2 {
			u, ok := b.next(s).(chat.Updated)
			require.True(b.t, ok)
			updated[u.ID] = u
		}
		require.Equal(b.t, types.ArtifactStatusApproved, updated[file.ID].Attachments[0].Status)
		require.Equal(b.t, "***", updated[text.ID].Text)
	})
}
