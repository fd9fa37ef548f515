package main

// snsEvent is what Lambda gives a function that is subscribed to an SNS topic. The names
// are those of the wire; github.com/aws/aws-lambda-go/events has all of its members.
type snsEvent struct {
	Records []snsRecord `json:"Records"`
}

type snsRecord struct {
	SNS snsNotification `json:"Sns"`
}

type snsNotification struct {
	// MessageID is SNS's own, another one if the item is published again.
	MessageID string `json:"MessageId"`
	// Message is the item, as JSON.
	Message string `json:"Message"`
	// MessageAttributes repeat what a subscription's filter may need: InitialContactId,
	// ContactId, MessageVisibility, Type, AccountId, ContentType, InstanceId and
	// ParticipantRole.
	MessageAttributes map[string]snsAttribute `json:"MessageAttributes"`
}

type snsAttribute struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// item is what happened in a chat, in the form that the sockets bring too
// (Administrator Guide, "Enable real-time chat message streaming").
type item struct {
	ID              string `json:"Id"`
	Type            string `json:"Type"`
	ContentType     string `json:"ContentType"`
	Content         string `json:"Content"`
	ContactID       string `json:"ContactId"`
	ParticipantRole string `json:"ParticipantRole"`
}
