// SPDX-License-Identifier: Apache-2.0

// Package connectparticipant is a client for the Amazon Connect Participant Service, the API that
// the participants of an Amazon Connect chat (customers, agents, bots) use.
//
// # Tokens instead of credentials
//
// Calls are not signed and need no AWS credentials. Access to a chat is granted by a
// ParticipantToken, which the Amazon Connect API returns (StartChatContact, CreateParticipant).
// CreateParticipantConnection exchanges it for a ConnectionToken, valid for a day, which the other
// ten operations require:
//
//	connection, err := client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
//		ParticipantToken:   &participantToken, // from StartChatContact
//		ConnectParticipant: aws.Bool(true),
//		Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	token := connection.ConnectionCredentials.ConnectionToken // valid for a day
//	_, err = client.SendMessage(ctx, &connectparticipant.SendMessageInput{
//		ConnectionToken: token,
//		ContentType:     aws.String("text/plain"),
//		Content:         aws.String("Hello!"),
//	})
//
// Both tokens are secrets: anyone who has one can read the chat and write to it. They never appear
// in errors or logs of this package.
//
// # Clients
//
// A [Client] is safe for concurrent use. One client serves any number of chats, because each call
// carries its chat's token. Names and types are those of the official Go client; for most programs,
// migrating means changing an import path.
//
// # Errors
//
// Every error of a call is a *[smithy.OperationError]. The only exceptions are errors of the
// functions in Options.APIOptions and of the MeterProvider, which are returned unwrapped. errors.As
// finds in it:
//
//   - the service's errors (the types in package types; *smithy.GenericAPIError for other codes)
//   - smithy.InvalidParamsError (a value, not a pointer): the call was not sent because a member is
//     missing or invalid
//   - *smithy.DeserializationError: the response could not be read
//   - *smithyhttp.RequestSendError: there was no response
//   - *awshttp.ResponseError: the HTTP status and request ID of the response
//
// If the context has ended, errors.Is finds context.Canceled or context.DeadlineExceeded. See
// [IsAccessDenied], [IsThrottled], [IsRetryable] and [RequestID].
//
// # Retries
//
// Calls that fail for a transient reason (status 429, 500, 502, 503 or 504, a broken connection)
// are attempted up to three times, with the same body and the same ClientToken, so that the service
// treats a retried message as one. A ClientToken that is generated for an input without one isn't
// written to the input: to retry a call yourself, set ClientToken.
//
// All calls of a client share one retry quota. If one client sends for many chats, an outage may
// exhaust it, and calls then fail without a retry; see [Options.Retryer] and the example of [New].
package connectparticipant
