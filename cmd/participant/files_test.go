// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestSend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stdin             string
		args              []string
		contentType, want string
	}{
		"an argument":         {"ignored", []string{"Hello"}, "text/plain", "Hello"},
		"standard input":      {"Hello\nthere\n", nil, "text/plain", "Hello\nthere"},
		"a dash":              {"Hello\n", []string{"-"}, "text/plain", "Hello"},
		"of a Windows editor": {"Hello\r\nthere\r\n", nil, "text/plain", "Hello\r\nthere"},
		"another type":        {"", []string{"-content-type", "text/markdown", "*Hello*"}, "text/markdown", "*Hello*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			code, stdout, stderr := s.command(t, test.stdin, "send", test.args...)
			require.Equal(t, exitOK, code, stderr)
			require.Empty(t, stderr)
			last := s.Transcript()[len(s.Transcript())-1]
			require.Equal(t, last.Id+"\n", stdout)
			require.Equal(t, test.want, last.Content)
			require.Equal(t, test.contentType, last.ContentType)
		})
	}
}

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for name, test := range map[string]struct {
		stdin string
		args  []string
		code  int
		want  string
	}{
		"two messages":         {"", []string{"Hello", "there"}, exitUsage, "put quotes around the message"},
		"an empty argument":    {"", []string{""}, exitUsage, "the message is empty"},
		"an empty input":       {"\n", nil, exitUsage, "the message is empty"},
		"an endless input":     {strings.Repeat("x", maxInput+1), nil, exitFailed, "longer than the service accepts"},
		"what the service may": {strings.Repeat("x", 16385), nil, exitFailed, "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := s.command(t, test.stdin, "send", test.args...)
			require.Equal(t, test.code, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, test.want)
		})
	}
}

// someBytes aren't text.
func someBytes(n int) []byte {
	return bytes.Repeat([]byte("\x00\xff\r\n\x1b[2J"), n/8)
}

func TestUploadAndDownload(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(o *participanttest.ChatOptions) { o.ScanDelay = 200 * time.Millisecond })
	want := someBytes(3 << 20)
	path := writeFile(t, "photo.png", string(want))
	code, id, stderr := s.command(t, "", "upload", "-wait", "-name", "cat.png", path)
	require.Equal(t, exitOK, code, stderr)
	require.Empty(t, stderr, "a progress bar without a terminal")
	i := slices.IndexFunc(s.Transcript(), func(item participanttest.Item) bool { return item.Type == "ATTACHMENT" })
	file := s.Transcript()[i].Attachments[0]
	require.Equal(t, "cat.png image/png", file.AttachmentName+" "+file.ContentType)
	require.Equal(t, file.AttachmentId+"\n", id)

	output := filepath.Join(t.TempDir(), "back.png")
	code, stdout, stderr := s.command(t, "", "download", "-o", output, strings.TrimSpace(id))
	require.Equal(t, exitOK, code, stderr)
	require.Empty(t, stdout+stderr)
	got, err := os.ReadFile(output)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))

	_, stdout, _ = s.command(t, "", "download", "-o", "-", strings.TrimSpace(id))
	require.True(t, bytes.Equal(want, []byte(stdout)))
}

func TestUploadOfStandardInput(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	want := someBytes(1 << 20)
	code, id, stderr := s.command(t, string(want), "upload", "-", "-name", "photo.png")
	require.Equal(t, exitOK, code, stderr)
	_, stdout, _ := s.command(t, "", "download", "-o", "-", strings.TrimSpace(id))
	require.True(t, bytes.Equal(want, []byte(stdout)))
	require.Contains(t, s.Transcript()[len(s.Transcript())-1].Attachments[0].AttachmentName, "photo.png")

	for want, args := range map[string][]string{
		"-name is missing":              {"upload", "-"},
		"standard input is empty":       {"upload", "-", "-name", "empty.txt"},
		"-token-file - is not possible": {"upload", "-", "-name", "a.txt", "-token-file", "-"},
	} {
		code, stdout, stderr := s.command(t, "", args[0], args[1:]...)
		require.Equal(t, exitUsage, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, want)
	}
}

func TestFilesShowProgressOnATerminal(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	path := writeFile(t, "photo.png", string(someBytes(1<<20)))
	var id, stderr bytes.Buffer
	code := run(t.Context(), s.args("upload", path), strings.NewReader(""), &id, tty{Writer: &stderr})
	require.Equal(t, exitOK, code, stderr.String())
	require.Regexp(t, `^\rphoto\.png  \[=* *\] +\d+ %`, stderr.String())
	require.Regexp(t, `\rphoto\.png  \[={25}\] 100 %\n$`, stderr.String())

	stderr.Reset()
	output := filepath.Join(t.TempDir(), "back.png")
	code = run(t.Context(), s.args("download", "-o", output, strings.TrimSpace(id.String())), strings.NewReader(""), io.Discard, tty{Writer: &stderr})
	require.Equal(t, exitOK, code, stderr.String())
	require.Regexp(t, `\[={25}\] 100 %\n$`, stderr.String())
}

