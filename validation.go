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

// present requires a member to be set.
func present(name string, set bool) smithy.InvalidParamError {
	if set {
		return nil
	}
	return smithy.NewErrParamRequired(name)
}

// nonEmpty requires a member to be set and not "".
func nonEmpty(name string, value *string) smithy.InvalidParamError {
	switch {
	case value == nil:
		return smithy.NewErrParamRequired(name)
	case *value == "":
		return &invalidMember{field: name, reason: "must not be empty"}
	}
	return nil
}

// segment requires a member to be one segment of a path. Clients, proxies and servers remove the
// segments "." and "..", even if percent-encoded.
func segment(name string, value *string) smithy.InvalidParamError {
	if problem := nonEmpty(name, value); problem != nil {
		return problem
	}
	if *value == "." || *value == ".." {
		return &invalidMember{field: name, reason: `must not be "." or "..", which are removed from a path`}
	}
	return nil
}

// token requires a member to be valid in a header as it is.
func token(name string, value *string) smithy.InvalidParamError {
	if problem := nonEmpty(name, value); problem != nil {
		return problem
	}
	trimmed := strings.TrimSpace(*value)
	switch {
	case trimmed == "":
		return &invalidMember{field: name, reason: "must not be blank"}
	case hasControl(trimmed):
		return &invalidMember{field: name, reason: "contains a control character, which a header can't carry"}
	case trimmed != *value:
		return &invalidMember{field: name, reason: "starts or ends with white space (often the line break of the file it was read from): trim it"}
	}
	return nil
}

// hasControl reports whether s contains a control character other than a tab, which RFC 9110
// permits within a header's value.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// invalidMember describes a member that is set but invalid.
type invalidMember struct {
	context, nested, field, reason string
}

func (e *invalidMember) Error() string { return e.reason + ", " + e.Field() + "." }

func (e *invalidMember) Field() string {
	return strings.TrimPrefix(strings.Join([]string{e.context, e.nested + e.field}, "."), ".")
}

func (e *invalidMember) SetContext(context string) { e.context = context }

func (e *invalidMember) AddNestedContext(nested string) { e.nested = nested + "." + e.nested }
