// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// restart ends a server in memory and starts another one that continues its chats.
func restart(t *testing.T, srv *participanttest.Server, optFns ...func(*participanttest.Options)) *participanttest.Server {
	t.Helper()
	state, err := srv.Snapshot()
	require.NoError(t, err)
	srv.Close()
	after := participanttest.Start(t, append(optFns, participanttest.InMemory(), func(o *participanttest.Options) { o.Snapshot = state })...)
	require.Equal(t, srv.URL, after.URL)
	again, err := after.Snapshot()
	require.NoError(t, err)
	require.Equal(t, string(state), string(again), "nothing is lost or added")
	return after
}

func get(t *testing.T, srv *participanttest.Server, address string) response {
	t.Helper()
	return do(t, srv.Client(), request(t, http.MethodGet, address, "", ""))
}

func slowly(o *participanttest.ChatOptions) {
	o.ScanDelay, o.ProcessingDelay, o.RehydrationDelay = time.Hour, time.Hour, time.Hour
	o.Past = []participanttest.PastMessage{{Content: "years ago"}}
	o.MessageProcessing = true
}

func TestChatsContinueAfterARestart(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory())
	first := srv.NewChat()
	b := bench{srv, first, token(t, srv, first.Customer), token(t, srv, first.Agent)}
	srv.Advance(24 * time.Hour / 2)
	u := start(t, b)
	u.send(t)
	require.Equal(t, http.StatusOK, u.complete(t, b.customer).status)
	view := b.contact.Agent.ShowView(participanttest.View{ID: "v", Template: "{}"})
	session := b.contact.StartAuthentication(b.contact.Customer)
	b.contact.Customer.Rename("Ada")
	said := ok(t, b.srv, "/participant/message", b.customer, body(t, "ContentType", "text/plain", "Content", "once <b>", "ClientToken", "c"))
	require.Equal(t, http.StatusOK, b.receipt(t, b.agent, "read", said["Id"].(string)).status)
	lagging := b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Effect: participanttest.LagForever()})
	b.contact.Agent.Say("never shown")
	lagging.Remove()
	gone := b.contact.AddParticipant(types.ParticipantRoleSupervisor, "Sue")
	goneBearer := token(t, b.srv, gone)
	gone.Leave()
	address := socketURL(t, b.srv, b.contact.Customer)
	page := ok(t, b.srv, "/participant/transcript", b.agent, `{"MaxResults":2}`)
	download := ok(t, b.srv, getPath, b.agent, body(t, "AttachmentId", u.id))["Url"].(string)
	ended := b.srv.NewChat()
	endedBearer := token(t, b.srv, ended.Customer)
	ended.Transfer("Bea")
	ended.End()
	now, kept := b.srv.Now(), b.contact.Transcript()

	srv = restart(t, srv)
	require.WithinDuration(t, now, srv.Now(), time.Minute)
	contact := srv.Contact(b.contact.ID)
	require.Equal(t, kept, contact.Transcript())
	require.Equal(t, []string{contact.ID, ended.ID}, []string{srv.Contacts()[0].ID, srv.Contacts()[1].ID})
	require.Equal(t, b.contact.Customer.Token, contact.Customer.Token)
	require.Len(t, srv.Contacts(), 2)
	require.True(t, srv.Contact(ended.ID).Ended())
	require.Equal(t, ended.CurrentID(), srv.Contact(ended.ID).CurrentID())
	denied(t, post(t, srv, "/participant/transcript", endedBearer, `{}`))
	denied(t, post(t, srv, "/participant/connection", ended.Customer.Token, `{"Type":["WEBSOCKET"]}`))
	denied(t, post(t, srv, "/participant/transcript", goneBearer, `{}`))

	again := ok(t, srv, "/participant/message", b.customer, body(t, "ContentType", "text/plain", "Content", "once <b>", "ClientToken", "c"))
	require.Equal(t, said, again)
	rest := ok(t, srv, "/participant/transcript", b.agent, body(t, "MaxResults", 2, "NextToken", page["NextToken"]))
	require.NotEmpty(t, rest["Transcript"])
	require.Equal(t, content, string(get(t, srv, download).body))
	shown := request(t, http.MethodGet, srv.URL+"/participant/views/"+url.PathEscape(view), b.agent, "")
	require.Equal(t, http.StatusOK, do(t, srv.Client(), shown).status)
	ok(t, srv, "/participant/authentication-url", b.customer, body(t, "SessionId", session, "RedirectUri", "https://example.com"))
	conn := dial(t, srv, address)
	send(t, conn, subscribe)
	receive(t, conn)
	contact.Customer.Say("still here")
	it := pushed(t, conn)
	require.Equal(t, "Ada", it["DisplayName"])
	require.Greater(t, it["AbsoluteTime"], kept[len(kept)-1].AbsoluteTime)

	srv.Advance(24 * time.Hour)
	denied(t, post(t, srv, "/participant/transcript", b.customer, `{}`))
}

