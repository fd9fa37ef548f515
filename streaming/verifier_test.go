// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/streaming"
)

const issuerURL = "http://crt.example.amazontrust.com/issuer.cer"

// newVerifier returns a Verifier for a web that serves the certificate alone, as SNS does.
func newVerifier() (*streaming.Verifier, *web) {
	p := testPKI()
	w := &web{responses: map[string]string{certificateURL: pemOf(p.sns), issuerURL: string(p.intermediate.certificate.Raw)}, status: map[string]int{}}
	return &streaming.Verifier{TopicARNs: []string{"arn:other", topicARN}, HTTPClient: w.client(), Roots: p.roots()}, w
}

// fresh returns a notification that was published now.
func fresh(members object) object {
	n := notification(item(nil))
	n["Timestamp"] = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for name, value := range members {
		n[name] = value
	}
	return n
}

func confirmation(members object) object {
	n := fresh(object{
		"Type": "SubscriptionConfirmation", "Token": "made-up-token",
		"SubscribeURL": "https://sns.eu-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topicARN + "&Token=made-up-token",
	})
	delete(n, "MessageAttributes")
	for name, value := range members {
		n[name] = value
	}
	return n
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]object{
		"version 2":                    fresh(nil),
		"version 1":                    fresh(object{"SignatureVersion": "1"}),
		"with a subject":               fresh(object{"Subject": "a subject"}),
		"with a subject of null":       fresh(object{"Subject": nil}),
		"characters that JSON escapes": fresh(object{"Message": "line\n\"<é\U0001F600>\u2028"}),
		"a confirmation":               confirmation(nil),
		"of an unsubscription":         confirmation(object{"Type": "UnsubscribeConfirmation"}),
		"an hour old":                  fresh(object{"Timestamp": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, w := newVerifier()
			if n["SignatureVersion"] == "1" && isSHA1Refused() { // a signature can't be made here either
				payload := bytes.Replace(sign(fresh(nil), testPKI().sns), []byte(`"SignatureVersion":"2"`), []byte(`"SignatureVersion":"1"`), 1)
				err := v.Verify(t.Context(), payload)
				require.ErrorIs(t, err, streaming.ErrNotVerified)
				require.ErrorContains(t, err, "SHA-1 is not available")
				return
			}
			payload := sign(n, testPKI().sns)
			require.NoError(t, v.Verify(t.Context(), payload))
			require.NoError(t, v.Verify(t.Context(), payload))
			require.Equal(t, []string{certificateURL, issuerURL}, w.urls(), "once")
		})
	}
}

func isSHA1Refused() (refused bool) {
	defer func() { refused = recover() != nil }()
	sha1.Sum(nil)
	return false
}

