// SPDX-License-Identifier: Apache-2.0

package natsembedded_test

import (
	"context"
	"io"
	"iter"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet/natsembedded"
	"github.com/participant-go/connectparticipant/internal/porttest"
)

type seq = iter.Seq2[fleet.Entry, error]

// patience is the timeout of everything in these tests.
const patience = 20 * time.Second

// on makes a server listen on a port.
func on(port int) func(*server.Options) {
	return func(o *server.Options) { o.Port = port }
}

// watch watches member/, waits for its first record, and returns the error that ends it.
func watch(t *testing.T, store fleet.Store) <-chan error {
	t.Helper()
	first, ended := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		for _, err := range store.Watch(t.Context(), "member/") {
			if err != nil {
				ended <- err
			}
			once.Do(func() { close(first) })
		}
	}()
	wait(t, first)
	return ended
}

func wait[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		require.Fail(t, "nothing received")
	}
	return v
}

// get calls Get until the connection is restored.
func get(t *testing.T, store fleet.Store, key string) (value string, rev uint64, err error) {
	t.Helper()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var b []byte
		b, rev, err = store.Get(ctx, key)
		value = string(b)
		return err == nil || err == fleet.ErrNotFound //nolint:errorlint // Get must not wrap it
	}, patience, 20*time.Millisecond)
	return value, rev, err
}

func put(t *testing.T, store fleet.Store, key string, rev uint64, ttl time.Duration) uint64 {
	t.Helper()
	rev, err := store.Put(t.Context(), key, []byte("value of "+key), rev, ttl)
	require.NoError(t, err)
	return rev
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), porttest.Free(t)
	s, err := natsembedded.Start(dir, on(port))
	require.NoError(t, err)
	store := open(t, connect(t, s.URL()), "fleet")
	kept := put(t, store, "member/kept", 0, 0)
	put(t, store, "member/expired", 0, time.Second)
	deleted := put(t, store, "member/deleted", 0, 0)
	require.NoError(t, store.Delete(t.Context(), "member/deleted", deleted))
	ended := watch(t, store)

	require.NoError(t, s.Close())
	require.ErrorIs(t, wait(t, ended), nats.ErrDisconnected)
	_, _, err = store.Get(t.Context(), "member/kept")
	require.ErrorIs(t, err, nats.ErrDisconnected)
	_, err = store.Put(t.Context(), "member/kept", nil, kept, 0)
	require.ErrorIs(t, err, nats.ErrDisconnected)
	<-time.After(1500 * time.Millisecond)

	start(t, dir, on(port))
	value, rev, err := get(t, store, "member/kept")
	require.NoError(t, err)
	require.Equal(t, "value of member/kept", value)
	require.Equal(t, kept, rev)
	_, _, err = get(t, store, "member/deleted")
	require.ErrorIs(t, err, fleet.ErrNotFound)
	require.Eventually(t, func() bool {
		_, _, err := store.Get(t.Context(), "member/expired")
		return err == fleet.ErrNotFound //nolint:errorlint // Get must not wrap it
	}, patience, 50*time.Millisecond)
	require.Greater(t, put(t, store, "member/kept", kept, 0), deleted)
	watch(t, store)
}

// A server that restarts without its data is an empty store.
func TestServerLosesTheBucket(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(store fleet.Store) error{
		"get": func(store fleet.Store) error {
			_, _, err := store.Get(t.Context(), "member/a")
			return err
		},
		"put": func(store fleet.Store) error {
			_, err := store.Put(t.Context(), "member/b", nil, 0, 0)
			return err
		},
		"list": func(store fleet.Store) error {
			for _, err := range store.List(t.Context(), "member/") {
				return err
			}
			return nil
		},
		"watch": func(store fleet.Store) error {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			for _, err := range store.Watch(ctx, "member/") {
				return err
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := porttest.Free(t)
			s, err := natsembedded.Start("", on(port))
			require.NoError(t, err)
			nc := connect(t, s.URL())
			store := open(t, nc, "fleet")
			put(t, store, "member/a", 0, 0)
			lost := nc.StatusChanged(nats.RECONNECTING)
			require.NoError(t, s.Close())
			wait(t, lost)

			start(t, "", on(port))
			require.Eventually(t, nc.IsConnected, patience, 10*time.Millisecond)
			want := map[string]error{"get": fleet.ErrNotFound, "watch": context.DeadlineExceeded}[name]
			require.ErrorIs(t, use(store), want)
			_, _, err = store.Get(t.Context(), "member/a")
			require.ErrorIs(t, err, fleet.ErrNotFound)
		})
	}
}

func TestWatchEndsWhenTheBucketIsDeleted(t *testing.T) {
	t.Parallel()
	nc := connect(t, start(t, "").URL())
	store := open(t, nc, "fleet")
	put(t, store, "member/a", 0, 0)
	ended := watch(t, store)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	require.NoError(t, js.DeleteKeyValue(t.Context(), "fleet"))
	require.Error(t, wait(t, ended))
}