func TestProgressWithoutATotal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(tty{Writer: &out}, "\x1b[2J", 0)
	for range 3 {
		_, _ = p.Write(make([]byte, 1<<19))
	}
	p.end()
	require.Equal(t, "\r\ufffd[2J  0 MiB\r\ufffd[2J  1 MiB\n", out.String())
}

func TestUploadFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options func(*participanttest.ChatOptions)
		args    []string
		fault   participanttest.Fault
		want    string
		printed bool // the id
	}{
		"a rejected file":   {options: func(o *participanttest.ChatOptions) { o.ScanVerdict = types.ArtifactStatusRejected }, args: []string{"-wait", "FILE"}, want: "the file was rejected by the scan", printed: true},
		"no file":           {args: []string{"no/such/file"}, want: "stat no/such/file: no such file"},
		"a directory":       {args: []string{"."}, want: "open .: not a regular file"},
		"a refused type":    {args: []string{"-name", "a.exe", "FILE"}, want: "Value at 'AttachmentName'"},
		"a refusing bucket": {args: []string{"FILE"}, fault: participanttest.Fault{On: participanttest.OnUpload, Effect: participanttest.Fail(403, "AccessDenied")}, want: "upload file: PUT 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := []func(*participanttest.ChatOptions){}
			if test.options != nil {
				options = append(options, test.options)
			}
			s := newScene(t, options...)
			if test.fault.On != "" {
				s.srv.Inject(test.fault)
			}
			file := writeFile(t, "order.txt", "two of each")
			for i := range test.args {
				test.args[i] = strings.ReplaceAll(test.args[i], "FILE", file)
			}
			code, stdout, stderr := s.command(t, "", "upload", test.args...)
			require.Equal(t, exitFailed, code)
			require.Equal(t, test.printed, stdout != "")
			require.Contains(t, stderr, test.want)
		})
	}
}

func TestDownloadFails(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	id := s.Agent.ShareFile("a.txt", "text/plain", []byte("text"))
	taken := writeFile(t, "taken", "before")
	code, _, stderr := s.command(t, "", "download", "-o", taken, id)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "file exists")
	before, err := os.ReadFile(taken)
	require.NoError(t, err)
	require.Equal(t, "before", string(before))

	code, _, stderr = s.command(t, "", "download", "-o", "-", "unknown")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "find the file: the service refuses the request: ")

	s.srv.Inject(participanttest.Fault{On: participanttest.OnDownload, Effect: participanttest.Fail(404, "NoSuchKey")})
	output := filepath.Join(t.TempDir(), "a.txt")
	code, _, stderr = s.command(t, "", "download", "-o", output, id)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "fetch the file: GET 127.0.0.1")
	require.NoFileExists(t, output)
}

// noTransport fails every request.
type noTransport struct{}

func (noTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("sent through http.DefaultTransport")
}

//nolint:paralleltest // replaces http.DefaultTransport
func TestDownloadUsesTheClientOfTheCalls(t *testing.T) {
	s := newScene(t)
	id := s.Agent.ShareFile("a.txt", "text/plain", []byte("text"))
	before := http.DefaultTransport
	http.DefaultTransport = noTransport{}
	t.Cleanup(func() { http.DefaultTransport = before })
	code, stdout, stderr := s.command(t, "", "download", "-o", "-", id)
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, "text", stdout)
}

func TestDownloadIsBounded(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]int64{0: maxDownload, 7: 7, maxDownload: maxDownload, math.MaxInt64: maxDownload} {
		require.Equal(t, want, maxBytes(size))
	}
}

func TestDownloadLeavesNoPart(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "a.txt")
	broken := io.MultiReader(strings.NewReader("some"), iotest.ErrReader(errors.New("cut")))
	err := (&downloadCommand{output: output}).write(broken, nil)
	require.EqualError(t, err, "fetch the file: cut")
	require.NoFileExists(t, output)
}

func TestFilesStopWithAnInterrupt(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Effect: participanttest.Ignore()})
	path := writeFile(t, "a.txt", "text")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := s.start(t, false, "upload", path)
	require.NoError(t, s.srv.WaitRequest(ctx, "PutObject", 1))
	r.interrupt()
	r.awaitCode(exitFailed)
	require.Equal(t, "participant upload: interrupted\n", r.stderr.String())
}
