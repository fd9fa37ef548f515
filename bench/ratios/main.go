// SPDX-License-Identifier: Apache-2.0

// Command ratios runs the benchmarks of this module in many interleaved passes and prints the ratio
// of each contender to the floor: the same work with net/http and encoding/json alone. Absolute
// times depend on the machine; ratios within a run are comparable.
//
//	cd bench && go run ./ratios
//	go run ./ratios -bench 'work=SendMessage/over=memory' -passes 5
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

const (
	floor      = "floor"
	confidence = 0.95
)

func main() {
	passes := flag.Int("passes", 20, "number of runs of each benchmark")
	bench := flag.String("bench", ".", "pattern of the benchmarks of BenchmarkCall to run")
	benchtime := flag.String("benchtime", "100ms", "time of each benchmark in a pass, as for go test")
	readme := flag.String("readme", "", "file in which to replace the figures")
	raw := flag.String("o", "", "file for the raw output of the benchmarks, for benchstat -row /work,/over -col /by")
	flag.Parse()
	if err := run(context.Background(), options{*passes, *bench, *benchtime, *raw, *readme}); err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(1)
	}
}

type options struct {
	passes                        int
	bench, benchtime, raw, readme string
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "ratios")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "bench.test")
	arguments, missing := withOfficial(ctx, dir)
	if err := execute(ctx, os.Stderr, "go", append([]string{"test", "-c", "-o", binary}, append(arguments, ".")...)...); err != nil {
		return err
	}
	var output bytes.Buffer
	for pass := range o.passes {
		fmt.Fprintf(os.Stderr, "pass %d of %d\n", pass+1, o.passes)
		if err := execute(ctx, &output, binary, "-test.run=^$", "-test.bench=BenchmarkCall/"+o.bench, "-test.benchtime="+o.benchtime); err != nil {
			return err
		}
	}
	if o.raw != "" {
		if err := os.WriteFile(o.raw, output.Bytes(), 0o600); err != nil {
			return err
		}
	}
	r, err := read(&output)
	if err != nil {
		return err
	}
	var to io.Writer = os.Stdout
	machine := describeMachine(r.cpu, o.passes)
	fmt.Fprint(to, machine)
	if missing != nil {
		fmt.Fprintf(to, "%s is missing, its source is not available: %v\n", officialName, missing)
	}
	if err := r.print(to); err != nil || o.readme == "" {
		return err
	}
	return r.writeReadme(ctx, o.readme, machine)
}

func execute(ctx context.Context, out io.Writer, name string, args ...string) error {
	command := exec.CommandContext(ctx, name, args...)
	command.Stdout, command.Stderr = out, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}

// results are the values of all passes.
type results struct {
	cpu    string
	values map[group]map[string]map[string][]float64 // by contender and unit
}

// group is a set of results that are compared.
type group struct{ work, over string }

func read(from io.Reader) (*results, error) {
	r := &results{values: map[group]map[string]map[string][]float64{}}
	reader := benchfmt.NewReader(from, "benchmarks")
	for reader.Scan() {
		result, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		r.cpu = result.GetConfig("cpu")
		labels := map[string]string{}
		_, parts := result.Name.Parts()
		for _, part := range parts {
			name, value, _ := strings.Cut(strings.TrimPrefix(string(part), "/"), "=")
			labels[name] = value
		}
		g := group{labels["work"], labels["over"]}
		if r.values[g] == nil {
			r.values[g] = map[string]map[string][]float64{}
		}
		by := r.values[g][labels["by"]]
		if by == nil {
			by = map[string][]float64{}
			r.values[g][labels["by"]] = by
		}
		for _, v := range result.Values {
			by[v.Unit] = append(by[v.Unit], v.Value)
		}
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	if len(r.values) == 0 {
		return nil, errors.New("no benchmark has run")
	}
	return r, nil
}

// Units as normalized by benchfmt.
const (
	wall   = "sec/op"
	cpu    = "cpu-sec/op"
	memory = "B/op"
	allocs = "allocs/op"
)

func (r *results) groups() []group {
	return slices.SortedFunc(maps.Keys(r.values), func(a, b group) int {
		return cmp.Or(cmp.Compare(a.over, b.over), cmp.Compare(a.work, b.work))
	})
}

func (r *results) print(to io.Writer) error {
	for _, g := range r.groups() {
		base := r.values[g][floor]
		if base == nil {
			return fmt.Errorf("no floor for %s over %s", g.work, g.over)
		}
		fmt.Fprintf(to, "\n%-40s %-22s %-22s %9s %12s\n", g.work+", over "+g.over, "wall", "CPU", "bytes", "allocations")
		for _, by := range slices.Sorted(maps.Keys(r.values[g])) {
			values := r.values[g][by]
			fmt.Fprintf(to, "  %-38s %-22s %-22s %9.0f %12.0f\n", by, ratio(values[wall], base[wall]), ratio(values[cpu], base[cpu]),
				median(values[memory]), median(values[allocs]))
		}
		fmt.Fprintf(to, "  %-38s %-22s %-22s\n", "(the floor's own)", duration(base[wall]), duration(base[cpu]))
	}
	return nil
}

// ratio returns the median of the passes' ratios, with its confidence interval.
func ratio(values, base []float64) string {
	s := summary(ratios(values, base))
	return fmt.Sprintf("%.2f [%.2f … %.2f]", s.Center, s.Lo, s.Hi)
}

// ratios returns the ratio of each pass.
func ratios(values, base []float64) []float64 {
	all := make([]float64, min(len(values), len(base)))
	for i := range all {
		all[i] = values[i] / base[i]
	}
	return all
}

func duration(seconds []float64) string { return fmt.Sprintf("%.1f µs", median(seconds)*1e6) }

func median(values []float64) float64 { return summary(values).Center }

func summary(values []float64) benchmath.Summary {
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, confidence)
}

func describeMachine(cpu string, passes int) string {
	text := fmt.Sprintf("%s %s/%s, %d × %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu)
	if out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/aws/aws-sdk-go", //nolint:noctx // short
		"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go").Output(); err == nil {
		text += strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", ", ") + "\n"
	}
	return text + fmt.Sprintf("ratios to the floor, medians of %d interleaved passes, with 95 %% intervals\n", passes)
}
