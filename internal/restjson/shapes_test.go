// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

func TestItem(t *testing.T) {
	t.Parallel()
	item := func(s string) []types.Item {
		return []types.Item{{Id: &s}}
	}
	none, text := "", "text"
	tests := []struct {
		name string
		json string
		want page
	}{
		{"an absent member is nil", `{}`, page{}},
		{"a null member is nil", `{"NextToken":null,"Transcript":null}`, page{}},
		{"an empty string is not nil", `{"NextToken":""}`, page{NextToken: &none}},
		{"an empty list is not nil", `{"Transcript":[]}`, page{Transcript: []types.Item{}}},
		{"a null item is an empty one", `{"Transcript":[null]}`, page{Transcript: []types.Item{{}}}},
		{"null enumerations are empty", `{"Transcript":[{"Type":null,"ParticipantRole":null}]}`, page{Transcript: []types.Item{{}}}},
		{
			"an unlisted enumeration value arrives as it is", `{"Transcript":[{"Type":"NEW","ParticipantRole":"customer"}]}`,
			page{Transcript: []types.Item{{Type: "NEW", ParticipantRole: "customer"}}},
		},
		{
			"an item that is all null keeps the strings before it", `{"NextToken":"text","Transcript":[{"Id":null}]}`,
			page{NextToken: &text, Transcript: []types.Item{{}}},
		},
		{
			"an item that is all null keeps the strings before it from those after it",
			`{"InitialContactId":"text","Transcript":[{"Content":null}],"NextToken":"other"}`,
			page{InitialContactId: &text, NextToken: ptr("other"), Transcript: []types.Item{{}}},
		},
		{
			"an attachment that is all null keeps the strings before it",
			`{"Transcript":[{"Id":"text","Attachments":[{"AttachmentId":null},{"AttachmentId":null},{"AttachmentId":"a"}]}]}`,
			page{Transcript: []types.Item{{Id: &text, Attachments: []types.AttachmentItem{{}, {}, {AttachmentId: ptr("a")}}}}},
		},
		{"the last of two strings wins", `{"Transcript":[{"Id":"first","Id":"text"}]}`, page{Transcript: item(text)}},
		{"a null after a string wins", `{"Transcript":[{"Id":"first","Id":null}]}`, page{Transcript: []types.Item{{}}}},
		{"a string after a null wins", `{"Transcript":[{"Id":null,"Id":"text"}]}`, page{Transcript: item(text)}},
		{"the last of two lists wins", `{"Transcript":[{"Id":"a"},{"Id":"b"}],"Transcript":[{"Id":"text"}]}`, page{Transcript: item(text)}},
		{"a null after a list wins", `{"Transcript":[{"Id":"a"}],"Transcript":null}`, page{}},
		{
			"the last of two objects wins, and is not merged",
			`{"Transcript":[{"MessageMetadata":{"MessageId":"a"},"MessageMetadata":{"Receipts":[]}}]}`,
			page{Transcript: []types.Item{{MessageMetadata: &types.MessageMetadata{Receipts: []types.Receipt{}}}}},
		},
		{
			"the last of two enumeration values wins", `{"Transcript":[{"Type":"EVENT","Type":"MESSAGE"}]}`,
			page{Transcript: []types.Item{{Type: types.ChatItemTypeMessage}}},
		},
		{
			"names are case-sensitive", `{"transcript":[],"NEXTTOKEN":"a","Transcript":[{"id":"a","ID":"b"}]}`,
			page{Transcript: []types.Item{{}}},
		},
		{"a name may be written with escapes", `{"\u0054ranscript":[{"\u0049\u0064":"text"}]}`, page{Transcript: item(text)}},
		{"white space may appear anywhere", " {\t\"Transcript\" :\r\n [ { \"Id\" : \"text\" } ] } \n", page{Transcript: item(text)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got page
			require.NoError(t, restjson.Decode([]byte(test.json), got.read))
			require.Equal(t, test.want, got)
		})
	}
}

func TestItemWithManyAttachmentsAndReceipts(t *testing.T) {
	t.Parallel()
	// The lists grow, and so move, several times while their strings are read.
	for n := range 70 {
		want := types.Item{Id: ptr("before"), Content: ptr(""), MessageMetadata: &types.MessageMetadata{MessageId: ptr("m")}}
		for i := range n {
			want.Attachments = append(want.Attachments, types.AttachmentItem{
				AttachmentId: ptr(fmt.Sprint("id ", i)), AttachmentName: ptr(fmt.Sprint("näme \n", i)), ContentType: ptr("image/png"),
				Status: types.ArtifactStatusApproved,
			})
			want.MessageMetadata.Receipts = append(want.MessageMetadata.Receipts, types.Receipt{
				DeliveredTimestamp: ptr(fmt.Sprint("delivered ", i)), RecipientParticipantId: ptr(fmt.Sprint("reader ", i)),
			})
		}
		want.ParticipantId = ptr("after")
		requireDecodes(t, page{InitialContactId: ptr("c"), NextToken: ptr("t"), Transcript: []types.Item{want, want, want}})
	}
}

