// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
)

// isTerminal tells whether a stream is one that a person sits at.
func isTerminal(stream any) bool {
	file, ok := stream.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// readHidden reads a line from a terminal that doesn't show it, unless the prompt says
// otherwise.
func readHidden(ctx context.Context, s streams, prompt string) (string, error) {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	if err := setEcho(ctx, s.in, "-echo"); err != nil {
		prompt = "(cannot be hidden here) " + prompt
	} else {
		defer func() {
			_ = setEcho(ctx, s.in, "echo")
			fmt.Fprint(s.err, "\n") // the one that ended the line was hidden too
		}()
	}
	fmt.Fprint(s.err, prompt)
	in := readInput(reading, s.in)
	select {
	case line, ok := <-in.lines:
		if !ok {
			return "", in.err
		}
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// setEcho sets the echo of a terminal, also after the end of ctx. A system call would need
// package unsafe or a dependency; stty is on every Unix.
func setEcho(ctx context.Context, stream any, mode string) error {
	file, ok := stream.(*os.File)
	if !ok {
		return errors.New("not a terminal of the system")
	}
	stty := exec.CommandContext(context.WithoutCancel(ctx), "stty", mode)
	stty.Stdin = file
	return stty.Run()
}
