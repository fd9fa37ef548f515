package participanttest

// maxContent is in bytes of UTF-8, for all content types
// (API_connect-participant_SendMessage).
const maxContent = 16384

const contentTypeResponse = messagePrefix + "interactive.response"

var messageContentTypes = []string{"text/plain", "text/markdown", "application/json", contentTypeResponse}

type sentOutput struct {
	AbsoluteTime    string
	ID              string            `json:"Id"`
	MessageMetadata *processingOutput `json:",omitempty"`
}

type processingOutput struct {
	MessageProcessingStatus string
}

func sendMessage(c *call) (any, *wireError) {
	contentType := c.in.requiredText("ContentType", 1, 100)
	c.in.oneOf("ContentType", contentType, c.contact.opts.ContentTypes)
	content := c.in.requiredText("Content", 1, maxContent)
	c.in.bound("Content", "length", len(content), 1, maxContent)
	if c.in.err != nil {
		return nil, c.in.err
	}
	it := c.participant.send(item{Type: typeMessage, ContentType: contentType, Content: content})
	return sentOutput{AbsoluteTime: it.AbsoluteTime, ID: it.ID, MessageMetadata: c.contact.processing(contentType)}, nil
}

// processing is nil unless messages of this kind go to a processor.
func (c *Contact) processing(contentType string) *processingOutput {
	if !c.opts.MessageProcessing || contentType == contentTypeResponse {
		return nil
	}
	return &processingOutput{MessageProcessingStatus: "PROCESSING"}
}
