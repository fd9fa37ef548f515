// SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// encodings are the ways in which a text that quotes a secret may encode it.
var encodings = map[string]func(string) string{
	"raw":                           func(s string) string { return s },
	"in upper case":                 asciiUpper,
	"escaped in a query":            url.QueryEscape,
	"escaped in a path":             url.PathEscape,
	"escaped with small digits":     func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"each byte escaped":             func(s string) string { return eachByte(s, "%%%02X") },
	"escaped twice":                 func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"quoted":                        func(s string) string { return fmt.Sprintf("%q", s) },
	"quoted in ASCII":               func(s string) string { return fmt.Sprintf("%+q", s) },
	"each byte quoted":              func(s string) string { return eachByte(s, `\x%02x`) },
	"in JSON":                       asJSON,
	"in JSON in JSON":               func(s string) string { return asJSON(asJSON(s)) },
	"each character escaped":        func(s string) string { return eachUnit(s, `\u%04x`) },
	"each character escaped, large": func(s string) string { return eachUnit(s, `\u%04X`) },
	"in HTML":                       html.EscapeString,
	"each character as HTML":        func(s string) string { return eachRune(s, "&#%d;") },
	"each character as HTML, hex":   func(s string) string { return eachRune(s, "&#x%X;") },
	"a URL in JSON in HTML":         func(s string) string { return html.EscapeString(asJSON(url.QueryEscape(s))) },
	"base64":                        func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 behind one byte":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s + "y")) },
	"base64 behind two bytes":       func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s + "zz")) },
	"base64 for URLs":               func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"raw base64 for URLs":           func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("name:" + s)) },
	"base64 in a query":             func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
}

func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

func lowerEscapes(s string) string {
	parts := strings.Split(s, "%")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToLower(part[:2]) + part[2:]
	}
	return strings.Join(parts, "%")
}

func eachByte(s, format string) string {
	var text strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&text, format, s[i])
	}
	return text.String()
}

func eachRune(s, format string) string {
	var text strings.Builder
	for _, r := range s {
		fmt.Fprintf(&text, format, r)
	}
	return text.String()
}

// eachUnit only works for the first plane of Unicode.
func eachUnit(s, format string) string { return eachRune(s, format) }

func asJSON(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(data)
}

const (
	madeUpToken   = "QVFJREFIaw+made/up=token.0123456789_abcdefghijklmnopqrstuvwxyz-END=="
	madeUpContent = "My card:\n4711 \"0815\" <b>Größe</b> \\ & 100% äöü"
)

// remains returns the length of the longest part of text that is still in got.
func remains(got, secret string) int {
	longest := 0
	for i := range len(secret) {
		for i+longest < len(secret) && strings.Contains(got, secret[i:i+longest+1]) {
			longest++
		}
	}
	return longest
}

func TestHideFindsASecretInEveryEncoding(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{madeUpToken, madeUpContent, "12345678"} {
		for name, encode := range encodings {
			encoded := encode(secret)
			got := redact.Secrets{"other secret", secret}.Hide("before " + encoded + " after")
			require.Contains(t, got, redact.Mark, "%s: %s", name, encoded)
			require.True(t, strings.HasPrefix(got, "before ") && strings.HasSuffix(got, " after"), "%s: %s", name, got)
			rest := strings.TrimSuffix(strings.TrimPrefix(got, "before "), " after")
			// Base64 text around the secret and quotes may remain.
			require.LessOrEqual(t, len(rest), len(redact.Mark)+12, "%s: %s", name, rest)
			require.Less(t, remains(rest, encoded), 12, "%s: %s", name, rest)
		}
	}
}

func TestHideIgnoresCase(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"Schlüssel für Zoë", "ключ от сейфа", "ΚΛΕΙΔΙ ΤΟΥ ΣΠΙΤΙΟΥ ΜΑΣ", "Մուտքի բանալին"} {
		for _, echo := range []string{
			secret, strings.ToUpper(secret), strings.ToLower(secret), url.QueryEscape(strings.ToUpper(secret)), strings.ToUpper(secret)[:20] + "…",
		} {
			got := redact.Secrets{secret}.Hide("before " + echo + " after")
			require.Contains(t, got, "before "+redact.Mark, echo)
			require.True(t, strings.HasSuffix(got, " after"), got)
		}
	}
	require.Equal(t, "\xd0\xff \xbaklein", redact.Secrets{"anything else"}.Hide("\xd0\xff \xbaklein"), "not UTF-8")
}

func TestHideFindsAPartOfASecret(t *testing.T) {
	t.Parallel()
	for name, encode := range encodings {
		encoded := encode(madeUpToken)
		unit := len(encoded) / len(madeUpToken) // bytes of a character
		for _, part := range []string{encoded[:len(encoded)*2/3], encoded[len(encoded)/3:]} {
			got := redact.Secrets{madeUpToken}.Hide("before " + part + "… after")
			require.Contains(t, got, redact.Mark, name)
			require.Less(t, remains(got, encoded), 16*max(1, unit), "%s: %s", name, got)
		}
	}
	for n := range len(madeUpToken) {
		begin, end := madeUpToken[:n], madeUpToken[len(madeUpToken)-n:]
		require.Equal(t, n >= 16, redact.Secrets{madeUpToken}.Hide("cut: "+begin) != "cut: "+begin, "the first %d bytes", n)
		require.Equal(t, n >= 16, redact.Secrets{madeUpToken}.Hide(end+" cut") != end+" cut", "the last %d bytes", n)
	}
}

