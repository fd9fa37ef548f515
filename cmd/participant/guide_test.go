// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func readGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/fake.md")
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// guideRows returns the cells of the table under a heading of the guide.
func guideRows(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	_, section, found := strings.Cut(readGuide(t), "\n## "+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	for _, row := range regexp.MustCompile(`(?m)^\| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		rows = append(rows, strings.Split(row[1], " | "))
	}
	require.NotEmpty(t, rows)
	return rows[1:]
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

func TestGuideHasEverySwitch(t *testing.T) {
	t.Parallel()
	values := map[string]string{"D": "90s", "N": "2"}
	var listed []string
	for _, row := range guideRows(t, "Switches") {
		text := codeSpan.FindStringSubmatch(row[0])[1]
		name, value, hasValue := strings.Cut(text, "=")
		if hasValue {
			text = name + "=" + values[value]
		}
		require.NoError(t, switches{new(participanttest.Switches)}.Set(text))
		listed = append(listed, name)
	}
	require.Equal(t, switchNames(), listed)
}

func TestGuideHasEveryEffectAndItsPlaces(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, row := range guideRows(t, "Effects of faults") {
		effect, name := guideEffect(t, row[0])
		listed = append(listed, name)
		others := []string{"upgrade", "upload", "download", "aws/subscribe", "aws/heartbeat", "aws/ping", "push", "transcript", "publish"}
		var works []string
		for _, place := range append([]string{""}, participanttest.FaultPlaces()...) {
			isOther := slices.Contains(others, place)
			if isOther {
				works = append(works, "`"+place+"`")
			} else {
				works = append(works, "operations")
			}
			fault := participanttest.Fault{On: place, Effect: effect}
			isListed := slices.Contains(strings.Split(row[1], ", "), works[len(works)-1])
			require.Equal(t, isListed, fault.Validate() == nil, "%s on %q", name, place)
		}
		require.Subset(t, works, strings.Split(row[1], ", "), name)
	}
	err := json.Unmarshal([]byte(`{"Name":""}`), new(participanttest.Effect))
	_, names, _ := strings.Cut(err.Error(), "is not one of ")
	require.ElementsMatch(t, strings.Split(names, ", "), listed)
}

// guideEffect returns the effect that a cell describes, such as "`Lag` with `DelayInSeconds`".
func guideEffect(t *testing.T, cell string) (effect participanttest.Effect, name string) {
	t.Helper()
	values := map[string]any{"Status": 500, "Code": "X", "ContentType": "text/plain", "Body": "x", "DelayInSeconds": 1, "CloseCode": 1001}
	found := codeSpan.FindAllStringSubmatch(cell, -1)
	name = found[0][1]
	members := map[string]any{"Name": name}
	for _, member := range found[1:] {
		require.Contains(t, values, member[1])
		members[member[1]] = values[member[1]]
	}
	text, err := json.Marshal(members)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &effect), cell)
	return effect, name
}

func TestGuideShowsTheWholeReadyLine(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile("```json\n(\\{\"endpoint\".*)\n```").FindStringSubmatch(readGuide(t))
	require.NotNil(t, line)
	s := startServe(t, "-control", "-chats", "1", "-agent", "none")
	require.Equal(t, shape(t, s.line), shape(t, line[1]))
}

// shape returns the names in a JSON text, and what contains what.
func shape(t *testing.T, text string) string {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	return fmt.Sprint(names(value))
}

func names(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = names(value[name])
		}
	case []any:
		for i := range value {
			value[i] = names(value[i])
		}
	default:
		return nil
	}
	return value
}
