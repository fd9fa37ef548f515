// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guides returns the documents in docs.
func guides(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

// Each Go block of the README and the guides is part of an example or a test, and is therefore
// compiled and run.
func TestDocsShowCodeThatRuns(t *testing.T) {
	t.Parallel()
	atRoot(t)
	for _, doc := range append(guides(t), "README.md") {
		blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readFile(t, doc), -1)
		require.NotEmpty(t, blocks, doc)
		for _, block := range blocks {
			requireRuns(t, block[1])
		}
	}
}

// The same applies to code in package comments.
func TestPackageCommentsShowCodeThatRuns(t *testing.T) {
	t.Parallel()
	atRoot(t)
	for _, dir := range []string{".", "chat", "interactive", "participanttest", "participantmock", "fleet"} {
		comment, _, _ := strings.Cut(readFile(t, filepath.Join(dir, "doc.go")), "\npackage ")
		blocks := regexp.MustCompile(`(?m)(?:^//\t.*\n|^//\n)*^//\t.*\n`).FindAllString(comment, -1)
		require.NotEmpty(t, blocks, dir)
		for _, block := range blocks {
			requireRuns(t, strings.TrimLeft(regexp.MustCompile(`(?m)^//\t?`).ReplaceAllString(block, ""), "\n"))
		}
	}
}

// requireRuns requires the code to be part of a test or an example.
func requireRuns(t *testing.T, code string) {
	t.Helper()
	names := []string{"readme_test.go", "migration_test.go", "participantmock/api_test.go"}
	for _, pattern := range []string{"example*_test.go", "*/example*_test.go", "*/*/example*_test.go", "*/*/*/example*_test.go"} {
		examples, err := filepath.Glob(pattern)
		require.NoError(t, err)
		names = append(names, examples...)
	}
	for _, name := range names {
		if strings.Contains(squeeze(readFile(t, name)), squeeze(code)) {
			return
		}
	}
	require.Fail(t, "no test has this code", "%s", code)
}

// squeeze removes indentation and alignment from code.
func squeeze(code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n")
}

func TestLinksInDocsExist(t *testing.T) {
	t.Parallel()
	atRoot(t)
	for _, doc := range append(guides(t), "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md") {
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(readFile(t, doc), -1) {
			require.FileExists(t, filepath.Join(filepath.Dir(doc), filepath.FromSlash(link[1])), doc)
		}
	}
}

// Other users can read or create files with predictable names in /tmp, and can see the arguments of
// curl.
func TestREADMEsKeepTokensFromOtherUsers(t *testing.T) {
	t.Parallel()
	atRoot(t)
	readmes, err := filepath.Glob("examples/*/README.md")
	require.NoError(t, err)
	require.NotEmpty(t, readmes)
	for _, name := range append(readmes, "README.md", "e2e/README.md", "bench/README.md") {
		require.NotRegexp(t, `/tmp/|-H "?(X-Amz-Bearer|Authorization)`, readFile(t, name), name)
	}
}

// CONTRIBUTING.md documents the limits. They don't apply to generated code.
func TestFilesAreShortAndNameTheirLicense(t *testing.T) {
	t.Parallel()
	atRoot(t)
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".go" || path == filepath.Join("participantmock", "api.go") {
			return err
		}
		longest := 500
		if strings.HasSuffix(path, "_test.go") {
			longest = 800
		}
		text := readFile(t, path)
		require.LessOrEqual(t, strings.Count(text, "\n"), longest, path)
		require.True(t, strings.HasPrefix(text, "// SPDX-License-Identifier: Apache-2.0\n"), path)
		return nil
	}))
}

func TestVersionMatchesTheChangelog(t *testing.T) {
	t.Parallel()
	atRoot(t)
	newest := regexp.MustCompile(`(?m)^## \[?v?(\d+\.\d+\.\d+)`).FindStringSubmatch(readFile(t, "CHANGELOG.md"))
	require.NotNil(t, newest)
	require.Contains(t, readFile(t, "version.go"), `const version = "`+newest[1]+`"`)
}
