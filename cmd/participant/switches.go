// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

// switches is the flag that sets the fields of participanttest.Switches by their names.
type switches struct{ of *participanttest.Switches }

func (switches) String() string { return "" }

func (switches) choices() []string { return switchNames() }

func (s switches) Set(text string) error {
	name, value, hasValue := strings.Cut(text, "=")
	field := reflect.ValueOf(s.of).Elem().FieldByName(name)
	if !field.IsValid() {
		return fmt.Errorf("use %s", list(switchNames()))
	}
	if !hasValue && field.Kind() == reflect.Bool {
		value = "true"
	}
	var err error
	switch field.Interface().(type) {
	case bool:
		var on bool
		on, err = strconv.ParseBool(value)
		field.SetBool(on)
	case time.Duration:
		var d time.Duration
		d, err = time.ParseDuration(value)
		field.SetInt(int64(d))
	default: // whole numbers, and the forms of errors
		var n int64
		n, err = strconv.ParseInt(value, 10, 64)
		field.SetInt(n)
	}
	if err != nil {
		return errors.New("use " + name + switchForm(field.Type()))
	}
	return nil
}

// switchForm describes the value of a switch.
func switchForm(kind reflect.Type) string {
	switch {
	case kind.Kind() == reflect.Bool:
		return ""
	case kind == reflect.TypeFor[time.Duration]():
		return "=D, such as 90s"
	default:
		return "=N, a whole number"
	}
}

func switchNames() (names []string) {
	kind := reflect.TypeFor[participanttest.Switches]()
	for i := range kind.NumField() {
		names = append(names, kind.Field(i).Name)
	}
	return names
}
