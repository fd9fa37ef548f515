// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

const (
	uploadLife         = 15 * time.Minute
	minDownloadSeconds = 5
	maxDownloadSeconds = 300
	maxAttachments     = 35  // a chat (Administrator Guide, "Feature specifications")
	maxHeaderValue     = 256 // UploadMetadataSignedHeadersValue in the model
	accountID          = "111122223333"
	organizationID     = "4a8b1c7e-52d3-4f06-9c1d-8e7a6b5c4d3e"
)

// attachmentExtensions are the service's defaults (same page).
var attachmentExtensions = []string{
	".csv", ".doc", ".docx", ".heic", ".jfif", ".jpeg", ".jpg", ".mov", ".mp4", ".pdf", ".png", ".ppt", ".pptx", ".rtf", ".txt",
	".wav", ".xls", ".xlsx",
}

// attachment is a file that a participant uploads to the chat.
type attachment struct {
	id, name, contentType string
	size                  int64
	owner                 *Participant
	uploaded              bool
	content               []byte
	item                  *Item     // set by CompleteAttachmentUpload
	due                   time.Time // of the scan's verdict
}

type startUploadOutput struct {
	AttachmentID   string `json:"AttachmentId"`
	UploadMetadata uploadMetadata
}

type uploadMetadata struct {
	HeadersToInclude map[string]string
	URL              string `json:"Url"`
	URLExpiry        string `json:"UrlExpiry"`
}

// ShareFile sends a file as if the participant had uploaded it, with the scan's delay and verdict, and
// returns the AttachmentId. Name, size and number aren't limited.
func (p *Participant) ShareFile(name, contentType string, content []byte) (attachmentID string) {
	p.act(func() {
		a := &attachment{
			id: newUUID(), name: name, contentType: contentType, size: int64(len(content)),
			owner: p, uploaded: true, content: slices.Clone(content),
		}
		p.contact.attachments[a.id] = a
		p.contact.scan(a)
		attachmentID = a.id
	})
	return attachmentID
}

func startAttachmentUpload(c *call) (any, *wireError) {
	c.in.text("ClientToken", 1, 500)
	a := c.newAttachment()
	if c.in.err != nil {
		return nil, c.in.err
	}
	if c.contact.sentAttachments() >= maxAttachments {
		return nil, quotaExceeded("The chat has %d attachments already", maxAttachments)
	}
	c.contact.attachments[a.id] = a
	headers := a.uploadHeaders()
	signed, expiry := c.srv.signURL(http.MethodPut, a.storagePath(), url.Values{}, headers, uploadLife)
	return startUploadOutput{
		AttachmentID:   a.id,
		UploadMetadata: uploadMetadata{HeadersToInclude: headers, URL: signed, URLExpiry: expiry.Format(isoMillis)},
	}, nil
}

func (c *call) newAttachment() *attachment {
	a := &attachment{
		id:          newUUID(),
		name:        c.in.requiredText("AttachmentName", 1, 256),
		contentType: c.in.requiredText("ContentType", 1, 255),
		owner:       c.participant,
	}
	c.in.require("AttachmentSizeInBytes")
	a.size = int64(c.in.integer("AttachmentSizeInBytes", 1, int(c.srv.opts.MaxAttachmentBytes), 0))
	if !slices.Contains(attachmentExtensions, strings.ToLower(path.Ext(a.name))) {
		c.in.fail("AttachmentName", "Member must have one of the extensions %s", strings.Join(attachmentExtensions, " "))
	}
	if _, _, err := mime.ParseMediaType(a.contentType); err != nil {
		c.in.fail("ContentType", "Member must be a media type")
	}
	return a
}

func (c *Contact) sentAttachments() int {
	n := 0
	for _, a := range c.attachments {
		if a.item != nil && a.owner.contact == c {
			n++
		}
	}
	return n
}

// uploadHeaders returns the headers that the service has been seen to ask for.
func (a *attachment) uploadHeaders() map[string]string {
	return map[string]string{
		"Content-Disposition":           contentDisposition("attachment", a.name),
		"Content-Length":                strconv.FormatInt(a.size, 10),
		"Content-Type":                  a.contentType,
		"x-amz-acl":                     "bucket-owner-full-control",
		"x-amz-meta-account_id":         accountID,
		"x-amz-meta-contact_id":         a.owner.contact.currentID(),
		"x-amz-meta-initial_contact_id": a.owner.contact.ID,
		"x-amz-meta-organization_id":    organizationID,
	}
}

