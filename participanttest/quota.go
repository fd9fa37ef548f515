// SPDX-License-Identifier: Apache-2.0

package participanttest

import "time"

// Quota limits the calls of an operation, for all chats together.
type Quota struct {
	// Rate is the number of calls a second, and Burst the number of calls that are accepted at the same
	// time.
	Rate, Burst float64
}

// defaultQuotas are those of the Administrator Guide's page on service quotas. The page has none for
// the operations that are missing here.
var defaultQuotas = map[string]Quota{
	"CreateParticipantConnection": {6, 9},
	"DisconnectParticipant":       {3, 5},
	"GetTranscript":               {8, 12},
	"SendMessage":                 {10, 15},
	"SendEvent":                   {10, 15},
	"StartAttachmentUpload":       {2, 5},
	"CompleteAttachmentUpload":    {2, 5},
	"GetAttachment":               {8, 12},

	"StartChatContact":                {5, 8},
	"CreateParticipant":               {5, 8},
	"StopContact":                     {10, 15},
	"StartContactStreaming":           {5, 8},
	"StopContactStreaming":            {5, 8},
	"UpdateParticipantAuthentication": {2, 5},
	"DescribeContact":                 {10, 15},
	"GetContactAttributes":            {10, 15},
	"UpdateContactAttributes":         {10, 15},
}

// bucket is the token bucket of an operation.
type bucket struct {
	tokens float64
	filled time.Time
}

// withinQuota takes a call from the operation's bucket, which all chats share.
func (s *Server) withinQuota(operation string) bool {
	q, limited := defaultQuotas[operation]
	if raised, ok := s.opts.Quotas[operation]; ok {
		q, limited = raised, true
	}
	if !s.opts.Throttle || !limited {
		return true
	}
	now := s.now()
	b := s.quotas[operation]
	if b == nil {
		b = &bucket{tokens: q.Burst, filled: now}
		s.quotas[operation] = b
	}
	b.tokens = min(q.Burst, b.tokens+now.Sub(b.filled).Seconds()*q.Rate)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
