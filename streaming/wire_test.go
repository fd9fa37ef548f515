// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	topicARN       = "arn:aws:sns:eu-west-2:111122223333:chats"
	certificateURL = "https://sns.eu-west-2.amazonaws.com/SimpleNotificationService-00000000000000000000000000000001.pem"
)

type object = map[string]any

// item returns an item as JSON, with members that replace those of a plain message.
func item(members object) string {
	all := object{
		"Id": "i-1", "AbsoluteTime": "2026-11-02T08:15:30.120Z", "Type": "MESSAGE", "ContentType": "text/plain", "Content": "Hello",
		"ParticipantId": "p-1", "ParticipantRole": "AGENT", "DisplayName": "Ann", "ContactId": "c-2", "InitialContactId": "c-1",
	}
	maps.Copy(all, members)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return text(all)
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// notification returns what SNS posts for an item.
func notification(message string) object {
	return object{
		"Type": "Notification", "MessageId": "m-1", "TopicArn": topicARN, "Message": message, "Timestamp": "2026-11-02T08:15:30.300Z",
		"SignatureVersion": "2", "Signature": "", "SigningCertURL": certificateURL, "UnsubscribeURL": "https://sns.eu-west-2.amazonaws.com/",
		"MessageAttributes": attributes("Type", "Value"),
	}
}

// attributes are those of item, with the names of members that SNS or SQS have.
func attributes(typeName, valueName string) object {
	all := object{}
	for name, value := range map[string]string{
		"InitialContactId": "c-1", "ContactId": "c-2", "MessageVisibility": "CUSTOMER", "Type": "MESSAGE", "AccountId": "111122223333",
		"ContentType": "text/plain", "InstanceId": "in-1", "ParticipantRole": "AGENT",
	} {
		all[name] = object{typeName: "String", valueName: value}
	}
	return all
}

func lambda(records ...any) object { return object{"Records": records} }

func lambdaSNS(message string) object {
	n := notification(message)
	n["SigningCertUrl"], n["UnsubscribeUrl"], n["Subject"] = n["SigningCertURL"], n["UnsubscribeURL"], nil
	delete(n, "SigningCertURL")
	delete(n, "UnsubscribeURL")
	return object{"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": topicARN + ":s", "Sns": n}
}

func lambdaSQS(id, body string) object {
	return object{"messageId": id, "receiptHandle": "r", "body": body, "messageAttributes": object{}, "eventSource": "aws:sqs"}
}

func lambdaSQSRaw(id, body string) object {
	record := lambdaSQS(id, body)
	all := attributes("dataType", "stringValue")
	for _, attribute := range all {
		attribute.(object)["stringListValues"] = []any{}
		attribute.(object)["binaryListValues"] = []any{}
	}
	record["messageAttributes"] = all
	return record
}

// authority issues certificates; keys take time, so that tests share them.
type authority struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

func (a *authority) issue(change func(*x509.Certificate)) *authority {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial.Add(1)), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true,
	}
	change(template)
	if a == nil {
		a = &authority{template, key}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return &authority{certificate, key}
}

var serial atomic.Int64

func isCA(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject, c.IsCA, c.KeyUsage = pkix.Name{CommonName: name}, true, x509.KeyUsageCertSign
	}
}

func forNames(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject, c.DNSNames = pkix.Name{CommonName: names[0]}, names
		c.IssuingCertificateURL = []string{"http://crt.example.amazontrust.com/issuer.cer"}
	}
}

// pki is a root, an intermediate authority, and the certificate of SNS.
type pki struct{ root, intermediate, sns *authority }

var testPKI = sync.OnceValue(func() pki {
	root := (*authority)(nil).issue(isCA("root"))
	intermediate := root.issue(isCA("intermediate"))
	return pki{root, intermediate, intermediate.issue(forNames("sns.amazonaws.com"))}
})

func (p pki) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.root.certificate)
	return pool
}

func pemOf(certificates ...*authority) string {
	var out strings.Builder
	for _, a := range certificates {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
	}
	return out.String()
}

// sign signs a notification as SNS does.
func sign(n object, a *authority) []byte {
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if n["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var signed strings.Builder
	for _, name := range names {
		if value, ok := n[name].(string); ok {
			signed.WriteString(name + "\n" + value + "\n")
		}
	}
	hash, sum := crypto.SHA256, sha256.New()
	if n["SignatureVersion"] == "1" {
		hash, sum = crypto.SHA1, sha1.New()
	}
	sum.Write([]byte(signed.String()))
	signature, err := rsa.SignPKCS1v15(nil, a.key, hash, sum.Sum(nil))
	if err != nil {
		panic(err)
	}
	n["Signature"] = base64.StdEncoding.EncodeToString(signature)
	return []byte(text(n))
}

// web responds by URL, instead of the network.
type web struct {
	responses map[string]string // by URL; others are 404
	status    map[string]int

	mu        sync.Mutex
	requested []string
}

func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	url := r.URL.String()
	w.requested = append(w.requested, url)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body, found := w.responses[url]
	status := http.StatusOK
	if !found {
		status = http.StatusNotFound
	}
	if w.status[url] != 0 {
		status = w.status[url]
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Location": {"https://example.com/"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

func (w *web) urls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requested)
}

func (w *web) client() *http.Client { return &http.Client{Transport: w} }
