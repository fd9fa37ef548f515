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

// ErrNotVerified is the error for a request that doesn't come from SNS, isn't for one of the
// TopicARNs, or is older than MaxAge: respond with 403. Any other error of Verify means that the
// certificate could not be fetched: respond with 503, and SNS delivers the notification again.
var ErrNotVerified = errors.New("the notification is not verified")

// Verifier checks that HTTPS requests come from SNS. Set its fields before the first use. Its
// methods may be called concurrently, and it must not be copied.
type Verifier struct {
	// TopicARNs are the topics whose notifications are accepted. Required: without it, all requests
	// are refused.
	TopicARNs []string
	// HTTPClient fetches certificates and confirms subscriptions. It is copied, and the copy
	// doesn't follow redirects. Defaults to http.DefaultClient.
	HTTPClient *http.Client
	// Roots are the trusted certificates of authorities; they may include intermediate ones.
	// Defaults to the system's.
	Roots *x509.CertPool
	// MaxAge is the maximum age of a notification; 5 minutes are added to it, because clocks
	// differ. Older replays are refused; a Seen detects newer ones. Defaults to an hour, which is
	// how long SNS retries.
	MaxAge time.Duration

	mu           sync.Mutex
	certificates map[string]*x509.Certificate // verified, by URL
}

// Verify checks the body of a request: it must be signed with a certificate that was issued for SNS
// and is served by an SNS host of AWS, belong to a topic of TopicARNs, and be no older than MaxAge.
// Signature versions 1 and 2 are accepted. Set the topic's attribute SignatureVersion to 2, because
// version 1 uses SHA-1, which fails with GODEBUG=fips140=only. Attributes, including Visibility,
// are not signed.
//
// The certificate is fetched once, within 10 seconds. SNS serves it without its issuer's
// certificate, so Verify fetches the issuer's too, over plain http from amazontrust.com, and
// accepts it only if it chains to one of the Roots. If the program can't connect to
// amazontrust.com, add Amazon's intermediate certificates to Roots.
func (v *Verifier) Verify(ctx context.Context, payload []byte) error {
	_, err := v.verify(ctx, payload)
	return err
}

// Confirm confirms a subscription. When an endpoint is subscribed to a topic, SNS sends it a
// SubscriptionConfirmation, and nothing else until it is confirmed. Confirm verifies the payload as
// Verify does, and calls SubscribeURL if that confirms the same topic at an SNS host of AWS.
func (v *Verifier) Confirm(ctx context.Context, payload []byte) error {
	e, err := v.verify(ctx, payload)
	if err != nil {
		return err
	}
	if e.Type != typeConfirmation {
		return fmt.Errorf("confirm subscription: the payload is not a %s", typeConfirmation)
	}
	u, err := snsURL(e.SubscribeURL)
	if err != nil {
		return notVerified("SubscribeURL: %v", err)
	}
	if query := u.Query(); query.Get("Action") != "ConfirmSubscription" || query.Get("TopicArn") != e.TopicARN {
		return notVerified("SubscribeURL doesn't confirm the topic")
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
	// A payload that Read would read in another form must not pass as the signed one.
	if doc.Records != nil || !doc.isSNS() {
		return nil, notVerified("not an HTTPS request of SNS, or one with raw message delivery")
	}
	e := &doc.envelope
	if !slices.Contains(v.TopicARNs, e.TopicARN) {
		return nil, notVerified("the topic is not in TopicARNs")
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

// checkAge checks the time of publication.
func (v *Verifier) checkAge(timestamp string) error {
	published, err := time.Parse(time.RFC3339, timestamp)
	if err != nil {
		return notVerified("the Timestamp is not a time")
	}
	maxAge := v.MaxAge
	if maxAge == 0 {
		maxAge = defaultMaxAge
	}
	now := time.Now()
	if published.Before(now.Add(-maxAge-clockSkew)) || published.After(now.Add(clockSkew)) {
		return notVerified("the Timestamp is too old or in the future")
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

// checkSHA1 returns an error where SHA-1 panics, which is in FIPS 140-only mode.
func checkSHA1(certificate *x509.Certificate, signed, signature []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("SHA-1 is not available in FIPS 140-only mode: set the topic's SignatureVersion to 2")
		}
	}()
	return certificate.CheckSignature(x509.SHA1WithRSA, signed, signature)
}

// snsHost matches the SNS hosts of the AWS partitions. It requires a region, because others may own
// a bucket named sns, such as the one at sns.s3-us-west-2.amazonaws.com.
var snsHost = regexp.MustCompile(`^sns\.[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}\.amazonaws\.(?:com|com\.cn|eu)$`)

// snsURL parses the URL of an SNS host of AWS.
func snsURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if u.Scheme != "https" || u.User != nil || !snsHost.MatchString(u.Host) {
		return nil, errors.New("not an https URL of an SNS host of AWS")
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
		return nil, errors.New("not a .pem file")
	}
	return u, nil
}
