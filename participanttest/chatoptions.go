package participanttest

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant/types"
)

// ChatOptions configure a Contact.
type ChatOptions struct {
	// CustomerName is the customer's display name. Defaults to "Customer".
	CustomerName string
	// AgentName is the agent's display name. Defaults to "Agent".
	AgentName string
	// ContentTypes are those SendMessage accepts, what StartChatContact calls
	// SupportedMessagingContentTypes. Defaults to all four of the service.
	ContentTypes []string
	// MessageProcessing answers a plain, markdown or JSON message with the processing
	// status PROCESSING. The processor approves at once and changes nothing. Defaults to off.
	MessageProcessing bool
	// Past are the messages of one past contact of a persistent chat, oldest first. They
	// follow the current items of a BACKWARD scan by NextToken only. Defaults to none.
	Past []PastMessage
	// ScanDelay is how long an attachment stays IN_PROGRESS. Defaults to none: it has its
	// verdict when CompleteAttachmentUpload answers.
	ScanDelay time.Duration
	// ScanVerdict is the status after the scan, APPROVED or REJECTED. Defaults to APPROVED.
	ScanVerdict types.ArtifactStatus
}

// PastMessage is a message of a past contact.
type PastMessage struct {
	// Role of who wrote it. Defaults to CUSTOMER.
	Role types.ParticipantRole
	// DisplayName of who wrote it. Defaults to none.
	DisplayName string
	// Content is its text.
	Content string
	// ContentType defaults to text/plain.
	ContentType string
}

func chatDefaults(optFns []func(*ChatOptions)) ChatOptions {
	var opts ChatOptions
	for _, fn := range optFns {
		fn(&opts)
	}
	setDefault(&opts.CustomerName, "Customer")
	setDefault(&opts.AgentName, "Agent")
	setDefault(&opts.ScanVerdict, types.ArtifactStatusApproved)
	if len(opts.ContentTypes) == 0 {
		opts.ContentTypes = messageContentTypes
	}
	opts.ContentTypes = slices.Clone(opts.ContentTypes)
	return opts
}

func setDefault[S ~string](s *S, value S) {
	if *s == "" {
		*s = value
	}
}

// keepPast puts the past contact's messages before all others, a second apart and a day
// before now.
func (c *Contact) keepPast(now time.Time) {
	if len(c.opts.Past) == 0 {
		return
	}
	c.PastID = uuid.NewString()
	at := now.Add(-24 * time.Hour)
	for _, m := range c.opts.Past {
		at = at.Add(time.Second)
		c.items = append(c.items, c.pastItem(m, at))
	}
	c.past = len(c.items)
}

func (c *Contact) pastItem(m PastMessage, at time.Time) *item {
	setDefault(&m.Role, types.ParticipantRoleCustomer)
	setDefault(&m.ContentType, "text/plain")
	return &item{
		ID:               uuid.NewString(),
		Type:             typeMessage,
		ContentType:      m.ContentType,
		Content:          m.Content,
		ParticipantRole:  m.Role,
		DisplayName:      m.DisplayName,
		RelatedContactID: c.PastID,
		AbsoluteTime:     at.Format(isoMillis),
		at:               at,
	}
}
