// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// JSON returns the body of a request or response with the values of all but the harmless members
// replaced: a string by its length, anything else completely. For data that isn't JSON it returns
// only the length.
func JSON(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	var v any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if !json.Valid(data) || decoder.Decode(&v) != nil {
		return fmt.Appendf(nil, "[%d bytes, not JSON]", len(data))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(replace("", v, true)); err != nil {
		return fmt.Appendf(nil, "[%d bytes]", len(data))
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// replace returns the logged form of the JSON value of a member.
func replace(name string, v any, container bool) any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		if !container {
			return Mark
		}
		shown := make(map[string]any, len(v))
		for member, child := range v {
			shown[shownName(member)] = replace(member, child, containers[member])
		}
		return shown
	case []any:
		if !container {
			return Mark
		}
		name += "[]"
		for i, child := range v {
			v[i] = replace(name, child, containers[name])
		}
		return v
	case string:
		if v == "" || harmless[name] || harmlessInErrors[name] {
			return v
		}
		return Text(v)
	}
	if harmless[name] {
		return v
	}
	return Mark // its length would distinguish true from false
}

// shownName hides a name that doesn't look like a member's name, because it may be data.
func shownName(name string) string {
	const longest = 40
	isOther := func(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' }
	if len(name) > longest || strings.ContainsFunc(name, isOther) {
		return Text(name)
	}
	return name
}
