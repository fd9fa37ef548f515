// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// rawDial opens a connection without HTTP on it, and with TLS if the server has it.
func rawDial(t *testing.T, srv *participanttest.Server) net.Conn {
	t.Helper()
	conn := dialServer(t, srv)
	if config := srv.Client().Transport.(*http.Transport).TLSClientConfig; config != nil {
		config = config.Clone()
		config.ServerName = "localhost"
		return tls.Client(conn, config)
	}
	return conn
}

// dialServer opens a connection without anything on it.
func dialServer(t *testing.T, srv *participanttest.Server) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(srv.URL, "://")
	conn, err := srv.Client().Transport.(*http.Transport).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestHeadersThatNeverEnd(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		conn := rawDial(t, w.srv)
		_, err := fmt.Fprint(conn, "POST /participant/message HTTP/1.1\r\nHost: x\r\n")
		require.NoError(t, err)
		sent := 0
		var wg sync.WaitGroup
		wg.Go(func() {
			for sent < 10<<20 {
				n, err := fmt.Fprintf(conn, "X-%d: %s\r\n", sent, strings.Repeat("a", 1000))
				sent += n
				if err != nil {
					return
				}
			}
		})
		status, _ := bufio.NewReader(conn).ReadString('\n')
		_ = conn.Close()
		wg.Wait()
		require.Contains(t, []string{"HTTP/1.1 431 Request Header Fields Too Large\r\n", ""}, status)
		require.Less(t, sent, 10<<20)
	})
}

func TestSlowSendersAreCutOff(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"headers": "POST /participant/message HTTP/1.1\r\nHost: x\r\n",
		"body":    "POST /participant/message HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMemory(t, func(w world) {
				t := w.t
				conn := rawDial(t, w.srv)
				_, err := fmt.Fprint(conn, head)
				require.NoError(t, err)
				start := time.Now()
				_, err = io.Copy(io.Discard, conn)
				require.NoError(t, err)
				require.LessOrEqual(t, time.Since(start), 3*time.Minute)
			})
		})
	}
}

func TestGarbageInsteadOfHTTP(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		for _, garbage := range []string{"\x16\x03\x01\x02\x00", "hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST /participant/message HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"} {
			conn := rawDial(t, w.srv)
			_, err := fmt.Fprint(conn, garbage)
			require.NoError(t, err)
			if len(garbage) > 5 {
				status, err := bufio.NewReader(conn).ReadString('\n')
				require.NoError(t, err)
				require.Contains(t, status, "HTTP/1.1 ")
			}
		}
		denied(t, post(t, w.srv, "/participant/message", "", ""))
	})
}

// A frame that breaks the WebSocket protocol ends its own connection only.
func TestGarbageInsteadOfFrames(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		contact := w.srv.NewChat()
		other := listen(t, w.srv, contact.Agent)
		for _, garbage := range []string{"\xff\xff\xff\xff", "\x81\x00", "\x80\x80mask", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xffmask", "\x88\x81maskx", "\x89\xfe\x01\x00mask", ""} {
			conn := rawDial(t, w.srv)
			_, path, _ := strings.Cut(strings.TrimPrefix(socketURL(t, w.srv, contact.Customer), "ws"+strings.TrimPrefix(w.srv.URL, "http")), "/")
			_, err := fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path)
			require.NoError(t, err)
			resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
			_, err = fmt.Fprint(conn, garbage)
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		}
		silent(t, drained(t, other))
		require.Eventually(t, func() bool { return w.srv.Sockets() == 1 }, 10*time.Second, time.Millisecond)
	})
}

// drained reads the one event of the customer's joining.
func drained(t *testing.T, conn *websocket.Conn) *websocket.Conn {
	t.Helper()
	require.Equal(t, event+"participant.joined", pushed(t, conn)["ContentType"])
	return conn
}

func TestClientThatNeverReadsLosesOnlyItsSocket(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv)
		text := strings.Repeat("x", 16000)
		sent := 0
		for ; st.contact.Customer.Sockets() == 1 || sent < 10; sent++ {
			require.Less(t, sent, 10_000)
			st.contact.Agent.Say(text)
			require.Equal(t, text, pushed(t, st.agent)["Content"])
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for err := error(nil); err == nil; {
			_, _, err = st.customer.Read(ctx)
		}
		require.NoError(t, ctx.Err())
		listen(t, w.srv, st.contact.Customer)
	})
}

func TestClientThatSendsWithoutReadingIsCutOff(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		conn := listen(t, w.srv, w.srv.NewChat().Customer)
		long := `{"topic":"aws/subscribe","content":{"topics":["` + strings.Repeat("x", 100_000) + `"]}}`
		asked := 0
		for conn.Write(t.Context(), websocket.MessageText, []byte(long)) == nil {
			asked++
			require.Less(t, asked, 1000)
		}
	})
}

func TestCloseEndsSocketsThatAreStuck(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv)
		for range 800 {
			st.contact.Agent.Say(strings.Repeat("x", 10_000))
		}
		st.contact.Customer.CloseSockets(1000, "")
		start := time.Now()
		w.srv.Close()
		require.Less(t, time.Since(start), 10*time.Second)
		require.Zero(t, w.srv.Sockets())
	})
}