func TestVerifyRejects(t *testing.T) {
	t.Parallel()
	other := testPKI().intermediate.issue(forNames("sns.amazonaws.com"))
	for name, test := range map[string]struct {
		payload func() []byte
		because string
	}{
		"another key":           {func() []byte { return sign(fresh(nil), other) }, "verification error"},
		"another message":       {changed("Message", "forged"), "verification error"},
		"another id":            {changed("MessageId", "forged"), "verification error"},
		"another time":          {changed("Timestamp", time.Now().UTC().Format(time.RFC3339)), "verification error"},
		"another type":          {changed("Type", "UnsubscribeConfirmation"), "verification error"},
		"a subject added":       {changed("Subject", "forged"), "verification error"},
		"another version":       {changed("SignatureVersion", "1"), "not verified"},
		"an unknown version":    {changed("SignatureVersion", "3"), "neither 1 nor 2"},
		"no base64":             {changed("Signature", "***"), "base64"},
		"no signature":          {changed("Signature", nil), "verification error"},
		"a topic of others":     {changed("TopicArn", "arn:aws:sns:eu-west-2:999999999999:chats"), "not in TopicARNs"},
		"no time":               {changed("Timestamp", "yesterday"), "not a time"},
		"too old":               {signedAt(-time.Hour - 6*time.Minute), "too old"},
		"in the future":         {signedAt(6 * time.Minute), "in the future"},
		"no JSON":               {func() []byte { return []byte("secret") }, "not JSON"},
		"raw message delivery":  {func() []byte { return []byte(item(nil)) }, "not an HTTPS request"},
		"an event of Lambda":    {func() []byte { return []byte(text(lambda(lambdaSNS(item(nil))))) }, "not an HTTPS request"},
		"records added":         {changed("Records", []any{lambdaSQSRaw("q-1", item(nil))}), "not an HTTPS request"},
		"a certificate by http": {changed("SigningCertURL", strings.Replace(certificateURL, "https", "http", 1)), "not an https URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, _ := newVerifier()
			err := v.Verify(t.Context(), test.payload())
			require.ErrorIs(t, err, streaming.ErrNotVerified)
			require.ErrorContains(t, err, test.because)
			require.NotContains(t, err.Error(), "secret")
		})
	}
	t.Run("every topic without TopicARNs", func(t *testing.T) {
		t.Parallel()
		v, w := newVerifier()
		v.TopicARNs = nil
		require.ErrorIs(t, v.Verify(t.Context(), sign(fresh(nil), testPKI().sns)), streaming.ErrNotVerified)
		require.Empty(t, w.urls())
	})
}

