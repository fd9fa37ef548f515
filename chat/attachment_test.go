// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestFilesAreUploadedAndDownloaded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact = b.srv.NewChat(func(o *participanttest.ChatOptions) { o.ScanDelay = 20 * time.Second })
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Times: 1, Effect: participanttest.Fail(503, "")})
		content := strings.Repeat("photo", 10_000)
		begun := time.Now()
		var sent int64
		id, err := s.SendFile(b.t.Context(), chat.File{
			Name: "photo.png", ContentType: "image/png", Reader: strings.NewReader(content), WaitForScan: true,
			Progress: func(n int64) { sent = n },
		})
		require.NoError(b.t, err)
		require.EqualValues(b.t, len(content), sent)
		require.GreaterOrEqual(b.t, time.Since(begun), 20*time.Second)
		m := b.message(s)
		require.Equal(b.t, "photo.png", m.Attachments[0].Name)
		require.Equal(b.t, id, m.Attachments[0].ID)
		body, err := s.OpenAttachment(b.t.Context(), id, 1<<20)
		require.NoError(b.t, err)
		got, err := io.ReadAll(body)
		require.NoError(b.t, err)
		require.NoError(b.t, body.Close())
		require.Equal(b.t, content, string(got))
		_, err = s.OpenAttachment(b.t.Context(), id, 10)
		require.Error(b.t, err)
	})
}

func TestARejectedFile(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact = b.srv.NewChat(func(o *participanttest.ChatOptions) {
			o.ScanDelay, o.ScanVerdict = 20*time.Second, types.ArtifactStatusRejected
		})
		s := b.start()
		b.settle()
		id, err := s.SendFile(b.t.Context(), chat.File{
			Name: "virus.txt", ContentType: "text/plain", Reader: strings.NewReader("virus"), WaitForScan: true,
		})
		require.ErrorIs(b.t, err, chat.ErrRejected)
		require.NotEmpty(b.t, id)
	})
}

func TestSendFileNamesAMissingMember(t *testing.T) {
	t.Parallel()
	for want, file := range map[string]chat.File{
		"File.Name":        {ContentType: "text/plain", Reader: strings.NewReader("x")},
		"File.ContentType": {Name: "a.txt", Reader: strings.NewReader("x")},
		"File.Reader":      {Name: "a.txt", ContentType: "text/plain"},
		"File.Size":        {Name: "a.txt", ContentType: "text/plain", Reader: io.MultiReader(strings.NewReader("x"))},
	} {
		_, err := new(chat.Session).SendFile(t.Context(), file)
		require.ErrorContains(t, err, want)
	}
}

func TestOpenAttachmentRejectsALargerFile(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		id := b.shareFile(s, strings.Repeat("x", 1000))
		_, err := s.OpenAttachment(b.t.Context(), id, 999)
		require.ErrorIs(b.t, err, chat.ErrTooLarge, "the size is known from Content-Length")
		body, err := s.OpenAttachment(b.t.Context(), id, 1000)
		require.NoError(b.t, err)
		got, err := io.ReadAll(body)
		require.NoError(b.t, err)
		require.NoError(b.t, body.Close())
		require.Len(b.t, got, 1000)
	})
}

func TestReadingAnAttachmentFailsBeyondTheLimit(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		id := b.shareFile(s, "small")
		const size = 50_000 // more than net/http buffers, so that there is no Content-Length
		b.srv.Inject(participanttest.Fault{On: participanttest.OnDownload, Effect: participanttest.Respond(http.StatusOK, "text/plain", strings.Repeat("x", size))})
		body, err := s.OpenAttachment(b.t.Context(), id, size-1)
		require.NoError(b.t, err)
		got, err := io.ReadAll(body)
		require.ErrorIs(b.t, err, chat.ErrTooLarge)
		require.Len(b.t, got, size-1)
		_, err = body.Read(make([]byte, 1))
		require.ErrorIs(b.t, err, chat.ErrTooLarge, "the error is permanent")
		require.NoError(b.t, body.Close())
		_, err = s.OpenAttachment(b.t.Context(), "unknown", size)
		require.Error(b.t, err)
		require.NotErrorIs(b.t, err, chat.ErrTooLarge)
	})
}

// The session learns its ID from a file too.
func TestASentFileIsOwn(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		require.Empty(b.t, s.ParticipantID())
		id, err := s.SendFile(b.t.Context(), chat.File{Name: "photo.png", ContentType: "image/png", Reader: strings.NewReader("photo")})
		require.NoError(b.t, err)
		m := b.message(s)
		require.Equal(b.t, id, m.Attachments[0].ID)
		require.True(b.t, m.Own)
		require.Equal(b.t, b.contact.Customer.ID, s.ParticipantID())
	})
}