// blackhole is a proxy that can stop forwarding without closing connections.
type blackhole struct {
	url    string
	closed atomic.Bool
}

func startBlackhole(t *testing.T, to string) *blackhole {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &blackhole{url: "nats://" + l.Addr().String()}
	var wg sync.WaitGroup
	conns := make(chan net.Conn, 100)
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			upstream, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(to, "nats://"))
			if err != nil {
				_ = client.Close()
				continue
			}
			conns <- client
			conns <- upstream
			wg.Go(func() { b.forward(client, upstream) })
			wg.Go(func() { b.forward(upstream, client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		for len(conns) > 0 {
			_ = (<-conns).Close()
		}
		wg.Wait()
	})
	return b
}

func (b *blackhole) forward(to io.Writer, from io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if b.closed.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func TestBlackhole(t *testing.T) {
	t.Parallel()
	proxy := startBlackhole(t, start(t, "").URL())
	store := open(t, connect(t, proxy.url), "fleet")
	rev := put(t, store, "member/a", 0, 0)
	ended := watch(t, store)
	proxy.closed.Store(true)

	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, _, err := store.Get(ctx, "member/a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = store.Put(ctx, "member/a", nil, rev, 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, store.Delete(ctx, "member/a", rev), context.DeadlineExceeded)
	for _, loop := range []func(context.Context, string) seq{store.List, store.Watch} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		for _, err := range loop(ctx, "member/") {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
	require.Error(t, wait(t, ended))
}

func TestOpen(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	giving, err := nats.Connect(s.URL())
	require.NoError(t, err)
	t.Cleanup(giving.Close)
	_, err = natsfleet.Open(t.Context(), giving, "fleet")
	require.ErrorContains(t, err, "MaxReconnects(-1)")

	nc := connect(t, s.URL())
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	for want, cfg := range map[string]jetstream.StreamConfig{
		"allow_msg_ttl":        {},
		"allow_direct":         {AllowDirect: true, AllowMsgTTL: true, SubjectDeleteMarkerTTL: time.Hour, MaxMsgsPerSubject: 1},
		"max_msgs_per_subject": {AllowMsgTTL: true, SubjectDeleteMarkerTTL: time.Hour, MaxMsgsPerSubject: 2},
		"max_age":              {AllowMsgTTL: true, SubjectDeleteMarkerTTL: time.Hour, MaxMsgsPerSubject: 1, MaxAge: time.Hour},
	} {
		cfg.Name, cfg.Subjects = "KV_"+want, []string{"$KV." + want + ".>"}
		_, err := js.CreateStream(t.Context(), cfg)
		require.NoError(t, err)
		_, err = natsfleet.Open(t.Context(), nc, want)
		require.ErrorContains(t, err, want)
	}
}

func TestInvalidKeys(t *testing.T) {
	t.Parallel()
	store := open(t, connect(t, start(t, "").URL()), "fleet")
	put(t, store, "chat/a", 0, 0)
	for _, key := range []string{"chat/*", "chat/>", "*", "", "/", "chat//a", "chat/a b", "chat/a\r\nPUB x", "chat/ä"} {
		_, _, err := store.Get(t.Context(), key)
		require.ErrorContains(t, err, "invalid key", key)
		_, err = store.Put(t.Context(), key, nil, 0, 0)
		require.ErrorContains(t, err, "invalid key", key)
		require.ErrorContains(t, store.Delete(t.Context(), key, 0), "invalid key", key)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	port, err := strconv.Atoi(u.Port())
	require.NoError(t, err)
	_, err = natsembedded.Start("", on(port))
	require.ErrorContains(t, err, "address already in use")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = natsembedded.Start(file)
	require.ErrorContains(t, err, "start embedded NATS")
}

func TestClose(t *testing.T) {
	t.Parallel()
	s, err := natsembedded.Start(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
}

// A record that is replaced while a list is under way may get a place after the end of the list.
func TestListYieldsRecordsThatAreReplaced(t *testing.T) {
	t.Parallel()
	const records, writers = 96, 8
	store := open(t, connect(t, start(t, "").URL()), "fleet")
	key := func(n int) string { return "state/" + strconv.Itoa(n) }
	var revs [records]uint64
	for n := range records {
		revs[n] = put(t, store, key(n), 0, 0)
	}
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	defer writing.Wait()
	defer stop()
	for w := range writers {
		writing.Go(func() {
			for n := w; ctx.Err() == nil; n = (n + writers) % records {
				if rev, err := store.Put(ctx, key(n), []byte("replaced"), revs[n], 0); err == nil {
					revs[n] = rev
				}
			}
		})
	}
	for range 50 {
		yielded := map[string]bool{}
		for entry, err := range store.List(t.Context(), "state/") {
			require.NoError(t, err)
			require.False(t, yielded[entry.Key])
			yielded[entry.Key] = true
		}
		require.Len(t, yielded, records)
	}
}
