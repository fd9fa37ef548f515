// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// Sealer encrypts the secrets in the store: participant tokens and connection tokens. Anyone who
// has one of them can act as the participant. Its methods may be called concurrently.
type Sealer interface {
	// Seal encrypts a secret that belongs to name; Open needs the same name.
	Seal(secret []byte, name string) ([]byte, error)
	// Open decrypts a result of Seal. It returns an error if sealed was made with another key or
	// for another name, or was changed.
	Open(sealed []byte, name string) ([]byte, error)
}

// Plaintext doesn't encrypt: it is for tests, and for a store that encrypts its data and that only
// the fleet can read.
var Plaintext Sealer = plaintext{}

type plaintext struct{}

func (plaintext) Seal(secret []byte, _ string) ([]byte, error) { return secret, nil }
func (plaintext) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

// AESGCM returns a Sealer that encrypts with AES-GCM, with a key of 16, 24 or 32 random bytes that
// all members share. The keys in older only decrypt. To replace a key without downtime, deploy
// twice: first AESGCM(current, new), then AESGCM(new, current). It returns an error if a key has
// another length.
func AESGCM(key []byte, older ...[]byte) (Sealer, error) {
	var s sealer
	for _, k := range append([][]byte{key}, older...) {
		block, err := aes.NewCipher(k)
		if err != nil {
			return nil, fmt.Errorf("AESGCM key: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		s = append(s, aead)
	}
	return s, nil
}

const (
	sealerKey  = "sealer/check"
	sealerText = "fleet"
)

// checkSealer returns an error if the Sealer has a different key than the other members: the member
// would claim chats that it can't serve.
func (m *Member) checkSealer(ctx context.Context) error {
	sealed, rev, err := m.store.Get(ctx, sealerKey)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err == nil {
		if text, err := m.opts.Sealer.Open(sealed, sealerKey); err != nil || string(text) != sealerText {
			return errors.New("Options.Sealer has a different key than the other members")
		}
	}
	if sealed, err = m.opts.Sealer.Seal([]byte(sealerText), sealerKey); err != nil {
		return err
	}
	_, err = m.store.Put(ctx, sealerKey, sealed, rev, 0) // with the newest key, so that older ones can be removed
	if errors.Is(err, ErrConflict) {
		return m.checkSealer(ctx)
	}
	return err
}

// sealer seals with the first key.
type sealer []cipher.AEAD

func (s sealer) Seal(secret []byte, name string) ([]byte, error) {
	return s[0].Seal(nil, nil, secret, []byte(name)), nil
}

func (s sealer) Open(sealed []byte, name string) ([]byte, error) {
	for _, aead := range s {
		if secret, err := aead.Open(nil, nil, sealed, []byte(name)); err == nil {
			return secret, nil
		}
	}
	return nil, errors.New("open sealed token: none of the keys matches")
}
