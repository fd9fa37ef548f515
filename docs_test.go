package connectparticipant_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each Go block of the README stands in an example or a test, which is compiled and run.
func TestREADMEShowsCodeThatRuns(t *testing.T) {
	t.Parallel()
	readme := readFile(t, "README.md")
	examples := squeeze(readFile(t, "example_test.go") + readFile(t, "readme_test.go") + readFile(t, "chat/example_test.go"))
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readme, -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		require.Contains(t, examples, squeeze(block[1]))
	}
}

// squeeze drops the indentation and the alignment of code.
func squeeze(code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n")
}

func TestLinksOfTheDocsLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(readFile(t, doc), -1) {
			require.FileExists(t, filepath.FromSlash(link[1]), doc)
		}
	}
}

func TestVersionIsTheChangelogs(t *testing.T) {
	t.Parallel()
	newest := regexp.MustCompile(`(?m)^## \[?v?(\d+\.\d+\.\d+)`).FindStringSubmatch(readFile(t, "CHANGELOG.md"))
	require.NotNil(t, newest)
	require.Contains(t, readFile(t, "version.go"), `const version = "`+newest[1]+`"`)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
