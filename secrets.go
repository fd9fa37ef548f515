package connectparticipant

import (
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
)

const (
	redacted = "[redacted]"

	// shortestSecret keeps a content such as "a" from tearing holes into a text.
	shortestSecret = 8
)

// withoutSecrets takes out of a text what the service, a gateway or an HTTP client may
// quote from the request: the token, the view token in the path, and the contents.
func withoutSecrets(text string, request *smithyhttp.Request) string {
	if text == "" {
		return ""
	}
	for _, secret := range secretsOf(request, len(text)) {
		if len(secret) >= shortestSecret {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	return withoutQuotes(text) // last: a content may look like the end of a quote
}

// withoutQuotes takes out the values of members that the service's validation quotes.
// A regular expression would add 200 kB to each program.
func withoutQuotes(text string) string {
	var public strings.Builder
	for {
		before, rest, found := strings.Cut(text, "Value '")
		_, after, closed := strings.Cut(rest, "' at '")
		if !found || !closed {
			break
		}
		public.WriteString(before + "Value " + redacted + " at '")
		text = after
	}
	return public.String() + text
}

// secretsOf returns what a request tells to the service only, of the contents those that
// have at most so many bytes.
func secretsOf(request *smithyhttp.Request, most int) []string {
	const likely = 8
	secrets := append(make([]string, 0, likely), request.Header["X-Amz-Bearer"]...)
	if _, label, ok := strings.Cut(request.URL.Path, viewPath); ok {
		_, escaped, _ := strings.Cut(request.URL.EscapedPath(), viewPath)
		secrets = append(secrets, label, escaped)
	}
	if body, ok := request.GetStream().(*restjson.Body); ok {
		_ = restjson.Decode(body.Bytes(), func(r *restjson.Reader) { secrets = appendSecrets(secrets, r, "", most) })
	}
	return secrets
}

// appendSecrets adds the strings of a body that a log doesn't show.
func appendSecrets(secrets []string, r *restjson.Reader, name string, most int) []string {
	switch r.Kind() {
	case '{':
		for member := range r.Members() {
			secrets = appendSecrets(secrets, r, string(member), most)
		}
	case '[':
		for range r.Elements() {
			secrets = appendSecrets(secrets, r, name+"[]", most)
		}
	case '"':
		if secret := r.TextUpTo(most); secret != "" && !redact.Harmless(name) {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// publicPath hides the view token.
func publicPath(path string) string {
	before, label, ok := strings.Cut(path, viewPath)
	if !ok {
		return path
	}
	return before + viewPath + redact.Text(label)
}
