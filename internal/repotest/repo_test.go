// SPDX-License-Identifier: Apache-2.0

// Package repotest has the tests of the repository itself: its API listing, documents, links and
// dependencies.
package repotest

import (
	"flag"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata/api")

// atRoot lets a test read the repository by paths relative to its root. It is called in each test,
// not in TestMain: go test sees the files that a cached result depends on only while tests run.
func atRoot(t *testing.T) {
	t.Helper()
	require.NoError(t, changeDir())
}

var changeDir = sync.OnceValue(func() error { return os.Chdir("../..") })

// golden compares got with a file, or rewrites the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	require.Equal(t, readFile(t, path), got, "make golden rewrites the file if the change is intended")
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
