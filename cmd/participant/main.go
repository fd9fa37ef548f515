// SPDX-License-Identifier: Apache-2.0

// Command participant takes part in Amazon Connect chats, shows them and serves them.
//
// Usage:
//
//	participant chat [FLAGS]
//	participant transcript [-format text|json|markdown] [-follow] [FLAGS]
//	participant send [-content-type TYPE] [FLAGS] [MESSAGE | -]
//	participant upload [-name NAME] [-content-type TYPE] [-wait] [FLAGS] FILE
//	participant download -o FILE [FLAGS] ATTACHMENT-ID
//	participant demo [-in FILE] [-attach FILE]
//	participant serve [-addr HOST:PORT] [-chats N] [-agent echo|none] [-max-sockets N]
//	                  [-latency D] [-throttle] [-seed N]
//	participant version [-licenses]
//
// The first five work for one participant of a chat. They want the participant token,
// from the environment variable PARTICIPANT_TOKEN or with -token-file FILE (- for standard
// input, where the command doesn't read it otherwise), and -region REGION or -endpoint
// URL. An endpoint on plain http must be a loopback address. -timeout D bounds the
// connecting.
//
// chat sends the lines of standard input and prints what happens, on a terminal or in a
// pipe; a number chooses from a picker or a view. transcript prints the whole transcript, the oldest item first, and with -follow
// goes on until the chat ends. send sends a message, upload a file; each prints its id.
// download fetches a file by that id.
//
// What others have written can't control the terminal: control characters, characters that set
// the direction of text and Unicode line breaks in it are replaced, or escaped in JSON. The
// bytes of a downloaded file are left as they are.
//
// demo starts a fake of the Amazon Connect Participant Service on a free loopback
// port, lets a customer and an agent hold a chat through the public client, and
// prints what happens.
//
// serve runs the fake until it is interrupted, for clients in any language. It prints
// one line of JSON when it is ready: the endpoint, and the participant tokens of both
// sides of each chat. Where nobody else plays the agent, an echo answers the customer.
//
// version prints the version, and with -licenses the licenses of what is linked.
//
// All end with 0, with 1 if something failed, with 2 if they were called wrongly, and
// with 3 if the service refuses the token or the chat is over before the work is done:
// the service does not say which.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `Usage: participant COMMAND [FLAGS]

Take part in a chat:
  chat        hold it on the terminal, or through a pipe
  transcript  print what was said, and with -follow what is being said
  send        write one message
  upload      send a file
  download    fetch a file

Without an AWS account:
  demo        hold a chat on a fake of the service, in this process
  serve       run the fake of the service, for clients in any language
  version     print the version, or the licenses of what is linked

participant COMMAND -h lists the flags of a command.
`

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

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	s := streams{in: stdin, out: stdout, err: stderr}
	switch command := args[0]; command {
	case "chat":
		return participate(ctx, "chat", chatHelp, &chatCommand{}, args[1:], s)
	case "transcript":
		return participate(ctx, "transcript", transcriptHelp, &transcriptCommand{}, args[1:], s)
	case "send":
		return participate(ctx, "send", sendHelp, &sendCommand{}, args[1:], s)
	case "upload":
		return participate(ctx, "upload", uploadHelp, &uploadCommand{}, args[1:], s)
	case "download":
		return participate(ctx, "download", downloadHelp, &downloadCommand{}, args[1:], s)
	case "demo":
		return runDemo(ctx, args[1:], stdin, stdout, stderr)
	case "serve":
		return runServe(ctx, args[1:], stdout, stderr)
	case "version":
		return runVersion(args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	default:
		fmt.Fprintf(stderr, "participant: there is no command %q\n\n%s", command, usage)
		return exitUsage
	}
}