func TestChatsOfStartChatContactContinueAfterARestart(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory())
	past, _ := startChat(t, srv, nil)
	file := past.Agent.ShareFile("plan.pdf", "application/pdf", []byte(content))
	past.End()
	request := object{
		"ClientToken": "one", "Attributes": object{"order": "<4711>"}, "CustomerId": "ada", "ChatDurationInMinutes": 60,
		"SegmentAttributes":          object{"connect:Subtype": object{"ValueString": "connect:Guide"}},
		"PersistentChat":             object{"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": past.ID},
		"ChatStreamingConfiguration": object{"StreamingEndpointArn": topic},
	}
	contact, started := startChat(t, srv, request)
	described := connectOK(t, srv, http.MethodGet, "/contacts/"+instance+"/"+contact.ID, "")

	srv = restart(t, srv)
	require.Equal(t, described, connectOK(t, srv, http.MethodGet, "/contacts/"+instance+"/"+contact.ID, ""))
	again, out := startChat(t, srv, request)
	require.Equal(t, started, out)
	require.Equal(t, map[string]string{"order": "<4711>"}, again.Attributes())
	connectOK(t, srv, http.MethodPost, "/contact/stop-streaming", about(t, again, "StreamingId", started["StreamingId"]))
	bearer := token(t, srv, again.Customer)
	download := ok(t, srv, getPath, bearer, body(t, "AttachmentId", file))["Url"].(string)
	require.Equal(t, content, string(get(t, srv, download).body))
	restart(t, srv)
}

func TestPendingWorkContinuesAfterARestart(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory())
	contact := srv.NewChat(slowly)
	contact.Customer.ShareFile("plan.pdf", "application/pdf", []byte(content))
	contact.Customer.Say("hello")

	after := restart(t, srv)
	contact = after.Contact(contact.ID)
	require.Equal(t, types.ArtifactStatusInProgress, contact.Transcript()[0].Attachments[0].Status)
	require.Empty(t, contact.Transcript()[1].Content)
	after.Advance(time.Hour)
	kept := contact.Transcript()
	require.Equal(t, types.ArtifactStatusApproved, kept[0].Attachments[0].Status)
	require.Equal(t, "hello", kept[1].Content)
	bearer := token(t, after, contact.Agent)
	page := ok(t, after, "/participant/transcript", bearer, `{"MaxResults":3}`)
	older := items(ok(t, after, "/participant/transcript", bearer, body(t, "NextToken", page["NextToken"])))
	require.Equal(t, "years ago", older[0]["Content"])
	restart(t, after)
}

func TestCertificateOfASnapshotIsUsedWhileItIsValid(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, withTLS, participanttest.InMemory())
	before := srv.AuthorityPEM()
	srv = restart(t, srv, withTLS)
	require.Equal(t, before, srv.AuthorityPEM())
	state, err := srv.Snapshot()
	require.NoError(t, err)
	other := participanttest.Start(t, withTLS, func(o *participanttest.Options) { o.PublicURL, o.Snapshot = "https://fake.example", state })
	require.NotEqual(t, before, other.AuthorityPEM(), "another name")
	token(t, other, other.NewChat().Customer)
	plain := participanttest.Start(t, func(o *participanttest.Options) { o.Snapshot = state })
	require.Nil(t, plain.AuthorityPEM())
}

func TestCertificateOfASnapshotIsReplacedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, withTLS, participanttest.InMemory())
		state, err := srv.Snapshot()
		require.NoError(t, err)
		srv.Close()
		<-time.After(340 * 24 * time.Hour)
		after := participanttest.Start(t, withTLS, participanttest.InMemory(), func(o *participanttest.Options) { o.Snapshot = state })
		require.NotEqual(t, srv.AuthorityPEM(), after.AuthorityPEM())
	})
}

func TestNewRefusesAMalformedSnapshot(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, withTLS)
	contact := srv.NewChat(slowly)
	contact.Customer.ShareFile("plan.pdf", "application/pdf", []byte(content))
	contact.Customer.Say("hello")
	contact.Customer.NewConnection()
	contact.StartAuthentication(contact.Customer)
	state, err := srv.Snapshot()
	require.NoError(t, err)
	text := string(state)
	for name, c := range map[string]struct{ snapshot, reason string }{
		"empty":     {"", "not a snapshot"},
		"no JSON":   {"hello", "not a snapshot"},
		"cut":       {text[:len(text)/2], "not a snapshot"},
		"version":   {strings.Replace(text, `"Version":1`, `"Version":2`, 1), "version is 2, but this package reads version 1"},
		"type":      {strings.Replace(text, `"Advanced":0`, `"Advanced":"0"`, 1), "wrong type"},
		"no secret": {`{"Version":1}`, "Secret"},
		"key":       {strings.Replace(text, `"Identity":{"Key":"`, `"Identity":{"Key":"AAAA`, 1), "Identity"},
		"null":      {strings.Replace(text, `"Chats":[`, `"Chats":[null,`, 1), "chat 0 of it is null"},
		"again":     {strings.Replace(text, `"Attachments":[{"ID"`, `"Attachments":[{"ID":""},{"ID":""},{"ID"`, 1), "attachment twice"},
		"twice":     {strings.Replace(text, contact.Agent.Token, contact.Customer.Token, 1), "used twice"},
		"no id":     {strings.Replace(text, `"IDs":["`+contact.ID, `"IDs":["`, 1), "empty"},
		"owner":     {strings.Replace(text, `"Owner":0`, `"Owner":-1`, 1), "participant that it doesn't have"},
		"agent":     {strings.Replace(text, `"Agent":1`, `"Agent":3`, 1), "participant that it doesn't have"},
		"session":   {strings.Replace(text, `"Participant":0`, `"Participant":9`, 1), "participant that it doesn't have"},
		"sender":    {strings.Replace(text, `"Sender":0`, `"Sender":9`, 1), "participant that it doesn't have"},
		"past":      {strings.Replace(text, `"Past":1`, `"Past":7`, 1), "Past"},
		"item":      {strings.Replace(text, `"ItemID":"`, `"ItemID":"x`, 1), "attachment without its item"},
	} {
		require.NotEqual(t, text, c.snapshot, name)
		_, err := participanttest.New(func(o *participanttest.Options) { o.Snapshot = []byte(c.snapshot) })
		require.ErrorContains(t, err, "start participant service: read Options.Snapshot: ", name)
		require.ErrorContains(t, err, c.reason, name)
		require.NotContains(t, err.Error(), contact.Customer.Token)
	}
}

func FuzzSnapshot(f *testing.F) {
	srv, err := participanttest.New()
	require.NoError(f, err)
	contact := srv.NewChat(slowly)
	contact.Customer.ShareFile("plan.pdf", "application/pdf", []byte(content))
	contact.Customer.Say("hello")
	contact.Customer.NewConnection()
	state, err := srv.Snapshot()
	require.NoError(f, err)
	srv.Close()
	f.Add(state)
	f.Fuzz(func(t *testing.T, state []byte) {
		srv, err := participanttest.New(participanttest.InMemory(), func(o *participanttest.Options) { o.Snapshot = state })
		if err != nil {
			return
		}
		defer srv.Close()
		for _, c := range srv.Contacts() {
			token := c.Customer.NewConnection().ConnectionToken
			post(t, srv, "/participant/transcript", token, `{}`)
			c.Customer.Say("hello")
			c.End()
		}
		again, err := srv.Snapshot()
		require.NoError(t, err)
		require.True(t, json.Valid(again))
	})
}
