// Package redact removes secrets from what a log or an error shows. Of JSON and HTTP headers
// it keeps what is known to be harmless and replaces every other value by its length; errors
// of HTTP clients lose the URL.
package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sort"
	"strings"
)

// harmless lists the members whose strings are no secrets, X[] for the elements of
// a list X. All others are replaced, those of future versions of the service
// included.
var harmless = set("AbsoluteTime", "AttachmentId", "AttachmentIds[]", "ClientToken", "code", "ConnectionExpiry",
	"ContactId", "ContentType", "DeliveredTimestamp", "Expiry", "Id", "InitialContactId", "Message", "message",
	"MessageId", "MessageProcessingStatus", "ParticipantId", "ParticipantRole", "ReadTimestamp",
	"RecipientParticipantId", "RelatedContactId", "ResourceType", "ScanDirection", "SortOrder", "Status", "Type",
	"Type[]", "UrlExpiry", "__type")

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

// JSON returns data with the values of all but the harmless members replaced. Of
// data that isn't JSON it tells only the length.
func JSON(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	var v any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if !json.Valid(data) || decoder.Decode(&v) != nil {
		return fmt.Appendf(nil, "[%d bytes, not JSON]", len(data))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(replace("", v)); err != nil {
		return fmt.Appendf(nil, "[%d bytes]", len(data))
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// replace walks a JSON value and puts its length in the place of each secret.
func replace(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			v[k] = replace(k, child)
		}
	case []any:
		for i, child := range v {
			v[i] = replace(name+"[]", child)
		}
	case string:
		if !Harmless(name) && v != "" {
			return Text(v)
		}
	}
	return v
}

// Harmless reports whether the strings of the member are no secrets; X[] is an element of
// the list X.
func Harmless(name string) bool { return harmless[name] }

// LogValue returns v, as JSON without its secrets, for log/slog.
func LogValue(v any) slog.Value {
	data, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue("[redacted]")
	}
	return slog.AnyValue(json.RawMessage(JSON(data)))
}

// Text returns what stands for the secret s in a log.
func Text(s string) string { return fmt.Sprintf("[redacted, %d bytes]", len(s)) }

// Headers returns one line a value, in the order of the names, with the values of
// all but the harmless headers replaced.
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
	sort.Strings(lines)
	return strings.Join(lines, "")
}
