// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// switched runs a test of one switch, everywhere.
func switched(t *testing.T, turn func(*participanttest.Switches), test func(w world, contact *participanttest.Contact)) {
	t.Helper()
	everywhere(t, func(w world) { test(w, w.srv.NewChat()) }, func(o *participanttest.Options) { turn(&o.Switches) })
}

func TestOldTokensDie(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.OldTokensDie = true }, func(w world, contact *participanttest.Contact) {
		first := token(w.t, w.srv, contact.Customer)
		out := ok(w.t, w.srv, "/participant/connection", contact.Customer.Token, `{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}`)
		denied(w.t, post(w.t, w.srv, "/participant/transcript", first, `{}`))
		dial(w.t, w.srv, out["Websocket"].(object)["Url"].(string))
	})
}

func TestTokensOutliveTheEnd(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.TokensOutliveTheEnd = true }, func(w world, contact *participanttest.Contact) {
		bearer := token(w.t, w.srv, contact.Customer)
		contact.End()
		page := items(ok(w.t, w.srv, "/participant/transcript", bearer, `{}`))
		require.Equal(w.t, "application/vnd.amazonaws.connect.event.chat.ended", page[0]["ContentType"])
		token(w.t, w.srv, contact.Customer)
		denied(w.t, post(w.t, w.srv, "/participant/message", bearer, hello))
	})
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.TokenLife = time.Minute }, func(w world, contact *participanttest.Contact) {
		bearer := token(w.t, w.srv, contact.Customer)
		ok(w.t, w.srv, "/participant/transcript", bearer, `{}`)
		w.srv.Advance(time.Minute)
		denied(w.t, post(w.t, w.srv, "/participant/transcript", bearer, `{}`))
	})
}

func TestShownExpiries(t *testing.T) {
	t.Parallel()
	both := `{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}`
	for name, shown := range map[string]time.Duration{"absent": participanttest.Absent, "past": -time.Hour, "60 s": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			switched(t, func(s *participanttest.Switches) { s.ExpiryShown, s.ConnectionExpiryShown = shown, shown }, func(w world, contact *participanttest.Contact) {
				out := ok(w.t, w.srv, "/participant/connection", contact.Customer.Token, both)
				for _, expiry := range []any{out["ConnectionCredentials"].(object)["Expiry"], out["Websocket"].(object)["ConnectionExpiry"]} {
					if shown == participanttest.Absent {
						require.Nil(w.t, expiry)
						continue
					}
					require.WithinDuration(w.t, time.Now().Add(shown), parse(w.t, expiry), 10*time.Second)
				}
				ok(w.t, w.srv, "/participant/transcript", out["ConnectionCredentials"].(object)["ConnectionToken"].(string), `{}`)
			})
		})
	}
}

func TestSingleUseURLs(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.SingleUseURLs = true }, func(w world, contact *participanttest.Contact) {
		url := socketURL(w.t, w.srv, contact.Customer)
		dial(w.t, w.srv, url)
		_, status := tryDial(w.t, w.srv, url)
		require.Equal(w.t, http.StatusForbidden, status)
	})
}

func TestRefuseSixthSocket(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.RefuseSixthSocket = true }, func(w world, contact *participanttest.Contact) {
		first := listen(w.t, w.srv, contact.Customer)
		for range 4 {
			listen(w.t, w.srv, contact.Customer)
		}
		_, status := tryDial(w.t, w.srv, socketURL(w.t, w.srv, contact.Customer))
		require.Equal(w.t, http.StatusForbidden, status)
		silent(w.t, first)
	})
}

func TestCloseSocketsAtEnd(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.CloseSocketsAtEnd = true }, func(w world, contact *participanttest.Contact) {
		conn := listen(w.t, w.srv, contact.Customer)
		contact.End()
		require.Equal(w.t, "application/vnd.amazonaws.connect.event.chat.ended", pushed(w.t, conn)["ContentType"])
		require.Equal(w.t, websocket.StatusNormalClosure, closed(w.t, conn))
	})
}

func TestJoinOnConnection(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.JoinOnConnection = true }, func(w world, contact *participanttest.Contact) {
		ok(w.t, w.srv, "/participant/connection", contact.Customer.Token, `{"Type":["CONNECTION_CREDENTIALS"]}`)
		require.Len(w.t, contact.Transcript(), 1)
	})
}

func TestAgentsMayLeave(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.AgentsMayLeave = true }, func(w world, contact *participanttest.Contact) {
		customer, agent := token(w.t, w.srv, contact.Customer), token(w.t, w.srv, contact.Agent)
		ok(w.t, w.srv, "/participant/disconnect", agent, `{}`)
		ok(w.t, w.srv, "/participant/message", customer, hello)
	})
}

