// Command participant shows and serves Amazon Connect chats.
//
// Usage:
//
//	participant demo [-in FILE] [-attach FILE]
//	participant serve [-addr HOST:PORT] [-chats N] [-agent echo|none] [-max-sockets N]
//	                  [-latency D] [-throttle] [-seed N]
//
// demo starts a fake of the Amazon Connect Participant Service on a free loopback
// port, lets a customer and an agent hold a chat through the public client, and
// prints what happens.
//
// serve runs the fake until it is interrupted, for clients in any language. It prints
// one line of JSON when it is ready: the endpoint, and the participant tokens of both
// sides of each chat. Where nobody else plays the agent, an echo answers the customer.
//
// Both end with 0, with 1 if something failed, and with 2 if they were called wrongly.
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

Commands:
  demo    hold a chat on a fake of the service, in this process
  serve   run the fake of the service, for clients in any language

participant COMMAND -h tells the flags of a command.
`

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
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
	switch command := args[0]; command {
	case "demo":
		return runDemo(ctx, args[1:], stdin, stdout, stderr)
	case "serve":
		return runServe(ctx, args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	default:
		fmt.Fprintf(stderr, "participant: there is no command %q\n\n%s", command, usage)
		return exitUsage
	}
}
