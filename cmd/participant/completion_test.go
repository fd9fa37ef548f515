// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// script returns the file of a completion script.
func script(t *testing.T, shell string) (path string) {
	t.Helper()
	code, stdout, stderr := runCommand(t, "", "completion", shell)
	require.Equal(t, exitOK, code, stderr)
	return writeFile(t, "_participant", stdout)
}

func TestCompletionScriptsHaveAllCommandsAndFlags(t *testing.T) {
	t.Parallel()
	for shell, flagForm := range map[string]string{"bash": "-", "zsh": "'*-", "fish": " -o "} {
		data, err := os.ReadFile(script(t, shell))
		require.NoError(t, err)
		for _, c := range allCommands() {
			require.Contains(t, string(data), c.name)
			for _, name := range flagNames(flagsOf(c.name, c.new())) {
				require.Contains(t, string(data), flagForm+name, shell)
			}
		}
	}
	for _, args := range [][]string{{"completion"}, {"completion", "tcsh"}, {"completion", "bash", "zsh"}} {
		code, stdout, stderr := runCommand(t, "", args...)
		require.Equal(t, exitUsage, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "name one shell: bash, zsh or fish")
	}
}

// completionCases are what is offered for what has been typed, by those shells that are installed.
var completionCases = map[string][]string{
	"participant tr":                                {"transcript"},
	"participant transcript -f":                     {"-follow", "-format"},
	"participant transcript -format ":               {"json", "markdown", "text"},
	"participant serve -agent n":                    {"none"},
	"participant serve -switch Strict":              {"StrictConnection"},
	"participant help se":                           {"send", "serve"},
	"participant completion f":                      {"fish"},
	"participant chat -token-file testdata/dialogu": {"testdata/dialogue.txt"},
	"participant upload testdata/dialogu":           {"testdata/dialogue.txt"},
}

func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	path := script(t, "bash")
	for typed, want := range completionCases {
		if strings.Contains(typed, "testdata") {
			want = nil // left to bash
		}
		const complete = `source "$1" && read -ra COMP_WORDS <<<"$2" && [[ $2 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _participant; ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}" | sort; complete -p participant >&2`
		out, err := exec.CommandContext(t.Context(), "bash", "-uc", complete, "bash", path, typed).Output()
		require.NoError(t, err, typed)
		require.Equal(t, want, fields(out), typed)
	}
}

func fields(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Fields(string(out))
}

func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	path := script(t, "fish")
	fish, err := exec.LookPath("fish")
	for typed, want := range completionCases {
		if err != nil {
			break // the other test has seen the text
		}
		program := exec.CommandContext(t.Context(), fish, "--no-config", "-c", `source $argv[1]; complete -C $argv[2] | string replace -r '\t.*' ''; true`, path, typed)
		program.Env = append(os.Environ(), "HOME="+filepath.Dir(path))
		out, err := program.Output()
		require.NoError(t, err, typed)
		require.ElementsMatch(t, want, fields(out), typed)
	}
}

func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	path := script(t, "zsh")
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		return // the other test has seen the text
	}
	program := exec.CommandContext(t.Context(), zsh, "-f", "-i")
	program.Env = append(os.Environ(), "HOME="+filepath.Dir(path), "TERM=dumb", "PS1=$ ")
	terminal, err := pty.StartWithSize(program, &pty.Winsize{Rows: 24, Cols: 500})
	require.NoError(t, err)
	shown, ended := &syncBuffer{}, make(chan struct{})
	go func() {
		_, _ = io.Copy(shown, terminal)
		close(ended)
	}()
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
		_ = terminal.Close()
		<-ended
	})
	_, err = io.WriteString(terminal, "unsetopt list_ambiguous; autoload -Uz compinit && compinit -D -u && source '"+path+"' && echo rea''dy\n")
	require.NoError(t, err)
	await := func(pattern string) {
		want := regexp.MustCompile(pattern)
		require.Eventually(t, func() bool { return want.MatchString(shown.String()) }, 20*time.Second, 10*time.Millisecond, "%s in %q", pattern, shown)
	}
	await(`(?s)ready\r\n.*\x1b\[\?2004h`) // the shell edits the next line
	for typed, want := range completionCases {
		if len(want) == 1 {
			_, err = io.WriteString(terminal, ": ; "+typed+"\t<\x15")
			require.NoError(t, err)
			words := strings.Fields(typed)
			await(regexp.QuoteMeta(strings.Join(append(words[:len(words)-1], want...), " ")) + `[ \x08]*<`)
		}
	}
}
