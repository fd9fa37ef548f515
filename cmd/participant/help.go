// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// helpWidth is the maximum width of the help.
const helpWidth = 80

var helpCommand = command{
	name:    "help",
	summary: "print this list, or the help of a command",
	args:    "[COMMAND]",
	about:   "help prints the list of commands, or the help of one command.",
	example: "participant help chat",
	new:     func() task { return helpTask{} },
}

type helpTask struct{}

func (helpTask) define(*flag.FlagSet) {}

func (helpTask) run(_ context.Context, args []string, s streams) error {
	text := overview()
	if len(args) > 0 {
		c, err := find(args[0])
		if err != nil {
			return err
		}
		text = c.help()
	}
	_, err := io.WriteString(s.out, text)
	return err
}

// overview returns the list of commands.
func overview() string {
	var b strings.Builder
	b.WriteString("Usage: participant COMMAND [FLAGS]\n\n")
	for _, g := range groups() {
		fmt.Fprintln(&b, g.title)
		for _, c := range g.commands {
			fmt.Fprintf(&b, "  %-11s %s\n", c.name, c.summary)
		}
		b.WriteString("\n")
	}
	b.WriteString("\"participant help COMMAND\" shows how to use a command and lists its flags.\n")
	return b.String()
}

// help returns the complete help of a command.
func (c *command) help() string {
	flags := flagsOf(c.name, c.new())
	usage := []string{"Usage: participant", c.name}
	if flagNames(flags) != nil {
		usage = append(usage, "[FLAGS]")
	}
	if c.args != "" {
		usage = append(usage, c.args)
	}
	text := strings.Join(usage, " ") + "\n\n" + reflow(c.about)
	if c.example != "" {
		text += "\nExample:\n  " + c.example + "\n"
	}
	if flagNames(flags) != nil {
		text += "\nFlags:\n" + flagList(flags)
	}
	return text
}

func flagNames(flags *flag.FlagSet) (names []string) {
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

// flagList writes each flag on a line, and its description below.
func flagList(flags *flag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintln(&b, strings.TrimRight("  -"+f.Name+" "+value, " "))
		if !slices.Contains([]string{"", "0", "0s", "false"}, f.DefValue) {
			usage += " (default " + f.DefValue + ")"
		}
		b.WriteString(wrap(usage, "      "))
	})
	return b.String()
}

// reflow wraps the paragraphs of a text, except for indented ones.
func reflow(text string) string {
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, paragraph := range paragraphs {
		if strings.HasPrefix(paragraph, " ") {
			paragraphs[i] = paragraph + "\n"
		} else {
			paragraphs[i] = wrap(paragraph, "")
		}
	}
	return strings.Join(paragraphs, "\n")
}

// wrap breaks a text into indented lines.
func wrap(text, indent string) string {
	var b strings.Builder
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) >= helpWidth {
			fmt.Fprintln(&b, strings.TrimRight(line, " "))
			line = indent
		}
		line += word + " "
	}
	fmt.Fprintln(&b, strings.TrimRight(line, " "))
	return b.String()
}
