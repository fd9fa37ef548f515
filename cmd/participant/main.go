// SPDX-License-Identifier: Apache-2.0

// Command participant takes part in Amazon Connect chats, shows them and serves a fake of the
// service.
//
// Usage:
//
//	participant chat [FLAGS]
//	participant transcript [-format text|json|markdown] [-follow] [FLAGS]
//	participant send [-content-type TYPE] [FLAGS] [MESSAGE | -]
//	participant upload [-name NAME] [-content-type TYPE] [-wait] [FLAGS] FILE | -
//	participant download -o FILE [FLAGS] ATTACHMENT-ID
//	participant demo [-in FILE] [-attach FILE]
//	participant serve [-addr HOST:PORT] [-chats N] [-agent echo|none] [FLAGS]
//	participant load [-endpoint URL] [-chats N] [-duration D] [-report FILE] [FLAGS]
//	participant help [COMMAND]
//	participant completion bash|zsh|fish
//	participant version [-licenses]
//
// The first five commands act for one participant of a chat. They need the participant token, from the
// environment variable PARTICIPANT_TOKEN or with -token-file FILE (- for standard input, unless
// the command reads something else from it), and -region REGION or -endpoint URL. An endpoint
// may use plain http only on a loopback address. -timeout D limits the time to connect.
//
// chat sends the lines of standard input as messages and prints what happens, on a terminal or
// in a pipe; a line with a number chooses from a picker or a view. transcript prints the whole
// transcript, oldest item first, and with -follow prints new items until the chat ends. send
// sends one message and upload one file; each prints its id. download fetches a file by that id.
//
// Text from other participants can't control the terminal: control characters, bidirectional
// formatting characters and Unicode line breaks in it are replaced, or escaped in JSON. The
// bytes of a downloaded file are left as they are.
//
// demo starts a fake of the Amazon Connect Participant Service on a free loopback port, runs a
// chat between a customer and an agent through the public client, and prints what happens.
//
// serve runs the fake until it is interrupted, for clients in any language. When it is ready it
// prints one line of JSON: the endpoint, and the participant tokens of the customer and the
// agent of each chat. If no client plays the agent, a built-in one echoes the customer's
// messages.
//
// load runs many chats at the same time, on a fake in its own process, on one that serve runs,
// or on the service itself. It cuts their sockets, checks that no message is lost or duplicated,
// and prints latencies and costs.
//
// help prints the help of a command, completion a script with which a shell completes commands and
// flags, and version the version, or with -licenses the licenses of everything that is linked.
//
// All commands exit with 0 when done, 1 if something failed, 2 after a usage error, and 3 if the
// service refuses the token or the chat is over before the work is done: the service does not
// report which.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitRefused
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// streams are the standard streams of a command.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, overview())
		return exitUsage
	}
	name := args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	c, err := find(name)
	if err != nil {
		fmt.Fprintf(stderr, "participant: %v\n%s", err, seeHelp("help"))
		return exitUsage
	}
	return c.run(ctx, args[1:], streams{in: stdin, out: stdout, err: stderr})
}

// run runs the command from its arguments to its exit code.
func (c *command) run(ctx context.Context, args []string, s streams) int {
	task := c.new()
	flags := flagsOf(c.name, task)
	args, err := parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(s.out, c.help())
		return exitOK
	}
	if err == nil {
		err = task.run(ctx, args, s)
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(s.err, "participant %s: %s\n", c.name, problem(err))
	code := exitCode(err)
	if code == exitUsage {
		fmt.Fprint(s.err, seeHelp(c.name))
	}
	return code
}

func seeHelp(command string) string {
	if command == "help" {
		return "Run \"participant help\" for details.\n"
	}
	return fmt.Sprintf("Run \"participant help %s\" for details.\n", command)
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
