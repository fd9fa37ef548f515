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
	// ErrRejected means that the service's scan rejected a file.
	ErrRejected = errors.New("the file was rejected by the scan")
	// ErrTooLarge means that a file has more bytes than OpenAttachment was to read.
	ErrTooLarge = storage.ErrTooLarge
)

// scanPoll is how often a call that waits for a scan looks into the transcript: the event may
// be lost, or wait for the caller itself. A scan takes a minute at most (Amazon Connect
// administrator guide, feature specifications).
const scanPoll = 20 * time.Second

// File is a file to send.
type File struct {
	// Name is what the others see, with its extension. Required.
	Name string
	// ContentType is the MIME type, such as image/png. Required.
	ContentType string
	// Size is how many bytes Reader has. It may be 0 if Reader can seek, or has a method
	// Len() int.
	Size int64
	// Reader returns the bytes. One that can seek lets the upload be retried when the network
	// fails. It is not closed. Required.
	Reader io.Reader
	// Progress is called with the number of bytes sent so far, which falls back when the
	// upload is retried. Defaults to none.
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
	f.Reader, f.Progress = nil, nil // they may be in use
	return f
}

// SendFile sends a file and returns its attachment ID. The others, and this session, receive it
// as a Message with Attachments once it has been scanned; one that is REJECTED can't be opened.
// Which types and sizes are accepted is set for the instance (20 MB by default). With
// ErrRejected, or when ctx ends during the scan, the ID is returned with the error.
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

// prepare checks the file, and finds its size.
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

// expectScan lets the status of an attachment be noted.
func (d *delivery) expectScan(id string) {
	if d.scans == nil {
		d.scans = map[string]types.ArtifactStatus{}
	}
	d.scans[id] = types.ArtifactStatusInProgress
}

// awaitScan waits until the status of an attachment is final, and looks for it in the
// transcript now and then.
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
			status = s.lookForScan(ctx, id)
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

// lookForScan returns the status that the newest page of the transcript shows.
func (s *Session) lookForScan(ctx context.Context, id string) types.ArtifactStatus {
	out, err := transcriptClient{s}.GetTranscript(ctx, &connectparticipant.GetTranscriptInput{MaxResults: aws.Int32(pageSize)})
	if err != nil {
		return types.ArtifactStatusInProgress // the next look may do
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

// OpenAttachment opens a file of the chat for reading, for as long as ctx lives. A file of more
// than maxBytes is ErrTooLarge, immediately or while reading. The caller closes it. The service
// refuses this call from a custom bot.
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
