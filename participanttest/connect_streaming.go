// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"net/http"
	"regexp"
	"slices"
)

// maxStreams is the number of topics that a contact may have (Administrator Guide, "Enable real-time
// chat message streaming").
const maxStreams = 2

// topicARN is the pattern for ARNs of standard topics.
var topicARN = regexp.MustCompile(`^arn:(aws[a-z-]*):sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)

// stream is a topic that receives the items of a contact.
type stream struct{ id, arn string }

// addStream returns the StreamingId.
func (c *Contact) addStream(arn string) string {
	s := stream{newUUID(), arn}
	c.streams = append(c.streams, s)
	return s.id
}

// streamingEndpoint reads the ARN of a topic.
func (m *members) streamingEndpoint() string {
	m.require("ChatStreamingConfiguration")
	in := m.object("ChatStreamingConfiguration")
	arn := in.requiredText("StreamingEndpointArn", 1, 350)
	m.join(in)
	return arn
}

func checkTopic(arn string) *wireError {
	if !topicARN.MatchString(arn) {
		return invalidParameter("StreamingEndpointArn is not the ARN of a standard SNS topic")
	}
	return nil
}

func startContactStreaming(c *call) (any, *wireError) {
	c.in.requiredText("ClientToken", 0, 500)
	arn := c.in.streamingEndpoint()
	if failure := c.findContact("ContactId"); failure != nil {
		return nil, failure
	}
	if failure := checkTopic(arn); failure != nil {
		return nil, failure
	}
	switch {
	case c.contact.ended:
		return nil, invalidParameter("The contact has ended")
	case len(c.contact.streams) >= maxStreams:
		return nil, &wireError{Status: http.StatusTooManyRequests, Code: "LimitExceededException", Message: "The contact has two streams already"}
	}
	return map[string]string{"StreamingId": c.contact.addStream(arn)}, nil
}

func stopContactStreaming(c *call) (any, *wireError) {
	id := c.in.requiredText("StreamingId", 1, 100)
	if failure := c.findContact("ContactId"); failure != nil {
		return nil, failure
	}
	i := slices.IndexFunc(c.contact.streams, func(s stream) bool { return s.id == id })
	if i < 0 {
		return nil, notFound("The contact has no such stream")
	}
	c.contact.streams = slices.Delete(c.contact.streams, i, i+1)
	return struct{}{}, nil
}
