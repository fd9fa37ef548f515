// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// flagsOf returns the flags for one run of a command.
func flagsOf(name string, t task) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	t.define(flags)
	return flags
}

// parse sets the flags, which may come before and after the arguments, and returns the arguments.
// Everything after "--" is an argument. Its error is flag.ErrHelp or a usageError.
func parse(flags *flag.FlagSet, args []string) (arguments []string, err error) {
	var last []string
	if i := slices.Index(args, "--"); i >= 0 {
		args, last = args[:i], args[i+1:]
	}
	flags.VisitAll(func(f *flag.Flag) { f.Value = explained{f.Value} })
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, usageError(err.Error())
		}
		if args = flags.Args(); len(args) == 0 {
			return append(arguments, last...), nil
		}
		arguments, args = append(arguments, args[0]), args[1:]
	}
}

// explained is a flag whose errors list the allowed values.
type explained struct{ flag.Value }

func (e explained) Set(text string) error {
	err := e.Value.Set(text)
	if err == nil {
		return nil
	}
	if value, ok := e.Value.(flag.Getter); ok {
		switch value.Get().(type) {
		case int, int64:
			return errors.New("use a whole number")
		case uint, uint64:
			return errors.New("use a whole number of 0 or more")
		case float64:
			return errors.New("use a number")
		case bool:
			return errors.New("use true or false")
		case time.Duration:
			return errors.New("use a number with a unit, such as 300ms, 20s or 1m30s")
		}
	}
	return err
}

// IsBoolFlag reports whether the flag needs no value.
func (e explained) IsBoolFlag() bool {
	value, ok := e.Value.(interface{ IsBoolFlag() bool })
	return ok && value.IsBoolFlag()
}

// oneOf is a flag with a few allowed values.
type oneOf struct {
	value   *string
	allowed []string
}

// oneOfVar defines such a flag. Defaults to the first value.
func oneOfVar(flags *flag.FlagSet, value *string, name, usage string, allowed ...string) {
	*value = allowed[0]
	flags.Var(&oneOf{value, allowed}, name, usage+": "+list(allowed))
}

// String is called on the zero value too.
func (o *oneOf) String() string {
	if o.value == nil {
		return ""
	}
	return *o.value
}

func (o *oneOf) Set(text string) error {
	if !slices.Contains(o.allowed, text) {
		return fmt.Errorf("use %s", list(o.allowed))
	}
	*o.value = text
	return nil
}

func (o *oneOf) choices() []string { return o.allowed }

// list writes "a, b or c".
func list(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
