// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
)

// secretsOf returns the secrets of a request: the token and other headers, the view token in the
// path, and the contents.
func secretsOf(request *smithyhttp.Request) redact.Secrets {
	const likely = 4
	secrets := make(redact.Secrets, 0, likely)
	secrets.AddHeaders(request.Header)
	if _, label, ok := strings.Cut(request.URL.Path, viewPath); ok {
		secrets = append(secrets, label)
	}
	if body, ok := request.GetStream().(*restjson.Body); ok {
		_ = restjson.Decode(body.Bytes(), func(r *restjson.Reader) { secrets = appendSecrets(secrets, r, nil) })
	}
	return secrets
}

// appendSecrets adds the strings of a member that logs hide.
func appendSecrets(secrets redact.Secrets, r *restjson.Reader, name []byte) redact.Secrets {
	switch r.Kind() {
	case '{':
		for member := range r.Members() {
			secrets = appendSecrets(secrets, r, member)
		}
	case '[':
		element := append(slices.Clone(name), "[]"...)
		for range r.Elements() {
			secrets = appendSecrets(secrets, r, element)
		}
	case '"':
		if !redact.Harmless(name) { // a harmless one is skipped
			secrets = append(secrets, r.Text())
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

// publicRequest returns the request that a response keeps: errors and ResultMetadata hold the
// response. It is a copy, because the transport may still read the original.
func publicRequest(request *http.Request) *http.Request {
	public := &http.Request{
		Method: request.Method, URL: request.URL, Host: request.Host, Header: redact.HarmlessHeaders(request.Header),
		Proto: request.Proto, ProtoMajor: request.ProtoMajor, ProtoMinor: request.ProtoMinor, ContentLength: request.ContentLength,
	}
	if u := request.URL; u != nil && (u.User != nil || u.RawQuery != "" || strings.Contains(u.Path, viewPath)) {
		public.URL = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: publicPath(u.Path)}
	}
	return public
}

// hideToken hides the token in the headers of a successful response, where no secret is expected.
// Searching for every secret, as hideEchoes does for an error, would take longer than the call.
func hideToken(response *http.Response, request *smithyhttp.Request) {
	for _, token := range request.Header["X-Amz-Bearer"] {
		for _, values := range response.Header {
			for _, value := range values {
				if strings.Contains(value, redact.Beginning(token)) {
					hideEchoes(response, secretsOf(request))
					return
				}
			}
		}
	}
}

// hideEchoes hides secrets of the request that appear in the head of a response or in texts from
// its body.
func hideEchoes(response *http.Response, secrets redact.Secrets, texts ...*string) {
	all := append(make([]byte, 0, 512), response.Status...)
	for name, values := range response.Header {
		if !redact.HarmlessHeader(name) {
			all = append(append(all, '\n'), name...)
		}
		for _, value := range values {
			if !isUsual(value) {
				all = append(append(all, '\n'), value...)
			}
		}
	}
	for _, text := range texts {
		if text != nil {
			all = append(append(all, '\n'), *text...)
		}
	}
	if !secrets.FoundIn(all) {
		return // nearly always; one search is much faster than many
	}
	response.Status = secrets.Hide(response.Status)
	for name, values := range response.Header {
		if secrets.Hide(name) != name {
			delete(response.Header, name)
		}
		for i, value := range values {
			values[i] = secrets.Hide(value)
		}
	}
	for _, text := range texts {
		if text != nil {
			*text = secrets.Hide(*text)
		}
	}
}

// isUsual reports whether a header's value has a form that can't contain a secret of the request: a
// number, a date, a UUID, or the content type of the service's responses.
func isUsual(value string) bool {
	const uuidLength, dateLength = 36, 29
	switch {
	case value == "application/json", modeled[value] != nil:
		return true
	case len(value) == dateLength && strings.HasSuffix(value, " GMT"):
		_, err := http.ParseTime(value)
		return err == nil
	}
	for _, c := range []byte(value) {
		isDigit := '0' <= c && c <= '9'
		if !isDigit && (len(value) != uuidLength || c != '-' && (c < 'a' || c > 'f')) {
			return false
		}
	}
	return len(value) < 16 || len(value) == uuidLength
}
