// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// wired runs a test in a bubble on a server that records.
func wired(t *testing.T, test func(w world)) {
	t.Helper()
	inMemory(t, func(w world) {
		w.srv.RecordWire(1000)
		test(w)
	})
}

// outline writes each event in a line.
func outline(srv *participanttest.Server, after uint64) (lines []string) {
	synctest.Wait()
	for _, e := range srv.Wire(after) {
		line := fmt.Sprint(e.Kind, " ", e.Operation, " ", e.Status)
		if e.Kind == participanttest.WireFrame {
			line = fmt.Sprint(map[bool]string{true: "> ", false: "< "}[e.FromClient], e.Operation, " ", strings.TrimPrefix(e.ContentType, eventPrefix), " ", e.Status)
		}
		if e.Fault != nil {
			line += fmt.Sprint(" by fault ", e.Fault.ID, " ", e.Fault.Effect)
		}
		if e.Lost {
			line += " lost"
		}
		lines = append(lines, line)
	}
	return lines
}

// last is the Sequence of the newest event.
func last(srv *participanttest.Server) (sequence uint64) {
	synctest.Wait()
	for _, e := range srv.Wire(0) {
		sequence = e.Sequence
	}
	return sequence
}

const eventPrefix = "application/vnd.amazonaws.connect.event."

func TestWireIsRecordedInOrder(t *testing.T) {
	t.Parallel()
	wired(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		conn := listen(t, srv, contact.Customer)
		bearer := token(t, srv, contact.Customer)
		send(t, conn, `{"topic":"aws/heartbeat"}`)
		receive(t, conn) // participant.joined or the heartbeat
		ok(t, srv, "/participant/message", bearer, `{"ContentType":"text/plain","Content":"héllo"}`)
		contact.Customer.CloseSockets(1001, "Going away")
		for _, _, err := conn.Read(t.Context()); err == nil; _, _, err = conn.Read(t.Context()) {
		}
		require.Equal(t, []string{
			"REQUEST CreateParticipantConnection 0", "RESPONSE CreateParticipantConnection 200",
			"REQUEST WebSocket 0", "RESPONSE WebSocket 101",
			"> aws/subscribe  0", "< aws/subscribe  0",
			"REQUEST CreateParticipantConnection 0", "RESPONSE CreateParticipantConnection 200",
			"> aws/heartbeat  0", "< aws/heartbeat  0",
			"REQUEST SendMessage 0", "RESPONSE SendMessage 200", "< push text/plain 0",
			"< close  1001", "> close  1001",
		}, outline(srv, 0))
		events := srv.Wire(10)
		in, out, push := events[0], events[1], events[2]
		require.Equal(t, in.Sequence, out.Exchange)
		for _, e := range events {
			require.Equal(t, []string{contact.ID, contact.Customer.ID}, []string{e.ContactID, e.ParticipantID})
			require.Equal(t, srv.Now(), e.Time)
		}
		require.Equal(t, []any{"POST", "/participant/message", len(in.Body)}, []any{in.Method, in.URL, in.Size})
		require.JSONEq(t, `{"ContentType":"text/plain","Content":"héllo"}`, in.Body)
		require.Equal(t, "application/json", out.Header.Get("Content-Type"))
		require.Contains(t, out.Body, "AbsoluteTime")
		require.Equal(t, 1, push.Socket)
		require.Contains(t, push.Body, "héllo")
		require.Equal(t, "Going away", events[3].Body)
	})
}

func TestWireShowsWhatFaultsDid(t *testing.T) {
	t.Parallel()
	const message = `{"ContentType":"text/plain","Content":"hello"}`
	failed := "REQUEST SendMessage 0 by fault 1 "
	for name, c := range map[string]struct {
		fault participanttest.Fault
		want  []string
	}{
		"a throttle": {
			participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(429, "ThrottlingException")},
			[]string{failed + "Fail", "RESPONSE SendMessage 429 by fault 1 Fail"},
		},
		"a lost response": {
			participanttest.Fault{On: "SendMessage", Effect: participanttest.DropAfter()},
			[]string{failed + "DropAfter", "RESPONSE SendMessage 0 by fault 1 DropAfter lost", "< push text/plain 0"},
		},
		"a response cut in the middle": {
			participanttest.Fault{On: "SendMessage", Effect: participanttest.Truncate()},
			[]string{failed + "Truncate", "RESPONSE SendMessage 200 by fault 1 Truncate lost", "< push text/plain 0"},
		},
		"a delay": {
			participanttest.Fault{On: "SendMessage", Effect: participanttest.Delay(time.Second)},
			[]string{failed + "Delay", "RESPONSE SendMessage 200 by fault 1 Delay", "< push text/plain 0"},
		},
		"a lost push": {
			participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Lose()},
			[]string{"REQUEST SendMessage 0", "RESPONSE SendMessage 200", "< push text/plain 0 by fault 1 Lose lost"},
		},
		"a repeated push": {
			participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Duplicate()},
			[]string{"REQUEST SendMessage 0", "RESPONSE SendMessage 200", "< push text/plain 0 by fault 1 Duplicate", "< push text/plain 0 by fault 1 Duplicate"},
		},
		"a silent socket": {
			participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Silent()},
			[]string{"REQUEST SendMessage 0", "RESPONSE SendMessage 200", "< push text/plain 0 by fault 1 Silent lost"},
		},
		"a reset in place of a push": {
			participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Close(0)},
			[]string{"REQUEST SendMessage 0", "RESPONSE SendMessage 200", "< push text/plain 0 by fault 1 Close lost", "< close  0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wired(t, func(w world) {
				t, srv := w.t, w.srv
				contact := srv.NewChat()
				listen(t, srv, contact.Customer)
				bearer := token(t, srv, contact.Customer)
				srv.Inject(c.fault)
				before := last(srv)
				resp, err := srv.Client().Do(request(t, http.MethodPost, srv.URL+"/participant/message", bearer, message))
				if err == nil {
					require.NoError(t, resp.Body.Close())
				}
				require.Equal(t, c.want, outline(srv, before))
			})
		})
	}
}

