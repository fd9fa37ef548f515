package participanttest

import "time"

// quota is a rate and a burst in calls per second.
type quota struct{ rate, burst float64 }

// defaultQuotas are those of the Administrator Guide's page on service quotas. The page
// names none for the operations that are missing here.
var defaultQuotas = map[string]quota{
	"CreateParticipantConnection": {6, 9},
	"DisconnectParticipant":       {3, 5},
	"GetTranscript":               {8, 12},
	"SendMessage":                 {10, 15},
	"SendEvent":                   {10, 15},
	"StartAttachmentUpload":       {2, 5},
	"CompleteAttachmentUpload":    {2, 5},
	"GetAttachment":               {8, 12},
}

// bucket holds the calls that an operation has left.
type bucket struct {
	tokens float64
	filled time.Time
}

// withinQuota takes a call from the operation's bucket, which all chats share.
func (s *Server) withinQuota(operation string) bool {
	q, limited := defaultQuotas[operation]
	if !s.opts.Throttle || !limited {
		return true
	}
	now := s.now()
	b := s.quotas[operation]
	if b == nil {
		b = &bucket{tokens: q.burst, filled: now}
		s.quotas[operation] = b
	}
	b.tokens = min(q.burst, b.tokens+now.Sub(b.filled).Seconds()*q.rate)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
