// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

var costMessages = flag.Int("cost.messages", 5, "number of messages that TestCost sends")

// docs/fleet.md derives the monthly cost from these figures: the requests of a member and of a message.
func TestCost(t *testing.T) {
	t.Parallel()
	c := &counter{Client: connect(start(t))}
	createTable(t, c.Client, "table")
	srv := participanttest.Start(t)
	client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	handle := func(context.Context, *fleet.Held, chat.Event) error { return nil }
	sealer, err := fleet.AESGCM(make([]byte, 32))
	require.NoError(t, err)
	member, err := fleet.Join(t.Context(), dynamofleet.New(c, "table"), client, handle, func(o *fleet.Options) { o.ID, o.Sealer = "a", sealer })
	require.NoError(t, err)
	defer func() { _ = member.Close() }()
	<-time.After(10 * time.Second) // the first reading of the directory is after a lease
	c.take()
	begun := time.Now()
	<-time.After(10 * time.Second)
	requests, idleReads, idleWrites := c.take()
	seconds := time.Since(begun).Seconds()
	t.Logf("a member without chats, %.1f s: %d requests, %.0f reads, %.0f writes", seconds, requests, idleReads, idleWrites)
	// A slow machine makes fewer requests, but not more.
	require.LessOrEqual(t, idleWrites, seconds/2+1)
	require.LessOrEqual(t, float64(requests), 3.5*seconds+5)
	require.Greater(t, idleWrites, 1.0)
	require.Greater(t, requests, 15)

	contact := srv.NewChat()
	require.NoError(t, member.Add(t.Context(), fleet.Chat{ID: contact.ID, ParticipantToken: contact.Customer.Token, ParticipantID: contact.Customer.ID}))
	require.NoError(t, contact.Customer.WaitSockets(t.Context(), 1))
	<-time.After(5 * time.Second)
	requests, reads, writes := c.take()
	t.Logf("a new chat, with 5 s of the member: %d requests, %.0f reads, %.0f writes", requests, reads, writes)

	begun = time.Now()
	for range *costMessages {
		contact.Agent.Say("Could you tell me the number of your order, please? It is in the message that we have sent.")
		<-time.After(1500 * time.Millisecond)
	}
	<-time.After(2 * time.Second) // until the last State is saved
	requests, reads, writes = c.take()
	seconds = time.Since(begun).Seconds()
	t.Logf("%d messages in %.1f s: %d requests, %.0f reads, %.0f writes", *costMessages, seconds, requests, reads, writes)
	require.InDelta(t, float64(*costMessages), writes-seconds/2, 3, "one write per message")
	t.Logf("the state has %d bytes, the chat %d, the token %d", itemSize(t, c, "state/"+contact.ID), itemSize(t, c, "chat/"+contact.ID), itemSize(t, c, "token/"+contact.ID))
}

// itemSize returns the approximate size of an item's names and values in bytes.
func itemSize(t *testing.T, c *counter, key string) (size int) {
	t.Helper()
	for name, value := range rawItem(t, c.Client, key) {
		size += len(name)
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			size += len(v.Value)
		case *types.AttributeValueMemberB:
			size += len(v.Value)
		case *types.AttributeValueMemberN:
			size += len(v.Value)/2 + 1
		}
	}
	return size
}
