// SPDX-License-Identifier: Apache-2.0

package types_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

func TestValues(t *testing.T) {
	t.Parallel()
	declared := declaredConstants(t)
	tests := []struct {
		name string
		got  []string
		want []string
	}{
		{"ArtifactStatus", text(types.ArtifactStatus("").Values()), []string{"APPROVED", "REJECTED", "IN_PROGRESS"}},
		{"ChatItemType", text(types.ChatItemType("").Values()), []string{
			"TYPING", "PARTICIPANT_JOINED", "PARTICIPANT_LEFT", "CHAT_ENDED", "TRANSFER_SUCCEEDED", "TRANSFER_FAILED", "MESSAGE", "EVENT", "ATTACHMENT",
			"CONNECTION_ACK", "MESSAGE_DELIVERED", "MESSAGE_READ",
		}},
		{"ConnectionType", text(types.ConnectionType("").Values()), []string{"WEBSOCKET", "CONNECTION_CREDENTIALS", "WEBRTC_CONNECTION"}},
		{"MeetingFeatureStatus", text(types.MeetingFeatureStatus("").Values()), []string{"AVAILABLE", "UNAVAILABLE"}},
		{"MessageProcessingStatus", text(types.MessageProcessingStatus("").Values()), []string{"PROCESSING", "FAILED", "REJECTED"}},
		{"ParticipantRole", text(types.ParticipantRole("").Values()), []string{"AGENT", "CUSTOMER", "SYSTEM", "CUSTOM_BOT", "SUPERVISOR"}},
		{"ResourceType", text(types.ResourceType("").Values()), []string{
			"CONTACT", "CONTACT_FLOW", "INSTANCE", "PARTICIPANT", "HIERARCHY_LEVEL", "HIERARCHY_GROUP", "USER", "PHONE_NUMBER",
		}},
		{"ScanDirection", text(types.ScanDirection("").Values()), []string{"FORWARD", "BACKWARD"}},
		{"SortKey", text(types.SortKey("").Values()), []string{"DESCENDING", "ASCENDING"}},
		{"UrlContentDisposition", text(types.UrlContentDisposition("").Values()), []string{"INLINE", "ATTACHMENT"}},
	}
	require.Len(t, declared, len(tests), "an enumeration has no case here")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, test.got)
			require.ElementsMatch(t, declared[test.name], test.got, "Values does not list the declared constants")
		})
	}
}

func TestValuesReturnsACopy(t *testing.T) {
	t.Parallel()
	types.SortKey("").Values()[0] = "changed"
	require.Equal(t, types.SortKeyDescending, types.SortKey("").Values()[0])
}

func text[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}

// declaredConstants returns the values of the constants in enums.go by their type.
func declaredConstants(t *testing.T) map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "enums.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	declared := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		typ, ok := spec.Type.(*ast.Ident)
		require.True(t, ok, "%s has no type", spec.Names[0])
		for _, value := range spec.Values {
			literal, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			require.NoError(t, err)
			declared[typ.Name] = append(declared[typ.Name], literal)
		}
		return true
	})
	return declared
}
