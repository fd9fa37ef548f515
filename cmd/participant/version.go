// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

const versionUsage = `Usage: participant version [-licenses]

version prints the version of this command and of Go, or the licenses and notices of all
that is linked into it.

`

//go:embed THIRD_PARTY_NOTICES
var notices string

func runVersion(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("version", flag.ContinueOnError)
	flags.SetOutput(stderr)
	licenses := flags.Bool("licenses", false, "print the licenses and notices of what is linked")
	flags.Usage = func() {
		fmt.Fprint(stderr, versionUsage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage // Parse has said why
	}
	if flags.NArg() > 0 {
		flags.Usage()
		return exitUsage
	}
	text := fmt.Sprintf("participant %s, %s\n", version(), runtime.Version())
	if *licenses {
		text = notices
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		fmt.Fprintf(stderr, "participant version: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// version is that of the module, if the command was built from one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}
