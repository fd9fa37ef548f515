// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/internal/memnet"
)

const (
	hostileAddress = "127.0.0.1:1"
	hostileSocket  = "ws://" + hostileAddress + "/socket"
)

// script contains the output of a service, line by line: the responses to
// CreateParticipantConnection, to GetTranscript and to all other operations, each of which is a
// status and a body, or only a body for status 200; and frames, each of which is an item, or a whole
// frame after an exclamation mark. The lines of each kind are used in turn. $url is the URL of a
// socket, which /silent and /403 change; $n is a counter; $now, $in1h and $in24h are times.
type script struct{ connections, pages, others, frames string }

func (s script) size() int { return len(s.connections) + len(s.pages) + len(s.others) + len(s.frames) }

// hostile is a service that responds according to a script.
type hostile struct {
	listener *memnet.Listener
	server   http.Server
	client   *http.Client
	serving  sync.WaitGroup
	stop     context.CancelFunc
	life     context.Context

	mu       sync.Mutex
	scripts  map[string]*lines
	sockets  []*websocket.Conn
	n        int
	requests int
	counted  time.Time // the second in which requests are counted
}

// lines are returned in turn.
type lines struct {
	all []string
	i   int
}

func newLines(text string) *lines { return &lines{all: strings.Split(text, "\n")} }

func (l *lines) next() string {
	line := l.all[l.i%len(l.all)]
	l.i++
	return line
}

func newHostile(s script) *hostile {
	h := &hostile{listener: memnet.Listen(hostileAddress), scripts: map[string]*lines{
		"/participant/connection": newLines(s.connections), "/participant/transcript": newLines(s.pages), "": newLines(s.others), "frames": newLines(s.frames),
	}}
	h.life, h.stop = context.WithCancel(context.Background())
	h.server.Handler = h
	h.client = &http.Client{Transport: &http.Transport{DialContext: h.listener.DialContext}}
	h.serving.Go(func() { _ = h.server.Serve(h.listener) })
	return h
}

func (h *hostile) close() {
	h.stop()
	h.cut()
	h.client.CloseIdleConnections()
	_ = h.server.Close()
	h.serving.Wait()
}

// line returns the next line of a script with its variables replaced.
func (h *hostile) line(script string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := h.scripts[script].next()
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(isoMillis) }
	text = strings.NewReplacer("$url", hostileSocket, "$now", at(0), "$in1h", at(time.Hour), "$in24h", at(24*time.Hour)).Replace(text)
	for strings.Contains(text, "$n") {
		h.n++
		text = strings.Replace(text, "$n", strconv.Itoa(h.n), 1)
	}
	return text
}

// ServeHTTP responds with the next line for the operation.
func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.count()
	if strings.HasPrefix(r.URL.Path, "/socket") {
		h.upgrade(w, r)
		return
	}
	script := r.URL.Path
	if _, known := h.scripts[script]; !known {
		script = ""
	}
	text, status := h.line(script), http.StatusOK
	if code, err := strconv.Atoi(text[:min(3, len(text))]); err == nil && code >= 200 && code < 600 {
		text, status = strings.TrimPrefix(text[3:], " "), code
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// count fails the test if the session makes too many requests.
func (h *hostile) count() {
	const most = 20_000
	h.mu.Lock()
	defer h.mu.Unlock()
	if second := time.Now().Truncate(time.Second); !second.Equal(h.counted) {
		h.counted, h.requests = second, 0
	}
	if h.requests++; h.requests > most {
		panic("more than 20,000 requests in a second")
	}
}

// upgrade serves a socket until its end.
func (h *hostile) upgrade(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/403") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	h.serving.Add(1)
	defer h.serving.Done()
	conn, err := fips.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	h.mu.Lock()
	h.sockets = append(h.sockets, conn)
	h.mu.Unlock()
	silent := strings.HasSuffix(r.URL.Path, "/silent")
	for {
		_, text, err := conn.Read(h.life)
		if err != nil {
			return
		}
		if reply := acknowledgement(text); reply != "" && !silent {
			_ = conn.Write(h.life, websocket.MessageText, []byte(reply))
		}
	}
}

// acknowledgement is the response to a frame of the session.
func acknowledgement(text []byte) string {
	var f struct{ Topic string }
	_ = json.Unmarshal(text, &f)
	switch f.Topic {
	case "aws/subscribe":
		return `{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}`
	case "aws/ping":
		return `{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}`
	default:
		return fmt.Sprintf(`{"topic":%q}`, f.Topic)
	}
}

// push sends n frames to each socket. It doesn't wait for a session that doesn't read.
func (h *hostile) push(n int) {
	h.mu.Lock()
	sockets := slices.Clone(h.sockets)
	h.mu.Unlock()
	for range n {
		text, raw := strings.CutPrefix(h.line("frames"), "!")
		if !raw {
			text = envelope(text)
		}
		for _, conn := range sockets {
			ctx, cancel := context.WithTimeout(h.life, time.Second)
			_ = conn.Write(ctx, websocket.MessageText, []byte(text))
			cancel()
		}
	}
}

// cut ends the sockets.
func (h *hostile) cut() {
	h.mu.Lock()
	sockets := h.sockets
	h.sockets = nil
	h.mu.Unlock()
	for _, conn := range sockets {
		_ = conn.CloseNow()
	}
}