func TestStartPositionSwitches(t *testing.T) {
	t.Parallel()
	say := func(w world, contact *participanttest.Contact) (bearer string, ids []string) {
		bearer = token(w.t, w.srv, contact.Customer)
		for _, text := range []string{"one", "two", "three"} {
			ids = append(ids, contact.Agent.Say(text))
		}
		return bearer, ids
	}
	contents := func(w world, bearer, query string) []any {
		return column(items(ok(w.t, w.srv, "/participant/transcript", bearer, query)), "Content")
	}
	t.Run("exclusive", func(t *testing.T) {
		t.Parallel()
		switched(t, func(s *participanttest.Switches) { s.ExclusiveStart = true }, func(w world, contact *participanttest.Contact) {
			bearer, ids := say(w, contact)
			at := contact.Transcript()[2].AbsoluteTime
			require.Equal(w.t, []any{"three"}, contents(w, bearer, `{"SortOrder":"ASCENDING","StartPosition":{"Id":"`+ids[1]+`"}}`))
			require.Equal(w.t, []any{"three"}, contents(w, bearer, `{"SortOrder":"ASCENDING","StartPosition":{"AbsoluteTime":"`+at+`"}}`))
			require.Equal(w.t, []any{nil, "one"}, contents(w, bearer, `{"SortOrder":"ASCENDING","ScanDirection":"BACKWARD","StartPosition":{"Id":"`+ids[1]+`"}}`))
			require.Equal(w.t, []any{nil, "one"}, contents(w, bearer, `{"SortOrder":"ASCENDING","ScanDirection":"BACKWARD","StartPosition":{"AbsoluteTime":"`+at+`"}}`))
		})
	})
	t.Run("AbsoluteTime refused", func(t *testing.T) {
		t.Parallel()
		switched(t, func(s *participanttest.Switches) { s.RefuseStartTime = true }, func(w world, contact *participanttest.Contact) {
			bearer, ids := say(w, contact)
			refused(w.t, post(w.t, w.srv, "/participant/transcript", bearer, `{"StartPosition":{"AbsoluteTime":"2020-01-01T00:00:00.000Z"}}`), 400, "ValidationException", "")
			require.Len(w.t, contents(w, bearer, `{"StartPosition":{"Id":"`+ids[1]+`"}}`), 2)
		})
	})
	t.Run("empty for an unknown Id", func(t *testing.T) {
		t.Parallel()
		switched(t, func(s *participanttest.Switches) { s.EmptyForUnknownStart = true }, func(w world, contact *participanttest.Contact) {
			bearer, _ := say(w, contact)
			require.Empty(w.t, contents(w, bearer, `{"StartPosition":{"Id":"unknown"}}`))
		})
	})
}

func TestNextTokenSwitches(t *testing.T) {
	t.Parallel()
	t.Run("empty at the end", func(t *testing.T) {
		t.Parallel()
		switched(t, func(s *participanttest.Switches) { s.EmptyNextToken = true }, func(w world, contact *participanttest.Contact) {
			page := ok(w.t, w.srv, "/participant/transcript", token(w.t, w.srv, contact.Customer), `{}`)
			require.Contains(w.t, page, "NextToken")
			require.Empty(w.t, page["NextToken"])
		})
	})
	t.Run("dead after a new connection", func(t *testing.T) {
		t.Parallel()
		switched(t, func(s *participanttest.Switches) { s.NextTokensDie = true }, func(w world, contact *participanttest.Contact) {
			bearer := token(w.t, w.srv, contact.Customer)
			contact.Agent.Say("one")
			next := ok(w.t, w.srv, "/participant/transcript", bearer, `{"MaxResults":1}`)["NextToken"].(string)
			ok(w.t, w.srv, "/participant/transcript", bearer, `{"MaxResults":1,"NextToken":"`+next+`"}`)
			token(w.t, w.srv, contact.Customer)
			refused(w.t, post(w.t, w.srv, "/participant/transcript", bearer, `{"MaxResults":1,"NextToken":"`+next+`"}`), 400, "ValidationException", "")
		})
	})
}

func TestEqualTimes(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.EqualTimes = true }, func(w world, contact *participanttest.Contact) {
		for range 50 {
			contact.Agent.Say("x")
		}
		times := map[string]bool{}
		for _, item := range contact.Transcript() {
			times[item.AbsoluteTime] = true
		}
		require.LessOrEqual(w.t, len(times), 2)
	})
}

