// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
)

const hello = `{"ContentType":"text/plain","Content":"hello"}`

// tries sends a request that may get no response.
func tries(t *testing.T, w world, path, bearer, body string) (response, error) {
	t.Helper()
	resp, err := w.srv.Client().Do(request(t, http.MethodPost, w.srv.URL+path, bearer, body))
	if err != nil {
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return response{resp.StatusCode, resp.Header, data}, err
}

func messages(t *testing.T, w world, bearer string) int {
	t.Helper()
	n := 0
	for _, item := range items(ok(t, w.srv, "/participant/transcript", bearer, `{"MaxResults":100}`)) {
		if item["Type"] == "MESSAGE" {
			n++
		}
	}
	return n
}

func TestFaultsOfOperations(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect participanttest.Effect
		check  func(t *testing.T, a response, err error)
		kept   int
	}{
		"Fail": {participanttest.Fail(500, "InternalServerException"), func(t *testing.T, a response, err error) {
			t.Helper()
			require.NoError(t, err)
			refused(t, a, 500, "InternalServerException", "Internal Server Error")
		}, 0},
		"RespondHTML": {participanttest.RespondHTML(502), func(t *testing.T, a response, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, 502, a.status)
			require.Equal(t, "text/html", a.header.Get("Content-Type"))
			require.Empty(t, a.header.Get("X-Amzn-Errortype"))
		}, 0},
		"Truncate": {participanttest.Truncate(), func(t *testing.T, a response, err error) {
			t.Helper()
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Equal(t, 200, a.status)
			require.True(t, strings.HasPrefix(string(a.body), "{"))
		}, 1},
		"DropBefore": {participanttest.DropBefore(), func(t *testing.T, _ response, err error) {
			t.Helper()
			require.Error(t, err)
		}, 0},
		"DropAfter": {participanttest.DropAfter(), func(t *testing.T, _ response, err error) {
			t.Helper()
			require.Error(t, err)
		}, 1},
		"Delay": {participanttest.Delay(20 * time.Millisecond), func(t *testing.T, a response, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, 200, a.status)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(w world) {
				contact := w.srv.NewChat()
				bearer := token(w.t, w.srv, contact.Customer)
				fault := w.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: test.effect})
				a, err := tries(w.t, w, "/participant/message", bearer, hello)
				test.check(w.t, a, err)
				require.Equal(w.t, 1, fault.Applied())
				require.Equal(w.t, test.kept, messages(w.t, w, bearer))
				ok(w.t, w.srv, "/participant/message", bearer, hello)
			})
		})
	}
}

func TestIgnoredOperation(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		bearer := token(w.t, w.srv, w.srv.NewChat().Customer)
		w.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Ignore()})
		ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Millisecond)
		defer cancel()
		req := request(w.t, http.MethodPost, w.srv.URL+"/participant/message", bearer, hello).WithContext(ctx)
		_, err := w.srv.Client().Do(req)
		require.ErrorIs(w.t, err, context.DeadlineExceeded)
	})
}

func TestFaultsAreLimitedToTheirTargets(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv := w.t, w.srv
		one, two := srv.NewChat(), srv.NewChat()
		customer, agent, other := token(t, srv, one.Customer), token(t, srv, one.Agent), token(t, srv, two.Customer)
		statuses := func(bearers ...string) []int {
			var got []int
			for _, bearer := range bearers {
				got = append(got, post(t, srv, "/participant/message", bearer, hello).status)
			}
			return got
		}
		fail := participanttest.Fail(500, "InternalServerException")

		byParticipant := srv.Inject(participanttest.Fault{Participant: one.Agent, Effect: fail})
		require.Equal(t, []int{200, 500, 200}, statuses(customer, agent, other))
		byParticipant.Remove()
		byContact := srv.Inject(participanttest.Fault{Contact: two, Effect: fail})
		require.Equal(t, []int{200, 200, 500}, statuses(customer, agent, other))
		byContact.Remove()
		srv.Inject(participanttest.Fault{On: "SendMessage", Skip: 1, Times: 2, Effect: fail})
		srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(429, "ThrottlingException")})
		require.Equal(t, []int{429, 500, 500, 200}, statuses(customer, customer, customer, customer), "the first rule that is due applies")
		require.Equal(t, 200, post(t, srv, "/participant/transcript", customer, `{}`).status, "another operation")
	})
}

func TestFaultsOfUpgrades(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, customer := w.t, w.srv.NewChat().Customer
		w.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Socket: 1, Times: 1, Effect: participanttest.Fail(503, "ServiceUnavailableException")})
		_, status := tryDial(t, w.srv, socketURL(t, w.srv, customer))
		require.Equal(t, 503, status)
		// net/http tries a GET again when a connection that was in use before is cut.
		drop := w.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.DropBefore()})
		_, _, err := fips.Dial(t.Context(), socketURL(t, w.srv, customer), &websocket.DialOptions{HTTPClient: w.srv.Client()})
		require.Error(t, err)
		drop.Remove()
		silent(t, listen(t, w.srv, customer))
	})
}

