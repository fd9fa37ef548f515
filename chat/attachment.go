// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/storage"
	"github.com/participant-go/connectparticipant/types"
)

var (
	// ErrRejected means that the service's virus scan rejected a file.
	ErrRejected = errors.New("the file was rejected by the scan")
	// ErrTooLarge means that a file is larger than the limit passed to OpenAttachment.
	ErrTooLarge = storage.ErrTooLarge
)

// scanPoll is how often a call that waits for a scan reads the transcript: the event may be lost, or
// be left to a pass that waits for the caller. A scan takes at most a minute (Amazon Connect
// administrator guide, feature specifications).
const scanPoll = 20 * time.Second

// File is a file to send.
type File struct {
	// Name is the file name that the other participants see, with its extension. Required.
	Name string
	// ContentType is the MIME type, such as image/png. Required.
	ContentType string
	// Size is the number of bytes in Reader. It may be 0 if Reader can seek, or has a method
	// Len() int.
	Size int64
	// Reader is the content. If it can seek, the upload is retried when the network fails. It is
	// not closed. Required.
	Reader io.Reader
	// Progress is called with the number of bytes sent so far, which decreases when the upload
	// is retried. Defaults to none.
	Progress func(sent int64)
	// WaitForScan makes SendFile wait for the virus scan, usually less than a minute; a
	// rejected file is ErrRejected. By default SendFile returns once the upload is complete.
	WaitForScan bool
}

// LogValue shows the file to log/slog without its name and bytes.
func (f File) LogValue() slog.Value { return redact.LogValue(f.withoutReader()) }

// Format shows the file to fmt without its name and bytes, whatever the verb.
func (f File) Format(state fmt.State, _ rune) { redact.Format(state, f.withoutReader()) }

func (f File) withoutReader() File {
	f.Reader, f.Progress = nil, nil // reading the Reader's fields could race with its use
	return f
}

// SendFile sends a file and returns its attachment ID. All participants, this session included,
// receive it as a Message with Attachments after the virus scan. A file that is REJECTED can't be
// opened. The instance's settings determine the accepted types and sizes (20 MB by default). If the
// error is ErrRejected, or ctx ends during the scan, the ID is returned too.
func (s *Session) SendFile(ctx context.Context, file File) (attachmentID string, err error) {
	if err := file.prepare(); err != nil {
		return "", err
	}
	started, err := s.startUpload(ctx, file)
	if err != nil {
		return "", err
	}
	id := aws.ToString(started.AttachmentId)
	if err := s.upload(ctx, file, started); err != nil {
		return "", fmt.Errorf("upload file: %w", err)
	}
	s.change(func(c *core, _ instant) { c.inbox.self.remember(fileKey(id)) })
	if file.WaitForScan {
		s.change(func(c *core, _ instant) { c.inbox.expectScan(id) })
		defer s.change(func(c *core, _ instant) { delete(c.inbox.scans, id) })
	}
	if err := s.completeUpload(ctx, id); err != nil {
		return "", err
	}
	if file.WaitForScan {
		return id, s.awaitScan(ctx, id)
	}
	return id, nil
}

// prepare checks the file and determines its size.
func (f *File) prepare() error {
	switch {
	case f.Name == "":
		return errors.New("send file: File.Name is missing")
	case f.ContentType == "":
		return errors.New("send file: File.ContentType is missing")
	case f.Reader == nil:
		return errors.New("send file: File.Reader is missing")
	}
	known := f.Size > 0
	if !known {
		f.Size, known = storage.Size(f.Reader)
	}
	switch {
	case !known:
		return errors.New("send file: set File.Size: it can't be determined from File.Reader")
	case f.Size == 0:
		return errors.New("send file: the file is empty, and the service accepts no empty files")
	}
	return nil
}

func (s *Session) startUpload(ctx context.Context, file File) (*connectparticipant.StartAttachmentUploadOutput, error) {
	clientToken := uuid.NewString()
	return call(ctx, s, "StartAttachmentUpload", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.StartAttachmentUploadOutput, error) {
		return s.client.StartAttachmentUpload(ctx, &connectparticipant.StartAttachmentUploadInput{
			ConnectionToken: token, AttachmentName: &file.Name, AttachmentSizeInBytes: file.Size,
			ContentType: &file.ContentType, ClientToken: &clientToken,
		}, once)
	})
}

