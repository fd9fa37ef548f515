// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"strings"

	smithy "github.com/aws/smithy-go"
)

// check returns one smithy.InvalidParamsError for all problems that aren't nil.
func check(inputName string, problems ...smithy.InvalidParamError) error {
	invalid := smithy.InvalidParamsError{Context: inputName}
	for _, problem := range problems {
		if problem != nil {
			invalid.Add(problem)
		}
	}
	if invalid.Len() > 0 {
		return invalid
	}
	return nil
}

// present wants a member to be set.
func present(name string, set bool) smithy.InvalidParamError {
	if set {
		return nil
	}
	return smithy.NewErrParamRequired(name)
}

// nonEmpty wants a member to be set and not "".
func nonEmpty(name string, value *string) smithy.InvalidParamError {
	switch {
	case value == nil:
		return smithy.NewErrParamRequired(name)
	case *value == "":
		return &invalidMember{field: name, reason: "must not be empty"}
	}
	return nil
}

// segment wants a member that is one segment of a path. Clients, proxies and servers remove
// the segments "." and "..", percent-encoded ones included.
func segment(name string, value *string) smithy.InvalidParamError {
	if problem := nonEmpty(name, value); problem != nil {
		return problem
	}
	if *value == "." || *value == ".." {
		return &invalidMember{field: name, reason: `must not be "." or "..", which a path doesn't keep`}
	}
	return nil
}

// token wants a member that a header can carry as it is.
func token(name string, value *string) smithy.InvalidParamError {
	if problem := nonEmpty(name, value); problem != nil {
		return problem
	}
	trimmed := strings.TrimSpace(*value)
	switch {
	case trimmed == "":
		return &invalidMember{field: name, reason: "must not be blank"}
	case hasControl(trimmed):
		return &invalidMember{field: name, reason: "holds a control character, which no header can carry"}
	case trimmed != *value:
		return &invalidMember{field: name, reason: "begins or ends with white space, often the line break of the file it was read from: trim it"}
	}
	return nil
}

// hasControl reports whether s has a control character other than a tab, which RFC 9110
// permits within a header's value.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// invalidMember says what is wrong with a member that is set.
type invalidMember struct {
	context, nested, field, reason string
}

func (e *invalidMember) Error() string { return e.reason + ", " + e.Field() + "." }

func (e *invalidMember) Field() string {
	return strings.TrimPrefix(strings.Join([]string{e.context, e.nested + e.field}, "."), ".")
}

func (e *invalidMember) SetContext(context string) { e.context = context }

func (e *invalidMember) AddNestedContext(nested string) { e.nested = nested + "." + e.nested }
