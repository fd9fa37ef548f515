package connectparticipant

import (
	"regexp"
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

// quotedValue is how the service's validation quotes a member.
var quotedValue = regexp.MustCompile(`(?s)Value '.*?' at '`)

// withoutSecrets takes out of a text what the service, a gateway or an HTTP client may
// quote from the request: the token, the view token in the path, and the contents.
func withoutSecrets(text string, request *smithyhttp.Request) string {
	if text == "" {
		return ""
	}
	if strings.Contains(text, "Value '") {
		text = quotedValue.ReplaceAllLiteralString(text, "Value "+redacted+" at '")
	}
	for _, secret := range secretsOf(request) {
		if len(secret) >= shortestSecret {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	return text
}

// secretsOf returns what a request tells to the service only.
func secretsOf(request *smithyhttp.Request) []string {
	secrets := append([]string(nil), request.Header["X-Amz-Bearer"]...)
	for _, path := range []string{request.URL.Path, request.URL.EscapedPath()} {
		if _, label, ok := strings.Cut(path, viewPath); ok {
			secrets = append(secrets, label)
		}
	}
	if body, ok := request.GetStream().(*restjson.Body); ok {
		secrets = append(secrets, redact.Secrets(body.Bytes())...)
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
