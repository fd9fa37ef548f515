// SPDX-License-Identifier: Apache-2.0

// Command fleet shows how several processes share chats: it kills one of them, redeploys another,
// and counts what was lost. It needs no AWS account and ends by itself.
//
// Usage, in the root of the repository:
//
//	go run ./examples/fleet
//
// The processes are those of ./bridge, which is the program to deploy.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

const (
	chats = 12
	// joining is how long a new process claims nothing: a lease and a margin.
	joining = 7 * time.Second
	// connectionLife is an hour in the service.
	connectionLife = 40 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "fleet: %v\n", err)
		os.Exit(1)
	}
}

var errLost = errors.New("messages were lost or replies sent twice")

// run runs the scenes in order.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("bridge", "examples/fleet/bridge", "build the bridge in `DIR`")
	short := flags.Bool("short", false, "make process A hand its chats over immediately, instead of when connections are renewed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	d := &demo{out: stdout, drain: time.Hour}
	if *short {
		d.drain = time.Second
	}
	d.say("Building examples/fleet/bridge, which takes a minute the first time.")
	d.fleet, err = buildFleet(ctx, *dir)
	if err != nil {
		return err
	}
	defer d.fleet.close()
	d.service, err = startService(d.fleet.send)
	if err != nil {
		return err
	}
	defer d.service.close()
	for _, scene := range []func(context.Context) error{d.start, d.kill, d.deploy, d.count} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return nil
}

// demo runs and narrates the scenes.
type demo struct {
	out     io.Writer
	begun   time.Time
	drain   time.Duration
	service *service
	fleet   *processes
	held    int // chats of the killed process
}

// say prints a paragraph and the time since the start of the processes.
func (d *demo) say(format string, args ...any) {
	at := "       "
	if !d.begun.IsZero() {
		at = fmt.Sprintf("%4.0f s ", time.Since(d.begun).Seconds())
	}
	fmt.Fprintf(d.out, "%s %s\n", at, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n        "))
}

// start starts three processes and adds chats.
func (d *demo) start(ctx context.Context) error {
	if err := d.fleet.startEngine(ctx); err != nil {
		return err
	}
	d.begun = time.Now()
	for _, name := range []string{"A", "B", "C"} {
		if err := d.startProcess(ctx, name); err != nil {
			return err
		}
	}
	if err := d.service.startChats(ctx, chats, d.fleet.add); err != nil {
		return err
	}
	d.say("The processes A, B and C share %d chats: %s.\n"+
		"Each chat is in exactly one process, which posts each message of the chat to a webhook. There,\n"+
		"a bot replies through any of the processes. The agents have begun to write.", chats, d.fleet.owners(ctx))
	d.say("Each process renews its lease every 2 seconds, in the store that they share, here a NATS server.")
	return pause(ctx, joining)
}

func (d *demo) startProcess(ctx context.Context, name string) error {
	return d.fleet.start(ctx, name, "-endpoint", d.service.url(), "-webhook", d.service.hook(), "-drain", d.drain.String())
}

// kill kills a process and waits until the others own its chats.
func (d *demo) kill(ctx context.Context) error {
	d.held = d.fleet.held(ctx, "B")
	d.say("Process B is killed, as if its machine had lost power. It had %d chats, which no process reads now.\n"+
		"The others can't know whether B is dead or slow. They wait until its lease expires, 6 seconds\n"+
		"after B renewed it, and then claim its chats.", d.held)
	killed := time.Now()
	d.service.resetLongest()
	d.fleet.kill("B")
	if err := d.until(ctx, func() bool { return d.fleet.held(ctx, "A", "C") == chats && d.service.connected() }); err != nil {
		return fmt.Errorf("wait for the chats of B: %w", err)
	}
	d.say("The chats of B have new owners, %.1f seconds after the kill: %s.", time.Since(killed).Seconds(), d.fleet.owners(ctx))
	if err := d.until(ctx, func() bool { return d.service.count().lost == 0 }); err != nil {
		return fmt.Errorf("wait for the messages: %w", err)
	}
	d.say("What the agents wrote in the meantime was read from the transcript. No message is missing, and\n"+
		"the longest wait of a message was %.1f seconds.", d.service.resetLongest().Seconds())
	return nil
}

// deploy replaces a process as a deployment does: the new one starts before the old one ends.
func (d *demo) deploy(ctx context.Context) error {
	if err := d.startProcess(ctx, "D"); err != nil {
		return err
	}
	d.say("Process D replaces B. It gets chats when it has known the others for a lease.")
	if err := pause(ctx, joining); err != nil {
		return err
	}
	held := d.fleet.held(ctx, "A")
	d.say("Process A gets SIGTERM, as in a deployment. It has %d chats and continues to handle them. Each\n"+
		"connection to the service expires at a known time, after an hour, and here after %.0f seconds. When\n"+
		"a connection is due for renewal, A hands the chat over, and the new owner connects instead.", held, connectionLife.Seconds())
	d.service.resetLongest()
	ended := d.fleet.terminate("A")
	for left := held; ; {
		select {
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("process A: %w", err)
			}
			d.say("Process A has no chats left and has ended: %s. The longest wait of a\n"+
				"message was %.1f seconds.", d.fleet.owners(ctx), d.service.resetLongest().Seconds())
			return nil
		case <-time.After(500 * time.Millisecond):
			if now := d.fleet.held(ctx, "A"); now < left && now > 0 {
				left = now
				d.say("A has %d chats now.", left)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// count stops the agents and prints the counts.
func (d *demo) count(ctx context.Context) error {
	d.service.stopAgents()
	if err := d.until(ctx, func() bool { c := d.service.count(); return c.lost == 0 && c.replies == c.written }); err != nil && ctx.Err() != nil {
		return err
	}
	c := d.service.count()
	fmt.Fprint(d.out, "\n")
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range []struct {
		what string
		n    int
	}{
		{"messages written by the agents", c.written},
		{"handled", c.written - c.lost},
		{"lost", c.lost},
		{"handled twice, after the kill", c.twice},
		{"replies sent", c.replies},
		{"replies sent twice", c.doubled},
		{"requests over the quotas (429)", c.throttled},
	} {
		_, _ = fmt.Fprintf(table, "%s\t%d\t\n", row.what, row.n)
	}
	_ = table.Flush()
	if c.lost > 0 || c.doubled > 0 || c.replies != c.written {
		return errLost
	}
	return nil
}

// until waits for a condition, for up to half a minute.
func (d *demo) until(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for !done() {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