// A socket that isn't read shows the order: the push waits in its queue, and the
// response after the push has to wait, a second at most.
func TestEchoFirst(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := participanttest.Start(t, participanttest.InMemory(), func(o *participanttest.Options) { o.EchoFirst = first })
			contact := srv.NewChat()
			listen(t, srv, contact.Customer)
			bearer := token(t, srv, contact.Customer)
			for range 200 {
				contact.Agent.Say(strings.Repeat("x", 16000))
			}
			begin := time.Now()
			ok(t, srv, "/participant/message", bearer, hello)
			want := time.Duration(0)
			if first {
				want = time.Second
			}
			require.Equal(t, want, time.Since(begin))
		})
	}
}

func TestContentLimit(t *testing.T) {
	t.Parallel()
	switched(t, func(s *participanttest.Switches) { s.ContentLimit = 4 }, func(w world, contact *participanttest.Contact) {
		bearer := token(w.t, w.srv, contact.Customer)
		refused(w.t, post(w.t, w.srv, "/participant/message", bearer, hello), 400, "ValidationException", "Content")
		ok(w.t, w.srv, "/participant/message", bearer, `{"ContentType":"text/plain","Content":"four"}`)
	})
}

func TestErrorForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[participanttest.ErrorForm][2]string{ // the header and the body
		participanttest.ErrorTypeBare:    {"AccessDeniedException", `{"__type":"AccessDeniedException","message":"Access denied"}`},
		participanttest.ErrorTypeWithURL: {"AccessDeniedException:http://internal.amazon.com/coral/com.amazon.coral.service/", `{"message":"Access denied"}`},
		participanttest.ErrorTypeInBody:  {"", `{"Message":"Access denied","__type":"com.amazonaws.connectparticipant#AccessDeniedException"}`},
		participanttest.ErrorTypeAbsent:  {"", `{"message":"Access denied"}`},
		participanttest.ErrorEmpty:       {"", ``},
	} {
		switched(t, func(s *participanttest.Switches) { s.ErrorForm = form }, func(w world, _ *participanttest.Contact) {
			a := post(w.t, w.srv, "/participant/message", "nobody's", hello)
			require.Equal(w.t, 403, a.status)
			require.Equal(w.t, want[0], a.header.Get("X-Amzn-Errortype"))
			exactly(w.t, want[1], string(a.body))
		})
	}
}

func TestTranscriptLag(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, contact := w.t, w.srv.NewChat()
		conn, bearer := listen(t, w.srv, contact.Customer), token(t, w.srv, contact.Customer)
		w.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Participant: contact.Agent, ContentType: "text/plain", Skip: 1, Times: 1, Effect: participanttest.Lag(time.Minute)})
		w.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, ContentType: "text/markdown", Effect: participanttest.LagForever()})
		contact.Agent.Say("one")
		hidden := contact.Agent.Say("two")
		contact.Agent.SayMarkdown("never")
		contact.Agent.Say("three")
		for _, want := range []string{"one", "two", "never", "three"} {
			require.Equal(t, want, pushed(t, conn)["Content"], "pushes don't lag")
		}
		contents := func(query string) []any {
			return column(items(ok(t, w.srv, "/participant/transcript", bearer, query)), "Content")
		}
		require.Equal(t, []any{"three", "one"}, contents(`{"MaxResults":2}`))
		refused(t, post(t, w.srv, "/participant/transcript", bearer, `{"StartPosition":{"Id":"`+hidden+`"}}`), 400, "ValidationException", "")
		w.srv.Advance(time.Minute)
		require.Equal(t, []any{"three", "two", "one"}, contents(`{"MaxResults":3}`))
		require.Equal(t, []any{"one", "two", "three"}, contents(`{"SortOrder":"ASCENDING","StartPosition":{"MostRecent":3}}`))
		kept := contact.Transcript()
		require.Len(t, kept, 4, "joined and the three")
	})
}

func TestAPastItemIsNoStartPosition(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat(func(o *participanttest.ChatOptions) {
		o.Past = []participanttest.PastMessage{{Content: "a"}, {Content: "b"}, {Content: "c"}}
	})
	bearer := token(t, srv, contact.Customer)
	page := ok(t, srv, "/participant/transcript", bearer, `{}`)
	past := items(ok(t, srv, "/participant/transcript", bearer, `{"NextToken":"`+page["NextToken"].(string)+`"}`))
	require.Len(t, past, 3)
	for _, direction := range []string{"FORWARD", "BACKWARD"} {
		query := `{"ScanDirection":"` + direction + `","StartPosition":{"Id":"` + past[1]["Id"].(string) + `"}}`
		refused(t, post(t, srv, "/participant/transcript", bearer, query), 400, "ValidationException", "")
	}
}
