// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	noticesFile = "THIRD_PARTY_NOTICES"
	ours        = "github.com/participant-go/connectparticipant"
)

// The file is rewritten with -update when a dependency has changed.
func TestNoticesOfAllThatIsLinked(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, m := range linkedModules(t) {
		require.NotEmpty(t, m.files, "%s has no license", m.name)
		for _, name := range slices.Sorted(maps.Keys(m.files)) {
			text, err := os.ReadFile(filepath.Join(m.dir, filepath.FromSlash(name)))
			require.NoError(t, err)
			rule := strings.Repeat("=", 80)
			fmt.Fprintf(&got, "%s\n%s: %s\n%s\n\n%s\n\n", rule, m.name, name, rule, bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(noticesFile, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(noticesFile)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "make golden rewrites it")
}

// module is a module of which the command links packages.
type module struct {
	name, dir string
	files     map[string]bool // licenses and notices, relative to dir, with slashes
}

// linkedModules returns the standard library and the modules of others, by their paths.
func linkedModules(t *testing.T) []*module {
	t.Helper()
	standard := &module{name: "the standard library of Go", dir: strings.TrimSpace(string(goCommand(t, "env", "GOROOT"))), files: map[string]bool{}}
	standard.walk(t, ".")
	modules := map[string]*module{}
	for decoder := json.NewDecoder(bytes.NewReader(goCommand(t, "list", "-deps", "-json=Dir,Module", "."))); ; {
		var pkg struct {
			Dir    string
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if pkg.Module == nil || pkg.Module.Path == ours || strings.HasPrefix(pkg.Module.Path, ours+"/") {
			continue
		}
		m := modules[pkg.Module.Path]
		if m == nil {
			m = &module{name: pkg.Module.Path + " " + pkg.Module.Version, dir: pkg.Module.Dir, files: map[string]bool{}}
			modules[pkg.Module.Path] = m
		}
		dir, err := filepath.Rel(m.dir, pkg.Dir)
		require.NoError(t, err)
		m.walk(t, filepath.ToSlash(dir))
	}
	all := []*module{standard}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		all = append(all, modules[name])
	}
	return all
}

// walk adds the license files of a folder and of those above it: copied code has a separate license beside
// it.
func (m *module) walk(t *testing.T, dir string) {
	t.Helper()
	entries, err := fs.ReadDir(os.DirFS(m.dir), dir)
	require.NoError(t, err)
	for _, entry := range entries {
		name := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(entry.Name()), ".TXT"), ".MD")
		if slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"}, name) && !entry.IsDir() {
			m.files[path.Join(dir, entry.Name())] = true
		}
	}
	if dir != "." {
		m.walk(t, path.Dir(dir))
	}
}

func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Env = append(os.Environ(), "GOWORK=off") // go.work selects the versions that other modules need
	out, err := command.Output()
	require.NoError(t, err)
	return out
}
