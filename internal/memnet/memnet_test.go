// SPDX-License-Identifier: Apache-2.0

package memnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant/internal/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	n, err := c.Write([]byte(text))
	require.NoError(t, err)
	require.Equal(t, len(text), n)
}

func read(t *testing.T, c net.Conn) string {
	t.Helper()
	p := make([]byte, 64)
	n, err := c.Read(p)
	require.NoError(t, err)
	return string(p[:n])
}

func TestBothDirectionsAreBuffered(t *testing.T) {
	t.Parallel()
	a, b := memnet.Pair()
	write(t, a, "to b")
	write(t, b, "to ")
	write(t, b, "a")
	require.Equal(t, "to a", read(t, a))
	require.Equal(t, "to b", read(t, b))
}

func TestReadReturnsAtMostTheSizeOfItsBuffer(t *testing.T) {
	t.Parallel()
	a, b := memnet.Pair()
	write(t, a, "hello")
	p := make([]byte, 2)
	n, err := b.Read(p)
	require.NoError(t, err)
	require.Equal(t, "he", string(p[:n]))
	n, err = b.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	write(t, a, "!")
	require.Equal(t, "llo!", read(t, b))
}

func TestLongStreamsArriveCompletely(t *testing.T) {
	t.Parallel()
	a, b := memnet.Pair()
	want := bytes.Repeat([]byte("0123456789abcdef!"), 50_000)
	var wg sync.WaitGroup
	wg.Go(func() {
		for rest := want; len(rest) > 0; {
			n, err := a.Write(rest[:min(len(rest), 70_001)])
			if err != nil {
				return
			}
			rest = rest[n:]
		}
		_ = a.Close()
	})
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	wg.Wait()
	require.True(t, bytes.Equal(want, got))
}

func TestWriteWaitsForSpace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pair()
		done := false
		go func() {
			_, _ = a.Write(make([]byte, 65<<10))
			done = true
		}()
		synctest.Wait()
		require.False(t, done)
		_, err := io.ReadFull(b, make([]byte, 1<<10))
		require.NoError(t, err)
		synctest.Wait()
		require.True(t, done)
	})
}

func TestPeerReadsRemainingDataAfterClose(t *testing.T) {
	t.Parallel()
	a, b := memnet.Pair()
	write(t, a, "last words")
	require.NoError(t, a.Close())
	require.ErrorIs(t, a.Close(), net.ErrClosed)
	require.Equal(t, "last words", read(t, b))
	_, err := b.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	write(t, b, "lost")
	_, err = b.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = a.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestResetDiscardsRemainingData(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]func(*memnet.Conn) error{
		"Reset":              func(c *memnet.Conn) error { c.Reset(); return nil },
		"Close after Linger": func(c *memnet.Conn) error { return errors.Join(c.SetLinger(0), c.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := memnet.Pair()
			write(t, a, "lost")
			require.NoError(t, reset(a))
			_, err := b.Read(make([]byte, 1))
			require.ErrorIs(t, err, syscall.ECONNRESET)
			_, err = b.Write([]byte("x"))
			require.ErrorIs(t, err, syscall.ECONNRESET)
			require.NoError(t, b.Close())
		})
	}
}

func TestCloseWakesWaitingCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pair()
		c, d := memnet.Pair()
		var own, other, full error
		go func() { _, own = a.Read(make([]byte, 1)) }()
		go func() { _, other = b.Read(make([]byte, 1)) }()
		go func() { _, full = d.Write(make([]byte, 65<<10)) }()
		synctest.Wait()
		require.NoError(t, errors.Join(own, other, full))
		require.NoError(t, errors.Join(a.Close(), c.Close()))
		synctest.Wait()
		require.ErrorIs(t, own, net.ErrClosed)
		require.Equal(t, io.EOF, other)
		require.ErrorIs(t, full, syscall.EPIPE)
	})
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pair()
		start := time.Now()
		require.NoError(t, a.SetDeadline(start.Add(time.Hour)))
		require.NoError(t, a.SetReadDeadline(start.Add(time.Minute)))
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var netErr net.Error
		require.ErrorAs(t, err, &netErr)
		require.True(t, netErr.Timeout())
		require.Equal(t, time.Minute, time.Since(start))

		n, err := a.Write(make([]byte, 65<<10))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 64<<10, n)
		require.Equal(t, time.Hour, time.Since(start))

		write(t, b, "there")
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "a deadline takes precedence over data")
		require.NoError(t, a.SetReadDeadline(time.Time{}))
		require.Equal(t, "there", read(t, a))
	})
}

func TestDeadlineAppliesToAWaitingRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _ := memnet.Pair()
		require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Hour)))
		start := time.Now()
		var err error
		go func() { _, err = a.Read(make([]byte, 1)) }()
		synctest.Wait()
		require.NoError(t, a.SetReadDeadline(time.Now().Add(2*time.Hour)))
		<-time.After(90 * time.Minute)
		require.NoError(t, err, "the old deadline still applied")
		require.NoError(t, a.SetReadDeadline(time.Unix(1, 0)))
		synctest.Wait()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 90*time.Minute, time.Since(start))
	})
}

func TestListener(t *testing.T) {
	t.Parallel()
	l := memnet.Listen("127.0.0.1:1")
	require.Equal(t, "127.0.0.1:1", l.Addr().String())
	require.Equal(t, "memory", l.Addr().Network())
	client, err := l.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	require.NoError(t, err)
	server, err := l.Accept()
	require.NoError(t, err)
	write(t, client, "hi")
	require.Equal(t, "hi", read(t, server))
	require.Equal(t, "127.0.0.1:1", client.RemoteAddr().String())
	require.Equal(t, client.LocalAddr(), server.RemoteAddr())
	require.NoError(t, errors.Join(client.Close(), server.Close()))
}

func TestListenerRefuses(t *testing.T) {
	t.Parallel()
	l := memnet.Listen("127.0.0.1:1")
	_, err := l.DialContext(t.Context(), "tcp", "127.0.0.1:2")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.EqualError(t, err, "dial memory 127.0.0.1:2: connection refused")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.DialContext(ctx, "tcp", "127.0.0.1:1")
	require.ErrorIs(t, err, context.Canceled)
}

func TestListenerCloseEndsItsQueueAndAccept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen("127.0.0.1:1")
		var accepted error
		go func() {
			_, _ = l.Accept()
			_, accepted = l.Accept()
		}()
		taken, err := l.DialContext(t.Context(), "tcp", "127.0.0.1:1")
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, l.Close())
		synctest.Wait()
		require.ErrorIs(t, accepted, net.ErrClosed)
		write(t, taken, "accepted connections live on")
		_, err = l.DialContext(t.Context(), "tcp", "127.0.0.1:1")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestListenerCloseResetsWaitingConnections(t *testing.T) {
	t.Parallel()
	l := memnet.Listen("127.0.0.1:1")
	waiting, err := l.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = waiting.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestHTTPInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen("127.0.0.1:1")
		server := &http.Server{
			ReadHeaderTimeout: time.Minute,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-time.After(time.Hour)
				body, _ := io.ReadAll(r.Body)
				_, _ = w.Write(body)
			}),
		}
		var wg sync.WaitGroup
		wg.Go(func() { _ = server.Serve(l) })
		client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
		start := time.Now()
		for range 3 {
			resp, err := client.Post("http://127.0.0.1:1/", "text/plain", bytes.NewReader(make([]byte, 200<<10)))
			require.NoError(t, err)
			echo, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, 200<<10, len(echo)) //nolint:testifylint // Len would print it all
			require.NoError(t, resp.Body.Close())
		}
		require.Equal(t, 3*time.Hour, time.Since(start))
		client.CloseIdleConnections()
		require.NoError(t, server.Close())
		wg.Wait()
	})
}

func TestConcurrentUseOfOneConnection(t *testing.T) {
	t.Parallel()
	a, b := memnet.Pair()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { _, _ = a.Write(make([]byte, 100<<10)) })
		wg.Go(func() { _, _ = io.CopyN(io.Discard, b, 50<<10) })
		wg.Go(func() { _ = a.SetDeadline(time.Now().Add(time.Hour)) })
	}
	_, err := io.CopyN(io.Discard, b, 200<<10)
	require.NoError(t, err)
	wg.Wait()
	require.NoError(t, a.Close())
}
