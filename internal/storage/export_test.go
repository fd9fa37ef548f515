// SPDX-License-Identifier: Apache-2.0

package storage

// The types of the errors, whose fields the tests look at.
type (
	StatusError   = statusError
	TooLargeError = tooLargeError
)
