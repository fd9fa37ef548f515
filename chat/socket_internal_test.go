// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
	_ "github.com/participant-go/connectparticipant/internal/fipstest"
	"github.com/participant-go/connectparticipant/internal/memnet"
)

// A close handshake that begins between two frames locks the reader out, and waits for the peer's close
// frame under its own context.
func TestCloseIsBoundedWhileTheReaderIsIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over, end := context.WithCancel(context.Background())
		var serving sync.WaitGroup
		listener := memnet.Listen("silent.example:80")
		server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := fips.Accept(w, r, nil)
			if err == nil {
				<-over.Done()
				_ = conn.CloseNow()
			}
		})}
		serving.Go(func() { _ = server.Serve(listener) })
		client := &http.Client{Transport: &http.Transport{DialContext: listener.DialContext}}
		conn, tunnel, err := upgrade(t.Context(), "ws://silent.example/", client, true)
		require.NoError(t, err)
		begun := time.Now()
		newSocket(conn, tunnel).close()
		require.Equal(t, closeTimeout, time.Since(begun))
		end()
		require.NoError(t, server.Close())
		serving.Wait()
		client.CloseIdleConnections()
	})
}
