// SPDX-License-Identifier: Apache-2.0

// Package streaming reads Amazon Connect chats from Amazon SNS, for programs that don't keep a
// WebSocket open: AWS Lambda functions, consumers of SQS queues and HTTPS endpoints. It returns the
// same [chat.Event] types as a session, so that one handler works for both.
//
// StartContactStreaming of the Amazon Connect API sets the topic to which the items of a chat are
// published. [Read] reads a payload in any form in which SNS delivers it, and [Handle] calls a
// function for each event:
//
//	lambda.Start(func(ctx context.Context, payload json.RawMessage) (streaming.BatchResponse, error) {
//		err := streaming.Handle(ctx, payload, seen, handle)
//		if err != nil {
//			slog.Error("handle notifications", "error", err)
//		}
//		return streaming.BatchResponseOf(err)
//	})
//
// To respond, a program calls SendMessage with a connection token of the chat. The token comes from
// CreateParticipantConnection with ConnectParticipant and is valid for a day. Store it under
// Notification.InitialContactID, because ContactID changes with a transfer.
//
// # Visibility
//
// The topic receives everything that happens in the chat, including your own messages.
// [Notification.ForCustomer] and [Notification.ForAgent] implement the rule of the Administrator
// Guide ("Enable real-time chat message streaming") for which events to show to the customer and to
// the agent. The fields Own, History and Late of the events are never set. A bot that has joined as
// CUSTOM_BOT recognizes the customer's messages by the role CUSTOMER, and must not respond to its
// own.
//
// # Limits
//
// SNS delivers at least once and in any order. Two notifications may arrive in different batches,
// on different machines. A program that has no socket and doesn't read the transcript can't know
//
//   - whether an earlier event will still arrive. [Handle] sorts only the events of one payload, by
//     time. A program that needs the order compares Meta.Time with that of the newest event that it
//     has handled;
//   - whether it has missed something. What was sent before StartContactStreaming isn't
//     published: read it with GetTranscript. If all deliveries of a notification fail, it is lost
//     unless the subscription has a dead-letter queue;
//   - whether a chat has ended, until chat.ended arrives or a call is denied;
//   - whether a typing indicator is current.
//
// The service doesn't document whether it publishes receipts and the chunks of AI messages. If it
// does, [Read] returns them. [Assembler] joins the chunks.
//
// # Duplicates
//
// [Handle] asks a [Seen] about each event and handles new ones only. [Memory] is a Seen for one
// process. Several processes share a table, for example in DynamoDB with the partition key id and
// the time-to-live attribute expires:
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
// If a process dies while it handles an event, the event counts as handled and is lost. If that is
// worse than a duplicate, pass a nil Seen to Handle and make the handler's effects idempotent. For
// example, SendMessage with [Notification.Key] as its ClientToken sends a message once, provided
// that the content is the same each time and that the service still remembers the token. For how
// long it does so is not documented: don't rely on it hours later, for example for deliveries from
// a dead-letter queue.
//
// # HTTPS
//
// IAM controls who may call a Lambda function or write to a queue. An HTTPS endpoint is open to
// everyone: check each request with a [Verifier] first. Subscribe the endpoint without raw message
// delivery, which drops the signature and the visibility.
package streaming