// changed changes a notification after it was signed.
func changed(name string, value any) func() []byte {
	return func() []byte {
		n := fresh(object{"Timestamp": time.Now().Add(-time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")})
		sign(n, testPKI().sns)
		n[name] = value
		return []byte(text(n))
	}
}

func signedAt(d time.Duration) func() []byte {
	return func() []byte {
		return sign(fresh(object{"Timestamp": time.Now().Add(d).UTC().Format(time.RFC3339)}), testPKI().sns)
	}
}

// Read and Verify treat names that differ in case as one member.
func TestVerifyReadsTheSameMembersAsRead(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier()
	genuine := string(sign(fresh(nil), testPKI().sns))
	forged := strings.TrimSuffix(genuine, "}") + `,"message":` + text(item(object{"Content": "forged"})) + `}`
	require.ErrorIs(t, v.Verify(t.Context(), []byte(forged)), streaming.ErrNotVerified)
	withBody := strings.TrimSuffix(genuine, "}") + `,"Body":` + text(item(object{"Content": "forged"})) + `}`
	require.NoError(t, v.Verify(t.Context(), []byte(withBody)))
	got, err := streaming.Read([]byte(withBody))
	require.NoError(t, err)
	want, err := streaming.Read([]byte(genuine))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier()
	v.MaxAge = 24 * time.Hour
	require.NoError(t, v.Verify(t.Context(), signedAt(-24*time.Hour)()))
	require.ErrorIs(t, v.Verify(t.Context(), signedAt(-24*time.Hour-6*time.Minute)()), streaming.ErrNotVerified)
}

func TestCertificatesAreFetchedFromSNSOnly(t *testing.T) {
	t.Parallel()
	for url, fetched := range map[string]bool{
		"https://sns.cn-north-1.amazonaws.com.cn/x.pem":                   true,
		"https://sns.eusc-de-east-1.amazonaws.eu/x.pem":                   true,
		"https://sns.us-gov-west-1.amazonaws.com/x.pem":                   true,
		"https://sns.eu-west-2.amazonaws.com/x.crt":                       false,
		"https://sns.eu-west-2.amazonaws.com/x.pem?y":                     false,
		"https://sns.eu-west-2.amazonaws.com/?x.pem":                      false,
		"https://sns.eu-west-2.amazonaws.com/#x.pem":                      false,
		"https://sns.eu-west-2.amazonaws.com:8443/x.pem":                  false,
		"https://user@sns.eu-west-2.amazonaws.com/x.pem":                  false,
		"https://sns.eu-west-2.amazonaws.com.example.com/x.pem":           false,
		"https://sns.eu-west-2.amazonaws.com@example.com/x.pem":           false,
		"https://example.com/sns.eu-west-2.amazonaws.com/x.pem":           false,
		"https://sns.eu-west-2xamazonaws.com/x.pem":                       false,
		"https://s3.eu-west-2.amazonaws.com/x.pem":                        false,
		"https://sns.evil.bucket.s3.amazonaws.com/x.pem":                  false,
		"https://sns.s3-us-west-2.amazonaws.com/x.pem":                    false,
		"https://sns.s3-website-us-east-1.amazonaws.com/x.pem":            false,
		"https://sns.s3-accelerate.amazonaws.com/x.pem":                   false,
		"https://sns.compute-1.amazonaws.com/x.pem":                       false,
		"https://sns.----.amazonaws.com/x.pem":                            false,
		"https://sns.us-isob-east-1.amazonaws.com/x.pem":                  true,
		"https://sns..amazonaws.com/x.pem":                                false,
		"https://amazonaws.com/x.pem":                                     false,
		"//sns.eu-west-2.amazonaws.com/x.pem":                             false,
		"file:///x.pem":                                                   false,
		"":                                                                false,
		"https://sns.eu-west-2.amazonaws.com\n.example.com/x.pem":         false,
		"https://sns.eu-west-2.amazonaws.com%2eexample.com/x.pem":         false,
		"https://sns." + strings.Repeat("a", 33) + ".amazonaws.com/x.pem": false,
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			v, w := newVerifier()
			p := testPKI()
			w.responses[url] = pemOf(p.intermediate.issue(forNames("sns.amazonaws.com", "sns.amazonaws.com.cn", "sns.amazonaws.eu")))
			n := fresh(object{"SigningCertURL": url})
			err := v.Verify(t.Context(), sign(n, p.sns))
			require.ErrorIs(t, err, streaming.ErrNotVerified)
			require.Equal(t, fetched, len(w.urls()) > 0)
		})
	}
}

func TestCertificatesMustBeIssuedForSNS(t *testing.T) {
	t.Parallel()
	p := testPKI()
	stranger := (*authority)(nil).issue(isCA("stranger"))
	old := p.intermediate.issue(func(c *x509.Certificate) {
		forNames("sns.amazonaws.com")(c)
		c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	})
	regional := p.intermediate.issue(forNames("sns.eu-west-2.amazonaws.com"))
	other := p.intermediate.issue(forNames("s3.amazonaws.com"))
	nowhere := p.intermediate.issue(func(c *x509.Certificate) {
		forNames("sns.amazonaws.com")(c)
		c.IssuingCertificateURL = []string{"http://example.com/issuer.cer", "ftp://x.amazontrust.com/", "http://a@x.amazontrust.com/", "::"}
	})
	unknown := stranger.issue(forNames("sns.amazonaws.com"))
	issuer := string(p.intermediate.certificate.Raw)
	for name, test := range map[string]struct {
		served, issuer string
		key            *authority
		because        string // empty: accepted
	}{
		"with its issuer":                  {pemOf(p.sns, p.intermediate), "", p.sns, ""},
		"of the region":                    {pemOf(regional), issuer, regional, ""},
		"with no certificate":              {"secret", issuer, p.sns, "no certificate"},
		"with something else":              {"-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n", issuer, p.sns, "malformed"},
		"for another service":              {pemOf(other), issuer, other, "not issued for SNS"},
		"that has expired":                 {pemOf(old), issuer, old, "expired"},
		"of an unknown authority":          {pemOf(unknown, stranger), issuer, unknown, "a different certificate"},
		"that names no issuer of Amazon's": {pemOf(nowhere), issuer, nowhere, "unknown authority"},
		"whose issuer is another":          {pemOf(p.sns), string(stranger.certificate.Raw), p.sns, "a different certificate"},
		"whose issuer isn't a certificate": {pemOf(p.sns), "secret", p.sns, "a different certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, w := newVerifier()
			w.responses[certificateURL], w.responses[issuerURL] = test.served, test.issuer
			err := v.Verify(t.Context(), sign(fresh(nil), test.key))
			if test.because == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.because)
			require.NotContains(t, err.Error(), "secret")
			require.NotContains(t, strings.Join(w.urls(), " "), "example.com/issuer")
		})
	}
}

