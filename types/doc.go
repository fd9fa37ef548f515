// SPDX-License-Identifier: Apache-2.0

// Package types holds the types that the operations of the Amazon Connect Participant Service
// share: the structs in inputs and outputs, the enumerations, and the service's error types.
//
// Names, and pointers for optional members, are those of the service and of the official Go client.
// A nil pointer or an empty enumeration means that the service did not send the member.
// Enumerations are open: the service may send values that are not listed here, and they are kept
// unchanged.
package types
