// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	defaultMaxAge = time.Hour
	clockSkew     = 5 * time.Minute
)

// ErrNotVerified is the error of a request that SNS has not sent for one of the topics: respond
// with 403. Any other error of Verify means that the certificate could not be fetched: respond
// with 503, and SNS delivers the notification again.
var ErrNotVerified = errors.New("the notification is not verified")

// Verifier checks that HTTPS requests come from SNS. Set its fields before the first use; its
// methods may be called concurrently, and it must not be copied.
type Verifier struct {
	// TopicARNs are the topics whose notifications are accepted. Required: without any, all
	// are refused.
	TopicARNs []string
	// HTTPClient fetches certificates and confirms subscriptions. It is copied, and the copy
	// follows no redirects. Defaults to http.DefaultClient.
	HTTPClient *http.Client
	// Roots are the authorities that certificates lead to; it may hold intermediate ones.
	// Defaults to the system's.
	Roots *x509.CertPool
	// MaxAge bounds how long ago a notification was published, beside 5 minutes for clocks that
	// differ. It limits replays, which Seen finds within it. Defaults to an hour, which is as
	// long as SNS retries.
	MaxAge time.Duration

	mu           sync.Mutex
	certificates map[string]*x509.Certificate // verified, by URL
}

// Verify checks the body of a request: that it is signed, with a certificate that an SNS host of
// AWS serves and that was issued for SNS, for a topic of TopicARNs, within MaxAge. It accepts
// signature versions 1 and 2; use 2, an attribute of the topic, since 1 is SHA-1, and an error
// where GODEBUG has fips140=only. Attributes are not signed, Visibility among them.
//
// The certificate is fetched once, within 10 seconds. SNS serves it without the certificate of
// its issuer, so that one is fetched too, over plain http from amazontrust.com: it is accepted only
// if it leads to a root. Where a program may not connect there, add Amazon's intermediate
// certificates to Roots.
func (v *Verifier) Verify(ctx context.Context, payload []byte) error {
	_, err := v.verify(ctx, payload)
	return err
}

// Confirm confirms a subscription: SNS sends a SubscriptionConfirmation when an endpoint is
// subscribed to a topic, and nothing else until it is confirmed. Confirm verifies the payload as
// Verify does, and calls SubscribeURL if that is the confirmation of the same topic at an SNS host
// of AWS.
func (v *Verifier) Confirm(ctx context.Context, payload []byte) error {
	e, err := v.verify(ctx, payload)
	if err != nil {
		return err
	}
	if e.Type != typeConfirmation {
		return fmt.Errorf("confirm subscription: the payload is no %s", typeConfirmation)
	}
	u, err := snsURL(e.SubscribeURL)
	if err != nil {
		return notVerified("SubscribeURL: %v", err)
	}
	if query := u.Query(); query.Get("Action") != "ConfirmSubscription" || query.Get("TopicArn") != e.TopicARN {
		return notVerified("SubscribeURL confirms something else")
	}
	if _, err := v.fetch(ctx, u); err != nil {
		return fmt.Errorf("confirm subscription: %w", err)
	}
	return nil
}

func notVerified(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrNotVerified}, args...)...)
}

func (v *Verifier) verify(ctx context.Context, payload []byte) (*envelope, error) {
	var doc document
	if err := decode(payload, &doc); err != nil {
		return nil, notVerified("%v", err)
	}
	// What Read would read as another form must not pass for what is signed.
	if doc.Records != nil || !doc.isSNS() {
		return nil, notVerified("it is no HTTPS request of SNS, or one with raw message delivery")
	}
	e := &doc.envelope
	if !slices.Contains(v.TopicARNs, e.TopicARN) {
		return nil, notVerified("the topic is none of TopicARNs")
	}
	if err := v.checkAge(e.Timestamp); err != nil {
		return nil, err
	}
	u, err := certificateURL(e.SigningCertURL)
	if err != nil {
		return nil, notVerified("SigningCertURL: %v", err)
	}
	certificate, err := v.certificate(ctx, u)
	if err != nil {
		return nil, err
	}
	if err := e.check(certificate); err != nil {
		return nil, err
	}
	return e, nil
}

// checkAge checks when a notification was published.
func (v *Verifier) checkAge(timestamp string) error {
	published, err := time.Parse(time.RFC3339, timestamp)
	if err != nil {
		return notVerified("the Timestamp is no time")
	}
	maxAge := v.MaxAge
	if maxAge == 0 {
		maxAge = defaultMaxAge
	}
	now := time.Now()
	if published.Before(now.Add(-maxAge-clockSkew)) || published.After(now.Add(clockSkew)) {
		return notVerified("the Timestamp is too old, or in the future")
	}
	return nil
}

// check checks the signature.
func (e *envelope) check(certificate *x509.Certificate) error {
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil {
		return notVerified("the Signature is not base64")
	}
	switch e.SignatureVersion {
	case "1":
		err = checkSHA1(certificate, []byte(e.signed()), signature)
	case "2":
		err = certificate.CheckSignature(x509.SHA256WithRSA, []byte(e.signed()), signature)
	default:
		return notVerified("the SignatureVersion is neither 1 nor 2")
	}
	if err != nil {
		return notVerified("%v", err)
	}
	return nil
}

// checkSHA1 returns an error where SHA-1 panics: in the FIPS 140-only mode.
func checkSHA1(certificate *x509.Certificate, signed, signature []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("SHA-1 is not available in FIPS 140-only mode: set the topic's SignatureVersion to 2")
		}
	}()
	return certificate.CheckSignature(x509.SHA1WithRSA, signed, signature)
}

// snsHost matches the SNS hosts of the AWS partitions. It wants a region, since others may own a
// bucket named sns, such as that at sns.s3-us-west-2.amazonaws.com.
var snsHost = regexp.MustCompile(`^sns\.[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}\.amazonaws\.(?:com|com\.cn|eu)$`)

// snsURL parses the URL of an SNS host of AWS.
func snsURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("it is no URL")
	}
	if u.Scheme != "https" || u.User != nil || !snsHost.MatchString(u.Host) {
		return nil, errors.New("it is no https URL of an SNS host of AWS")
	}
	return u, nil
}

// certificateURL parses the URL of a certificate of SNS.
func certificateURL(text string) (*url.URL, error) {
	u, err := snsURL(text)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(u.Path, ".pem") || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("it is no .pem file")
	}
	return u, nil
}
