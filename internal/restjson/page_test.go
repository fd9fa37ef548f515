// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// page is the response of GetTranscript, read as the client reads it.
type page struct {
	InitialContactId *string
	NextToken        *string
	Transcript       []types.Item
}

func (p *page) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "InitialContactId":
			r.String(&p.InitialContactId)
		case "NextToken":
			r.String(&p.NextToken)
		case "Transcript":
			restjson.Items(r, &p.Transcript)
		}
	}
}

// pageJSON returns a page as the service writes it: messages, four in ten with
// receipts and two in ten with escapes, attachments and events. A hundred items
// are 70 kB.
func pageJSON(items int) []byte {
	var b strings.Builder
	b.WriteString(`{"InitialContactId":"` + uuid(1) + `","NextToken":"` + strings.Repeat("bmV4dA", 40) + `","Transcript":[`)
	for i := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(itemJSON(i))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func itemJSON(i int) string {
	common := fmt.Sprintf(`"AbsoluteTime":"2026-02-09T10:%02d:%02d.%03dZ","ContactId":"%s","InitialContactId":"%s","Id":"%s"`,
		i/60, i%60, i*7%1000, uuid(1), uuid(1), uuid(i))
	sender := fmt.Sprintf(`"DisplayName":"Customer","ParticipantId":"%s","ParticipantRole":"CUSTOMER"`, uuid(2))
	receipts := fmt.Sprintf(`"MessageMetadata":{"MessageId":"%s","Receipts":[{"DeliveredTimestamp":"2026-02-09T11:00:00.000Z",`+
		`"ReadTimestamp":"2026-02-09T11:00:01.500Z","RecipientParticipantId":"%s"}]}`, uuid(i), uuid(3))
	switch i % 10 {
	case 0:
		return fmt.Sprintf(`{%s,%s,"ContentType":"application/vnd.amazonaws.connect.event.participant.joined","Type":"EVENT"}`, common, sender)
	case 5:
		return fmt.Sprintf(`{%s,%s,"Attachments":[{"AttachmentId":"%s","AttachmentName":"Rechnung März.pdf","ContentType":"application/pdf",`+
			`"Status":"APPROVED"}],"Type":"ATTACHMENT"}`, common, sender, uuid(i+1000))
	case 7:
		return fmt.Sprintf(`{%s,%s,"Content":"Grüezi \u2014 \"wie geht's?\"\nMir geht es gut 👍\ud83d\ude00, danke! %s",`+
			`"ContentType":"text/markdown","Type":"MESSAGE",%s}`, common, sender, strings.Repeat("Noch etwas. ", 10), receipts)
	case 8:
		return fmt.Sprintf(`{%s,%s,"Content":"{\"templateType\":\"ListPicker\",\"version\":\"1.0\",\"data\":{\"content\":{\"title\":\"What can I do?\"}}}",`+
			`"ContentType":"application/vnd.amazonaws.connect.message.interactive","Type":"MESSAGE",%s}`, common, sender, receipts)
	}
	message := fmt.Sprintf(`{%s,%s,"Content":"%s","ContentType":"text/plain","Type":"MESSAGE"`,
		common, sender, strings.Repeat("I would like to know where my parcel is. ", 4+i%7))
	if i%10 < 3 {
		return message + "," + receipts + "}"
	}
	return message + "}"
}

func uuid(i int) string { return fmt.Sprintf("%08d-aaaa-4bbb-8ccc-%012d", i, i*7919) }

func ptr[T any](v T) *T { return &v }

// requireReads reads the value as the only member of an object.
func requireReads(t *testing.T, value string, read func(*restjson.Reader)) {
	t.Helper()
	require.NoError(t, decodeMember(value, read))
}

func decodeMember(value string, read func(*restjson.Reader)) error {
	return restjson.Decode([]byte(`{"Value":`+value+`}`), func(r *restjson.Reader) {
		for range r.Members() {
			read(r)
		}
	})
}