func (s *Session) upload(ctx context.Context, file File, started *connectparticipant.StartAttachmentUploadOutput) error {
	to := started.UploadMetadata
	if to != nil {
		if err := endpoint.RequireNoDowngrade(aws.ToString(to.Url), started.ResultMetadata); err != nil {
			return err
		}
	}
	return storage.Put(ctx, s.opts.HTTPClient, to, file.Reader, file.Size, file.Progress, s.opts.plain)
}

func (s *Session) completeUpload(ctx context.Context, id string) error {
	clientToken := uuid.NewString()
	_, err := call(ctx, s, "CompleteAttachmentUpload", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.CompleteAttachmentUploadOutput, error) {
		return s.client.CompleteAttachmentUpload(ctx, &connectparticipant.CompleteAttachmentUploadInput{
			ConnectionToken: token, AttachmentIds: []string{id}, ClientToken: &clientToken,
		}, once)
	})
	return err
}

// expectScan makes arrivals record the status of an attachment.
func (d *delivery) expectScan(id string) {
	if d.scans == nil {
		d.scans = map[string]types.ArtifactStatus{}
	}
	d.scans[id] = types.ArtifactStatusInProgress
}

// awaitScan waits until the status of an attachment is final. Every scanPoll it reads the transcript
// for it.
func (s *Session) awaitScan(ctx context.Context, id string) error {
	for {
		var status types.ArtifactStatus
		waiting, cancel := context.WithTimeout(ctx, scanPoll)
		err := s.wait(waiting, func(c *core, _ instant) (bool, error) {
			status = c.inbox.scans[id]
			return status != types.ArtifactStatusInProgress, c.err()
		})
		cancel()
		switch {
		case ctx.Err() != nil && err != nil:
			return ctx.Err()
		case err != nil && s.Err() == nil:
			status = s.scanStatus(ctx, id)
		case err != nil:
			return err
		}
		switch status {
		case types.ArtifactStatusInProgress:
		case types.ArtifactStatusRejected:
			return ErrRejected
		default:
			return nil
		}
	}
}

// scanStatus returns the status in the newest page of the transcript.
func (s *Session) scanStatus(ctx context.Context, id string) types.ArtifactStatus {
	out, err := transcriptClient{s}.GetTranscript(ctx, &connectparticipant.GetTranscriptInput{MaxResults: aws.Int32(pageSize)})
	if err != nil {
		return types.ArtifactStatusInProgress // the next poll may succeed
	}
	for i := range out.Transcript {
		for _, file := range out.Transcript[i].Attachments {
			if aws.ToString(file.AttachmentId) == id {
				return file.Status
			}
		}
	}
	return types.ArtifactStatusInProgress
}

// OpenAttachment opens a file of the chat for reading until ctx is done. If the file has more than
// maxBytes, OpenAttachment or a later Read returns ErrTooLarge. The caller must close the file. The
// service denies this operation to custom bots.
func (s *Session) OpenAttachment(ctx context.Context, attachmentID string, maxBytes int64) (io.ReadCloser, error) {
	out, err := call(ctx, s, "GetAttachment", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.GetAttachmentOutput, error) {
		return s.client.GetAttachment(ctx, &connectparticipant.GetAttachmentInput{ConnectionToken: token, AttachmentId: &attachmentID}, once)
	})
	if err != nil {
		return nil, err
	}
	address := aws.ToString(out.Url)
	if err := endpoint.RequireNoDowngrade(address, out.ResultMetadata); err != nil {
		return nil, fmt.Errorf("open attachment: %w", err)
	}
	body, err := storage.Get(ctx, s.opts.HTTPClient, address, maxBytes, s.opts.plain)
	if err != nil {
		return nil, fmt.Errorf("open attachment: %w", err)
	}
	return body, nil
}
