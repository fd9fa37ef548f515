package chat

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/storage"
	"github.com/participant-go/connectparticipant/types"
)

// ErrRejected says that the service's scan didn't let a file through.
var ErrRejected = errors.New("the file was rejected by the scan")

// File is a file to send.
type File struct {
	// Name is what the others see, with its extension. Required.
	Name string
	// ContentType is the MIME type, such as image/png. Required.
	ContentType string
	// Size is how many bytes Reader gives. It may be 0 if Reader can seek, or has a
	// method Len() int.
	Size int64
	// Reader gives the bytes. One that can seek lets the upload be repeated when the
	// network fails. It is not closed. Required.
	Reader io.Reader
	// Progress is told the number of bytes sent so far; it falls back when the upload is
	// repeated. Defaults to none.
	Progress func(sent int64)
	// WaitForScan lets SendFile return when the service has scanned the file, within a
	// minute mostly, with ErrRejected if it let it not through. Defaults to returning when
	// it has the file.
	WaitForScan bool
}

// SendFile sends a file and returns its attachment id. The others, and this session, get
// it as a Message with Attachments once it has been scanned; one that is REJECTED can't be
// opened. Which types and sizes are taken is set for the instance (20 MB by default). With
// ErrRejected, or when ctx ends during the scan, the id is returned beside the error.
func (s *Session) SendFile(ctx context.Context, file File) (attachmentID string, err error) {
	if err := file.check(); err != nil {
		return "", err
	}
	started, err := s.startUpload(ctx, file)
	if err != nil {
		return "", err
	}
	id := aws.ToString(started.AttachmentId)
	if err := storage.Put(ctx, s.opts.HTTPClient, started.UploadMetadata, file.Reader, file.Size, file.Progress, s.plain); err != nil {
		return "", fmt.Errorf("upload file: %w", err)
	}
	scanned := s.expectScan(id, file.WaitForScan)
	if err := s.completeUpload(ctx, id); err != nil {
		return "", err
	}
	return id, s.awaitScan(ctx, scanned)
}

func (f *File) check() error {
	switch {
	case f.Name == "":
		return errors.New("send file: File.Name is missing")
	case f.ContentType == "":
		return errors.New("send file: File.ContentType is missing")
	case f.Reader == nil:
		return errors.New("send file: File.Reader is missing")
	}
	if f.Size == 0 {
		f.Size, _ = storage.Size(f.Reader)
	}
	if f.Size <= 0 {
		return errors.New("send file: File.Size is missing, and File.Reader can't tell it: the service wants to know it first, and takes no empty files")
	}
	return nil
}

func (s *Session) startUpload(ctx context.Context, file File) (*connectparticipant.StartAttachmentUploadOutput, error) {
	clientToken := uuid.NewString()
	return call(ctx, s, "StartAttachmentUpload", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.StartAttachmentUploadOutput, error) {
		return s.client.StartAttachmentUpload(ctx, &connectparticipant.StartAttachmentUploadInput{
			ConnectionToken: token, AttachmentName: &file.Name, AttachmentSizeInBytes: file.Size,
			ContentType: &file.ContentType, ClientToken: &clientToken,
		})
	})
}

func (s *Session) completeUpload(ctx context.Context, id string) error {
	clientToken := uuid.NewString()
	_, err := call(ctx, s, "CompleteAttachmentUpload", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.CompleteAttachmentUploadOutput, error) {
		return s.client.CompleteAttachmentUpload(ctx, &connectparticipant.CompleteAttachmentUploadInput{
			ConnectionToken: token, AttachmentIds: []string{id}, ClientToken: &clientToken,
		})
	})
	return err
}

func (s *Session) expectScan(id string, wanted bool) <-chan types.ArtifactStatus {
	if !wanted {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.d.scans == nil {
		s.d.scans = map[string]chan types.ArtifactStatus{}
	}
	scanned := make(chan types.ArtifactStatus, 1)
	s.d.scans[id] = scanned
	return scanned
}

// awaitScan returns at once without a channel.
func (s *Session) awaitScan(ctx context.Context, scanned <-chan types.ArtifactStatus) error {
	if scanned == nil {
		return nil
	}
	for {
		over := s.unless(func() bool { return s.over != nil })
		if over == nil {
			return s.Err()
		}
		select {
		case status := <-scanned:
			if status == types.ArtifactStatusRejected {
				return ErrRejected
			}
			return nil
		case <-over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// OpenAttachment opens a file of the chat for reading, for as long as ctx lives. A file of
// more than maxBytes is an error, at once or while reading. The caller closes it. The
// service refuses this call from a custom bot.
func (s *Session) OpenAttachment(ctx context.Context, attachmentID string, maxBytes int64) (io.ReadCloser, error) {
	out, err := call(ctx, s, "GetAttachment", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.GetAttachmentOutput, error) {
		return s.client.GetAttachment(ctx, &connectparticipant.GetAttachmentInput{ConnectionToken: token, AttachmentId: &attachmentID})
	})
	if err != nil {
		return nil, err
	}
	body, err := storage.Get(ctx, s.opts.HTTPClient, aws.ToString(out.Url), maxBytes, s.plain)
	if err != nil {
		return nil, fmt.Errorf("open attachment: %w", err)
	}
	return body, nil
}