func TestFaultsOfFrames(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, customer := w.t, w.srv.NewChat().Customer
		conn := dial(t, w.srv, socketURL(t, w.srv, customer))
		once := func(on string, effect participanttest.Effect) {
			w.srv.Inject(participanttest.Fault{On: on, Times: 1, Effect: effect})
		}
		once(participanttest.OnSubscribe, participanttest.Refuse())
		send(t, conn, subscribe)
		exactly(t, `{"topic":"aws/subscribe","content":{"status":"failure","topics":["aws/chat"]}}`, receive(t, conn))
		require.Zero(t, customer.Sockets())

		once(participanttest.OnSubscribe, participanttest.Ignore())
		send(t, conn, subscribe)
		silent(t, conn)
		require.Zero(t, customer.Sockets())

		once(participanttest.OnPing, participanttest.Fail(500, ""))
		send(t, conn, `{"topic":"aws/ping"}`)
		exactly(t, `{"topic":"aws/ping","statusCode":500,"statusContent":"Internal Server Error"}`, receive(t, conn))

		once(participanttest.OnHeartbeat, participanttest.GatewayError())
		send(t, conn, `{"topic":"aws/heartbeat"}`)
		require.Contains(t, receive(t, conn), `{"message":"Forbidden","connectionId":"`)

		once(participanttest.OnHeartbeat, participanttest.Delay(time.Minute))
		send(t, conn, `{"topic":"aws/heartbeat"}`)
		send(t, conn, `{"topic":"aws/ping"}`)
		require.Contains(t, receive(t, conn), "aws/ping")
		w.srv.Advance(time.Minute)
		require.Contains(t, receive(t, conn), "aws/heartbeat")

		once(participanttest.OnHeartbeat, participanttest.Close(1011))
		send(t, conn, `{"topic":"aws/heartbeat"}`)
		require.Equal(t, websocket.StatusInternalError, closed(t, conn))
	})
}

func TestAResetIsNoCloseFrame(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		conn := listen(w.t, w.srv, w.srv.NewChat().Customer)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnPing, Effect: participanttest.Close(0)})
		send(w.t, conn, `{"topic":"aws/ping"}`)
		require.Equal(w.t, websocket.StatusCode(-1), closed(w.t, conn))
	})
}

func TestFaultsOfPushes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, contact := w.t, w.srv.NewChat()
		conn, healthy := listen(t, w.srv, contact.Customer), listen(t, w.srv, contact.Agent)
		pushed(t, conn) // the agent has joined
		inject := func(effect participanttest.Effect) {
			w.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Participant: contact.Customer, Times: 1, Effect: effect})
		}
		say := func(texts ...string) {
			for _, text := range texts { // first, because a push is held back for a second at most
				contact.Agent.Say(text)
			}
			for _, text := range texts {
				require.Equal(t, text, pushed(t, healthy)["Content"])
			}
		}
		got := func(n int) (contents []any) {
			for range n {
				contents = append(contents, pushed(t, conn)["Content"])
			}
			return contents
		}
		inject(participanttest.Lose())
		say("lost", "kept")
		require.Equal(t, []any{"kept"}, got(1))
		inject(participanttest.Duplicate())
		say("twice", "once")
		require.Equal(t, []any{"twice", "twice", "once"}, got(3))
		inject(participanttest.Reorder())
		say("second", "first")
		require.Equal(t, []any{"first", "second"}, got(2))
		inject(participanttest.Delay(time.Minute))
		say("late", "early")
		require.Equal(t, []any{"early"}, got(1))
		w.srv.Advance(time.Minute)
		require.Equal(t, []any{"late"}, got(1))
		inject(participanttest.GatewayError())
		say("after the error")
		require.Contains(t, receive(t, conn), "Forbidden")
		require.Equal(t, []any{"after the error"}, got(1))
		require.Equal(t, 9, messages(t, w, token(t, w.srv, contact.Customer)), "all are in the transcript")
		inject(participanttest.Close(1001))
		say("too much")
		require.Equal(t, websocket.StatusGoingAway, closed(t, conn))
	})
}

func TestReorderedPushWithoutANextOneIsSentAfterASecond(t *testing.T) {
	t.Parallel()
	inMemory(t, func(w world) { // where a second passes only by Advance
		contact := w.srv.NewChat()
		conn := listen(w.t, w.srv, contact.Customer)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnPush, ContentType: "text/plain", Effect: participanttest.Reorder()})
		contact.Agent.Say("alone")
		silent(w.t, conn)
		w.srv.Advance(time.Second)
		require.Equal(w.t, "alone", pushed(w.t, conn)["Content"])
	})
}

