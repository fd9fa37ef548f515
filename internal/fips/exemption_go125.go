// SPDX-License-Identifier: Apache-2.0

//go:build !go1.26

package fips

import (
	"crypto/sha1"
	"errors"
)

func enforced() bool { return Check() != nil }

func withoutEnforcement(f func()) { f() }

// Check returns an error if Dial and Accept would panic.
func Check() (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("GODEBUG=fips140=only: the handshake of WebSockets uses SHA-1, which requires Go 1.26")
		}
	}()
	_ = sha1.Sum(nil)
	return nil
}
