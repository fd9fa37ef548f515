// SPDX-License-Identifier: Apache-2.0

// Command start measures what the library adds to a small program: the size of a program that sends
// a message, and the time until its first request arrives, compared with the same program with
// net/http alone.
//
//	cd bench && go run ./start
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	runs := flag.Int("runs", 101, "number of starts of each program")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

var programs = []string{"floor", "this"}

func run(ctx context.Context, to io.Writer, runs int) error {
	dir, err := os.MkdirTemp("", "start")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var size [2]float64
	for i, name := range programs {
		file := filepath.Join(dir, name)
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", file, "./start/"+name).CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", name, err, out)
		}
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		size[i] = float64(info.Size())
	}
	fmt.Fprintf(to, "size: %.0f bytes, %.3f × the floor's %.0f\n", size[1], size[1]/size[0], size[0])

	arrived := make(chan time.Time, 1)
	url, err := listen(ctx, arrived)
	if err != nil {
		return err
	}
	var took [2][]time.Duration
	for range runs {
		for i, name := range programs {
			d, err := start(ctx, filepath.Join(dir, name), url, arrived)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			took[i] = append(took[i], d)
		}
	}
	first, other := median(took[1]), median(took[0])
	fmt.Fprintf(to, "first request: after %v, %.3f × the floor's %v (medians of %d starts each, in turn)\n",
		first.Round(10*time.Microsecond), float64(first)/float64(other), other.Round(10*time.Microsecond), runs)
	return nil
}

// listen serves in this process, and sends the time when each request arrived.
func listen(ctx context.Context, arrived chan<- time.Time) (url string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- time.Now()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"Id":"made-up","AbsoluteTime":"2026-02-09T10:00:00.123Z"}`))
	})
	go http.Serve(listener, handler) //nolint:errcheck,gosec // ends with the process
	return "http://" + listener.Addr().String(), nil
}

func start(ctx context.Context, program, url string, arrived <-chan time.Time) (time.Duration, error) {
	begun := time.Now()
	out, err := exec.CommandContext(ctx, program, url).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return (<-arrived).Sub(begun), nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
