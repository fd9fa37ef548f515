// SPDX-License-Identifier: Apache-2.0

// Package participanttest is a fake of the Amazon Connect Participant Service: a server
// that speaks the service's protocol, HTTP and WebSocket, on a loopback port or in memory,
// for tests and for development without an AWS account.
//
//	srv := participanttest.Start(t)
//	contact := srv.NewChat()
//
// Give the code under test srv.URL and contact.Customer.Token or contact.Agent.Token. A chat starts
// with a customer and an agent. Each has a participant token; neither is connected until the code
// under test, or the test itself, connects them.
//
// # What a test can do
//
// A test uses the methods of the server, its chats and their participants directly, without going
// through HTTP:
//
//   - Act. Make participants send messages, typing events, receipts and files, go idle and leave.
//     Transfer or end the chat. Close or cut sockets, and expire tokens.
//   - Inspect. Contact.Transcript returns the items that a client must have in the end. WaitSockets
//     and WaitRequest wait, without sleeping, until the client under test has connected or sent a
//     request. Requests and Count report what the client did.
//   - Record. After RecordWire, Wire returns the requests, responses and frames, without secrets,
//     and what faults did to them.
//   - Inject faults. Inject takes a Fault, which defines where something goes wrong, how often, and
//     what happens (Effect). Options.Throttle applies the service's quotas.
//   - Move the clock with Advance. The server's clock is real time plus what Advance added. In a
//     testing/synctest bubble, with InMemory, sleeping moves it as well.
//   - Subscribe to a streamed chat. Options.Stream receives what Amazon SNS would deliver, and
//     Options.Topics posts it to HTTP endpoints.
//   - Restart the server. Snapshot returns its chats, and a server that is started with
//     Options.Snapshot continues them.
//
// Package control makes all of this available over HTTP, to tests in any language.
//
// # Operations
//
// All eleven operations of the service respond as the API reference documents. The upload and
// download URLs of attachments work: their signature, signed headers, length and expiry are checked
// as strictly as Amazon S3 checks them. See
// https://docs.aws.amazon.com/connect/latest/APIReference/API_Operations_Amazon_Connect_Participant_Service.html
//
// The server also implements the operations of Amazon Connect that concern chats, at the same
// address: StartChatContact, CreateParticipant, StopContact, StartContactStreaming,
// StopContactStreaming, UpdateParticipantAuthentication, DescribeContact, GetContactAttributes and
// UpdateContactAttributes. Point the official client of any language at it, for example with
// AWS_ENDPOINT_URL_CONNECT. Any credentials work, because signatures aren't verified. Contact and
// Contacts return the chats that were started this way, and Options.Flow plays their contact flow.
//
// # Memory
//
// The server keeps a chat until it ends, and for up to 24 hours afterwards so that a test can still
// inspect it; see NewChat. A chat with 50 messages and a file of 10 kB takes about 40 kB. The
// memory of a server that runs for weeks depends on the number of active chats, not on the number
// of past ones.
//
// # Not implemented
//
//   - Time limits, unless options turn them on: the maximum duration of a chat that NewChat
//     started, chat timeouts, the five minutes within which a customer must connect, and the limits
//     after which the service closes a socket (its ConnectionExpiry, 10 minutes without a frame, 2
//     hours in total).
//   - Regions, and the Authorization header of operations. Both are ignored.
//   - The other operations of Amazon Connect. They respond with 501 NotImplementedException, which
//     names the operation.
//   - Instances, flows and queues. Any id is accepted.
//   - What a real agent, flow, message processor, virus scanner, WebRTC meeting or
//     login page would do.
//   - Limits of individual channels such as SMS, and checks that a file's content matches its type.
//
// # Decisions
//
// Where the service's documentation doesn't specify the behavior, the fake behaves as follows.
// Switches change many of these decisions.
//
// Requests and tokens:
//
//   - Errors. A missing, unknown or expired token, or one of the wrong kind, gets 403
//     AccessDeniedException "Access denied". The token is checked before anything else in the
//     request. Malformed JSON and members of the wrong type get 400 ValidationException; a request
//     over 1 MiB gets 413 with the same code. An unknown path or method gets 404 with
//     {"message":"Not Found"} and no code, as from API Gateway. Any Content-Type is accepted.
//   - Tokens. A connection token is valid for 24 hours, even after a newer one has been issued. All
//     tokens of a participant become invalid when the participant leaves, and all tokens of a chat
//     when the chat ends; from then on every operation responds with 403. Signed URLs stay valid
//     until they expire.
//   - Retries. A call with the same participant, operation, ClientToken and body as one in the last
//     10 minutes gets the same response, unless that was an error. The order of the members in the
//     body doesn't matter.
//   - Times. No two items of a chat have the same AbsoluteTime; the later one is a millisecond
//     later. ConnectionExpiry is 66 minutes ahead. An upload URL is valid for 15 minutes.
//   - CORS. Every origin and every header is allowed, also for signed URLs.
//
// Connecting and leaving:
//
//   - Joining. A participant joins once: when their first socket opens or when they call
//     CreateParticipantConnection with ConnectParticipant. A participant is active from their first
//     CreateParticipantConnection, with or without ConnectParticipant, until they leave. SendEvent
//     rejects receipts with 409 while more than two participants are active. DisconnectParticipant
//     causes participant.left even for a participant who hasn't joined.
//   - Joining with Switches.StrictConnection. An agent or a SUPERVISOR connects by
//     ConnectParticipant only, in a streamed chat too. So does a CUSTOM_BOT, whose first
//     CreateParticipantConnection must come within 15 seconds of AddParticipant; a later one fails
//     with 404 ResourceNotFoundException. A customer connects with the first socket. In a streamed
//     chat ConnectParticipant also connects them, but only within 5 minutes of the start of the
//     chat (for a further customer, of AddParticipant); after that it has no effect. A customer who
//     isn't connected and makes the first CreateParticipantConnection after these 5 minutes gets
//     403 AccessDeniedException. Any other role joins as without the switch.
//   - Before a participant is connected, with Switches.StrictConnection. Their subscriptions are
//     acknowledged, but they get no pushes, and the pushes that they miss aren't sent later.
//     SendMessage, SendEvent, StartAttachmentUpload and CompleteAttachmentUpload fail with 403
//     AccessDeniedException, even if the request is invalid for another reason. Every other
//     operation works. A participant is active while connected.
//   - Connections of StartChatContact, and of NewConnection. They have the effect of a
//     CreateParticipantConnection with both types and without ConnectParticipant, but
//     JoinOnConnection and NextTokensDie don't apply to them. StrictConnection doesn't count them
//     as the participant's first CreateParticipantConnection; dialing their URL connects a
//     customer.
//   - The end. The chat ends when an agent disconnects or when no customer is left. Any other role
//     may leave without consequence. A participant who leaves still gets their own
//     participant.left, and the chat.ended if their leaving ends the chat, but nothing else.
//     Sockets stay open and respond to heartbeats.
//   - Chat timeouts. A participant who has joined and not left counts as connected, whatever the
//     state of their sockets. A streamed message restarts the timeouts when it is complete. An
//     automatic disconnection ends the chat if an agent is among those who leave, because there is
//     no disconnect flow; if only a custom bot leaves, the chat continues.
//   - Transfer. The event transfer.succeeded names no participant. Then the previous agents leave,
//     which doesn't end the chat; the new one joins on connecting. transfer.succeeded and
//     participant.left are the last items with the old contact id. GetTranscript returns the items
//     of all contact ids of the chat, whichever of them the request names. Server.Requests and
//     signed URLs contain the initial contact id.
//   - Authentication. A session id is valid for its participant only. A used, unknown or expired
//     one gets 400. An authentication can be cancelled once, before or after its URL was requested.
//     Its events are sent to all participants and contain the SessionId. No event is sent when a
//     session expires.
//
// Sockets:
//
//   - URLs. A WebSocket URL can be dialed any number of times within 100 seconds. After that, and
//     once its participant has left or the chat has ended, dialing it fails with 403. A sixth
//     socket of a participant closes the oldest with 1001. The Origin header isn't checked, and
//     compression is declined.
//   - Frames. A subscription must name aws/chat and nothing else, or it fails. Anything after the
//     JSON of a frame is ignored. A frame that is binary, isn't a JSON object or has another topic,
//     including aws/unsubscribe, gets the gateway's error Forbidden. A frame over 128 KB closes the
//     socket with 1009.
//   - Pushes. An item is pushed to all participants who haven't left, including the sender, on each
//     of their sockets that is subscribed at that moment. It isn't pushed again later. A push
//     follows the response to the request that caused it, and the pushes of one chat keep their
//     order. A client that doesn't read is disconnected with a reset when 16,384 frames or 8 MiB
//     wait for it.
//
// Messages:
//
//   - Content. Content of every type may have up to 16,384 bytes of UTF-8. It isn't validated, even
//     if the type requires JSON.
//   - Message processing. SendMessage returns PROCESSING even if processing is complete. Until it
//     is complete, the transcript has the message without content, and the message isn't pushed. An
//     approved message is pushed without a status. A message that failed or was rejected stays
//     without content, and is pushed to its sender only. Its AbsoluteTime is when it was sent, not
//     when it was processed.
//   - Streamed messages. Each chunk has its own AbsoluteTime. The last chunk has the whole text and
//     the next number. From then on the transcript has the message, with the time of the last chunk
//     and without MessageMetadata.
//   - Events. SendEvent accepts typing, message.delivered, message.read and
//     connection.acknowledged, which has no effect. A receipt for an unknown message, or for one of
//     the sender's own, gets 200 and has no effect. A receipt concerns one message only, not those
//     before it, and is pushed to all but its sender. If a message is marked as read without having
//     been marked as delivered, its receipt has no DeliveredTimestamp.
//   - Attachments. The name given to StartAttachmentUpload must have one of the extensions that the
//     Administrator Guide lists. A PUT may be sent again until the upload is completed. A PUT whose
//     length isn't the announced one gets 400 before the signature is checked. A PUT or GET with
//     X-Amz-Bearer or Authorization gets 400, so that a leaked token is noticed.
//     CompleteAttachmentUpload before the PUT, or a second time, gets 409; for an attachment that
//     is unknown or belongs to another participant it gets 400. Only an approved attachment can be
//     downloaded. The 36th attachment of a chat gets 402. During the scan, an attachment is
//     IN_PROGRESS in the transcript; it is pushed after the scan, under the same Id and with the
//     verdict as its status.
//   - UrlContentDisposition. INLINE and ATTACHMENT are accepted; the default is ATTACHMENT. No
//     documentation lists the values.
//   - Views. A view token is valid in its chat only. An unknown token gets 404 with the contact as
//     the resource, since the model has no resource type for a view.
//
// Transcript:
//
//   - Pages. The page includes the item at StartPosition, in both directions. MostRecent n is the
//     n-th newest item, or the oldest if there are fewer. These get 400: an unknown Id, more than
//     one member in StartPosition, FORWARD without StartPosition, and a NextToken with parameters
//     other than those of the call that returned it (only MaxResults may change). The last page has
//     no NextToken.
//   - Items. The transcript has the events of joining, leaving, inviting, transferring and ending;
//     all other events are only pushed. An item of type ATTACHMENT has no ContentType.
//   - Past contact. Its items are returned only by a BACKWARD scan, with the NextToken that follows
//     the current items, and never by StartPosition or ContactId. chat.rehydrated isn't in the
//     transcript.
//
// Amazon Connect:
//
//   - Errors. A member that is missing, too long or of the wrong type gets 400
//     InvalidRequestException. One that is well-formed but can't be used gets 400
//     InvalidParameterException. A chat that was started in another instance isn't found; one from
//     NewChat belongs to every instance. Calls over a quota get ThrottlingException if the
//     operation's model lists it, and TooManyRequestsException otherwise. As under Retries, a call
//     with the same operation, ClientToken and body as one in the last 10 minutes gets the same
//     response.
//   - StartChatContact. Without SupportedMessagingContentTypes the chat accepts text/plain only.
//     InitialMessage is in the transcript before its customer joins. The flow starts when the
//     customer is connected: by ConnectParticipant, or by a socket once it has subscribed, so that
//     it receives the first messages of the flow. The members that were added in September 2026,
//     ConnectionTypes and ChatStreamingConfiguration, have the same shape as in
//     CreateParticipantConnection and StartContactStreaming. ParticipantConfiguration and
//     SegmentAttributes have no effect.
//   - Persistent chats. The chat to continue must have ended. With ENTIRE_PAST_SESSION all messages
//     and attachments of that chat, and of the chats that it continued itself, can be read
//     immediately; with FROM_SEGMENT those of the given segment and of the ones before it.
//     RelatedContactId has the effect of ENTIRE_PAST_SESSION.
//   - CreateParticipant. A bot can't be added while an agent (409) or another bot (402) takes part,
//     and leaves when an agent joins. It can also be added to a chat that isn't streamed.
//   - StopContact. It responds with 200 for a chat that has ended, and with 410 for an unknown one.
//   - UpdateParticipantAuthentication. State is the state parameter of the URL that
//     GetAuthenticationUrl returned; an unknown or used one gets 400.
//   - Contact attributes. An empty value in UpdateContactAttributes removes the attribute.
//
// Message streaming:
//
//   - Content. Everything that is pushed to all participants, including typing and idle events and
//     the chunks of streamed messages, is published to Options.Stream and to the endpoint in
//     Options.Topics, in the order of the pushes and with visibility ALL. Receipts aren't
//     published, nor are messages that processing withholds: neither is documented. An event
//     without a participant has no attribute ParticipantRole, and an attachment has no attribute
//     ContentType. The Timestamp is real time, which Advance doesn't move. The topic has
//     SignatureVersion 2, where the default of SNS is 1. A chat may have two streams, even to the
//     same topic.
//   - Endpoints of Options.Topics. An endpoint that accepts the SubscriptionConfirmation is
//     subscribed; it need not call SubscribeURL. SubscribeURL and SigningCertURL are addresses of
//     AWS, which only SNSClient serves. An endpoint that can't use SNSClient has to skip the
//     verification of the signature. A delivery waits for the first attempt of the delivery before
//     it, but not for its retries. At most 10,000 deliveries wait; further ones are dropped.
package participanttest
