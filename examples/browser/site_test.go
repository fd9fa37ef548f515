// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// patience is the timeout of the tests.
const patience = time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// visit is a browser with the page open, and its chat on the fake.
type visit struct {
	t       *testing.T
	fake    *participanttest.Server
	contact *participanttest.Contact
	second  *participanttest.Contact // for joining again
	url     string
	browser *http.Client
}

// inTurn returns a function that returns one chat after the other.
func inTurn(contacts ...*participanttest.Contact) func() (contact, error) {
	queue := make(chan *participanttest.Contact, len(contacts)) // large enough for all
	for _, c := range contacts {
		queue <- c
	}
	return func() (contact, error) {
		c := <-queue
		return contact{token: c.Customer.Token, participantID: c.Customer.ID, release: func() {}}, nil
	}
}

func newVisit(t *testing.T, optFns ...func(*site)) *visit {
	t.Helper()
	fake := participanttest.Start(t)
	v := &visit{t: t, fake: fake, contact: fake.NewChat(), second: fake.NewChat()}
	site := newSite(onFake(fake, inTurn(v.contact, v.second)), slog.New(slog.DiscardHandler))
	for _, fn := range optFns {
		fn(site)
	}
	server := httptest.NewServer(site.handler())
	t.Cleanup(func() {
		server.CloseClientConnections() // ends the streams
		server.Close()
		site.close()
	})
	v.url = server.URL
	v.browser = newBrowser(t)
	return v
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport}
}

// joined returns a visit that has joined the chat.
func joined(t *testing.T, optFns ...func(*site)) *visit {
	t.Helper()
	v := newVisit(t, optFns...)
	require.Equal(t, http.StatusNoContent, v.post("/join", "").status)
	return v
}

// response is the response to a request.
type response struct {
	status int
	header http.Header
	body   string
}

func (v *visit) do(request *http.Request) response {
	v.t.Helper()
	got, err := v.browser.Do(request)
	require.NoError(v.t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(v.t, err)
	return response{got.StatusCode, got.Header, string(body)}
}

func (v *visit) request(method, path string, body io.Reader, header ...string) *http.Request {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, body)
	require.NoError(v.t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return request
}

func (v *visit) get(path string) response {
	v.t.Helper()
	return v.do(v.request(http.MethodGet, path, nil))
}

func (v *visit) post(path, body string, header ...string) response {
	v.t.Helper()
	return v.do(v.request(http.MethodPost, path, strings.NewReader(body), header...))
}

// page is an open stream of events.
type page struct {
	t      *testing.T
	lines  *bufio.Scanner
	close  func()
	lastID string
}

// open opens a page, with the ID of the last event that it has, or none.
func (v *visit) open(lastID string) *page {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), patience)
	request := v.request(http.MethodGet, "/events", nil)
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := v.browser.Do(request.WithContext(ctx))
	require.NoError(v.t, err)
	require.Equal(v.t, http.StatusOK, response.StatusCode)
	require.Equal(v.t, "text/event-stream", response.Header.Get("Content-Type"))
	p := &page{t: v.t, lines: bufio.NewScanner(response.Body), close: func() { cancel(); _ = response.Body.Close() }, lastID: lastID}
	v.t.Cleanup(p.close)
	return p
}

// next returns the next event.
func (p *page) next() (e shownEvent) {
	p.t.Helper()
	for p.lines.Scan() {
		line := p.lines.Text()
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			p.lastID = id
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			require.NoError(p.t, json.Unmarshal([]byte(data), &e))
			return e
		}
	}
	require.FailNow(p.t, "the stream ended", "%v", p.lines.Err())
	return e
}

// until skips events up to the first of a type.
func (p *page) until(kind string) shownEvent {
	p.t.Helper()
	for {
		if e := p.next(); e.Type == kind {
			return e
		}
	}
}

// texts returns the texts of the next n messages.
func (p *page) texts(n int) (texts []string) {
	p.t.Helper()
	for range n {
		texts = append(texts, p.until(typeMessage).Text)
	}
	return texts
}

func TestPageLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	for path, want := range map[string]string{
		"/": "text/html", "/chat.js": "text/javascript", "/messages.js": "text/javascript", "/style.css": "text/css", "/icon.svg": "image/svg+xml",
	} {
		got := v.get(path)
		require.Equal(t, http.StatusOK, got.status, path)
		require.Contains(t, got.header.Get("Content-Type"), want)
		require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
		require.Empty(t, got.header.Values("Set-Cookie"), "a visitor who follows a link would lose the chat")
		require.NotContains(t, strings.ReplaceAll(got.body, "http://www.w3.org/2000/svg", ""), "://")
		require.NotRegexp(t, `innerHTML|insertAdjacentHTML|document\.write|\son[a-z]+="|<script>|<style`, got.body)
	}
	require.Equal(t, http.StatusNotFound, v.get("/secrets").status)
}

func TestTokenStaysOnTheServer(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	got := v.post("/join", "")
	require.Equal(t, http.StatusNoContent, got.status)
	cookie := got.header.Get("Set-Cookie")
	require.Regexp(t, `^visitor=[A-Z2-7]{26}; Path=/; HttpOnly; SameSite=Strict$`, cookie)
	require.NotContains(t, cookie, v.contact.Customer.Token)

	v.contact.Agent.Say("Hello")
	p := v.open("")
	for p.lines.Scan() {
		require.NotContains(t, p.lines.Text(), v.contact.Customer.Token)
		if strings.Contains(p.lines.Text(), "Hello") {
			return
		}
	}
	require.Fail(t, "the stream has ended")
}

func TestVisitorJoinsOnce(t *testing.T) {
	t.Parallel()
	v := joined(t)
	require.Empty(t, v.post("/join", "").header.Values("Set-Cookie"))
	require.Equal(t, 1, v.fake.Count("CreateParticipantConnection"))
}

func TestOtherOriginsAndVisitorsAreRefused(t *testing.T) {
	t.Parallel()
	v := joined(t)
	for name, test := range map[string]struct {
		method, path string
		header       []string
		status       int
	}{
		"a post from another site":       {"POST", "/messages", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"a post from another origin":     {"POST", "/messages", []string{"Origin", "https://elsewhere.example"}, http.StatusForbidden},
		"a chat for another site's page": {"POST", "/join", []string{"Origin", "https://elsewhere.example"}, http.StatusForbidden},
		"a stream without a cookie":      {"GET", "/events", nil, http.StatusUnauthorized},
		"a stream with a made-up cookie": {"GET", "/events", []string{"Cookie", "visitor=AAAA"}, http.StatusUnauthorized},
		"a message without a cookie":     {"POST", "/messages", nil, http.StatusUnauthorized},
		"a file without a cookie":        {"GET", "/attachments/1", nil, http.StatusUnauthorized},
		"a message by GET":               {"GET", "/messages", nil, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stranger := *v
			stranger.t, stranger.browser = t, newBrowser(t)
			if test.status == http.StatusForbidden {
				stranger.browser = v.browser // the cookie alone must not suffice
			}
			got := stranger.do(stranger.request(test.method, test.path, strings.NewReader(`{"text":"Hello"}`), test.header...))
			require.Equal(t, test.status, got.status, got.body)
		})
	}
	t.Cleanup(func() { require.Zero(t, v.fake.Count("SendMessage")) })
}

func TestStreamResumesAtTheLastEvent(t *testing.T) {
	t.Parallel()
	v := joined(t)
	v.contact.Agent.Say("one")
	v.contact.Agent.Say("two")
	p := v.open("")
	require.Equal(t, typeReset, p.next().Type)
	require.Equal(t, []string{"one", "two"}, p.texts(2))
	p.close()

	v.contact.Agent.Say("three")
	v.contact.Agent.Say("four")
	p = v.open(p.lastID)
	first := p.next()
	require.Equal(t, typeMessage, first.Type, "an event was sent twice")
	require.Equal(t, "three", first.Text)
	require.Equal(t, []string{"four"}, p.texts(1))

	reloaded := v.open("")
	require.Equal(t, typeReset, reloaded.next().Type)
	require.Equal(t, []string{"one", "two", "three", "four"}, reloaded.texts(4))
}

func TestPageOfAnotherChatIsReset(t *testing.T) {
	t.Parallel()
	v := joined(t)
	v.contact.Agent.Say("one")
	for _, id := range []string{"OTHER-1", "7", "-", "OTHER-x"} {
		p := v.open(id)
		require.Equal(t, typeReset, p.next().Type)
		require.Equal(t, []string{"one"}, p.texts(1))
	}
}