func TestChainLengthIsLimited(t *testing.T) {
	t.Parallel()
	p := testPKI()
	w := &web{responses: map[string]string{}, status: map[string]int{}}
	a := p.root
	for i := range 5 {
		url := "http://crt.example.amazontrust.com/" + string(rune('a'+i))
		w.responses[url] = string(a.certificate.Raw)
		a = a.issue(func(c *x509.Certificate) {
			isCA("intermediate " + url)(c)
			c.IssuingCertificateURL = []string{url}
		})
		w.responses[issuerURL] = string(a.certificate.Raw)
	}
	w.responses[certificateURL] = pemOf(a.issue(forNames("sns.amazonaws.com")))
	v := &streaming.Verifier{TopicARNs: []string{topicARN}, HTTPClient: w.client(), Roots: p.roots()}
	require.ErrorIs(t, v.Verify(t.Context(), sign(fresh(nil), p.sns)), streaming.ErrNotVerified)
	require.Len(t, w.urls(), 4)
}

func TestFailedFetchIsNotErrNotVerified(t *testing.T) {
	t.Parallel()
	payload := sign(fresh(nil), testPKI().sns)
	for name, test := range map[string]struct {
		breakIt func(*web)
		because string
		refused bool
	}{
		"a status":               {func(w *web) { w.status[certificateURL] = 503 }, "status 503", false},
		"a redirect":             {func(w *web) { w.status[certificateURL] = 302 }, "status 302", false},
		"a status of the issuer": {func(w *web) { w.status[issuerURL] = 500 }, "status 500", false},
		"a large response":       {func(w *web) { w.responses[certificateURL] = strings.Repeat("x", 64<<10+1) }, "over 65536 bytes", false},
		"no such certificate":    {func(w *web) { delete(w.responses, certificateURL) }, "no such file", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, w := newVerifier()
			test.breakIt(w)
			err := v.Verify(t.Context(), payload)
			require.ErrorContains(t, err, test.because)
			if !test.refused {
				require.NotErrorIs(t, err, streaming.ErrNotVerified)
			}
			require.NotContains(t, strings.Join(w.urls(), " "), "example.com", "redirects are not followed")
		})
	}
	t.Run("the end of the context", func(t *testing.T) {
		t.Parallel()
		v, _ := newVerifier()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := v.Verify(ctx, payload)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, streaming.ErrNotVerified)
	})
}

func TestFetchTimesOut(t *testing.T) {
	t.Parallel()
	payload := sign(fresh(nil), testPKI().sns)
	roots := testPKI().roots()
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(began)) // when the notification is fresh
		v := &streaming.Verifier{TopicARNs: []string{topicARN}, HTTPClient: &http.Client{Transport: silent{}}, Roots: roots}
		began := time.Now()
		require.ErrorIs(t, v.Verify(t.Context(), payload), context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

// silent never responds.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestCertificatesAreCachedWhileValid(t *testing.T) {
	t.Parallel()
	p := testPKI()
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(p.sns.certificate.NotBefore.Add(30 * time.Minute)))
		v, w := newVerifier()
		for i := range 20 {
			url := strings.Replace(certificateURL, "01.pem", string(rune('a'+i))+".pem", 1)
			w.responses[url] = pemOf(p.sns, p.intermediate)
			for range 2 {
				require.NoError(t, v.Verify(t.Context(), sign(fresh(object{"SigningCertURL": url}), p.sns)))
			}
			require.Len(t, w.urls(), i+1)
		}
		<-time.After(2 * time.Hour)
		require.ErrorContains(t, v.Verify(t.Context(), sign(fresh(object{"SigningCertURL": w.urls()[19]}), p.sns)), "expired")
	})
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	v, w := newVerifier()
	n := confirmation(nil)
	subscribeURL := n["SubscribeURL"].(string)
	w.responses[subscribeURL] = "<ConfirmSubscriptionResponse/>"
	require.NoError(t, v.Confirm(t.Context(), sign(n, testPKI().sns)))
	require.Equal(t, subscribeURL, w.urls()[2])

	w.status[subscribeURL] = 500
	err := v.Confirm(t.Context(), sign(n, testPKI().sns))
	require.EqualError(t, err, "confirm subscription: get from sns.eu-west-2.amazonaws.com: status 500")
	v.HTTPClient = &http.Client{Transport: silent{}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = v.Confirm(ctx, sign(n, testPKI().sns))
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "made-up-token")

	v.HTTPClient = &http.Client{Transport: quoting{}}
	err = v.Confirm(t.Context(), sign(n, testPKI().sns))
	require.ErrorIs(t, err, errQuoting)
	require.NotContains(t, err.Error(), "made-up-token")
}

