// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestServerListensOnLoopbackByAddress(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, srv.URL)
}

func TestServerOnEveryInterfaceReturnsAnAddressToDial(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.Addr = ":0" })
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, srv.URL)
	denied(t, post(t, srv, "/participant/message", "", ""))
}

func TestNewReportsAnAddressItCannotListenOn(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	_, err := participanttest.New(func(o *participanttest.Options) { o.Addr = strings.TrimPrefix(srv.URL, "http://") })
	require.ErrorContains(t, err, "start participant service: listen tcp")
}

// failing is a test that records why it failed.
type failing struct{ reason string }

func (*failing) Helper()                             {}
func (*failing) Cleanup(func())                      {}
func (f *failing) Fatalf(format string, args ...any) { f.reason = fmt.Sprintf(format, args...) }

func TestStartFailsTheTestWithoutAnAddress(t *testing.T) {
	t.Parallel()
	var f failing
	require.Nil(t, participanttest.Start(&f, func(o *participanttest.Options) { o.Addr = "256.0.0.1:0" }))
	require.Contains(t, f.reason, "start participant service")
}

func TestCloseTwiceEndsOpenConnections(t *testing.T) {
	t.Parallel()
	srv, err := participanttest.New()
	require.NoError(t, err)
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprint(conn, "POST /participant/message HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
	require.NoError(t, err)
	srv.Close()
	srv.Close()
	_, err = bufio.NewReader(conn).ReadByte()
	require.Error(t, err)
}

func TestCloseAfterUseRefusesFurtherCalls(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory()) // a port may be given to another test's server
	client := srv.Client()
	denied(t, post(t, srv, "/participant/message", "", ""))
	srv.Close()
	resp, err := client.Do(request(t, http.MethodPost, srv.URL, "", ""))
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err)
}

func TestConcurrentCallers(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *participanttest.ChatOptions) { o.ScanDelay = time.Second })
	t.Run("callers", func(t *testing.T) {
		for i := range 16 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for n := range 10 {
					exchange(t, b, fmt.Sprint(i, "-", n))
				}
			})
		}
	})
	count := 0
	for _, page := range pages(t, b, object{"MaxResults": 100}) {
		count += len(strings.Fields(page))
	}
	require.Equal(t, 2*16*10, count)
}

// exchange uses every kind of call that touches the state of a chat.
func exchange(t *testing.T, b bench, text string) {
	t.Helper()
	ok(t, b.srv, "/participant/message", b.customer, body(t, "ContentType", "text/plain", "Content", text, "ClientToken", text))
	require.Equal(t, http.StatusOK, b.receipt(t, b.customer, "read", b.contact.Agent.Say(text)).status)
	ok(t, b.srv, "/participant/transcript", b.agent, `{}`)
	token(t, b.srv, b.contact.Agent)
	b.srv.Advance(time.Millisecond)
}
