package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// attachment is a file that is sent.
type attachment struct {
	name string
	data []byte
}

// upload puts a file into the chat and returns its attachment id.
func upload(ctx context.Context, client connectparticipant.API, storage *http.Client, token *string, file attachment) (string, error) {
	contentType := mime.TypeByExtension(filepath.Ext(file.name))
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	started, err := client.StartAttachmentUpload(ctx, &connectparticipant.StartAttachmentUploadInput{
		ConnectionToken: token, AttachmentName: &file.name, AttachmentSizeInBytes: int64(len(file.data)), ContentType: &contentType,
	})
	if err != nil {
		return "", err
	}
	if started.AttachmentId == nil || started.UploadMetadata == nil {
		return "", errors.New("the service gave no place to upload to")
	}
	if err := put(ctx, storage, started.UploadMetadata, file.data); err != nil {
		return "", err
	}
	_, err = client.CompleteAttachmentUpload(ctx, &connectparticipant.CompleteAttachmentUploadInput{
		ConnectionToken: token, AttachmentIds: []string{*started.AttachmentId},
	})
	return *started.AttachmentId, err
}

// put uploads the bytes with exactly the headers that were signed, and no token.
func put(ctx context.Context, storage *http.Client, to *types.UploadMetadata, data []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, aws.ToString(to.Url), bytes.NewReader(data))
	if err != nil {
		return errors.New("the upload URL is malformed")
	}
	for name, value := range to.HeadersToInclude {
		request.Header.Set(name, value)
	}
	_, err = fetch(storage, request, 1<<20)
	return err
}

// download fetches a file of the chat.
func download(ctx context.Context, client connectparticipant.API, storage *http.Client, token *string, id string) ([]byte, error) {
	link, err := client.GetAttachment(ctx, &connectparticipant.GetAttachmentInput{ConnectionToken: token, AttachmentId: &id})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, aws.ToString(link.Url), http.NoBody)
	if err != nil {
		return nil, errors.New("the download URL is malformed")
	}
	return fetch(storage, request, aws.ToInt64(link.AttachmentSizeInBytes))
}

// fetch sends a request to the storage and returns its answer of at most limit
// bytes. The URL, which is a secret, stays out of the errors.
func fetch(storage *http.Client, request *http.Request, limit int64) ([]byte, error) {
	response, err := storage.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", request.Method, request.URL.Host, errors.Unwrap(err))
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: status %s", request.Method, request.URL.Host, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s %s: more than %d bytes", request.Method, request.URL.Host, limit)
	}
	return data, err
}
