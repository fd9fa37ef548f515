// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	// Imported so that a change there invalidates the cached result of these tests.
	_ "github.com/participant-go/connectparticipant/chat"
	_ "github.com/participant-go/connectparticipant/fleet"
	_ "github.com/participant-go/connectparticipant/interactive"
	_ "github.com/participant-go/connectparticipant/participanttest"
	_ "github.com/participant-go/connectparticipant/streaming"
)

// Test libraries are not linked into a user's program. A program may serve the fake, but without
// a test library.
func TestNoTestLibraryIsLinked(t *testing.T) {
	t.Parallel()
	atRoot(t)
	libraries := []string{"testing", "github.com/stretchr", "go.uber.org/goleak", "github.com/participant-go/connectparticipant/participantmock"}
	all := slices.Concat(libraries, []string{"net/http/httptest", "github.com/participant-go/connectparticipant/participanttest"})
	for dir, banned := range map[string][]string{".": all, "./types": all, "./chat": all, "./streaming": all, "./fleet": all, "./participanttest": libraries} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			for _, linked := range dependencies(t, dir) {
				for _, path := range banned {
					require.False(t, linked == path || strings.HasPrefix(linked, path+"/"), "%s links %s", dir, linked)
				}
			}
		})
	}
}

// The dependencies of a fleet's engines belong to their own modules.
func TestFleetLinksNoEngine(t *testing.T) {
	t.Parallel()
	atRoot(t)
	for _, linked := range dependencies(t, "./fleet") {
		for _, path := range []string{"github.com/nats-io", "github.com/aws/aws-sdk-go-v2/service"} {
			require.False(t, strings.HasPrefix(linked, path), linked)
		}
	}
}

// A program links interactive only if it imports it.
func TestInteractiveIsLinkedOnDemand(t *testing.T) {
	t.Parallel()
	atRoot(t)
	for _, dir := range []string{".", "./types", "./chat", "./participanttest"} {
		require.NotContains(t, dependencies(t, dir), "github.com/participant-go/connectparticipant/interactive", dir)
	}
	require.NotContains(t, dependencies(t, "./interactive"), "github.com/participant-go/connectparticipant/chat")
}

// A program links streaming only if it imports it.
func TestStreamingIsLinkedOnDemand(t *testing.T) {
	t.Parallel()
	atRoot(t)
	for _, dir := range []string{".", "./types", "./chat", "./participanttest"} {
		require.NotContains(t, dependencies(t, dir), "github.com/participant-go/connectparticipant/streaming", dir)
	}
	before := dependencies(t, "./chat")
	for _, linked := range dependencies(t, "./streaming") {
		standard := !strings.Contains(strings.Split(linked, "/")[0], ".")
		require.True(t, standard || slices.Contains(before, linked) || strings.HasSuffix(linked, "/streaming"), linked)
	}
}

// dependencies returns the packages that are linked into a program with the package in dir.
func dependencies(t *testing.T, dir string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", dir).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}