func TestOldTypingIsNotShown(t *testing.T) {
	t.Parallel()
	log := newEventLog()
	log.add(shownEvent{Type: typeTyping})
	typing := topic{kind: typeTyping}
	require.WithinDuration(t, time.Now().Add(typingLasts), log.transient[typing].until, time.Minute)
	require.Contains(t, written(t, log), typeTyping)
	log.transient[typing] = transientEvent{number: 1, until: time.Now()}
	require.NotContains(t, written(t, log), typeTyping)

	log.add(shownEvent{Type: typeTyping})
	log.add(shownEvent{Type: typeMessage, Text: "what was typed"})
	require.Contains(t, written(t, log), "what was typed")
	require.NotContains(t, written(t, log), typeTyping)
}

// written returns what a newly loaded page gets.
func written(t *testing.T, log *eventLog) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the existing entries are written nevertheless
	w := writerWithDeadline{httptest.NewRecorder()}
	v := &visitor{log: log, awayAfter: time.Hour, away: time.NewTimer(time.Hour)}
	(&site{}).events(w, httptest.NewRequest(http.MethodGet, "/events", nil).WithContext(ctx), v)
	return w.Body.String()
}

func TestPartialMessagesAreNotKept(t *testing.T) {
	t.Parallel()
	log := newEventLog()
	text := strings.Repeat("x", 2<<10)
	for i := range len(text) {
		log.add(shownEvent{Type: typeMessage, ID: "streamed", Text: text[:i+1], Partial: true})
	}
	require.Less(t, len(log.entries)+len(log.transient), 2)
	require.Equal(t, 1, strings.Count(written(t, log), text), "the newest part must be shown")
	require.NotContains(t, written(t, log), "id: ", "a page can't resume from it")

	log.add(shownEvent{Type: typeMessage, ID: "streamed", Text: "whole"})
	require.Empty(t, log.transient)
	require.NotContains(t, written(t, log), text)
	require.Contains(t, written(t, log), "whole")
}

func TestPageShowsPartialMessages(t *testing.T) {
	t.Parallel()
	v := joined(t)
	p := v.open("")
	ai := v.contact.AddParticipant("SYSTEM", "AI agent")
	ai.SayInChunks("I ", "speak ", "in pieces.")
	grown := p.until(typeMessage)
	for partial := grown; partial.Partial; partial = p.until(typeMessage) {
		require.Equal(t, grown.ID, partial.ID)
		require.True(t, strings.HasPrefix("I speak in pieces.", partial.Text), partial.Text)
		grown = partial
	}
	require.Equal(t, []string{"I speak in pieces."}, v.open("").texts(1))
}

func TestTimeThatJSONCannotRepresentIsOmitted(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00", "soon"} {
		when, _ := connectparticipant.ParseTime(at)
		shown, _ := show(chat.Message{Meta: chat.Meta{Time: when}, Text: "Hello"})
		require.JSONEq(t, `{"type":"message","text":"Hello"}`, string(mustMarshal(shown)), at)
	}
}

func TestRequestsForOtherHostsAreRefused(t *testing.T) {
	t.Parallel()
	v := newVisit(t, func(s *site) { s.hosts = []string{"chat.example", "other.example"} })
	for host, status := range map[string]int{
		"evil.example": http.StatusMisdirectedRequest, "evil.example:8080": http.StatusMisdirectedRequest,
		"chat.example.evil.example": http.StatusMisdirectedRequest, "evil.localhost": http.StatusMisdirectedRequest,
		"localhost:8080": http.StatusOK, "127.0.0.1:8080": http.StatusOK, "[::1]:8080": http.StatusOK, "[::1]": http.StatusOK,
		"Chat.Example:443": http.StatusOK, "other.example": http.StatusOK,
	} {
		request := v.request(http.MethodGet, "/", nil)
		request.Host = host
		require.Equal(t, status, v.do(request).status, host)
	}
	request := v.request(http.MethodPost, "/join", nil, "Sec-Fetch-Site", "same-origin", "Origin", "http://evil.example")
	request.Host = "evil.example"
	got := v.do(request)
	require.Equal(t, http.StatusMisdirectedRequest, got.status)
	require.Empty(t, got.header.Values("Set-Cookie"))
	require.Zero(t, v.fake.Count("CreateParticipantConnection"))
}

