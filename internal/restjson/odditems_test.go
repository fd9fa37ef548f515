// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// readOdd reads a response and collects the odd items.
func readOdd(tb testing.TB, data []byte, read func(*restjson.Reader)) ([]restjson.OddItem, error) {
	tb.Helper()
	odd := restjson.OddItems{Items: []restjson.OddItem{{Index: 4711}}} // of a previous attempt
	_, err := restjson.ReadResponse(restjson.WithOddItems(tb.Context(), &odd), newResponse("application/json", bytes.NewReader(data)), read)
	return odd.Items, err
}

// oddElements have unexpected types at each depth, some after members that have been read.
var oddElements = []string{
	`5`, `-1.5e3`, `"text"`, `"\u00e4"`, `true`, `false`, `[]`, `[{"Id":"a"}]`,
	`{"Id":5}`, `{"Id":"odd","Content":{"text":"\n"},"Type":"MESSAGE"}`, `{"Type":[]}`, `{"Id":null,"Content":null,"ParticipantRole":1}`,
	`{"Attachments":{}}`, `{"Attachments":[{"AttachmentId":"1"},{"AttachmentId":"2"},{"AttachmentId":"3"},{"Status":4}]}`, `{"Attachments":["a"]}`,
	`{"Content":"x","MessageMetadata":[]}`, `{"MessageMetadata":{"MessageId":"m","Receipts":[{"ReadTimestamp":"r"},{"ReadTimestamp":false}]}}`,
	`{"Unknown":[[{"a":[1]}]],"DisplayName":true,"Unknown":{}}`,
}

func TestOddItemsDoNotAffectOtherItems(t *testing.T) {
	t.Parallel()
	var even page
	require.NoError(t, restjson.Decode(pageJSON(12), even.read))
	items := make([]string, len(even.Transcript))
	for i := range items {
		items[i] = itemJSON(i)
	}
	for _, element := range oddElements {
		for _, at := range []int{0, 1, 4, 11} {
			want := append([]types.Item{}, even.Transcript...)
			want[at] = types.Item{}
			mutated := append([]string{}, items...)
			mutated[at] = " " + element + "\n"
			document := []byte(`{"InitialContactId":"c","Transcript":[` + strings.Join(mutated, ",") + `],"NextToken":"t"}`)

			var got page
			odd, err := readOdd(t, document, got.read)
			require.NoError(t, err, element)
			require.Equal(t, page{InitialContactId: ptr("c"), NextToken: ptr("t"), Transcript: want}, got, element)
			require.Equal(t, []restjson.OddItem{{Index: at, Raw: []byte(element)}}, odd)

			require.Error(t, restjson.Decode(document, new(page).read), "the client itself is strict")
		}
	}
}

func TestOddItemsOfAnyPage(t *testing.T) {
	t.Parallel()
	random := &generator{rand.New(rand.NewPCG(3, 4))}
	for range 500 {
		want := random.page()
		want.Transcript = append(want.Transcript, random.item())
		data, err := json.Marshal(want.Transcript)
		require.NoError(t, err)
		var elements []json.RawMessage
		require.NoError(t, json.Unmarshal(data, &elements))
		var wantOdd []restjson.OddItem
		for i := range elements {
			if random.IntN(3) == 0 {
				elements[i] = json.RawMessage(oddElements[random.IntN(len(oddElements))])
				want.Transcript[i] = types.Item{}
				wantOdd = append(wantOdd, restjson.OddItem{Index: i, Raw: elements[i]})
			}
		}
		data, err = json.Marshal(map[string]any{"InitialContactId": want.InitialContactId, "NextToken": want.NextToken, "Transcript": elements})
		require.NoError(t, err)
		var got page
		odd, err := readOdd(t, data, got.read)
		require.NoError(t, err)
		require.Equal(t, want, got, string(data))
		require.Equal(t, wantOdd, odd)
	}
}

func TestOddItemsOfTheLastList(t *testing.T) {
	t.Parallel()
	for document, want := range map[string][]restjson.OddItem{
		`{"Transcript":[1,{},2],"Transcript":[{},3]}`: {{Index: 1, Raw: []byte("3")}},
		`{"Transcript":[1],"Transcript":[]}`:          nil,
		`{"Transcript":[1],"Transcript":null}`:        nil,
		`{"Transcript":[null,1,null]}`:                {{Index: 1, Raw: []byte("1")}},
		`{}`:                                          nil,
		``:                                            nil,
	} {
		odd, err := readOdd(t, []byte(document), new(page).read)
		require.NoError(t, err)
		require.Equal(t, want, odd, document)
	}
}

