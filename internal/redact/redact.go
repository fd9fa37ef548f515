// SPDX-License-Identifier: Apache-2.0

// Package redact removes secrets from logs, errors and printed values. Of JSON, Go values and HTTP
// headers it keeps what is known to be harmless; in a text it finds given secrets.
package redact

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Mark replaces a secret.
const Mark = "[redacted]"

// Text returns the replacement for the secret s in a log.
func Text(s string) string { return fmt.Sprintf("[redacted, %d bytes]", len(s)) }

// harmless lists the members whose strings, numbers and booleans may be shown; X[] means the
// elements of a list X.
var harmless = set("AbsoluteTime", "AttachmentId", "AttachmentIds[]", "AttachmentSizeInBytes", "ChunkNumber", "ClientToken",
	"ConnectionExpiry", "ConnectParticipant", "ContactId", "ContentType", "DeliveredTimestamp", "EchoReduction", "Expiry", "Id",
	"InitialContactId", "MaxResults", "MessageCompleted", "MessageId", "MessageProcessingStatus", "MostRecent", "ParticipantId",
	"ParticipantRole", "ReadTimestamp", "RecipientParticipantId", "RelatedContactId", "ResourceType", "ScanDirection",
	"SortOrder", "Status", "Type", "Type[]", "UrlContentDisposition", "UrlExpiry", "UrlExpiryInSeconds", "Version")

// harmlessInErrors lists harmless members of the service's errors.
var harmlessInErrors = set("__type", "code", "Message", "message")

// containers lists the members whose objects and lists are searched.
var containers = set("AttachmentIds", "Attachments", "Attachments[]", "Attendee", "Audio", "ConnectionCredentials", "Content",
	"MediaPlacement", "Meeting", "MeetingFeatures", "MessageMetadata", "Receipts", "Receipts[]", "StartPosition", "Transcript",
	"Transcript[]", "Type", "UploadMetadata", "View", "WebRTCConnection", "Websocket")

var harmlessHeaders = set("Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Connection",
	"Content-Encoding", "Content-Length", "Content-Type", "Date", "Retry-After", "Server", "Transfer-Encoding",
	"User-Agent", "Via", "X-Amz-Cf-Id", "X-Amz-Id-2", "X-Amz-Request-Id", "X-Amzn-Errortype", "X-Amzn-Requestid",
	"X-Amzn-Request-Id", "X-Amzn-Trace-Id")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// Harmless reports whether the strings of a member of a request may be shown; X[] means an element
// of the list X.
func Harmless(member []byte) bool { return harmless[string(member)] }

// HarmlessHeader reports whether the values of a header may be shown.
func HarmlessHeader(name string) bool { return harmlessHeaders[name] }

// Headers returns one line per value, sorted by name, with the values of all but the harmless
// headers replaced.
func Headers(h http.Header) string {
	lines := make([]string, 0, len(h))
	for name, values := range h {
		for _, value := range values {
			if !harmlessHeaders[name] {
				value = Text(value)
			}
			lines = append(lines, name+": "+value+"\r\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// HarmlessHeaders returns the headers that may be shown. The result shares their values.
func HarmlessHeaders(h http.Header) http.Header {
	kept := make(http.Header, len(h))
	for name, values := range h {
		if harmlessHeaders[name] {
			kept[name] = values
		}
	}
	return kept
}
