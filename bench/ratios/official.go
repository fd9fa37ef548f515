// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	officialName   = "sdk-v2"
	officialModule = "github.com/aws/aws-sdk-go-v2/service/connectparticipant"
)

// withOfficial returns the arguments with which go test compiles the benchmarks with the official
// client as a contender. The client is not a dependency of this module, so that the module can be
// built without access to its source; if there is no access, err is the reason.
func withOfficial(ctx context.Context, dir string) (arguments []string, err error) {
	for from, to := range map[string]string{"go.mod": "official.mod", "go.sum": "official.sum"} {
		data, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, to), data, 0o600); err != nil {
			return nil, err
		}
	}
	modfile := "-modfile=" + filepath.Join(dir, "official.mod")
	get := exec.CommandContext(ctx, "go", "get", modfile, officialModule+"@latest")
	get.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
	if out, err := get.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(string(out), "\n")
		return nil, fmt.Errorf("%s: %s", officialModule, strings.TrimSuffix(first, ":"))
	}
	source, err := filepath.Abs("testdata/official_test.go.txt")
	if err != nil {
		return nil, err
	}
	place, err := filepath.Abs("official_test.go")
	if err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{place: source}})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "overlay.json")
	return []string{"-mod=mod", modfile, "-overlay=" + file}, os.WriteFile(file, overlay, 0o600)
}