func TestErrorsThatAreNotOddItems(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"an element that is cut off":                    `{"Transcript":[{"Id":5`,
		"a page that is cut off behind it":              `{"Transcript":[{"Id":5},`,
		"an element that isn't JSON":                    `{"Transcript":[{"Id":5,}]}`,
		"an element with an unfinished string":          `{"Transcript":[{"Id":5,"Content":"x}]}`,
		"a wrong word":                                  `{"Transcript":[nul]}`,
		"a missing comma":                               `{"Transcript":[{"Id":5} {}]}`,
		"an error before it":                            `{"NextToken":5,"Transcript":[{"Id":5}]}`,
		"an error behind it":                            `{"Transcript":[{"Id":5}],"NextToken":5}`,
		"a transcript that is no list":                  `{"Transcript":{"Id":5}}`,
		"something behind the page":                     `{"Transcript":[{"Id":5}]}5`,
		"an element that nests too deep":                `{"Transcript":[{"Id":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}]}`,
		"an element with too many elements, even after": `{"Transcript":[{"Attachments":[` + strings.Repeat("{},", 100_000) + `5]},{}]}`,
		"too many elements":                             `{"Transcript":[` + strings.Repeat("0,", 100_000) + `0]}`,
	} {
		_, err := readOdd(t, []byte(document), new(page).read)
		var syntax *restjson.SyntaxError
		require.ErrorAs(t, err, &syntax, name)
	}
}

func TestOddItemsAreLimited(t *testing.T) {
	t.Parallel()
	of := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	half := of(1 << 19)
	odd, err := readOdd(t, []byte(`{"Transcript":[`+half+`,{},`+half+`]}`), new(page).read)
	require.NoError(t, err)
	require.Len(t, odd, 2)

	_, err = readOdd(t, []byte(`{"Transcript":[`+half+`,{},`+half+`,5]}`), new(page).read)
	require.ErrorContains(t, err, "member Transcript: expected an object")
	_, err = readOdd(t, []byte(`{"Transcript":[{"Content":`+of(1<<20)+`,"Id":5}]}`), new(page).read)
	require.ErrorContains(t, err, "member Id: expected a string")
}

func TestOddItemsShareNoMemoryWithThePage(t *testing.T) {
	t.Parallel()
	data := []byte(`{"Transcript":[{"Id":"even"},{"Id":5}]}`)
	var got page
	odd, err := readOdd(t, data, got.read)
	require.NoError(t, err)
	for range 100 { // reuses the buffer that held the page
		_, err := readOdd(t, bytes.Repeat([]byte(" "), len(data)), new(page).read)
		require.NoError(t, err)
	}
	require.JSONEq(t, `{"Id":5}`, string(odd[0].Raw))
	require.Equal(t, "even", *got.Transcript[0].Id)
}

// FuzzOddItems places an element between valid items and compares each element with encoding/json.
func FuzzOddItems(f *testing.F) {
	for i, element := range oddElements {
		f.Add(uint8(i), uint8(i/2), []byte(element))
	}
	f.Add(uint8(3), uint8(2), []byte(`{"Id":"a"},5,{"Id":`))
	f.Add(uint8(0), uint8(0), []byte(`{"Id":"a"},null,{"Id":5,"Id":"b"}],"Transcript":[{}`))
	f.Add(uint8(1), uint8(1), []byte(`{"Id":5}],"NextToken":null,"Unknown":[{"Id":5}`))
	f.Fuzz(func(t *testing.T, before, after uint8, element []byte) {
		var elements []string
		for i := range int(before % 12) {
			elements = append(elements, itemJSON(i))
		}
		elements = append(elements, string(element))
		for i := range int(after % 12) {
			elements = append(elements, itemJSON(i))
		}
		data := []byte(`{"InitialContactId":"\u00e4","Transcript":[` + strings.Join(elements, ",") + `],"NextToken":"t"}`)

		want, wantOdd, wantErr := referenceWithOddItems(data)
		var got page
		odd, err := readOdd(t, data, got.read)
		if wantErr != nil {
			require.Error(t, err, "encoding/json refuses the document: %v", wantErr)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, wantOdd, odd)
	})
}

func BenchmarkDecodeOddPage(b *testing.B) {
	data := bytes.Replace(pageJSON(100), []byte(`"Id":"`+uuid(50)+`"`), []byte(`"Id":`+strconv.Itoa(50)), 1)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		odd, err := readOdd(b, data, new(page).read)
		require.NoError(b, err)
		require.Len(b, odd, 1)
	}
}
