// SPDX-License-Identifier: Apache-2.0

package natsembedded_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program with natsfleet links nats.go and its dependencies, but no server.
func TestNatsfleetLinksNoServer(t *testing.T) {
	t.Parallel()
	modules := func(pkg string) []string {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", pkg)
		cmd.Dir = ".."
		out, err := cmd.Output()
		require.NoError(t, err)
		return slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
	}
	before := modules("github.com/participant-go/connectparticipant/fleet")
	added := slices.DeleteFunc(modules("."), func(m string) bool { return slices.Contains(before, m) })
	require.Equal(t, []string{
		"github.com/klauspost/compress", "github.com/nats-io/nats.go", "github.com/nats-io/nkeys", "github.com/nats-io/nuid",
		"github.com/participant-go/connectparticipant/fleet/natsfleet", "golang.org/x/crypto", "golang.org/x/sys",
	}, added)
}
