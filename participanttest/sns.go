// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed" // for snsPEM
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const certificatePath = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"

// SNSClient returns a client that can only reach the URLs in notifications: SigningCertURL, which
// returns the certificate that verifies them, and SubscribeURL. Count counts the calls of SubscribeURL
// as ConfirmSubscription.
func (s *Server) SNSClient() *http.Client {
	return &http.Client{Transport: snsTransport{s}}
}

// SNSRoots returns the CA that issued the certificate of SNS.
func (s *Server) SNSRoots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(signer().authority)
	return roots
}

// SubscriptionConfirmation returns what SNS posts to an HTTPS endpoint that is subscribed to the topic,
// until SubscribeURL is called.
func (s *Server) SubscriptionConfirmation() []byte {
	return subscriptionConfirmation(TopicARN, newUUID())
}

func subscriptionConfirmation(arn, messageID string) []byte {
	token := newToken("")
	e := snsEnvelope{
		Type: "SubscriptionConfirmation", MessageID: messageID, Token: token, TopicARN: arn,
		Message:      "You have chosen to subscribe to the topic " + arn + ".",
		SubscribeURL: snsURL(arn, "ConfirmSubscription") + "&Token=" + url.QueryEscape(token), Timestamp: time.Now().UTC().Format(snsTime),
	}
	e.sign()
	return encode(e)
}

// LambdaSNS returns the event with which SNS invokes a Lambda function for a notification of
// Options.Stream. It panics if the notification isn't JSON.
func LambdaSNS(notification []byte) []byte {
	var members map[string]any
	if err := json.Unmarshal(notification, &members); err != nil {
		panic("participanttest: LambdaSNS needs a notification in JSON")
	}
	for name, other := range map[string]string{"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"} {
		members[other] = members[name]
		delete(members, name)
	}
	members["Subject"] = nil
	return encode(map[string]any{"Records": []any{map[string]any{
		"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": TopicARN + ":" + instanceID, "Sns": members,
	}}})
}

// LambdaSQS returns the event that a Lambda function receives from an SQS queue that is subscribed
// without raw message delivery, with notifications of Options.Stream. A text that isn't a notification
// becomes the body of a message unchanged. The message ids are "message-0" and so on.
func LambdaSQS(notifications ...[]byte) []byte {
	records := make([]any, 0, len(notifications))
	for i, notification := range notifications {
		records = append(records, map[string]any{
			"messageId": "message-" + strconv.Itoa(i), "body": string(notification), "messageAttributes": map[string]any{},
			"eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-west-2:" + accountID + ":chat-messages", "awsRegion": "us-west-2",
		})
	}
	return encode(map[string]any{"Records": records})
}

// sign signs as SNS does: the members in byte order, each name and value on a separate line.
func (e *snsEnvelope) sign() {
	members := []string{"Message", e.Message, "MessageId", e.MessageID}
	if e.SubscribeURL != "" {
		members = append(members, "SubscribeURL", e.SubscribeURL)
	}
	members = append(members, "Timestamp", e.Timestamp)
	if e.Token != "" {
		members = append(members, "Token", e.Token)
	}
	members = append(members, "TopicArn", e.TopicARN, "Type", e.Type)
	sum := sha256.Sum256([]byte(strings.Join(members, "\n") + "\n"))
	signature, err := rsa.SignPKCS1v15(nil, signer().key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // the key fits
	}
	e.SignatureVersion, e.Signature = "2", base64.StdEncoding.EncodeToString(signature)
	e.SigningCertURL = "https://" + snsHost(e.TopicARN) + certificatePath
}

// snsPEM has the certificate of SNS, its CA certificate, and its key, which protects nothing. The
// certificates are also valid in a testing/synctest bubble, which starts in the year 2000.
//
//go:embed sns.pem
var snsPEM []byte

// snsSigner is the identity of SNS.
type snsSigner struct {
	key         *rsa.PrivateKey
	certificate []byte // PEM
	authority   *x509.Certificate
}

var signer = sync.OnceValue(func() snsSigner {
	certificate, rest := pem.Decode(snsPEM)
	authority, rest := pem.Decode(rest)
	key, _ := pem.Decode(rest)
	parsedAuthority, err := x509.ParseCertificate(authority.Bytes)
	if err != nil {
		panic(err)
	}
	parsedKey, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	if err != nil {
		panic(err)
	}
	return snsSigner{parsedKey.(*rsa.PrivateKey), pem.EncodeToMemory(certificate), parsedAuthority}
})

// snsTransport responds without using the network.
type snsTransport struct{ srv *Server }

// snsHosts matches what snsHost returns.
var snsHosts = regexp.MustCompile(`^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$`)

// RoundTrip responds to a GET.
func (t snsTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusNotFound, []byte("not found")
	switch query := r.URL.Query(); {
	case r.Method != http.MethodGet || r.URL.Scheme != "https" || !snsHosts.MatchString(r.URL.Host):
	case r.URL.Path == certificatePath:
		status, body = http.StatusOK, signer().certificate
	case query.Get("Action") == "ConfirmSubscription" && topicARN.MatchString(query.Get("TopicArn")) && query.Get("Token") != "":
		t.srv.record(Request{Operation: "ConfirmSubscription", Status: http.StatusOK})
		status, body = http.StatusOK, []byte("<ConfirmSubscriptionResponse/>")
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}
