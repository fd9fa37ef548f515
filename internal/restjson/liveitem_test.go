// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

func readLive(document string) (restjson.LiveItem, error) {
	var live restjson.LiveItem
	err := restjson.Decode([]byte(document), live.Read)
	return live, err
}

func TestLiveItem(t *testing.T) {
	t.Parallel()
	live, err := readLive(`{"Id":"i","InitialContactId":"c","Type":"MESSAGE","MessageMetadata":{"MessageId":"i","MessageCompleted":false,"ChunkNumber":3}}`)
	require.NoError(t, err)
	require.Equal(t, restjson.LiveItem{
		Item: types.Item{Id: ptr("i"), Type: types.ChatItemTypeMessage, MessageMetadata: &types.MessageMetadata{
			MessageId: ptr("i"), MessageCompleted: ptr(false), ChunkNumber: ptr(int32(3)),
		}},
		InitialContactID: ptr("c"),
	}, live)
}

// otherTypes are values of types that none of the members has.
var otherTypes = []string{`{}`, `{"a":["b"]}`, `[]`, `[true,1,"x"]`, `null`}

func TestUnmodeledMembersOfAnotherTypeAreIgnored(t *testing.T) {
	t.Parallel()
	for member, values := range map[string][]string{
		"MessageCompleted": append([]string{`"true"`, `""`, `1`, `-0.5`}, otherTypes...),
		"ChunkNumber": append([]string{
			`"3"`, `""`, `true`, `false`, `3.0`, `1e2`, `2147483648`, `-2147483649`, `123456789012345678901234567890`, `1e400`,
		}, otherTypes...),
		"InitialContactId": append([]string{`1`, `true`, `false`, `-1e5`}, otherTypes...),
	} {
		for _, value := range values {
			inMetadata, outside := `,"`+member+`":`+value, ""
			if member == "InitialContactId" {
				inMetadata, outside = outside, inMetadata
			}
			live, err := readLive(`{"Content":"text"` + outside + `,"MessageMetadata":{"MessageId":"m"` + inMetadata + `,"Receipts":[]},"Id":"i"}`)
			require.NoError(t, err, "%s: %s", member, value)
			require.Equal(t, restjson.LiveItem{Item: types.Item{
				Content: ptr("text"), Id: ptr("i"), MessageMetadata: &types.MessageMetadata{MessageId: ptr("m"), Receipts: []types.Receipt{}},
			}}, live, "%s: %s", member, value)
		}
	}
}

func TestUnmodeledMembersAtTheLimitsOfTheirTypes(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int32{`0`: 0, `-0`: 0, `2147483647`: 2147483647, `-2147483648`: -2147483648} {
		live, err := readLive(`{"MessageMetadata":{"ChunkNumber":"x","ChunkNumber": ` + value + ` ,"MessageCompleted": true}}`)
		require.NoError(t, err)
		require.Equal(t, want, *live.MessageMetadata.ChunkNumber)
		require.True(t, *live.MessageMetadata.MessageCompleted)
	}
}

func TestLiveItemIsStrictForModeledMembers(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`{"Id":1}`, `{"Content":true}`, `{"MessageMetadata":"x"}`, `{"MessageMetadata":{"MessageId":1}}`, `{"MessageMetadata":{"Receipts":{}}}`,
		`{"MessageMetadata":{"ChunkNumber":01}}`, `{"MessageMetadata":{"ChunkNumber":-}}`, `{"MessageMetadata":{"ChunkNumber":nul}}`,
		`{"MessageMetadata":{"ChunkNumber":"3}}`, `{"MessageMetadata":{"MessageCompleted":tru}}`, `{"MessageMetadata":{"MessageCompleted":[1,]}}`,
		`{"InitialContactId":x}`, `{"InitialContactId":nil}`, `{"InitialContactId":{"a"}}`, `{"InitialContactId":`,
	} {
		_, err := readLive(document)
		require.Error(t, err, document)
	}
}

// FuzzLiveItem requires that a live item is refused only if the same item of a transcript is
// refused, and is otherwise equal to it.
func FuzzLiveItem(f *testing.F) {
	f.Add([]byte(`{"Id":"i","InitialContactId":"c","MessageMetadata":{"MessageId":"i","MessageCompleted":false,"ChunkNumber":3}}`))
	f.Add([]byte(`{"InitialContactId":[1],"MessageMetadata":{"MessageCompleted":"true","ChunkNumber":2147483648,"Receipts":[{},{"ReadTimestamp":"r"}]}}`))
	f.Add([]byte(`{"MessageMetadata":{"ChunkNumber":1.5,"ChunkNumber":{}},"MessageMetadata":null,"Content":"\n"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var want types.Item
		wantErr := restjson.Decode(data, func(r *restjson.Reader) { restjson.Item(r, &want) })
		live, err := readLive(string(data))
		if wantErr != nil {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, live.Item)
	})
}
