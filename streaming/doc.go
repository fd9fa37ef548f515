// SPDX-License-Identifier: Apache-2.0

// Package streaming reads Amazon Connect chats from Amazon SNS, for programs that keep no
// WebSocket: AWS Lambda functions, consumers of SQS queues, HTTPS endpoints. It returns the
// same [chat.Event]s as a session, so that one handler serves both.
//
// StartContactStreaming of the Amazon Connect API names the topic to which the items of a chat are
// published. [Read] reads whatever SNS makes of them, and [Handle] calls a function for each
// event:
//
//	lambda.Start(func(ctx context.Context, payload json.RawMessage) (streaming.BatchResponse, error) {
//		err := streaming.Handle(ctx, payload, seen, handle)
//		if err != nil {
//			slog.Error("handle notifications", "error", err)
//		}
//		return streaming.BatchResponseOf(err)
//	})
//
// To answer, a program calls SendMessage with a connection token of the chat. It comes from
// CreateParticipantConnection with ConnectParticipant, is valid for a day, and is kept by the
// program, under Notification.InitialContactID: the other id changes with a transfer.
//
// # Who sees what
//
// The topic carries everything that happens in the chat, your own messages too.
// [Notification.ForCustomer] and [Notification.ForAgent] apply the rule of the Administrator
// Guide ("Enable real-time chat message streaming") for passing an event on. Own, History and Late
// of the events are never set: a bot that has joined as CUSTOM_BOT recognizes the customer's
// messages by the role CUSTOMER, and must not answer its own.
//
// # What can't be promised
//
// SNS delivers at least once and in any order; a queue or a Lambda function sees each
// notification in a batch of its own, perhaps on another machine. Without a socket, and without
// reading the transcript, a program therefore can't know
//
//   - whether an earlier event is still to come. [Handle] sorts one payload by time, no more. A
//     program that needs the order compares Meta.Time with the newest it has handled;
//   - whether it has missed something. What was said before StartContactStreaming isn't
//     published: read it with GetTranscript. A notification whose deliveries all fail is lost
//     unless the subscription has a dead-letter queue;
//   - whether a chat has ended, until chat.ended arrives or a call is denied;
//   - whether a typing indicator is current.
//
// Whether receipts and the chunks of AI messages are published is not documented; they are read if
// they are. [Assembler] joins the chunks.
//
// # Once
//
// [Handle] asks a [Seen] for each event, and passes on what is new. [Memory] serves one process.
// Several share a table, such as one of DynamoDB with the partition key id and with expires as
// the time-to-live attribute:
//
//	func (t table) Seen(ctx context.Context, key string) (bool, error) {
//		expires := strconv.FormatInt(time.Now().Add(24*time.Hour).Unix(), 10)
//		_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{
//			TableName: &t.name,
//			Item: map[string]types.AttributeValue{
//				"id":      &types.AttributeValueMemberS{Value: key},
//				"expires": &types.AttributeValueMemberN{Value: expires},
//			},
//			ConditionExpression: aws.String("attribute_not_exists(id)"),
//		})
//		var exists *types.ConditionalCheckFailedException
//		if errors.As(err, &exists) {
//			return true, nil
//		}
//		return false, err
//	}
//
//	func (t table) Forget(ctx context.Context, key string) error {
//		id := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: key}}
//		_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: id})
//		return err
//	}
//
// If a process dies while it handles an event, the event is remembered as handled, and is lost.
// Where that matters more than a repeat, give Handle no Seen, and make what the handler does
// idempotent: SendMessage with [Notification.Key] as its ClientToken sends a message once, if the
// content is the same each time, and for as long as the service remembers the token, which is not
// documented. It doesn't help against a repeat hours later, from a dead-letter queue for example.
//
// # HTTPS
//
// IAM decides who may call a Lambda function or write to a queue. An HTTPS endpoint is open to
// everybody: check each request with a [Verifier] first. Subscribe it without raw message delivery,
// which drops the signature and the visibility.
package streaming
