// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/egress"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/internal/storage"
)

var downloadHelp = command{
	name:    "download",
	summary: "fetch a file",
	args:    "-o FILE ATTACHMENT-ID",
	about: `download fetches a file of the chat. upload prints the attachment id; transcript and
chat show it. FILE must not exist yet, and is removed if the download fails. -o - writes the
bytes unchanged to standard output, even if that is a terminal.
`,
	example: "participant download -region eu-west-2 -o invoice.pdf 9d5bb9b5-…",
}

// maxDownload is the largest file size that an instance can be configured to accept
// (API_UpdateAttachedFilesConfiguration).
const maxDownload = 100 << 20

// downloadCommand fetches a file.
type downloadCommand struct {
	output string
	id     string
}

func (c *downloadCommand) define(flags *flag.FlagSet) {
	flags.StringVar(&c.output, "o", "", "write to `FILE`, or - for standard output")
}

func (c *downloadCommand) take(args []string) (readsInput bool, err error) {
	switch {
	case len(args) != 1:
		return false, usageError("name one attachment id")
	case c.output == "":
		return false, usageError("-o is missing: name the file to write, or - for standard output")
	}
	c.id = args[0]
	return false, nil
}

func (c *downloadCommand) perform(ctx context.Context, a *access, s streams) error {
	conn, err := a.connect(ctx, false)
	if err != nil {
		return err
	}
	// Not with a session, which needs a socket and doesn't return the size.
	found, err := conn.client.GetAttachment(ctx, &connectparticipant.GetAttachmentInput{ConnectionToken: conn.token, AttachmentId: &c.id})
	if err != nil {
		return &stepError{"find the file", err}
	}
	if err := endpoint.RequireNoDowngrade(aws.ToString(found.Url), found.ResultMetadata); err != nil {
		return &stepError{"fetch the file", err}
	}
	size := aws.ToInt64(found.AttachmentSizeInBytes)
	body, err := storage.Get(ctx, egress.ChatClient(conn.client.Options().HTTPClient), aws.ToString(found.Url), maxBytes(size), false)
	if err != nil {
		return &stepError{"fetch the file", err}
	}
	defer func() { _ = body.Close() }()
	bar := newProgress(s.err, c.output, size)
	defer bar.end()
	return c.write(io.TeeReader(body, bar), s.out)
}

// maxBytes returns how much of a file is read. It doesn't trust the size from the service beyond the
// limit, because the disk is the user's.
func maxBytes(size int64) int64 { return min(cmp.Or(size, maxDownload), maxDownload) }

// write writes the whole file or none of it, except to standard output.
func (c *downloadCommand) write(body io.Reader, stdout io.Writer) error {
	if c.output == "-" {
		return copyFile(stdout, body)
	}
	file, err := os.OpenFile(c.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(copyFile(file, body), file.Close()); err != nil {
		return errors.Join(err, os.Remove(c.output))
	}
	return nil
}

func copyFile(to io.Writer, from io.Reader) error {
	if _, err := io.Copy(to, from); err != nil {
		return &stepError{"fetch the file", err}
	}
	return nil
}