func TestAnyPageDecodesToItself(t *testing.T) {
	t.Parallel()
	random := &generator{rand.New(rand.NewPCG(1, 2))}
	for range 1000 {
		requireDecodes(t, random.page())
	}
}

// requireDecodes requires that a page written by encoding/json is read as the same page. Absent
// members are written as null.
func requireDecodes(t *testing.T, want page) {
	t.Helper()
	data, err := json.Marshal(want)
	require.NoError(t, err)
	var got page
	require.NoError(t, restjson.Decode(data, got.read), string(data))
	require.Equal(t, want, got, string(data))
}

// generator makes pages in which any member may be absent, and any list nil, empty or long.
type generator struct{ *rand.Rand }

func (g *generator) text() *string {
	choices := []string{"", "plain", "with \"quotes\" and \\", "line\nfeed\x00", "grüezi 👋", "\u2028", "a longer text that is plain"}
	if g.IntN(3) == 0 {
		return nil
	}
	return ptr(choices[g.IntN(len(choices))] + strconv.Itoa(g.IntN(100)))
}

func (g *generator) page() page {
	return page{InitialContactId: g.text(), NextToken: g.text(), Transcript: listOf(g, 6, g.item)}
}

func (g *generator) item() types.Item {
	item := types.Item{
		AbsoluteTime: g.text(), Attachments: listOf(g, 9, g.attachment), ContactId: g.text(), Content: g.text(), ContentType: g.text(),
		DisplayName: g.text(), Id: g.text(), ParticipantId: g.text(), RelatedContactId: g.text(),
	}
	if g.IntN(2) == 0 {
		item.Type, item.ParticipantRole = types.ChatItemTypeAttachment, types.ParticipantRoleCustomBot
	}
	if g.IntN(2) == 0 {
		item.MessageMetadata = &types.MessageMetadata{MessageId: g.text(), Receipts: listOf(g, 9, g.receipt)}
	}
	return item
}

func (g *generator) attachment() types.AttachmentItem {
	return types.AttachmentItem{AttachmentId: g.text(), AttachmentName: g.text(), ContentType: g.text(), Status: "REJECTED"}
}

func (g *generator) receipt() types.Receipt {
	return types.Receipt{DeliveredTimestamp: g.text(), ReadTimestamp: g.text(), RecipientParticipantId: g.text()}
}

func listOf[T any](g *generator, longest int, element func() T) []T {
	if g.IntN(3) == 0 {
		return nil
	}
	list := []T{}
	for range g.IntN(longest + 1) {
		list = append(list, element())
	}
	return list
}

func TestStrings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		json string
		want []string
	}{
		{"null is nil", `null`, nil},
		{"an empty list is not nil", `[]`, []string{}},
		{"strings keep their order", `["b","a",""]`, []string{"b", "a", ""}},
		{"a null element is empty", `["b",null]`, []string{"b", ""}},
		{"escapes are decoded", `["\u00e4\n"]`, []string{"ä\n"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := []string{"what was there before"}
			requireReads(t, test.json, func(r *restjson.Reader) { restjson.Strings(r, &got) })
			require.Equal(t, test.want, got)
		})
	}
}

func TestStringMap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		json string
		want map[string]string
	}{
		{"null is nil", `null`, nil},
		{"an empty object is not nil", `{}`, map[string]string{}},
		{"names keep their case", `{"Content-Type":"a","content-type":"b"}`, map[string]string{"Content-Type": "a", "content-type": "b"}},
		{"names and values are decoded", `{"\u00e4":"\n","\\":"é"}`, map[string]string{"ä": "\n", "\\": "é"}},
		{"the last of two values wins", `{"a":"1","a":"2"}`, map[string]string{"a": "2"}},
		{"a null value is left out", `{"a":null,"b":"1"}`, map[string]string{"b": "1"}},
		{"a null after a value wins", `{"a":"1","a":null}`, map[string]string{}},
		{"an empty value stays", `{"a":""}`, map[string]string{"a": ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := map[string]string{"what was": "there before"}
			requireReads(t, test.json, func(r *restjson.Reader) { restjson.StringMap(r, &got) })
			require.Equal(t, test.want, got)
		})
	}
}

// Elements take many times their size in JSON, so their number is limited too.
func TestTooManyElementsAreRefused(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"items":       `{"Transcript":[` + strings.Repeat("{},", 100_000) + `{}]}`,
		"attachments": `{"Transcript":[` + strings.Repeat(`{"Attachments":[{},{},{},{}]},`, 21_000) + `{}]}`,
	} {
		var items []types.Item
		err := restjson.Decode([]byte(document), func(r *restjson.Reader) {
			for range r.Members() {
				restjson.Structs(r, &items, restjson.Item)
			}
		})
		require.ErrorContains(t, err, "too many list elements", name)
	}
}
