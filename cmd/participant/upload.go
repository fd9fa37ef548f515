// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/terminal"
)

var uploadHelp = command{
	name:    "upload",
	summary: "send a file",
	args:    "FILE | -",
	about: `upload sends a file and prints its attachment id, which download takes. The others see the
file when the service has scanned it; -wait waits for that, usually less than a minute, and
fails for a file that the scan rejects. The instance decides which types and sizes of files
are accepted. With - for FILE it sends standard input, which is read to its end first;
in that case, -name is required and -token-file can't be -.
`,
	example: "participant upload -region eu-west-2 -wait invoice.pdf",
}

// uploadCommand sends a file.
type uploadCommand struct {
	path, name, contentType string
	wait                    bool
}

func (c *uploadCommand) define(flags *flag.FlagSet) {
	flags.StringVar(&c.name, "name", "", "show the others `NAME` (default the name of FILE)")
	flags.StringVar(&c.contentType, "content-type", "", "send the file as `TYPE`, such as image/png (default the type of its extension)")
	flags.BoolVar(&c.wait, "wait", false, "wait until the file has been scanned")
}

func (c *uploadCommand) take(args []string) (readsInput bool, err error) {
	if len(args) != 1 {
		return false, usageError("name one file to send")
	}
	if c.path = args[0]; c.path == "-" && c.name == "" {
		return false, usageError("-name is missing: standard input has no name")
	}
	return c.path == "-", nil
}

func (c *uploadCommand) perform(ctx context.Context, a *access, s streams) error {
	content, size, err := c.open(s.in)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	session, err := a.start(ctx, func(o *chat.Options) { o.History = chat.HistoryNone })
	if err != nil {
		return err
	}
	defer func() { _ = session.Close() }()
	upload := newFile(content, cmp.Or(c.name, filepath.Base(c.path)))
	upload.ContentType = cmp.Or(c.contentType, upload.ContentType)
	bar := newProgress(s.err, upload.Name, size)
	upload.Progress, upload.WaitForScan = bar.set, c.wait
	id, err := session.SendFile(ctx, upload)
	bar.end()
	if id != "" { // a file that the scan rejects also has an id
		_, printing := fmt.Fprintln(s.out, terminal.Line(id))
		err = errors.Join(err, printing)
	}
	return err
}

// source is a file that can be read again for a retry.
type source interface {
	io.ReadSeeker
	io.Closer
}

// open opens the file, or reads standard input.
func (c *uploadCommand) open(in io.Reader) (file source, size int64, err error) {
	if c.path != "-" {
		return openFile(c.path)
	}
	data, err := io.ReadAll(io.LimitReader(in, maxDownload+1))
	switch {
	case err != nil:
		return nil, 0, &stepError{"read standard input", err}
	case len(data) > maxDownload:
		return nil, 0, fmt.Errorf("standard input has more than the %d MiB that an instance can accept", maxDownload>>20)
	case len(data) == 0:
		return nil, 0, usageError("standard input is empty")
	}
	return inMemory{bytes.NewReader(data)}, int64(len(data)), nil
}

// inMemory is content that needn't be closed.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// openFile opens a file that can be sent.
func openFile(path string) (file *os.File, size int64, err error) {
	info, err := os.Stat(path) // before opening, which would block for a named pipe
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, 0, err
	}
	file, err = os.Open(path)
	return file, info.Size(), err
}

// newFile returns the file as it is sent, with the type for its name.
func newFile(file io.Reader, name string) chat.File {
	kind, _, err := mime.ParseMediaType(contentType(name)) // the charset is a guess of package mime
	if err != nil {
		kind = contentType(name)
	}
	return chat.File{Name: name, ContentType: kind, Reader: file}
}
