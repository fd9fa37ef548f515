// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// secrets finds, each in a group of its own: tokens as the server makes them, whatever surrounds
// them; members that hold a token, also in JSON that is a string of JSON, and one whose end is cut
// off; the query of a signed URL; and the label of DescribeView.
var secrets = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`((?:participant|connection|socket|join)-token\.[\w.~-]+)`,
	`\\*"(?:participant|connection|view|join|auth|security|session)?token\\*"\s*:\s*\\*"((?:\\+[^"\\]|[^"\\])+)`,
	`(?:authtoken|x-amz-signature|x-amz-security-token)=([^&"\\\s]+)`,
	viewPath + `([^?"\\\s]+)`,
}, "|"))

// secretHeaders hold a secret as a whole. In Authorization it is the signature.
var secretHeaders = []string{"X-Amz-Bearer", "Authorization", "X-Amz-Security-Token", "Cookie", "Set-Cookie"}

// withoutSecrets shortens every secret in a text.
func withoutSecrets(text string) string {
	if !strings.Contains(text, "oken") && !strings.Contains(text, "OKEN") && !strings.Contains(text, "ignature=") && !strings.Contains(text, viewPath) {
		return text // as almost every push does
	}
	var clean strings.Builder
	end := 0 // of the secret before
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

// shortened keeps the last four characters, enough to tell tokens apart.
func shortened(secret string) string {
	if len(secret) < 12 {
		return "…" // four of so few would be much of it
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

// String returns the text without its secrets, and nothing if it is none.
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
