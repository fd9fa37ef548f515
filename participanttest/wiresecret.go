// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// secrets matches each of these in a separate group: tokens as the server creates them, whatever
// surrounds them; members that contain a token, also in JSON inside a string of JSON, and one whose end
// is cut off; the query of a signed URL; and the label of DescribeView.
var secrets = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`((?:participant|connection|socket|join)-token\.[\w.~-]+)`,
	`\\*"(?:participant|connection|view|join|auth|security|session)?token\\*"\s*:\s*\\*"((?:\\+[^"\\]|[^"\\])+)`,
	`(?:authtoken|x-amz-signature|x-amz-security-token)=([^&"\\\s]+)`,
	viewPath + `([^?"\\\s]+)`,
}, "|"))

// secretHeaders contain nothing but a secret. In Authorization it is the signature.
var secretHeaders = []string{"X-Amz-Bearer", "Authorization", "X-Amz-Security-Token", "Cookie", "Set-Cookie"}

// withoutSecrets shortens every secret in a text.
func withoutSecrets(text string) string {
	if !strings.Contains(text, "oken") && !strings.Contains(text, "OKEN") && !strings.Contains(text, "ignature=") && !strings.Contains(text, viewPath) {
		return text // true for almost every push
	}
	var clean strings.Builder
	end := 0 // of the previous secret
	for _, match := range secrets.FindAllStringSubmatchIndex(text, -1) {
		for group := 2; group < len(match); group += 2 {
			if match[group] >= 0 {
				clean.WriteString(text[end:match[group]] + shortened(text[match[group]:match[group+1]]))
				end = match[group+1]
			}
		}
	}
	return clean.String() + text[end:]
}

// shortened keeps the last four characters, enough to distinguish tokens.
func shortened(secret string) string {
	if len(secret) < 12 {
		return "…" // four characters would be a large part of it
	}
	end := len(secret) - 4
	for end < len(secret) && !utf8.RuneStart(secret[end]) {
		end++
	}
	return "…" + secret[end:]
}

func headerWithoutSecrets(h http.Header) http.Header {
	h = h.Clone()
	for name, values := range h {
		clean := withoutSecrets
		if slices.Contains(secretHeaders, name) {
			clean = shortened
		}
		for i, value := range values {
			values[i] = clean(value)
		}
	}
	return h
}

// excerpt is the beginning of a body.
type excerpt struct {
	text []byte
	size int
}

// Write never fails.
func (x *excerpt) Write(p []byte) (int, error) {
	x.size += len(p)
	x.text = append(x.text, p[:min(len(p), maxWireBody-len(x.text))]...)
	return len(p), nil
}

// String returns the text without its secrets, or "" if it isn't UTF-8.
func (x *excerpt) String() string {
	text := x.text
	for cut := 0; cut < utf8.UTFMax && x.size > len(text) && !utf8.Valid(text); cut++ {
		text = text[:len(text)-1] // a character that the limit has cut
	}
	if !utf8.Valid(text) {
		return ""
	}
	return withoutSecrets(string(text))
}
