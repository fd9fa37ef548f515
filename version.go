// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"runtime"
	"strings"
)

// version is the module's version in the User-Agent header.
const version = "0.1.0"

const scope = "github.com/participant-go/connectparticipant"

// userAgent returns the User-Agent header for an application ID, which may be "".
func userAgent(appID string) string {
	product := "connectparticipant-go/" + version + " lang/go#" + tokenText(strings.TrimPrefix(runtime.Version(), "go"))
	if appID == "" {
		return product
	}
	return product + " app/" + tokenText(appID)
}

// tokenText replaces characters that are not permitted in a token of a User-Agent header (RFC 9110,
// section 5.6.2) by hyphens, as the AWS SDKs do.
func tokenText(s string) string {
	out := []byte(s)
	for i, c := range out {
		if !isTokenByte(c) {
			out[i] = '-'
		}
	}
	return string(out)
}

func isTokenByte(c byte) bool {
	switch {
	case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}
