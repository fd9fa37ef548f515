// SPDX-License-Identifier: Apache-2.0

// Package participanttest is a fake of the Amazon Connect Participant Service: a server
// that speaks the service's protocol, HTTP and WebSocket, on a loopback port or in memory,
// for tests and for development without an AWS account.
//
//	srv := participanttest.Start(t)
//	contact := srv.NewChat()
//
// Give the code under test srv.URL and contact.Customer.Token or contact.Agent.Token. A chat
// starts with a customer and an agent who have a participant token each and have
// not connected. Beside the wire a test can
//
//   - act: let somebody write, type, read, share a file, be idle or leave; transfer or end
//     the chat; authenticate; stream a message; close or cut sockets, expire tokens;
//   - look, without sleeping: Kept is every item that the transcript has, WaitSockets and
//     WaitRequest wait for the client under test, Requests and Count tell what it did;
//   - subscribe: Options.Stream gets what Amazon SNS would deliver of a streamed chat, and
//     Options.Topics posts it to HTTP endpoints;
//   - inject faults: Inject takes a Fault, which says where something goes wrong, how
//     often, and what (Effect). Options.Throttle applies the service's quotas;
//   - move the server's clock with Advance. It is real time plus what Advance added, so
//     that in a testing/synctest bubble, with InMemory, time.Sleep moves it as well;
//   - restart the server: Snapshot returns its chats, which another one continues by
//     Options.Snapshot.
//
// Package control makes all of this available over HTTP, to tests in any language.
//
// The server also has the operations of Amazon Connect that concern chats, on the same
// address: StartChatContact, CreateParticipant, StopContact, StartContactStreaming,
// StopContactStreaming, UpdateParticipantAuthentication, DescribeContact,
// GetContactAttributes and UpdateContactAttributes. Point the official client of any language
// at it, such as by AWS_ENDPOINT_URL_CONNECT, with any credentials: signatures are not looked
// at. Contact and Contacts find the chats that were started, Options.Flow plays their flow.
//
// All eleven operations answer as the API reference says, and the upload and download
// URLs of attachments are real: their signature, signed headers, length and expiry are
// checked as strictly as Amazon S3 does. See
// https://docs.aws.amazon.com/connect/latest/APIReference/API_Operations_Amazon_Connect_Participant_Service.html
//
// The server keeps every chat until its end and, so that a test can still look at it, for some time
// after it, see NewChat. A chat with 50 messages and a file of 10 kB takes about 40 kB; the memory of
// a server that runs for weeks depends on how many chats are active, and not on how many there
// have been.
//
// # Not imitated
//
//   - Unless options turn them on: the duration of a chat of NewChat, chat timeouts, the five
//     minutes for the first connection, and the end of sockets at their ConnectionExpiry, after
//     10 minutes without a frame and after 2 hours.
//   - Regions, and the Authorization header, which is ignored.
//   - The other operations of Amazon Connect, which answer 501 NotImplementedException and
//     name the operation. Instances, flows and queues: their ids are taken as they are.
//   - What a real agent, flow, message processor, virus scanner, WebRTC meeting or
//     login page would do.
//   - Limits of single channels such as SMS, and files checked against their type.
//
// # Judgement calls
//
// The service's documentation leaves these open. Switches turn many of them the other way.
//
//   - Errors. Missing, unknown, expired and wrong tokens answer 403 AccessDeniedException
//     "Access denied", and the token is checked before anything else in the request.
//     Unreadable JSON and wrong types answer 400 ValidationException; a request over
//     1 MiB answers 413 with the same code. An unknown path or method answers 404 with
//     {"message":"Not Found"} and no code, as API Gateway does. Any Content-Type is taken.
//   - Tokens. A connection token lives 24 hours, also when a newer one has been issued.
//     All tokens of a participant die when they leave, all of a chat when it ends, and
//     from then on every operation answers 403. Signed URLs live on until they expire.
//   - UrlContentDisposition. INLINE and ATTACHMENT, and ATTACHMENT without it; the values
//     are not documented anywhere that could be seen.
//   - Joining. Somebody joins, once, when their first socket opens or they call
//     CreateParticipantConnection with ConnectParticipant. Active, which forbids receipts
//     beyond two, is whoever has called CreateParticipantConnection in any form and hasn't
//     left. DisconnectParticipant always leads to participant.left.
//   - Joining with Switches.StrictConnection. An agent or a SUPERVISOR connects by
//     ConnectParticipant only, in a streamed chat too. So does a CUSTOM_BOT, whose first
//     CreateParticipantConnection must come within 15 seconds of AddParticipant; a later
//     one fails with 404 ResourceNotFoundException. A customer connects with the first
//     socket. In a streamed chat ConnectParticipant connects them too, within 5 minutes
//     of the start of the chat (of AddParticipant for a further customer); later it has
//     no effect. A customer who isn't connected and makes the first
//     CreateParticipantConnection after these 5 minutes gets 403 AccessDeniedException.
//     Any other role joins as without the switch. Until a participant is connected, their
//     subscriptions are acknowledged but they get no pushes, not later either, and
//     SendMessage, SendEvent, StartAttachmentUpload and CompleteAttachmentUpload fail with
//     403 AccessDeniedException, whatever else is wrong with the request. Every other
//     operation works. Active is whoever is connected and hasn't left.
//   - Connections of StartChatContact. NewConnection has the effect of a
//     CreateParticipantConnection with both types and without ConnectParticipant, but
//     JoinOnConnection and NextTokensDie don't apply to it, and it isn't the first call
//     that StrictConnection waits for: dialling its URL is.
//   - Amazon Connect. A member that is missing, too long or of the wrong type answers 400
//     InvalidRequestException, one that is well-formed and doesn't fit 400
//     InvalidParameterException. A chat of another instance isn't found; one of NewChat
//     belongs to every instance. Calls over a quota answer ThrottlingException where the
//     operation's model has it, and TooManyRequestsException otherwise. The same operation,
//     ClientToken and body get the same response for 10 minutes.
//   - StartChatContact. Without SupportedMessagingContentTypes the chat takes text/plain
//     only. InitialMessage is in the transcript before its customer joins. The flow starts
//     when the customer is connected: by ConnectParticipant, or by a socket once it is
//     subscribed, so that the first words of the flow reach it. The members of September 2026, ConnectionTypes and
//     ChatStreamingConfiguration, have the shape of those that CreateParticipantConnection and
//     StartContactStreaming have. ParticipantConfiguration and SegmentAttributes have no
//     effect.
//   - Persistent chats. The chat to continue must have ended. All messages and attachments of it
//     and of those that it continued can be read immediately, with FROM_SEGMENT those of the
//     segment and the ones before. RelatedContactId has the effect of ENTIRE_PAST_SESSION.
//   - CreateParticipant. A bot can't be added while an agent takes part (409) or another bot
//     is there (402), and leaves when an agent joins. A chat that isn't streamed takes one too.
//   - StopContact answers 200 for a chat that has ended, and 410 for an unknown one.
//   - UpdateParticipantAuthentication. State is that of the URL that GetAuthenticationUrl gave;
//     an unknown or used one answers 400.
//   - Contact attributes. An empty value in UpdateContactAttributes removes the attribute.
//   - The end. The chat ends when an agent disconnects or when no customer is left.
//     Any other role may leave without consequence. Who leaves still gets their own
//     participant.left and the end that follows from it, and nothing else. Sockets stay open
//     and answer heartbeats.
//   - Chat timeouts. Somebody is connected who has joined and not left, whatever their sockets do. A
//     message that is streamed counts when it is complete. An automatic disconnection ends the
//     chat when an agent leaves by it, since there is no disconnect flow; a custom bot leaves
//     alone.
//   - Sockets. A URL can be dialled any number of times within 100 seconds; later, after
//     its participant left, and after the end it answers 403. A sixth socket of a
//     participant closes the oldest with 1001. Origin isn't looked at, deflate declined.
//   - Frames. A subscription must name aws/chat and nothing else, or it fails. What
//     follows the JSON of a frame is ignored. A frame that is binary, no JSON object or
//     of another topic, aws/unsubscribe too, is answered with the gateway's Forbidden. A
//     frame over 128 KB closes with 1009.
//   - Pushes. All who haven't left get them, the sender too, on each socket that is
//     subscribed when they are sent; nothing is repeated later. A push follows the answer
//     of the request that caused it, and in one chat pushes keep the order of their
//     making. A client that doesn't read is cut off with a reset when 16,384 frames or
//     8 MiB wait for it.
//   - Times. No two items of a chat have the same AbsoluteTime; the later one gets a
//     millisecond more. ConnectionExpiry is 66 minutes ahead, an upload URL lives 15.
//   - Messages. Content may have 16,384 bytes of UTF-8 in all content types. It isn't
//     looked into, also where it should be JSON.
//   - Message processing. SendMessage answers PROCESSING even if all is over. Until it is,
//     the transcript has the message without content and nobody is told; approved, it is
//     pushed and bears no status. A message that failed or was rejected stays without
//     content, and is pushed to its sender only. Its time is that of sending.
//   - Streamed messages. Each piece has a time of its own; the last one has the whole
//     text and the next number. The transcript has the message from then on, at the time
//     of the last piece and without its metadata.
//   - Events. SendEvent takes typing, message.delivered, message.read and
//     connection.acknowledged; the last has no effect. A receipt for an unknown message,
//     or for one's own, is answered with 200 and has no effect. A receipt concerns one
//     message only, not those before it, and is pushed to all but its sender. Without a
//     delivered receipt, a read one leaves DeliveredTimestamp out.
//   - Repeats. The same participant, operation, ClientToken and body get the same answer
//     for 10 minutes, unless the answer was an error. The order of members doesn't matter.
//   - Transcript. The item at StartPosition belongs to the page, in both directions.
//     MostRecent n is the n-th newest item, or the oldest if there are fewer. An unknown
//     Id, more than one member of StartPosition, FORWARD without StartPosition and a
//     NextToken with other parameters than it was made for (MaxResults may change)
//     answer 400. The last page has no NextToken. Joined, left, invited, ended and
//     transfers are in it; all other events are live only. An item of type ATTACHMENT has
//     no ContentType.
//   - Past contact. Its items need a BACKWARD scan and a NextToken; no StartPosition and
//     no ContactId reaches them. chat.rehydrated isn't kept.
//   - Transfer. The event names nobody. The old agents leave after it without ending the
//     chat; the new one joins on connecting. Both events are the last items of the old
//     contact id. GetTranscript returns the items of all contact ids of the chat, whichever
//     of them the request has. Requests and signed URLs keep the initial one.
//   - Attachments. The announced name must have one of the extensions that the
//     Administrator Guide lists. A PUT may be repeated until the upload is completed. A
//     PUT of another length answers 400 before the signature is checked. A PUT or GET
//     with X-Amz-Bearer or Authorization answers 400, so that a leaked token is noticed.
//     CompleteAttachmentUpload before the PUT, or a second time, answers 409; of an
//     unknown attachment or somebody else's 400. Only an approved one can be downloaded.
//     The 36th attachment of a chat answers 402. While the scan lasts the transcript
//     shows it IN_PROGRESS; it is pushed with the verdict, under the same Id.
//   - Views. A view token is good in its chat. An unknown one answers 404 with the
//     contact as the resource, since the model has no resource type for a view.
//   - Authentication. A session is its participant's own. A used, unknown or late one
//     answers 400. It can be cancelled before and after the URL was asked for, once. Its
//     events go to all and carry the SessionId; none comes by lapse of time alone.
//   - Message streaming. Everything that is pushed to all is published, in the order of the
//     pushes, to Options.Stream and to the endpoint of Options.Topics: typing, idle and the
//     pieces of streamed messages too, visible to ALL. Receipts and a message that processing
//     has held back aren't: neither is documented. An event without a participant has no
//     attribute ParticipantRole, and an attachment none for ContentType. The Timestamp is real
//     time, which Advance doesn't move. The topic has SignatureVersion 2, where the default of
//     SNS is 1. A chat may have two streams, also two to one topic.
//   - Endpoints of Options.Topics. One that takes the SubscriptionConfirmation is subscribed;
//     SubscribeURL need not be called. It and SigningCertURL are addresses of AWS, which only
//     SNSClient serves. An endpoint that can't use that client has to skip the check of the
//     signature. Deliveries wait for the one before them, but not for its retries; at most
//     10,000 wait, further ones are lost.
//   - CORS. Every origin and every header is allowed, also for signed URLs.
package participanttest
