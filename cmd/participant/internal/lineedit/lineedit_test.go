// SPDX-License-Identifier: Apache-2.0

package lineedit_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/cmd/participant/internal/lineedit"
)

const (
	up, down, right, left   = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	home, end, del          = "\x1b[H", "\x1bOF", "\x1b[3~"
	wordLeft, wordRight     = "\x1b[1;5D", "\x1bf"
	pasteBegins, pasteEnds  = "\x1b[200~", "\x1b[201~"
	ctrlA, ctrlC, ctrlD     = "\x01", "\x03", "\x04"
	ctrlE, ctrlK, ctrlU     = "\x05", "\x0b", "\x15"
	ctrlW, ctrlZ, backspace = "\x17", "\x1a", "\x7f"
)

// typed types keys, one by one, on a terminal of 20 columns.
func typed(keys string) (*lineedit.Editor, *screen) {
	s := newScreen(20)
	return lineedit.New(iotest.OneByteReader(strings.NewReader(keys)), s, func() int { return s.width }, "> "), s
}

func TestReadLineEdits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ keys, want string }{
		"plain":                      {"Hello\r", "Hello"},
		"a line feed":                {"Hello\n", "Hello"},
		"nothing":                    {"\r", ""},
		"wide characters":            {"日本語" + backspace + "\r", "日本"},
		"arrows":                     {"Hllo" + left + left + left + "e" + right + right + right + right + "!\r", "Hello!"},
		"beginning and end":          {"ello" + ctrlA + "H" + ctrlE + "!" + home + "«" + end + "»\r", "«Hello!»"},
		"delete":                     {"HHello" + home + del + "\r", "Hello"},
		"delete with Ctrl-D":         {"HHello" + ctrlA + ctrlD + "\r", "Hello"},
		"backspace at the beginning": {backspace + left + "Hello\r", "Hello"},
		"up to the beginning":        {"nonsense" + ctrlU + "Hello\r", "Hello"},
		"up to the end":              {"Hello nonsense" + wordLeft + left + ctrlK + "\r", "Hello"},
		"a word":                     {"Hello  nonsense  " + ctrlW + "there\r", "Hello  there"},
		"past a word":                {"Hello" + home + wordRight + " there\r", "Hello there"},
		"with accents":               {"e\u0301" + "x" + left + left + backspace + del + "\r", "x"},
		"with a joined emoji":        {"a👩\u200d🚀" + backspace + "\r", "a"},
		"with a shade":               {"a👍🏽" + backspace + "\r", "a"},
		"a key without a meaning":    {"He" + ctrlZ + "\x1b[15~\x1bx\tllo\r", "Hello"},
		"no UTF-8":                   {"He\xff\xc3llo\r", "Hello"},
		"a paste":                    {"a " + pasteBegins + "few\r\tlines\n" + left + pasteEnds + "more\r", "a few\n\tlines\nmore"},
		"a paste that ends a line":   {pasteBegins + "two\rlines\r" + pasteEnds + "\r", "two\nlines"},
		"a paste that was wrong":     {pasteBegins + "two\rlines" + pasteEnds + ctrlU + "Hello\r", "Hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := typed(test.keys)
			got, err := e.ReadLine()
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestReadLineEnds(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]error{
		ctrlD:                         io.EOF,
		"":                            io.EOF,
		"half a line":                 io.EOF,
		"Hello" + ctrlC:               lineedit.ErrInterrupted,
		pasteBegins + "Hello" + ctrlC: lineedit.ErrInterrupted,
	} {
		e, _ := typed(keys)
		line, err := e.ReadLine()
		require.ErrorIs(t, err, want, "%q", keys)
		require.Empty(t, line)
	}
	broken := errors.New("broken")
	e := lineedit.New(iotest.ErrReader(broken), io.Discard, func() int { return 20 }, "> ")
	_, err := e.ReadLine()
	require.ErrorIs(t, err, broken)
}

func TestReadLineRecalls(t *testing.T) {
	t.Parallel()
	e, _ := typed("one\r" + "two\r" + "two\r" + "\r" + "new" + up + up + up + down + "!" + down + "\r" + up + up + "\r")
	var got []string
	for {
		line, err := e.ReadLine()
		if err != nil {
			break
		}
		got = append(got, line)
	}
	require.Equal(t, []string{"one", "two", "two", "", "new", "two"}, got)
}

func TestOutputIsPrintedAboveTheLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ keys, want string }{
		"nothing typed":       {"", "Agent: Hi\n> |\n"},
		"half a line":         {"Hel", "Agent: Hi\n> Hel|\n"},
		"inside of a line":    {"Hello" + left + left, "Agent: Hi\n> Hel|lo\n"},
		"wide characters":     {"日本語" + left, "Agent: Hi\n> 日本|語\n"},
		"accents":             {"e\u0301e\u0301" + left, "Agent: Hi\n> e\u0301|e\u0301\n"},
		"longer than the row": {"0123456789abcdefghijklm", "Agent: Hi\n> 6789abcdefghijklm|\n"},
		"at its beginning":    {"0123456789abcdefghijklm" + home, "Agent: Hi\n> |0123456789abcdefg\n"},
		"wider than the row":  {"一二三四五六七八九十", "Agent: Hi\n> 三四五六七八九十|\n"},
		"a paste":             {pasteBegins + "one\rtwo", "> one\nAgent: Hi\n> two|\n"},
		"what isn't to be":    {"a\u202eb\u009bc", "Agent: Hi\n> a\ufffdb\ufffdc|\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, s := typed(test.keys)
			_, err := e.ReadLine()
			require.ErrorIs(t, err, io.EOF)
			n, err := e.Write([]byte("Agent: Hi\n"))
			require.NoError(t, err)
			require.Equal(t, 10, n)
			require.Equal(t, test.want, s.String())
		})
	}
}

