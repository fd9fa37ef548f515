// SPDX-License-Identifier: Apache-2.0

// Package connectparticipant is a client of the Amazon Connect Participant
// Service, the API with which the participants of an Amazon Connect chat
// (customers, agents, bots) take part in it.
//
// # Tokens instead of credentials
//
// No call is signed and no AWS credentials are needed. What opens a chat is its
// ParticipantToken, which the Amazon Connect API gives out (StartChatContact,
// CreateParticipant). CreateParticipantConnection takes it and gives a
// ConnectionToken, good for a day, which the other ten operations take:
//
//	connection, err := client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
//		ParticipantToken:   &participantToken, // from StartChatContact
//		ConnectParticipant: aws.Bool(true),
//		Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	token := connection.ConnectionCredentials.ConnectionToken // good for a day
//	_, err = client.SendMessage(ctx, &connectparticipant.SendMessageInput{
//		ConnectionToken: token,
//		ContentType:     aws.String("text/plain"),
//		Content:         aws.String("Hello!"),
//	})
//
// Both tokens are secrets: whoever has one can read the chat and write into it. They never
// stand in an error or a log of this package.
//
// # Clients
//
// A [Client] is safe for use by many goroutines; one serves any number of chats,
// since each call carries its chat's token. The names and types are those of the
// official Go client: moving over is mostly a changed import path.
//
// # Errors
//
// Every error of a call is a *[smithy.OperationError], except that an error of one of
// Options.APIOptions or of the MeterProvider is returned unwrapped. Within it,
// errors.As finds the service's errors (the types in package types; *smithy.GenericAPIError for
// codes that are not listed there), smithy.InvalidParamsError for a call that was
// not sent because a member is missing or can't be sent (a value, not a pointer),
// *smithy.DeserializationError for an answer that could not be read,
// *smithyhttp.RequestSendError when there was no answer, and *awshttp.ResponseError
// with the HTTP status and request id of an answer. When the context has ended,
// errors.Is finds context.Canceled or context.DeadlineExceeded. See [IsAccessDenied],
// [IsThrottled], [IsRetryable] and [RequestID].
//
// # Retries
//
// Calls that fail for a passing reason (status 429, 500, 502, 503 or 504, a
// connection that breaks) are made up to three times, with the same body and the
// same ClientToken, so that the service takes a repeated message as one. The client
// token that is made for an input without one isn't written into the input: to repeat
// a call yourself as the same call, set ClientToken.
//
// The calls of a client share a quota of retries, which an outage uses up when one client
// sends for many chats; see [Options.Retryer] and the example of [New].
package connectparticipant
