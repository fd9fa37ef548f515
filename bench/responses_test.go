// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	pageItems = 100
	lastPage  = 99
)

// response is a canned response of the service.
type response struct {
	status int
	header http.Header
	body   []byte
}

var (
	sent = newResponse(200, `{"AbsoluteTime":"2026-02-09T10:00:00.123Z","Id":"`+id(7)+`"}`)

	connected = newResponse(200, `{"ConnectionCredentials":{"ConnectionToken":"`+strings.Repeat("made-up.", 60)+`","Expiry":"2026-02-10T10:00:00.123Z"},`+
		`"Websocket":{"ConnectionExpiry":"2026-02-09T11:00:00.123Z","Url":"wss://example.com/participant?made-up=`+strings.Repeat("0123456789", 90)+`"}}`)

	throttled = newResponse(429, `{"message":"Rate exceeded"}`, "X-Amzn-Errortype", "ThrottlingException")

	// The last page has a receipt for each item, and is not linked from the others.
	pages = func() (all [lastPage + 2]response) {
		for i := range all {
			all[i] = newResponse(200, transcriptPage(i))
		}
		return all
	}()
)

func newResponse(status int, body string, header ...string) response {
	h := http.Header{
		"Content-Type": {"application/json"}, "X-Amzn-Requestid": {id(1)},
		"Date": {time.Date(2026, 2, 9, 10, 0, 0, 0, time.UTC).Format(http.TimeFormat)},
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return response{status, h, []byte(body)}
}

// responseTo selects the response by path and token. NextToken is the number of a page of the
// transcript.
func responseTo(r *http.Request) response {
	body, _ := io.ReadAll(r.Body)
	switch {
	case strings.HasPrefix(r.Header.Get("X-Amz-Bearer"), withoutQuota):
		return throttled
	case r.URL.Path == "/participant/connection":
		return connected
	case r.URL.Path == "/participant/message":
		return sent
	}
	_, after, _ := bytes.Cut(body, []byte(`"NextToken":"`))
	number, _, _ := bytes.Cut(after, []byte(`"`))
	page, _ := strconv.Atoi(string(number))
	return pages[page]
}

// inMemory is a round trip with minimal cost.
type inMemory struct{}

func (inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	a := responseTo(r)
	_ = r.Body.Close()
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}

func serveResponses(w http.ResponseWriter, r *http.Request) {
	a := responseTo(r)
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// transcriptPage is 100 items in 70 kB: messages, some with receipts or escapes,
// attachments and events.
func transcriptPage(number int) string {
	var b strings.Builder
	b.WriteString(`{"InitialContactId":"` + id(1) + `",`)
	itemOf := item
	if number > lastPage {
		itemOf = withReceipt
	}
	if number < lastPage {
		fmt.Fprintf(&b, `"NextToken":"%d",`, number+1)
	}
	b.WriteString(`"Transcript":[`)
	for i := range pageItems {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(itemOf(number*pageItems + i))
	}
	b.WriteString(`]}`)
	return b.String()
}

func item(i int) string {
	members := []string{
		`"AbsoluteTime":"` + time.Date(2026, 2, 9, 10, 0, 0, 0, time.UTC).Add(time.Duration(i)*1357*time.Millisecond).Format("2006-01-02T15:04:05.000Z") + `"`,
		`"ContactId":"` + id(1) + `"`, `"Id":"` + id(i) + `"`, `"DisplayName":"Customer"`, `"ParticipantId":"` + id(2) + `"`, `"ParticipantRole":"CUSTOMER"`,
	}
	switch i % 10 {
	case 0:
		members = append(members, `"Type":"EVENT"`, `"ContentType":"application/vnd.amazonaws.connect.event.participant.joined"`)
	case 5:
		members = append(members, `"Type":"ATTACHMENT"`, `"Attachments":[{"AttachmentId":"`+id(i+1000)+`","AttachmentName":"März.pdf","ContentType":"application/pdf","Status":"APPROVED"}]`)
	case 8:
		members = append(members, `"Type":"MESSAGE"`, `"ContentType":"text/markdown"`, `"Content":"Grüezi \u2014 \"wie geht's?\"\nMir geht es gut \ud83d\ude00, danke! `+strings.Repeat("Noch etwas. ", 20)+`"`)
	default:
		members = append(members, `"Type":"MESSAGE"`, `"ContentType":"text/plain"`, `"Content":"`+strings.Repeat("I would like to know where my parcel is. ", 6+i%7)+`"`)
	}
	if i%10 < 4 && i%10 > 0 {
		members = append(members, receipt(i))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// withReceipt is a short message with a receipt.
func withReceipt(i int) string {
	text := item(i - i%10 + 4)
	return strings.TrimSuffix(text, "}") + "," + receipt(i) + "}"
}

func receipt(i int) string {
	return `"MessageMetadata":{"MessageId":"` + id(i) + `","Receipts":[{"DeliveredTimestamp":"2026-02-09T11:00:00.000Z",` +
		`"ReadTimestamp":"2026-02-09T11:00:01.500Z","RecipientParticipantId":"` + id(3) + `"}]}`
}

func id(i int) string { return fmt.Sprintf("%08d-aaaa-4bbb-8ccc-%012d", i, i*7919) }