func TestSilentSocket(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, contact := w.t, w.srv.NewChat()
		conn := listen(t, w.srv, contact.Customer)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnHeartbeat, Effect: participanttest.Silent()})
		send(t, conn, `{"topic":"aws/heartbeat"}`)
		require.NoError(t, contact.Customer.WaitRequest(t.Context(), "aws/heartbeat", 1))
		contact.Agent.Say("unheard")
		send(t, conn, `{"topic":"aws/ping"}`)
		require.NoError(t, contact.Customer.WaitRequest(t.Context(), "aws/ping", 1), "the server still reads")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, _, err := conn.Read(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestUnreadSocketAndBlackhole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect participanttest.Effect
		reads  bool
	}{
		"Unread":    {participanttest.Unread(), true},
		"Blackhole": {participanttest.Blackhole(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(w world) {
				t, contact := w.t, w.srv.NewChat()
				conn := listen(t, w.srv, contact.Customer)
				w.srv.Inject(participanttest.Fault{On: participanttest.OnPing, Effect: test.effect})
				send(t, conn, `{"topic":"aws/ping"}`)
				require.NoError(t, contact.Customer.WaitRequest(t.Context(), "aws/ping", 1))
				before := contact.Customer.Count("aws/heartbeat")
				for range 3 { // a read that had begun takes the first
					send(t, conn, `{"topic":"aws/heartbeat"}`)
				}
				contact.Agent.Say("pushed")
				for test.reads && !strings.Contains(receive(t, conn), "pushed") {
				}
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				for err := error(nil); err == nil; {
					var text []byte
					_, text, err = conn.Read(ctx)
					require.NotContains(t, string(text), "pushed")
				}
				require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
				require.LessOrEqual(t, contact.Customer.Count("aws/heartbeat")-before, 1)
			})
		})
	}
}

func TestABlackholeCanBeCut(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnHeartbeat, Participant: st.contact.Agent, Effect: participanttest.Blackhole()})
		send(t, st.agent, `{"topic":"aws/heartbeat"}`)
		require.NoError(t, st.contact.Agent.WaitRequest(t.Context(), participanttest.OnHeartbeat, 1))
		st.contact.Agent.Say("into the hole")
		require.Equal(t, "into the hole", pushed(t, st.customer)["Content"])
		st.contact.Agent.CutSockets()
		_, _, err := st.agent.Read(t.Context())
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestFaultsOfUploadsAndDownloads(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		contact := w.srv.NewChat()
		b := bench{w.srv, contact, token(w.t, w.srv, contact.Customer), token(w.t, w.srv, contact.Agent)}
		u := start(w.t, b)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Participant: contact.Customer, Times: 1, Effect: participanttest.RespondHTML(503)})
		require.Equal(w.t, 503, do(w.t, w.srv.Client(), u.put(w.t)).status)
		u.send(w.t)
		require.Equal(w.t, 200, u.complete(w.t, b.customer).status)
		link := ok(w.t, w.srv, "/participant/attachment", b.agent, `{"AttachmentId":"`+u.id+`"}`)["Url"].(string)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnDownload, Times: 1, Effect: participanttest.Fail(403, "AccessDenied")})
		require.Equal(w.t, 403, do(w.t, w.srv.Client(), request(w.t, http.MethodGet, link, "", "")).status)
		require.Equal(w.t, 200, do(w.t, w.srv.Client(), request(w.t, http.MethodGet, link, "", "")).status)
	})
}

// The n-th match of a rule has the same result in every run, whatever runs concurrently.
func TestTheSameSeedGivesTheSameFaults(t *testing.T) {
	t.Parallel()
	fates := func(seed uint64) string {
		srv := participanttest.Start(t, func(o *participanttest.Options) { o.Seed = seed })
		defer srv.Close()
		one, two := srv.NewChat(), srv.NewChat()
		bearer, noise := token(t, srv, one.Customer), token(t, srv, two.Customer)
		srv.Inject(participanttest.Fault{Contact: two, Chance: 0.5, Effect: participanttest.Fail(500, "InternalServerException")})
		srv.Inject(participanttest.Fault{Contact: one, Chance: 0.5, Effect: participanttest.Fail(500, "InternalServerException")})
		var beside sync.WaitGroup
		beside.Go(func() {
			for range 10 {
				resp, err := srv.Client().Do(request(t, http.MethodPost, srv.URL+"/participant/transcript", noise, `{}`))
				if err == nil {
					_ = resp.Body.Close()
				}
			}
		})
		var fate strings.Builder
		for range 24 {
			fmt.Fprint(&fate, post(t, srv, "/participant/transcript", bearer, `{}`).status/100)
		}
		beside.Wait()
		return fate.String()
	}
	want := fates(7)
	require.Contains(t, want, "2")
	require.Contains(t, want, "5")
	require.NotEqual(t, want, fates(8))
	for range 100 {
		require.Equal(t, want, fates(7))
	}
}

