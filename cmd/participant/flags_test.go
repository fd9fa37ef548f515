// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongFlagsGetAnErrorInOneLine(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"flag provided but not defined: -x":                                                          {"serve", "-x"},
		`invalid value "many" for flag -chats: use a whole number`:                                   {"serve", "-chats", "many"},
		`invalid value "-1" for flag -seed: use a whole number of 0 or more`:                         {"serve", "-seed=-1"},
		`invalid value "1" for flag -latency: use a number with a unit, such as 300ms, 20s or 1m30s`: {"serve", "-latency", "1"},
		`invalid boolean value "maybe" for -throttle: use true or false`:                             {"serve", "-throttle=maybe"},
		`invalid value "smith" for flag -agent: use echo or none`:                                    {"serve", "-agent", "smith"},
		`invalid value "xml" for flag -format: use text, json or markdown`:                           {"transcript", "-format", "xml"},
		"flag needs an argument: -chats":                                                             {"serve", "-chats"},
		"bad flag syntax: ---chats":                                                                  {"serve", "---chats"},
		"-max-sockets must be 1 or more":                                                             {"serve", "-max-sockets", "0"},
		"-latency must be 0 or more":                                                                 {"serve", "-latency", "-1s"},
		"it takes flags only, no arguments":                                                          {"serve", "here"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runCommand(t, "", args...)
			require.Equal(t, exitUsage, code)
			require.Empty(t, stdout)
			require.Equal(t, "participant "+args[0]+": "+want+"\nRun \"participant help "+args[0]+"\" for details.\n", stderr)
		})
	}
}

func TestFlagsBeforeAndAfterArguments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args, want []string
		on         bool
	}{
		"none":                {nil, nil, false},
		"before":              {[]string{"-on", "a", "b"}, []string{"a", "b"}, true},
		"between":             {[]string{"a", "-on", "b"}, []string{"a", "b"}, true},
		"after":               {[]string{"a", "-", "-on"}, []string{"a", "-"}, true},
		"after two dashes":    {[]string{"a", "--", "-on", "--"}, []string{"a", "-on", "--"}, false},
		"off after the first": {[]string{"-on", "a", "-on=false"}, []string{"a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := flag.NewFlagSet("", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			on := flags.Bool("on", false, "")
			got, err := parse(flags, test.args)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			require.Equal(t, test.on, *on)
		})
	}
}

func TestListOfWords(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{"": "", "a": "a", "a b": "a or b", "a b c": "a, b or c"} {
		require.Equal(t, want, list(strings.Fields(words)))
	}
}