// contentDisposition quotes the name as the service does. A name that a header can't hold is encoded.
func contentDisposition(kind, name string) string {
	value := kind + `; filename="` + name + `"`
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		value = mime.FormatMediaType(kind, map[string]string{"filename": name})
	}
	if len(value) > maxHeaderValue {
		return kind
	}
	return value
}

func completeAttachmentUpload(c *call) (any, *wireError) {
	c.in.text("ClientToken", 1, 500)
	a := c.ownAttachment()
	if c.in.err != nil {
		return nil, c.in.err
	}
	switch {
	case a.item != nil:
		return nil, conflict("Attachment upload is completed already")
	case !a.uploaded:
		return nil, conflict("Attachment has not been uploaded")
	case c.contact.sentAttachments() >= maxAttachments:
		return nil, quotaExceeded("The chat has %d attachments already", maxAttachments)
	}
	c.contact.scan(a)
	return struct{}{}, nil
}

// ownAttachment returns the attachment that the request names, which must be the caller's.
func (c *call) ownAttachment() *attachment {
	c.in.require("AttachmentIds")
	ids, ok := c.in.list("AttachmentIds")
	if ok {
		c.in.bound("AttachmentIds", "length", len(ids), 1, 1)
	}
	if len(ids) != 1 {
		return nil
	}
	a := c.contact.attachments[ids[0]]
	if a == nil || a.owner != c.participant {
		c.in.fail("AttachmentIds", "Member must name an attachment of the participant")
	}
	return a
}

// scan adds the attachment to the chat, either with its verdict or as IN_PROGRESS.
func (c *Contact) scan(a *attachment) {
	a.owner.speaks()
	if c.opts.ScanDelay <= 0 {
		a.item = a.owner.send(a.newItem(c.opts.ScanVerdict))
		return
	}
	pending := a.newItem(types.ArtifactStatusInProgress)
	a.owner.sign(&pending)
	c.stamp(&pending)
	c.keep(&pending)
	a.item = &pending
	a.due = c.srv.now().Add(c.opts.ScanDelay)
	c.awaitVerdict(a)
}

// awaitVerdict pushes the attachment again when its scan is complete.
func (c *Contact) awaitVerdict(a *attachment) {
	c.srv.at(a.due, func() {
		if c.ended {
			return
		}
		scanned := *c.items[c.index[a.item.Id]] // with the receipts that have arrived since
		scanned.Attachments = a.newItem(c.opts.ScanVerdict).Attachments
		a.item = &scanned
		c.publish(a.item)
	})
}

func (a *attachment) newItem(status types.ArtifactStatus) Item {
	return Item{
		Type: typeAttachment,
		Attachments: []AttachmentItem{{
			AttachmentId: a.id, AttachmentName: a.name, ContentType: a.contentType, Status: status,
		}},
	}
}

type getAttachmentOutput struct {
	AttachmentSizeInBytes int64
	URL                   string `json:"Url"`
	URLExpiry             string `json:"UrlExpiry"`
}

func getAttachment(c *call) (any, *wireError) {
	id := c.in.requiredText("AttachmentId", 1, 256)
	seconds := c.in.integer("UrlExpiryInSeconds", minDownloadSeconds, maxDownloadSeconds, maxDownloadSeconds)
	disposition := types.UrlContentDisposition(c.in.enum("UrlContentDisposition",
		string(types.UrlContentDispositionInline), string(types.UrlContentDispositionAttachment)))
	if c.in.err != nil {
		return nil, c.in.err
	}
	if c.participant.Role == types.ParticipantRoleCustomBot {
		return nil, errAccessDenied
	}
	a := c.contact.attachments[id]
	if a == nil || !a.approved() {
		return nil, invalid("AttachmentId", "Member must name an approved attachment of the chat")
	}
	query := url.Values{}
	if disposition == types.UrlContentDispositionInline {
		query.Set(queryDisposition, contentDisposition("inline", a.name))
	}
	signed, expiry := c.srv.signURL(http.MethodGet, a.storagePath(), query, nil, time.Duration(seconds)*time.Second)
	return getAttachmentOutput{AttachmentSizeInBytes: a.size, URL: signed, URLExpiry: expiry.Format(isoMillis)}, nil
}

func (a *attachment) approved() bool { return a.hasStatus(types.ArtifactStatusApproved) }

func (a *attachment) isPending() bool { return a.hasStatus(types.ArtifactStatusInProgress) }

func (a *attachment) hasStatus(status types.ArtifactStatus) bool {
	return a.item != nil && slices.ContainsFunc(a.item.Attachments, func(i AttachmentItem) bool { return i.Status == status })
}