// Requests that a fault keeps from being handled are counted too.
func TestRequestsWithFaultsAreCounted(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, contact := w.t, w.srv.NewChat()
		bearer := token(t, w.srv, contact.Customer)
		w.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 2, Effect: participanttest.Fail(429, "ThrottlingException")})
		for range 3 {
			post(t, w.srv, "/participant/message", bearer, hello)
		}
		require.Equal(t, 3, contact.Customer.Count("SendMessage"))
		requests := w.srv.Requests()
		require.Equal(t, 429, requests[len(requests)-2].Status)
		require.Equal(t, "ThrottlingException", requests[len(requests)-2].ErrorCode)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Fail(503, "")})
		tryDial(t, w.srv, socketURL(t, w.srv, contact.Customer))
		require.Equal(t, 1, contact.Customer.Count("WebSocket"))
	})
}

func TestNoParticipantJoinsAChatThatHasEnded(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		contact := w.srv.NewChat()
		contact.End()
		late := contact.AddParticipant("AGENT", "late")
		denied(w.t, post(w.t, w.srv, "/participant/connection", late.Token, `{"ConnectParticipant":true}`))
		require.Len(w.t, contact.Transcript(), 1)
	})
}

func TestClosingWithoutACodeIsAReset(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		contact := w.srv.NewChat()
		conn := listen(w.t, w.srv, contact.Customer)
		contact.Customer.CloseSockets(0, "")
		require.Equal(w.t, websocket.StatusCode(-1), closed(w.t, conn))
		require.NoError(w.t, contact.Customer.WaitSockets(w.t.Context(), 0))
	})
}

// Waiting for a condition that holds already succeeds, even with a context that is done or a closed server.
func TestWaitingForAConditionThatHolds(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	token(t, srv, srv.NewChat().Customer)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	srv.Close()
	for range 100 {
		require.NoError(t, srv.WaitRequest(ended, "CreateParticipantConnection", 1))
	}
}

// A delayed operation is performed even if its client has disconnected.
func TestDelayedOperationIsPerformed(t *testing.T) {
	t.Parallel()
	inMemory(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		bearer := token(t, srv, contact.Customer)
		srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Delay(time.Minute)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := srv.Client().Do(request(t, http.MethodPost, srv.URL+"/participant/message", bearer, hello).WithContext(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, contact.Transcript(), 1)
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		synctest.Wait()
		require.Len(t, contact.Transcript(), 2)
	})
}

// The quotas refill with time, so that only virtual time gives exact figures.
func TestThrottling(t *testing.T) {
	t.Parallel()
	inMemory(t, func(w world) {
		t, srv := w.t, w.srv
		bearer := token(t, srv, srv.NewChat().Customer)
		count := func(n int) (taken int) {
			for range n {
				a := post(t, srv, "/participant/message", bearer, hello)
				if a.status == 200 {
					taken++
					continue
				}
				refused(t, a, 429, "ThrottlingException", "Rate exceeded")
			}
			return taken
		}
		require.Equal(t, 15, count(30), "the burst")
		srv.Advance(time.Second)
		require.Equal(t, 10, count(12), "a second's rate")
		other := token(t, srv, srv.NewChat().Customer)
		refused(t, post(t, srv, "/participant/message", other, hello), 429, "ThrottlingException", "Rate exceeded")
	}, func(o *participanttest.Options) { o.Throttle = true })
}

func TestLatency(t *testing.T) {
	t.Parallel()
	inMemory(t, func(w world) {
		t, srv := w.t, w.srv
		begin := time.Now()
		token(t, srv, srv.NewChat().Customer)
		require.Equal(t, time.Second, time.Since(begin))
	}, func(o *participanttest.Options) { o.Latency = time.Second })
}

func TestCloseEndsRequestsHeldByFaults(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		bearer := token(w.t, w.srv, w.srv.NewChat().Customer)
		w.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Ignore()})
		failed := make(chan error, 1)
		ignored := request(w.t, http.MethodPost, w.srv.URL+"/participant/message", bearer, hello)
		go func() {
			_, err := w.srv.Client().Do(ignored)
			failed <- err
		}()
		w.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Blackhole()})
		if _, _, err := fips.Dial(w.t.Context(), socketURL(w.t, w.srv, w.srv.NewChat().Customer), &websocket.DialOptions{HTTPClient: w.srv.Client()}); err != nil {
			require.NotErrorIs(w.t, err, context.DeadlineExceeded)
		}
		w.srv.Close()
		require.Error(w.t, <-failed)
	})
}
