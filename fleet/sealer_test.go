// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func newSealer(t *testing.T, key []byte, older ...[]byte) fleet.Sealer {
	t.Helper()
	s, err := fleet.AESGCM(key, older...)
	require.NoError(t, err)
	return s
}

func TestAESGCM(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{16, 24, 32} {
		s := newSealer(t, key(1)[:bits])
		sealed, err := s.Seal([]byte("secret"), "chat/1")
		require.NoError(t, err)
		require.NotContains(t, string(sealed), "secret")
		again, err := s.Seal([]byte("secret"), "chat/1")
		require.NoError(t, err)
		require.NotEqual(t, sealed, again)
		plain, err := s.Open(sealed, "chat/1")
		require.NoError(t, err)
		require.Equal(t, "secret", string(plain))

		_, err = s.Open(sealed, "chat/2")
		require.ErrorContains(t, err, "none of the keys matches")
		sealed[len(sealed)-1] ^= 1
		_, err = s.Open(sealed, "chat/1")
		require.ErrorContains(t, err, "none of the keys matches")
		_, err = s.Open(nil, "chat/1")
		require.Error(t, err)
	}
	_, err := fleet.AESGCM([]byte("too short"))
	require.ErrorContains(t, err, "AESGCM key")
	_, err = fleet.AESGCM(key(1), nil)
	require.ErrorContains(t, err, "AESGCM key")
}

func TestKeysAreReplacedInTwoSteps(t *testing.T) {
	t.Parallel()
	before := newSealer(t, key(1))
	first, second, after := newSealer(t, key(1), key(2)), newSealer(t, key(2), key(1)), newSealer(t, key(2))
	for _, step := range [][2]fleet.Sealer{{before, first}, {first, second}, {second, after}} {
		for i := range 2 {
			sealed, err := step[i].Seal([]byte("secret"), "name")
			require.NoError(t, err)
			_, err = step[1-i].Open(sealed, "name")
			require.NoError(t, err)
		}
	}
	sealed, err := before.Seal([]byte("secret"), "name")
	require.NoError(t, err)
	_, err = after.Open(sealed, "name")
	require.Error(t, err)
}

func TestStoreContainsNoToken(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		seal := func(o *fleet.Options) { o.Sealer = newSealer(t, key(1)) }
		a, _ := w.join("a", seal)
		b, _ := w.join("b", seal)
		w.sleep(10 * time.Second)
		ids := w.add(a, 4)
		var mu sync.Mutex
		var written [][]byte
		w.engine.setOnPut(func(_ string, value []byte) {
			mu.Lock()
			defer mu.Unlock()
			written = append(written, bytes.Clone(value))
		})
		w.sleep(time.Minute) // a session doesn't replace a new token
		var secrets []string
		for _, id := range ids {
			secrets = append(secrets, w.chats[id].Customer.Token)
			require.NoError(t, b.Do(t.Context(), id, func(_ context.Context, token *string) error {
				secrets = append(secrets, *token)
				return nil
			}))
			w.chats[id].Customer.ExpireTokens()
			w.chats[id].Agent.Say("Hello")
			_, err := b.Send(t.Context(), id, "", "text/plain", "Hello")
			require.NoError(t, err)
		}
		a.Crash()
		w.sleep(30 * time.Second)
		w.requireHandled(2) // SaveEvery
		w.engine.setOnPut(nil)
		mu.Lock()
		defer mu.Unlock()
		records, _, _ := w.engine.now()
		for entry, err := range records.List(t.Context(), "") {
			require.NoError(t, err)
			written = append(written, entry.Value)
		}
		require.Len(t, secrets, 8)
		for _, secret := range secrets {
			for _, value := range written {
				require.NotContains(t, string(value), secret)
				require.NotContains(t, string(value), base64.StdEncoding.EncodeToString([]byte(secret)))
			}
		}
	})
}

// A member with a different key is refused: it couldn't serve the chats that it would claim. A member
// with a new key and the old one is accepted. After that, the old one can be removed.
func TestMemberWithADifferentKeyIsRefused(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		join := func(id string, sealer fleet.Sealer) error {
			m, err := fleet.Join(w.t.Context(), w.engine.link(1), w.client, w.handle(id), w.options(id), func(o *fleet.Options) { o.Sealer = sealer })
			if err == nil {
				w.t.Cleanup(func() { _ = m.Close() })
			}
			return err
		}
		require.NoError(w.t, join("a", newSealer(w.t, key(1))))
		require.ErrorContains(w.t, join("b", newSealer(w.t, key(2))), "a different key")
		require.ErrorContains(w.t, join("c", fleet.Plaintext), "a different key")
		require.NoError(w.t, join("d", newSealer(w.t, key(2), key(1))))
		require.NoError(w.t, join("e", newSealer(w.t, key(2))))
	})
}