func TestHideKeepsOtherText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"nothing to hide", "nothing to hide"},
		{"100% of \\ and & stay, %41 &lt; \\u0041", "100% of \\ and & stay, %41 &lt; \\u0041"},
		{"a long-secret-1, and long-secret-1long-secret-1", "a [redacted], and [redacted]"},
		{"ends with long-secret-1", "ends with [redacted]"},
		{"long-secret-1", "[redacted]"},
		{`{"a":"%6cong-secret-1","b":"\u006cong-secret-1"}`, `{"a":"[redacted]","b":"[redacted]"}`},
		{"short and long", "short and long"},
		{"Value 'pin' at 'content' failed; Value 'x' at 'y'", "Value [redacted] at 'content' failed; Value [redacted] at 'y'"},
		{"Value 'no end", "Value 'no end"},
	} {
		require.Equal(t, test.want, redact.Secrets{"", "short", "long-secret-1"}.Hide(test.text))
	}
}

func TestHideWithEscapesNextToTheSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ secret, text string }{
		{"41 is the number of this chat", "%41 is the number of this chat"},
		{"nobody may read this text", `C:\nobody may read this text`},
		{"this text ends with %4", "this text ends with %41"},
		{"a secret with %41 and \\u0041 in it", "a secret with %41 and \\u0041 in it"},
		{"a secret with %41 and \\u0041 in it", url.QueryEscape("a secret with %41 and \\u0041 in it")},
		{"a secret with %41 and \\u0041 in it", asJSON("a secret with %41 and \\u0041 in it")},
		{"&amp; &#65; is what I wrote", html.EscapeString("&amp; &#65; is what I wrote")},
	} {
		got := redact.Secrets{test.secret}.Hide(test.text)
		require.Less(t, remains(got, test.secret), 8, "%s: %s", test.text, got)
	}
}

func TestAddHeaders(t *testing.T) {
	t.Parallel()
	var secrets redact.Secrets
	secrets.AddHeaders(http.Header{"X-Amz-Bearer": {madeUpToken}, "X-Api-Key": {"made-up-key"}, "Content-Type": {"application/json"}})
	require.ElementsMatch(t, []string{madeUpToken, "made-up-key"}, []string(secrets))
}

func TestHarmlessHeaders(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Amz-Bearer": {madeUpToken}, "X-Api-Key": {"made-up-key"}, "User-Agent": {"u"}}
	require.Equal(t, http.Header{"User-Agent": {"u"}}, redact.HarmlessHeaders(header))
	require.Len(t, header, 3)
}

// A text of this size takes seconds if the time is proportional to the product of the lengths.
func TestHideInALongText(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("a", 16<<10)
	text := strings.Repeat("aaaaaaaaaaaaaaaaaaa%", 50_000)
	require.NotContains(t, redact.Secrets{secret, "bbbbbbbb"}.Hide(text), strings.Repeat("a", 16))
}

func FuzzHide(f *testing.F) {
	f.Add("hidden-token-of-more-than-32-bytes", "x ", " y", uint8(0))
	f.Add("a+b/c==&\"\\\n", `{"url":"`, `"}`, uint8(3))
	f.Add("\xff\xfe täken\u2028<>", "%", "41", uint8(7))
	f.Add("%41%2541\\u0041&lt;", `\`, "1", uint8(2))
	escapes := []func(string) string{
		func(s string) string { return s }, url.QueryEscape, url.PathEscape, strconv.Quote, strconv.QuoteToASCII, html.EscapeString,
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("x" + s)) },
	}
	f.Fuzz(func(t *testing.T, secret, before, after string, way uint8) {
		if len(secret) < 32 || strings.ContainsAny(before, `%\&`) {
			return // an escape may start before a secret, and of a short one no part is found
		}
		form := escapes[int(way)%len(escapes)](secret)
		got := redact.Secrets{secret}.Hide(before + form + after)
		require.NotContains(t, strings.ReplaceAll(got, redact.Mark, ""), form)
	})
}

// For a long secret, its ends decide whether the rest is searched for.
func TestEndsOfALongSecretAreFound(t *testing.T) {
	t.Parallel()
	for length := 180; length < 300; length++ {
		secret := strings.Repeat("0123456789abcdef/+=xyz", 20)[:length]
		secrets := redact.Secrets{secret}
		for shift := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte("xyz"[:shift] + secret + "!"))
			for name, text := range map[string]string{
				"all": secret, "beginning": secret[:40], "end": secret[length-40:], "escaped": url.QueryEscape(secret),
				"base64": encoded, "beginning of base64": encoded[:60], "end of base64": encoded[len(encoded)-40:],
			} {
				require.True(t, secrets.FoundIn([]byte("text "+text+" text")), "%s of %d bytes, shifted by %d", name, length, shift)
				require.Contains(t, secrets.Hide("text "+text+" text"), redact.Mark)
			}
		}
		require.False(t, secrets.FoundIn([]byte(strings.Repeat("an everyday text ", 20))))
	}
}