// writerWithDeadline is a recorder that accepts write deadlines, as a connection does.
type writerWithDeadline struct{ *httptest.ResponseRecorder }

func (writerWithDeadline) SetWriteDeadline(time.Time) error { return nil }

func TestMessagesTypingAndReceipts(t *testing.T) {
	t.Parallel()
	v := joined(t)
	p := v.open("")
	require.Equal(t, http.StatusNoContent, v.post("/typing", "").status)
	require.Equal(t, http.StatusNoContent, v.post("/messages", `{"text":"<b>Hi</b>"}`).status)
	own := p.until(typeMessage)
	require.Equal(t, "<b>Hi</b>", own.Text)
	require.True(t, own.Own)
	require.WithinDuration(t, time.Now(), own.Time, time.Minute)

	v.contact.Agent.MarkRead(own.ID)
	receipt := p.until(typeReceipt)
	require.Equal(t, own.ID, receipt.ID)
	require.Equal(t, "read", receipt.What)

	v.contact.Agent.Typing()
	require.Equal(t, "Agent", p.until(typeTyping).Name)
	id := v.contact.Agent.Say("Hello")
	received := p.until(typeMessage)
	require.Equal(t, []any{id, "Agent", "Hello", false}, []any{received.ID, received.Name, received.Text, received.Own})
	require.Equal(t, http.StatusNoContent, v.post("/read", `{"id":"`+id+`"}`).status)
	require.Eventually(t, func() bool { return isRead(v.contact, id) }, patience, 20*time.Millisecond)
}

func isRead(c *participanttest.Contact, id string) bool {
	for _, item := range c.Transcript() {
		if item.Id == id && item.MessageMetadata != nil && len(item.MessageMetadata.Receipts) > 0 {
			return item.MessageMetadata.Receipts[0].ReadTimestamp != ""
		}
	}
	return false
}

func TestInvalidPosts(t *testing.T) {
	t.Parallel()
	v := joined(t)
	for name, test := range map[string]struct {
		path, body string
		status     int
	}{
		"no JSON":                     {"/messages", "text", http.StatusBadRequest},
		"endless JSON":                {"/messages", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, http.StatusBadRequest},
		"a message too long":          {"/messages", `{"text":"` + strings.Repeat("x", maxMessage+1) + `"}`, http.StatusUnprocessableEntity},
		"a receipt without a message": {"/read", "", http.StatusBadRequest},
		"a file of unknown type":      {"/files?name=program.exe", "MZ", http.StatusUnprocessableEntity},
		"a file without a name":       {"/files", "text", http.StatusBadRequest},
		"an empty file":               {"/files?name=a.txt", "", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			visit := *v
			visit.t = t
			require.Equal(t, test.status, visit.post(test.path, test.body, "Content-Type", "text/plain").status)
		})
	}
}

func TestFileTooLarge(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequest(http.MethodPost, "/files?name=film.mp4", nil)
	request.ContentLength = maxFile + 1
	w := httptest.NewRecorder()
	newSite(service{}, slog.New(slog.DiscardHandler)).sendFile(w, request, nil)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}

func TestFilesGoBothWays(t *testing.T) {
	t.Parallel()
	v := joined(t)
	p := v.open("")
	require.Equal(t, http.StatusNoContent, v.post("/files?name=order.txt", "two of each", "Content-Type", "text/plain").status)
	sent := p.until(typeMessage)
	require.True(t, sent.Own)
	require.Equal(t, "order.txt", sent.Files[0].Name)
	got := v.get("/attachments/" + sent.Files[0].ID)
	require.Equal(t, "two of each", got.body)
	require.Equal(t, "application/octet-stream", got.header.Get("Content-Type"))
	require.Equal(t, "attachment; filename=order.txt", got.header.Get("Content-Disposition"))
	require.Equal(t, "default-src 'none'; sandbox", got.header.Get("Content-Security-Policy"))

	image := picture()
	v.contact.Agent.ShareFile("evening.png", "image/png", image)
	shared := p.until(typeMessage)
	require.True(t, shared.Files[0].Image)
	got = v.get("/attachments/" + shared.Files[0].ID)
	require.Equal(t, "image/png", got.header.Get("Content-Type"))
	require.True(t, bytes.Equal(image, []byte(got.body)))

	v.contact.Agent.ShareFile("x\r\n\".svg", "image/svg+xml", []byte("<svg onload='alert(1)'/>"))
	hostile := p.until(typeMessage)
	require.False(t, hostile.Files[0].Image)
	got = v.get("/attachments/" + hostile.Files[0].ID)
	require.Equal(t, "application/octet-stream", got.header.Get("Content-Type"))
	require.Contains(t, got.header.Get("Content-Disposition"), "attachment")

	require.Equal(t, http.StatusNotFound, v.get("/attachments/unknown").status)
}

