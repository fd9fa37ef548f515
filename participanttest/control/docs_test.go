// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const guide = "../../docs/fake.md"

// rows are those of the guide's table of methods and requests.
func rows(t *testing.T) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	for _, row := range regexp.MustCompile(`(?m)^\| (.*) \| (.*) \|\r?$`).FindAllStringSubmatch(string(text), -1) {
		if row[1] != "In Go" {
			rows = append(rows, row[1:])
		}
	}
	return rows
}

func TestGuideHasARequestForEveryMethodOfTheFake(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, row := range rows(t) {
		for _, name := range regexp.MustCompile("`(\\w+\\.\\w+)`").FindAllStringSubmatch(row[0], -1) {
			listed = append(listed, name[1])
		}
	}
	require.ElementsMatch(t, methods(t, "Server", "Contact", "Participant", "Stream", "Injected"), listed)
}

// methods returns the exported methods of types of participanttest, such as Server.NewChat.
func methods(t *testing.T, types ...string) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.IsExported() {
				names = append(names, method(f, types)...)
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}

// method returns the name if it is of one of the types, all of which have pointer receivers.
func method(f *ast.FuncDecl, types []string) []string {
	pointer, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return nil
	}
	for _, typ := range types {
		if pointer.X.(*ast.Ident).Name == typ {
			return []string{typ + "." + f.Name.Name}
		}
	}
	return nil
}

func TestGuideHasEveryRequest(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, row := range rows(t) {
		for _, request := range regexp.MustCompile("`((?:GET|POST|DELETE) [^`]+)`").FindAllStringSubmatch(row[1], -1) {
			path := strings.NewReplacer("…/P", "chats/{ContactId}/participants/{ParticipantId}").Replace(request[1])
			path = strings.NewReplacer("…", "chats/{ContactId}").Replace(path)
			listed[path] = true
		}
	}
	want := map[string]bool{}
	for path, item := range newAPI(t).ok(t, "GET openapi.json", nil)["paths"].(object) {
		for method := range item.(object) {
			if method != "parameters" && path != "/_control/v1/openapi.json" {
				want[strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/_control/v1/")] = true
			}
		}
	}
	require.Equal(t, want, listed)
}
