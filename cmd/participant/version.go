// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

var versionCommand = command{
	name:    "version",
	summary: "print the version, or the licenses of everything that is linked",
	about: `version prints the version of this program and of Go, or the licenses and notices of
everything that is linked into it.
`,
	new: func() task { return &versionTask{} },
}

//go:embed THIRD_PARTY_NOTICES
var notices string

type versionTask struct{ licenses bool }

func (t *versionTask) define(flags *flag.FlagSet) {
	flags.BoolVar(&t.licenses, "licenses", false, "print the licenses and notices of everything that is linked")
}

func (t *versionTask) run(_ context.Context, args []string, s streams) error {
	if err := noArguments(args); err != nil {
		return err
	}
	text := fmt.Sprintf("participant %s, %s\n", version(), runtime.Version())
	if t.licenses {
		text = notices
	}
	_, err := io.WriteString(s.out, text)
	return err
}

// version returns the version of the module, if the command was built from one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}
