// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
)

// command is one entry of the table of commands, from which the help and the completion scripts are
// made.
type command struct {
	name    string
	summary string // for the list of commands
	args    string // the part of the usage line after the flags, such as "FILE"
	about   string // paragraphs; the help wraps those that aren't indented
	example string
	new     func() task
}

// task is one run of a command.
type task interface {
	// define defines the flags.
	define(flags *flag.FlagSet)
	// run checks the arguments and does the work.
	run(ctx context.Context, args []string, s streams) error
}

// group is a section of the list of commands.
type group struct {
	title    string
	commands []command
}

func groups() []group {
	return []group{
		{"Take part in a chat:", []command{
			inChat(chatHelp, func() action { return &chatCommand{} }),
			inChat(transcriptHelp, func() action { return &transcriptCommand{} }),
			inChat(sendHelp, func() action { return &sendCommand{} }),
			inChat(uploadHelp, func() action { return &uploadCommand{} }),
			inChat(downloadHelp, func() action { return &downloadCommand{} }),
		}},
		{"Without an AWS account:", []command{demoCommand, serveCommand, loadCommand}},
		{"About this program:", []command{helpCommand, completionCommand, versionCommand}},
	}
}

// find returns the command with a name.
func find(name string) (*command, error) {
	for _, g := range groups() {
		for i := range g.commands {
			if g.commands[i].name == name {
				return &g.commands[i], nil
			}
		}
	}
	return nil, usageError(fmt.Sprintf("there is no command %q", name))
}

// usageError describes how a command was called wrongly.
type usageError string

func (e usageError) Error() string { return string(e) }

// noArguments is for commands that accept flags only.
func noArguments(args []string) error {
	if len(args) > 0 {
		return usageError("it takes flags only, no arguments") // not shown: one might be a token
	}
	return nil
}

// action is the work of a command for a participant of a chat.
type action interface {
	// define defines the flags that only this command has.
	define(flags *flag.FlagSet)
	// take checks the arguments, before anything is read or sent, and reports whether the
	// command reads standard input.
	take(args []string) (readsInput bool, err error)
	// perform does the work.
	perform(ctx context.Context, a *access, s streams) error
}

// inChat makes a command from an action.
func inChat(c command, newAction func() action) command {
	c.about += accessHelp
	c.new = func() task { return &participation{action: newAction()} }
	return c
}

// participation is an action together with its access.
type participation struct {
	action
	access
}

func (p *participation) define(flags *flag.FlagSet) {
	p.action.define(flags)
	p.access.define(flags)
}

func (p *participation) run(ctx context.Context, args []string, s streams) error {
	readsInput, err := p.take(args)
	if err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	if p.token, err = readToken(ctx, p.tokenFile, s, readsInput); err != nil {
		return err
	}
	return p.perform(ctx, &p.access, s)
}