func TestEnterKeepsTheWholeLine(t *testing.T) {
	t.Parallel()
	e, s := typed("0123456789abcdefghijklm" + home + "\r")
	_, err := e.ReadLine()
	require.NoError(t, err)
	require.Equal(t, "> 0123456789abcdefgh\nijklm\n> |\n", s.String())
}

func TestCloseRemovesTheLine(t *testing.T) {
	t.Parallel()
	e, s := typed("Hel")
	_, err := e.Write([]byte("before\n"))
	require.NoError(t, err)
	require.Equal(t, "before\n|\n", s.String(), "a prompt without input")
	_, err = e.ReadLine()
	require.ErrorIs(t, err, io.EOF)
	e.Close()
	e.Close()
	_, err = e.Write([]byte("after\n"))
	require.NoError(t, err)
	require.Equal(t, "before\nafter\n|\n", s.String())
}

func TestAnEndlessLineIsBounded(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{strings.Repeat("x", 1<<20), pasteBegins + strings.Repeat("\r", 1<<20) + pasteEnds} {
		e := lineedit.New(strings.NewReader(keys+"x\r"), io.Discard, func() int { return 20 }, "> ")
		line, err := e.ReadLine()
		require.NoError(t, err)
		require.LessOrEqual(t, utf8.RuneCountInString(line), 64<<10)
	}
}

func FuzzReadLine(f *testing.F) {
	f.Add("Hello" + left + backspace + up + down + "\r")
	f.Add(pasteBegins + "a\rb" + pasteEnds + ctrlW + ctrlU + ctrlK + del + "\r")
	f.Add("\x1b[1;5D\x1b[\x1bO日\u0301\xff")
	f.Add("\u008d0\u008d000@\x00\x00\x0000\xf6\xf600000000")
	f.Fuzz(func(t *testing.T, keys string) {
		e, s := typed(keys)
		for {
			line, err := e.ReadLine()
			if err != nil {
				break
			}
			require.True(t, utf8.ValidString(line))
		}
		_, _ = e.Write([]byte("above\n"))
		require.True(t, strings.HasPrefix(lastRow(s), "> "), s)
	})
}

func lastRow(s *screen) string {
	rows := strings.Split(strings.TrimSuffix(s.String(), "\n"), "\n")
	return rows[len(rows)-1]
}
