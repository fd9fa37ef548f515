// SPDX-License-Identifier: Apache-2.0

package storage

// The tests check the fields of these errors.
type (
	StatusError   = statusError
	TooLargeError = tooLargeError
)