var errQuoting = errors.New("the proxy refused")

// quoting is a transport whose errors show the URL.
type quoting struct{}

func (quoting) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%w %s", errQuoting, r.URL)
}

func TestConfirmRejects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		n       object
		because string
	}{
		"a notification":    {fresh(nil), "not a SubscriptionConfirmation"},
		"an unsubscription": {confirmation(object{"Type": "UnsubscribeConfirmation"}), "not a SubscriptionConfirmation"},
		"another host":      {confirmation(object{"SubscribeURL": "https://example.com/?Action=ConfirmSubscription&TopicArn=" + topicARN}), "not an https URL of an SNS host"},
		"plain http":        {confirmation(object{"SubscribeURL": "http://sns.eu-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topicARN}), "not an https URL of an SNS host"},
		"another action":    {confirmation(object{"SubscribeURL": "https://sns.eu-west-2.amazonaws.com/?Action=DeleteTopic&TopicArn=" + topicARN}), "doesn't confirm"},
		"another topic":     {confirmation(object{"SubscribeURL": "https://sns.eu-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=other"}), "doesn't confirm"},
		"a topic of others": {confirmation(object{"TopicArn": "other"}), "not in TopicARNs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, w := newVerifier()
			require.ErrorContains(t, v.Confirm(t.Context(), sign(test.n, testPKI().sns)), test.because)
			for _, url := range w.urls() {
				require.NotContains(t, url, "?")
			}
		})
	}
	v, w := newVerifier()
	n := confirmation(nil)
	sign(n, testPKI().sns)
	n["Token"] = "another"
	require.ErrorIs(t, v.Confirm(t.Context(), []byte(text(n))), streaming.ErrNotVerified)
	require.Len(t, w.urls(), 2)
}

// TestVerifyUnderFIPS runs in its own process, because SHA-1 panics in that mode.
func TestVerifyUnderFIPS(t *testing.T) {
	t.Parallel()
	if os.Getenv("VERIFY_SHA1") == "" {
		payload := changed("SignatureVersion", "1")()
		p := testPKI()
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVerifyUnderFIPS$", "-test.v")
		command.Env = append(os.Environ(), "GODEBUG=fips140=only", "VERIFY_SHA1="+string(payload), "VERIFY_CERTIFICATES="+pemOf(p.sns, p.intermediate, p.root))
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "PASS: TestVerifyUnderFIPS")
		return
	}
	served := os.Getenv("VERIFY_CERTIFICATES")
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(served)))
	w := &web{responses: map[string]string{certificateURL: served}}
	v := &streaming.Verifier{TopicARNs: []string{topicARN}, HTTPClient: w.client(), Roots: roots}
	err := v.Verify(t.Context(), []byte(os.Getenv("VERIFY_SHA1")))
	require.ErrorContains(t, err, "SHA-1 is not available in FIPS 140-only mode")
}
