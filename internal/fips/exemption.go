// SPDX-License-Identifier: Apache-2.0

//go:build go1.26

package fips

import "crypto/fips140"

func enforced() bool { return fips140.Enforced() }

func withoutEnforcement(f func()) { fips140.WithoutEnforcement(f) }

// Check returns an error if Dial and Accept would panic.
func Check() error { return nil }