func TestLostSocketIsShown(t *testing.T) {
	t.Parallel()
	v := joined(t)
	p := v.open("")
	v.contact.Agent.Say("before")
	require.Equal(t, []string{"before"}, p.texts(1))
	refused := v.fake.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Participant: v.contact.Customer, Effect: participanttest.Fail(http.StatusServiceUnavailable, "")})
	v.contact.Customer.CutSockets()
	require.False(t, p.until(typeConnection).Connected)
	v.contact.Agent.Say("while the socket was lost")
	refused.Remove()
	require.True(t, p.until(typeConnection).Connected)
	require.Equal(t, []string{"while the socket was lost"}, p.texts(1))
}

func TestEndIsShownToLaterPages(t *testing.T) {
	t.Parallel()
	v := joined(t)
	p := v.open("")
	v.contact.Agent.Say("Goodbye")
	require.Equal(t, []string{"Goodbye"}, p.texts(1))
	v.contact.Agent.Leave()
	require.False(t, p.until(typeEnded).Gap)
	got := v.post("/messages", `{"text":"Wait!"}`)
	require.Equal(t, http.StatusGone, got.status)
	require.Equal(t, "This chat is over.\n", got.body)

	reloaded := v.open("")
	require.Equal(t, []string{"Goodbye"}, reloaded.texts(1))
	reloaded.until(typeEnded)

	got = v.post("/join?again", "")
	require.Equal(t, http.StatusNoContent, got.status)
	require.NotEmpty(t, got.header.Get("Set-Cookie"))
	v.second.Agent.Say("Hello again")
	require.Equal(t, []string{"Hello again"}, v.open(reloaded.lastID).texts(1))
}

func TestVisitorLeaves(t *testing.T) {
	t.Parallel()
	v := joined(t)
	p := v.open("")
	require.Equal(t, http.StatusNoContent, v.post("/leave", "").status)
	p.until(typeEnded)
	require.Equal(t, 1, v.contact.Customer.Count("DisconnectParticipant"))
}

func TestVisitorWithoutAPageLeaves(t *testing.T) {
	t.Parallel()
	v := joined(t, func(s *site) { s.away = 50 * time.Millisecond })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, v.contact.Customer.WaitRequest(ctx, "DisconnectParticipant", 1))
	require.Eventually(t, func() bool { return v.get("/attachments/1").status == http.StatusUnauthorized }, patience, 20*time.Millisecond)
}

func TestVisitorWithAnOpenPageStays(t *testing.T) {
	t.Parallel()
	v := &visitor{awayAfter: time.Hour, away: time.AfterFunc(time.Hour, func() {})}
	first, second := v.open(), v.open()
	require.False(t, v.away.Stop(), "the timer is running although a page is open")
	first()
	require.False(t, v.away.Stop(), "the timer is running although a page is open")
	second()
	require.True(t, v.away.Stop())
}

