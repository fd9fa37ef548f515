// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
)

var completionCommand = command{
	name:    "completion",
	summary: "print a completion script for a shell",
	args:    "bash | zsh | fish",
	about: `completion prints a script with which the shell completes commands, flags and their values.
To load it in every new shell, add a line to the shell's start file:

  bash, in ~/.bashrc:                    source <(participant completion bash)
  zsh, in ~/.zshrc, after compinit:      source <(participant completion zsh)
  fish, in ~/.config/fish/config.fish:   participant completion fish | source
`,
	new: func() task { return completionTask{} },
}

type completionTask struct{}

func (completionTask) define(*flag.FlagSet) {}

func (completionTask) run(_ context.Context, args []string, s streams) error {
	if len(args) == 1 && shells[args[0]] != nil {
		_, err := io.WriteString(s.out, shells[args[0]](completions()))
		return err
	}
	return usageError("name one shell: bash, zsh or fish")
}

// shells are the functions that make the scripts.
var shells = map[string]func([]completion) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}

// completion has the words that can follow a command.
type completion struct {
	command
	flags     []completionFlag
	arguments []string // the words that the command accepts; none where it accepts files
}

// completionFlag is one flag.
type completionFlag struct {
	name, summary string
	value         string // its name, "" for a flag without one
	choices       []string
}

func (f *completionFlag) takesFile() bool { return f.value == "FILE" }

func completions() (all []completion) {
	var names []string
	for _, g := range groups() {
		for _, c := range g.commands {
			one := completion{command: c}
			flagsOf(c.name, c.new()).VisitAll(func(f *flag.Flag) {
				one.flags = append(one.flags, completionOf(f))
			})
			names = append(names, c.name)
			all = append(all, one)
		}
	}
	for i := range all {
		switch all[i].name {
		case helpCommand.name:
			all[i].arguments = names
		case completionCommand.name:
			all[i].arguments = []string{"bash", "zsh", "fish"}
		}
	}
	return all
}

func completionOf(f *flag.Flag) completionFlag {
	value, usage := flag.UnquoteUsage(f)
	summary, _, _ := strings.Cut(usage, ";")
	summary, _, _ = strings.Cut(summary, " (default")
	one := completionFlag{name: f.Name, summary: summary, value: value}
	if v, ok := f.Value.(interface{ choices() []string }); ok {
		one.choices = v.choices()
	}
	return one
}

// bashScript leaves file names to bash, which completes them where the function finds nothing.
func bashScript(all []completion) string {
	var b strings.Builder
	b.WriteString("_participant() {\n\tlocal words previous=${COMP_WORDS[COMP_CWORD-1]}\n\tCOMPREPLY=()\n\tif ((COMP_CWORD == 1)); then\n\t\twords='")
	for _, c := range all {
		b.WriteString(c.name + " ")
	}
	b.WriteString("'\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n")
	for _, c := range all {
		words := append([]string{}, c.arguments...)
		fmt.Fprintf(&b, "\t\t%s)\n\t\t\tcase $previous in\n", c.name)
		for _, f := range c.flags {
			words = append(words, "-"+f.name)
			if f.value != "" {
				fmt.Fprintf(&b, "\t\t\t-%s | --%s) words='%s' ;;\n", f.name, f.name, strings.Join(f.choices, " "))
			}
		}
		fmt.Fprintf(&b, "\t\t\t*) words='%s' ;;\n\t\t\tesac\n\t\t\t;;\n", strings.Join(words, " "))
	}
	b.WriteString("\t\tesac\n\tfi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n" +
		"complete -o default -F _participant participant\n")
	return b.String()
}

func zshScript(all []completion) string {
	var b strings.Builder
	b.WriteString("#compdef participant\n\n_participant() {\n\tlocal -a commands=(\n")
	for _, c := range all {
		fmt.Fprintf(&b, "\t\t'%s:%s'\n", c.name, zshText(c.summary))
	}
	b.WriteString("\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n" +
		"\tshift words\n\t((CURRENT--))\n\tcase $words[1] in\n")
	for _, c := range all {
		fmt.Fprintf(&b, "\t%s)\n\t\t_arguments", c.name)
		for _, f := range c.flags {
			fmt.Fprintf(&b, " \\\n\t\t\t'*-%s[%s]%s'", f.name, zshText(f.summary), zshValue(f))
		}
		arguments := "_files"
		if c.arguments != nil {
			arguments = "(" + strings.Join(c.arguments, " ") + ")"
		}
		fmt.Fprintf(&b, " \\\n\t\t\t'*:argument:%s'\n\t\t;;\n", arguments)
	}
	// As a file in $fpath it is run at the first completion, and otherwise sourced.
	b.WriteString("\tesac\n}\n\nif [[ $funcstack[1] == _participant ]]; then\n\t_participant \"$@\"\nelse\n\tcompdef _participant participant\nfi\n")
	return b.String()
}

func zshValue(f completionFlag) string {
	switch {
	case f.value == "":
		return ""
	case f.choices != nil:
		return ":" + f.value + ":(" + strings.Join(f.choices, " ") + ")"
	case f.takesFile():
		return ":" + f.value + ":_files"
	default:
		return ":" + zshText(f.value) + ": "
	}
}

// zshText quotes a text for part of a specification in single quotes.
func zshText(text string) string {
	return strings.NewReplacer(`'`, `'\''`, `\`, `\\`, `[`, `\[`, `]`, `\]`, `:`, `\:`).Replace(text)
}

func fishScript(all []completion) string {
	var b strings.Builder
	b.WriteString("complete -c participant -f\n")
	for _, c := range all {
		fmt.Fprintf(&b, "complete -c participant -n __fish_use_subcommand -a %s -d '%s'\n", c.name, fishText(c.summary))
		after := "complete -c participant -n '__fish_seen_subcommand_from " + c.name + "'"
		for _, f := range c.flags {
			value := ""
			switch {
			case f.choices != nil:
				value = " -x -a '" + strings.Join(f.choices, " ") + "'"
			case f.takesFile():
				value = " -r -F"
			case f.value != "":
				value = " -x"
			}
			fmt.Fprintf(&b, "%s -o %s -d '%s'%s\n", after, f.name, fishText(f.summary), value)
		}
		switch {
		case c.arguments != nil:
			fmt.Fprintf(&b, "%s -a '%s'\n", after, strings.Join(c.arguments, " "))
		case strings.Contains(c.args, "FILE"):
			fmt.Fprintf(&b, "%s -F\n", after)
		}
	}
	return b.String()
}

// fishText quotes a text for single quotes.
func fishText(text string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) }
