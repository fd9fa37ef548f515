// SPDX-License-Identifier: Apache-2.0

// Package types holds the shapes that the operations of the Amazon Connect
// Participant Service share: what the inputs and outputs are made of, the
// enumerations, and the service's error types.
//
// The names, and the pointers for what may be absent, are those of the service
// and of the official Go client. A nil pointer and an empty enumeration mean that
// the service did not send the member. The enumerations are open: the service
// may send values that are not listed here, and they arrive as they are.
package types