func TestWireShowsARequestThatHasNoResponseYet(t *testing.T) {
	t.Parallel()
	wired(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Ignore()})
		bearer := token(t, srv, contact.Customer)
		before := last(srv)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		req := request(t, http.MethodPost, srv.URL+"/participant/transcript", bearer, "{}").WithContext(ctx)
		go func() {
			_, err := srv.Client().Do(req)
			gone <- err
		}()
		require.NoError(t, srv.WaitWire(t.Context(), before))
		require.Equal(t, []string{"REQUEST GetTranscript 0 by fault 1 Ignore"}, outline(srv, before))
		cancel()
		require.Error(t, <-gone)
		require.Equal(t, []string{"RESPONSE GetTranscript 0 by fault 1 Ignore lost"}, outline(srv, before+1))
	})
}

// Every secret of the protocol passes here once.
func TestWireHasNoSecrets(t *testing.T) {
	t.Parallel()
	wired(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		bearer := token(t, srv, contact.Customer)
		listen(t, srv, contact.Customer)
		view := contact.Agent.ShowView(participanttest.View{ID: "v"})
		do(t, srv.Client(), request(t, http.MethodGet, srv.URL+"/participant/views/"+url.PathEscape(view), bearer, ""))
		id := contact.Agent.ShareFile("a.txt", "text/plain", []byte("the file"))
		file := ok(t, srv, "/participant/attachment", bearer, `{"AttachmentId":"`+id+`"}`)["Url"].(string)
		do(t, srv.Client(), request(t, http.MethodGet, file, "", ""))
		ok(t, srv, "/participant/message", bearer, `{"ContentType":"application/json","Content":"{\"ParticipantToken\":\"made-up-secret==\"}"}`)
		do(t, srv.Client(), request(t, http.MethodPost, srv.URL+"/participant/message", "a-bearer-from-elsewhere", `{"connectionToken" : "cut-off-secret`))
		req := request(t, http.MethodPut, srv.URL+"/contact/chat", "", `{"InstanceId":"i","ContactFlowId":"f","ParticipantDetails":{"DisplayName":"Ada"}}`)
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/y, Signature=0123456789abcdef")
		started := do(t, srv.Client(), req).object(t)["ParticipantToken"].(string)

		synctest.Wait()
		text, err := json.Marshal(srv.Wire(0))
		require.NoError(t, err)
		target, err := url.Parse(file)
		require.NoError(t, err)
		signature := target.Query().Get("X-Amz-Signature")
		secrets := []string{bearer, contact.Customer.Token, started, view, signature, "made-up-secret==", "a-bearer-from-elsewhere", "cut-off-secret", "0123456789abcdef"}
		for i, secret := range secrets {
			require.NotContains(t, string(text), secret[:len(secret)-4], "secret %d", i)
			require.Contains(t, string(text), "…"+secret[len(secret)-4:], "the end of secret %d", i)
		}
		require.NotContains(t, string(text), "-token.")
		require.Contains(t, string(text), "the file")
	})
}

func TestWireIsBounded(t *testing.T) {
	t.Parallel()
	wired(t, func(w world) {
		t, srv := w.t, w.srv
		const limit = 64 << 10
		for range 200 { // 300 kB each, of which 64 kB are kept
			post(t, srv, "/participant/message", "", `{"Content":"`+strings.Repeat("é", 150_000)+`"}`)
		}
		post(t, srv, "/participant/message", "", "\xff\xfe")
		synctest.Wait()
		kept := 0
		for _, e := range srv.Wire(0) {
			require.LessOrEqual(t, len(e.Body), limit)
			kept += len(e.Body)
		}
		require.Greater(t, kept, 12<<20)
		require.LessOrEqual(t, kept, 16<<20)
		binary := srv.Wire(400)[0]
		require.Equal(t, []any{2, ""}, []any{binary.Size, binary.Body})

		srv.RecordWire(3)
		require.Len(t, srv.Wire(0), 3)
		srv.Reset()
		require.Empty(t, srv.Wire(0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, srv.WaitWire(ctx, 0), context.DeadlineExceeded, "discarded events aren't waited for")
		srv.NewChat()
		post(t, srv, "/nowhere", "", "")
		require.Equal(t, uint64(403), srv.Wire(0)[0].Sequence)
		srv.RecordWire(0)
		post(t, srv, "/nowhere", "", "")
		require.Empty(t, srv.Wire(0))
	})
}

func TestWaitWireEndsWithItsContextAndTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory())
		srv.RecordWire(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, srv.WaitWire(ctx, 0), context.DeadlineExceeded)
		srv.Close()
		require.ErrorIs(t, srv.WaitWire(t.Context(), 0), http.ErrServerClosed)
	})
}

// A client that is recorded must see what any other does.
func TestRecordingChangesNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		w.srv.RecordWire(100)
		st := newStage(w.t, w.srv)
		require.Equal(w.t, http.StatusNotFound, post(w.t, w.srv, "/nowhere", "", "").status)
		large := post(w.t, w.srv, "/participant/message", st.customerBearer, strings.Repeat("x", 1<<20+1))
		require.Equal(w.t, http.StatusRequestEntityTooLarge, large.status)
		id := st.contact.Agent.Say("hello")
		require.Equal(w.t, id, st.both(w.t)["Id"])
		require.NoError(w.t, st.customer.Close(websocket.StatusNormalClosure, ""))
	})
}
