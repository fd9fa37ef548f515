// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// idleSessions is how many sessions are measured: enough for what a process needs once not to count.
const idleSessions = 2000

// idleTable measures idle sessions beside bare sockets, by the benchmark of package chat.
func idleTable(ctx context.Context) (string, error) {
	var output bytes.Buffer
	if err := execute(ctx, &output, "go", "test", "-C", "..", "-run=NONE", "-bench=IdleSession", "-benchtime=1x", "./chat",
		"-args", fmt.Sprint("-idle.sessions=", idleSessions)); err != nil {
		return "", err
	}
	table := fmt.Sprintf("\n| An idle session, of %d | memory | a bare WebSocket with a reader | ratio | goroutines |\n|---|---|---|---|---|\n", idleSessions)
	for reader := benchfmt.NewReader(&output, "idle"); reader.Scan(); {
		result, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		value := func(unit string) float64 {
			v, _ := result.Value(unit)
			return v
		}
		_, parts := result.Name.Parts()
		table += fmt.Sprintf("| over %s | %.1f kB | %.1f kB | %.2f | %.0f |\n", strings.Trim(string(parts[0]), "/"),
			value("bytes/session")/1000, value("floor-bytes/session")/1000, value("ratio"), value("goroutines/session"))
	}
	return table, nil
}
