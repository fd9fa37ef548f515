// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A new field must be added to the snapshot, or to the list of fields that it doesn't need.
func TestSnapshotContainsEveryField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ                 reflect.Type
		kept, derived, lost string
	}{
		{
			typ:     reflect.TypeFor[Contact](),
			kept:    "PastID Customer Agent System InstanceID FlowID opts started settings ids participants items past rehydrated rehydrateAt lastTime ended endedAt endReason attributes streams attachments pending views sessions",
			derived: "ID srv number index deadlines",
			lost:    "outbox stopFlow reordered",
		},
		{
			typ:     reflect.TypeFor[Participant](),
			kept:    "ID Token Role DisplayName custom name added active joined left noPushes generation tickets connections responses silence",
			derived: "contact",
			lost:    "sockets upgrading dialed counts former",
		},
		{typ: reflect.TypeFor[chatSettings](), kept: "responseMode customerID related segment"},
		{typ: reflect.TypeFor[attachment](), kept: "id name contentType size owner uploaded content item due"},
		{typ: reflect.TypeFor[authentication](), kept: "participant deadline urlGiven state"},
		{typ: reflect.TypeFor[ticket](), kept: "participant expiry connectionExpiry"},
		{typ: reflect.TypeFor[credential](), kept: "participant expiry"},
		{typ: reflect.TypeFor[stream](), kept: "id arn"},
		{typ: reflect.TypeFor[silence](), kept: "watched idle timer"},
		{typ: reflect.TypeFor[pendingMessage](), kept: "item outcome sender due"},
	} {
		var fields []string
		for i := range c.typ.NumField() {
			fields = append(fields, c.typ.Field(i).Name)
		}
		require.ElementsMatch(t, strings.Fields(c.kept+" "+c.derived+" "+c.lost), fields, c.typ.Name())
	}
}
