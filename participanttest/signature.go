// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	amzDate        = "20060102T150405Z"
	querySignature = "X-Amz-Signature"
	querySigned    = "X-Amz-SignedHeaders"
	queryDate      = "X-Amz-Date"
	queryExpires   = "X-Amz-Expires"

	// queryDisposition overrides the Content-Disposition of the response.
	queryDisposition = "response-content-disposition"

	signatureLength = 16
	secretLength    = 32
)

func (s *Server) mac(message []byte) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write(message)
	return h.Sum(nil)
}

// seal makes an opaque token from a number. It is valid within one scope only.
func (s *Server) seal(n int, scope []byte) string {
	payload := []byte(strconv.Itoa(n))
	mac := s.mac(slices.Concat(payload, scope))[:signatureLength]
	return base64.StdEncoding.EncodeToString(slices.Concat(mac, payload))
}

func (s *Server) unseal(token string, scope []byte) (int, bool) {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < signatureLength {
		return 0, false
	}
	payload := raw[signatureLength:]
	mac := s.mac(slices.Concat(payload, scope))[:signatureLength]
	n, err := strconv.Atoi(string(payload))
	return n, err == nil && hmac.Equal(mac, raw[:signatureLength])
}

// signURL makes a URL for one method, with this query and these headers, until it expires. It looks
// like a signed URL of S3 and is checked as strictly, but the signature algorithm is different.
func (s *Server) signURL(method, path string, query url.Values, headers map[string]string, life time.Duration) (signed string, expiry time.Time) {
	at := s.now().Truncate(time.Second)
	names := []string{"host"}
	for name := range headers {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	query.Set("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
	query.Set("X-Amz-Credential", "EXAMPLE/"+at.Format("20060102")+"/us-east-1/s3/aws4_request")
	query.Set(queryDate, at.Format(amzDate))
	query.Set(queryExpires, strconv.Itoa(int(life.Seconds())))
	query.Set(querySigned, strings.Join(names, ";"))
	values := func(name string) string {
		if name == "host" {
			return host(s.base())
		}
		return lookUp(headers, name)
	}
	query.Set(querySignature, s.signature(method, path, query, values))
	return s.base() + path + "?" + query.Encode(), at.Add(life)
}

func lookUp(headers map[string]string, lowerName string) string {
	for name, value := range headers {
		if strings.ToLower(name) == lowerName {
			return value
		}
	}
	return ""
}

// signature covers method, path, query and the values of the signed headers.
func (s *Server) signature(method, path string, query url.Values, value func(name string) string) string {
	lines := []string{method, path, query.Encode()}
	for name := range strings.SplitSeq(query.Get(querySigned), ";") {
		lines = append(lines, name+":"+strings.TrimSpace(value(name)))
	}
	return hex.EncodeToString(s.mac([]byte(strings.Join(lines, "\n"))))
}

// isSigned reports whether the request is the one that its URL was signed for.
func (s *Server) isSigned(r *http.Request) bool {
	query := r.URL.Query()
	given := query.Get(querySignature)
	query.Del(querySignature)
	want := s.signature(r.Method, r.URL.Path, query, func(name string) string { return s.signedValue(r, name) })
	return hmac.Equal([]byte(given), []byte(want))
}

// signedValue returns the value of a signed header. A proxy for PublicURL may have changed Host.
func (s *Server) signedValue(r *http.Request, lowerName string) string {
	if lowerName == "host" && s.opts.PublicURL != "" {
		return host(s.opts.PublicURL)
	}
	return headerValue(r, lowerName)
}

// headerValue also finds the values that net/http removes from the header.
func headerValue(r *http.Request, lowerName string) string {
	switch lowerName {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	default:
		return strings.Join(r.Header.Values(lowerName), ",")
	}
}

// isExpired also reports true for a URL without a readable date.
func (s *Server) isExpired(r *http.Request) bool {
	query := r.URL.Query()
	at, dateErr := time.Parse(amzDate, query.Get(queryDate))
	seconds, err := strconv.Atoi(query.Get(queryExpires))
	return dateErr != nil || err != nil || !s.now().Before(at.Add(time.Duration(seconds)*time.Second))
}
