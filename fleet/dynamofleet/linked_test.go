// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program with dynamofleet links the DynamoDB client and its dependencies.
func TestLinkedModules(t *testing.T) {
	t.Parallel()
	modules := func(pkg string) []string {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", pkg)
		out, err := cmd.Output()
		require.NoError(t, err)
		return slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
	}
	library := append(modules("github.com/participant-go/connectparticipant/fleet"), "github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go")
	added := slices.DeleteFunc(modules("."), func(m string) bool { return slices.Contains(library, m) })
	require.Equal(t, []string{
		"github.com/aws/aws-sdk-go-v2/internal/configsources", "github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/service/dynamodb", "github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding",
		"github.com/aws/aws-sdk-go-v2/service/internal/endpoint-discovery", "github.com/participant-go/connectparticipant/fleet/dynamofleet",
	}, added)
}
