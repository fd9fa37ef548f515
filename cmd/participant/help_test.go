// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func allCommands() (all []command) {
	for _, g := range groups() {
		all = append(all, g.commands...)
	}
	return all
}

func TestHelpOfEachCommand(t *testing.T) {
	t.Parallel()
	for _, c := range allCommands() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, want, stderr := runCommand(t, "", "help", c.name)
			require.Equal(t, exitOK, code, stderr)
			require.True(t, strings.HasPrefix(want, "Usage: participant "+c.name), want)
			for line := range strings.Lines(want) {
				require.LessOrEqual(t, utf8.RuneCountInString(line), helpWidth+1, line)
				require.NotContains(t, line, "\t")
			}
			for _, name := range flagNames(flagsOf(c.name, c.new())) {
				require.Contains(t, want, "\n  -"+name)
			}
			for _, flag := range []string{"-h", "-help", "--help"} {
				code, stdout, stderr := runCommand(t, "", c.name, flag)
				require.Equal(t, exitOK, code)
				require.Equal(t, want, stdout)
				require.Empty(t, stderr)
			}
		})
	}
}

func TestHelpListsEachCommand(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		code, stdout, stderr := runCommand(t, "", args...)
		require.Equal(t, exitOK, code)
		require.Empty(t, stderr)
		for _, c := range allCommands() {
			require.Regexp(t, `\n  `+c.name+` +`+c.summary+`\n`, stdout)
		}
	}
	code, stdout, stderr := runCommand(t, "", "help", "dance")
	require.Equal(t, exitUsage, code)
	require.Empty(t, stdout)
	require.Equal(t, "participant help: there is no command \"dance\"\nRun \"participant help\" for details.\n", stderr)
}

func TestHelpOfCommandsThatNeedAToken(t *testing.T) {
	t.Parallel()
	for name, args := range commands(t) {
		_, stdout, _ := runCommand(t, "", "help", args[0])
		for _, want := range []string{"Example:\n  ", "Exit codes: ", "-region REGION\n", "-token-file FILE\n", "PARTICIPANT_TOKEN"} {
			require.Contains(t, stdout, want, name)
		}
	}
}
