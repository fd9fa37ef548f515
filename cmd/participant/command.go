// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/terminal"
)

// action is what a command does for a participant of a chat.
type action interface {
	// define defines the flags that only this command has.
	define(flags *flag.FlagSet)
	// take takes the arguments, before anything is read or sent, and tells whether the
	// command reads standard input.
	take(args []string) (readsInput bool, err error)
	// run does the work.
	run(ctx context.Context, a *access, s streams) error
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError says how a command was called wrongly.
type usageError string

func (e usageError) Error() string { return string(e) }

const commonHelp = `
The participant token is taken from PARTICIPANT_TOKEN or -token-file, never from an
argument, which other users of the machine could see. With -token-file - a token that is
typed on a terminal isn't shown.

Exit codes: 0 done, 1 failed, 2 called wrongly, 3 the service refuses the token, or the
chat is over before the work is done.

`

// participate runs a command from its arguments to its exit code.
func participate(ctx context.Context, name, help string, do action, args []string, s streams) int {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(s.err)
	flags.Usage = func() {
		fmt.Fprint(s.err, help, commonHelp)
		flags.PrintDefaults()
	}
	a := &access{}
	a.define(flags)
	do.define(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage // Parse has said why
	}
	err := perform(ctx, do, a, flags.Args(), s)
	if err != nil {
		fmt.Fprintf(s.err, "participant %s: %s\n", name, strings.Join(terminal.Lines(err.Error()), "\n"))
	}
	var wrong usageError
	if errors.As(err, &wrong) {
		fmt.Fprintf(s.err, "participant %s -h tells how to call it.\n", name)
	}
	return exitCode(err)
}

func perform(ctx context.Context, do action, a *access, args []string, s streams) error {
	readsInput, err := do.take(args)
	if err != nil {
		return err
	}
	if err := a.check(); err != nil {
		return err
	}
	if a.token, err = readToken(ctx, a.tokenFile, s, readsInput); err != nil {
		return err
	}
	return do.run(ctx, a, s)
}

func exitCode(err error) int {
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &wrong):
		return exitUsage
	case connectparticipant.IsAccessDenied(err), errors.Is(err, chat.ErrAccessDenied),
		errors.Is(err, chat.ErrChatEnded), errors.Is(err, chat.ErrRemoved):
		return exitRefused
	default:
		return exitFailed
	}
}