func TestShow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		event chat.Event
		want  shownEvent
		shown bool
	}{
		"a partial message":               {chat.Progress{Text: "I spe"}, shownEvent{Type: typeMessage, Text: "I spe", Partial: true}, true},
		"a new state of a message":        {chat.Updated{Message: chat.Message{Text: "x"}}, shownEvent{Type: typeMessage, Text: "x"}, true},
		"a form":                          {chat.Message{ContentType: "application/json", Text: "{}"}, shownEvent{Type: typeMessage, Unknown: true}, true},
		"a flow's message":                {chat.Message{Meta: chat.Meta{From: chat.From{DisplayName: unnamed, Role: "SYSTEM"}}}, shownEvent{Type: typeMessage, System: true}, true},
		"a transfer":                      {chat.Transfer{Succeeded: true}, shownEvent{Type: typeNotice, What: "transferred"}, true},
		"who joined":                      {chat.Participant{Change: chat.ParticipantJoined}, shownEvent{Type: typeNotice, What: "joined"}, true},
		"delivered":                       {chat.Receipt{MessageID: "m"}, shownEvent{Type: typeReceipt, ID: "m", What: "delivered"}, true},
		"an unknown event":                {chat.Other{}, shownEvent{}, false},
		"the end of the session shows it": {chat.ChatEnded{}, shownEvent{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, shown := show(test.event)
			require.Equal(t, test.shown, shown)
			require.Equal(t, test.want, got)
		})
	}
	_, shown := show(chat.Typing{Meta: chat.Meta{Own: true}})
	require.False(t, shown, "own typing")
}

// startRun runs the command until the test ends, and returns the address of its page.
func startRun(t *testing.T, token string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout, in := io.Pipe()
	ended := make(chan int, 1) // buffered
	go func() { ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), token, in, io.Discard) }()
	t.Cleanup(func() {
		cancel()
		require.Equal(t, exitOK, <-ended)
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	address, err := url.Parse(strings.Fields(line)[1])
	require.NoError(t, err)
	return address.String()
}

func TestEchoReplies(t *testing.T) {
	t.Parallel()
	v := &visit{t: t, url: startRun(t, ""), browser: newBrowser(t)}
	require.Equal(t, http.StatusNoContent, v.post("/join", "").status)
	p := v.open("")
	require.Equal(t, []string{greeting}, p.texts(1))
	for said, want := range map[string]string{"/image": "", "Hello": "You said: Hello", "/cut": "I sent this while you were disconnected."} {
		require.Equal(t, http.StatusNoContent, v.post("/messages", `{"text":"`+said+`"}`).status)
		require.Equal(t, []string{said, want}, p.texts(2))
	}
	require.Equal(t, http.StatusNoContent, v.post("/files?name=a.txt", "text", "Content-Type", "text/plain").status)
	require.Equal(t, []string{"", "Thank you for a.txt"}, p.texts(2))
	require.Equal(t, http.StatusNoContent, v.post("/messages", `{"text":"/bye"}`).status)
	p.until(typeEnded)
	p.close()
}

func TestOneVisitorJoinsTheChatOfAToken(t *testing.T) {
	t.Parallel()
	fake := participanttest.Start(t)
	c := fake.NewChat()
	c.Agent.Say("Hello")
	v := &visit{t: t, url: startRun(t, c.Customer.Token, "-endpoint", fake.URL), browser: newBrowser(t)}
	require.Equal(t, http.StatusNoContent, v.post("/join", "").status)
	p := v.open("")
	require.Equal(t, []string{"Hello"}, p.texts(1))
	p.close()

	second := &visit{t: t, url: v.url, browser: newBrowser(t)}
	require.Equal(t, http.StatusConflict, second.post("/join", "").status)
}

func TestChatThatCannotBeJoined(t *testing.T) {
	t.Parallel()
	fake := participanttest.Start(t)
	v := &visit{t: t, url: startRun(t, "made-up", "-endpoint", fake.URL), browser: newBrowser(t)}
	for range 2 { // the first attempt must release the chat
		got := v.post("/join", "")
		require.Equal(t, http.StatusGone, got.status)
		require.NotContains(t, got.body, "made-up")
	}
}

func TestInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token string
		args  []string
		code  int
		want  string
	}{
		"a token without a region": {"made-up", nil, exitUsage, "PARTICIPANT_TOKEN"},
		"a region without a token": {"", []string{"-region", "us-west-2"}, exitUsage, "PARTICIPANT_TOKEN"},
		"an argument":              {"", []string{"here"}, exitUsage, "Usage of browser"},
		"an unknown flag":          {"", []string{"-x"}, exitUsage, "-x"},
		"a question":               {"", []string{"-h"}, exitOK, "Usage of browser"},
		"an invalid address":       {"", []string{"-addr", "nowhere"}, exitFailed, "serve the page"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			require.Equal(t, test.code, run(t.Context(), test.args, test.token, io.Discard, &stderr))
			require.Contains(t, stderr.String(), test.want)
			require.NotContains(t, stderr.String(), "made-up")
		})
	}
}
