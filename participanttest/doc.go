// SPDX-License-Identifier: Apache-2.0

// Package participanttest is a fake of the Amazon Connect Participant Service: a server
// that speaks the service's protocol, HTTP and WebSocket, on a loopback port or in memory,
// for tests and for development without an AWS account.
//
//	srv := participanttest.Start(t)
//	contact := srv.NewChat()
//
// Give the code under test srv.URL and contact.Customer.Token or contact.Agent.Token. A chat
// starts with a customer and an agent. Each has a participant token, and neither has connected.
//
// # What a test can do
//
// A test acts and inspects directly on the server, without going through HTTP:
//
//   - Act. Participants send messages, type, read, share files, are idle and leave. The chat is
//     transferred or ended. Sockets are closed or cut, and tokens expire.
//   - Inspect. Contact.Transcript returns what a client must have received. WaitSockets and
//     WaitRequest wait for the client under test without sleeping. Requests and Count report
//     what the client did.
//   - Record. After RecordWire, Wire returns the requests, responses and frames, without secrets,
//     and what faults did to them.
//   - Inject faults. Inject takes a Fault: where something goes wrong, how often, and what (Effect).
//     Options.Throttle applies the service's quotas.
//   - Move the clock with Advance. The server's clock is real time plus what Advance added. In a
//     testing/synctest bubble, with InMemory, sleeping moves it as well.
//   - Subscribe to a streamed chat. Options.Stream receives what Amazon SNS would deliver, and
//     Options.Topics posts it to HTTP endpoints.
//   - Restart the server. Snapshot returns its chats, and Options.Snapshot continues them.
//
// Package control makes all of this available over HTTP, to tests in any language.
//
// # Operations
//
// All eleven operations of the service respond as the API reference documents. The upload and
// download URLs of attachments work: their signature, signed headers, length and expiry are checked
// as strictly as by Amazon S3. See
// https://docs.aws.amazon.com/connect/latest/APIReference/API_Operations_Amazon_Connect_Participant_Service.html
//
// The server also has the operations of Amazon Connect that concern chats, at the same address:
// StartChatContact, CreateParticipant, StopContact, StartContactStreaming, StopContactStreaming,
// UpdateParticipantAuthentication, DescribeContact, GetContactAttributes and UpdateContactAttributes.
// Point the official client of any language at it, for example with AWS_ENDPOINT_URL_CONNECT. Any
// credentials work, because signatures aren't verified. Contact and Contacts find the chats that
// were started, and Options.Flow plays their contact flow.
//
// # Memory
//
// The server keeps a chat until its end, and for some time after it so that a test can still inspect
// it; see NewChat. A chat with 50 messages and a file of 10 kB takes about 40 kB. The memory of a
// server that runs for weeks depends on the number of active chats, not on the number of past ones.
//
// # Not implemented
//
//   - Unless options turn them on: the duration of a chat of NewChat, chat timeouts, the five
//     minutes for the first connection, and the end of sockets at their ConnectionExpiry, after
//     10 minutes without a frame and after 2 hours.
//   - Regions, and the Authorization header of operations. Both are ignored.
//   - The other operations of Amazon Connect. They respond with 501 NotImplementedException, which
//     names the operation.
//   - Instances, flows and queues. Any id is accepted.
//   - What a real agent, flow, message processor, virus scanner, WebRTC meeting or
//     login page would do.
//   - Limits of single channels such as SMS, and files checked against their type.
//
// # Decisions
//
// The service's documentation leaves open what follows. Switches change many of these decisions.
//
// Requests and tokens:
//
//   - Errors. Missing, unknown, expired and wrong tokens get 403 AccessDeniedException
//     "Access denied". The token is checked before anything else in the request. Unreadable JSON and
//     wrong types get 400 ValidationException; a request over 1 MiB gets 413 with the same code. An
//     unknown path or method gets 404 with {"message":"Not Found"} and no code, as from API Gateway.
//     Any Content-Type is accepted.
//   - Tokens. A connection token is valid for 24 hours, even when a newer one has been issued.
//     All tokens of a participant become invalid when they leave, and all of a chat when it ends; from
//     then on every operation responds with 403. Signed URLs stay valid until they expire.
//   - Retries. The same participant, operation, ClientToken and body get the same response
//     for 10 minutes, unless it was an error. The order of members doesn't matter.
//   - Times. No two items of a chat have the same AbsoluteTime; the later one gets a
//     millisecond more. ConnectionExpiry is 66 minutes ahead. An upload URL is valid for
//     15 minutes.
//   - CORS. Every origin and every header is allowed, also for signed URLs.
//
// Connecting and leaving:
//
//   - Joining. A participant joins, once, when their first socket opens or they call
//     CreateParticipantConnection with ConnectParticipant. A participant is active from their first
//     CreateParticipantConnection, in any form, until they leave; receipts work for up to two active
//     participants. DisconnectParticipant always causes participant.left.
//   - Joining with Switches.StrictConnection. An agent or a SUPERVISOR connects by
//     ConnectParticipant only, in a streamed chat too. So does a CUSTOM_BOT, whose first
//     CreateParticipantConnection must come within 15 seconds of AddParticipant; a later
//     one fails with 404 ResourceNotFoundException. A customer connects with the first
//     socket. In a streamed chat ConnectParticipant connects them too, within 5 minutes
//     of the start of the chat (of AddParticipant for a further customer); later it has
//     no effect. A customer who isn't connected and makes the first
//     CreateParticipantConnection after these 5 minutes gets 403 AccessDeniedException.
//     Any other role joins as without the switch.
//   - Before a participant is connected, with Switches.StrictConnection. Their subscriptions are
//     acknowledged, but they get no pushes, and don't get the missed ones later. SendMessage,
//     SendEvent, StartAttachmentUpload and CompleteAttachmentUpload fail with 403
//     AccessDeniedException, whatever else is wrong with the request. Every other operation works.
//     A participant is active while connected.
//   - Connections of StartChatContact. NewConnection has the effect of a
//     CreateParticipantConnection with both types and without ConnectParticipant, but
//     JoinOnConnection and NextTokensDie don't apply to it. It isn't the first call
//     that StrictConnection waits for: dialling its URL is.
//   - The end. The chat ends when an agent disconnects or when no customer is left.
//     Any other role may leave without consequence. A participant who leaves still gets their own
//     participant.left and a chat.ended that it causes, and nothing else. Sockets stay open
//     and respond to heartbeats.
//   - Chat timeouts. A participant who has joined and not left counts as connected, whatever the state
//     of their sockets. A streamed message counts when it is complete. An automatic disconnection ends
//     the chat if an agent leaves, since there is no disconnect flow. If only a custom bot leaves, the
//     chat continues.
//   - Transfer. The event names no participant. The old agents leave after it without ending the
//     chat; the new one joins on connecting. Both events are the last items of the old
//     contact id. GetTranscript returns the items of all contact ids of the chat, whichever
//     of them the request has. Requests and signed URLs keep the initial one.
//   - Authentication. A session belongs to its participant. A used, unknown or expired one
//     gets 400. It can be cancelled once, before or after the URL was requested. Its
//     events are sent to all participants and contain the SessionId. None is sent by lapse of time.
//
// Sockets:
//
//   - URLs. A URL can be dialled any number of times within 100 seconds; later, after
//     its participant left, and after the end it gets 403. A sixth socket of a
//     participant closes the oldest with 1001. Origin isn't checked, compression is declined.
//   - Frames. A subscription must name aws/chat and nothing else, or it fails. What
//     follows the JSON of a frame is ignored. A frame that is binary, isn't a JSON object or
//     has another topic, including aws/unsubscribe, gets the gateway's Forbidden. A
//     frame over 128 KB closes the socket with 1009.
//   - Pushes. All who haven't left get them, including the sender, on each socket that is
//     subscribed when they are sent; they aren't sent again. A push follows the response
//     to the request that caused it, and the pushes of one chat keep their order. A client that
//     doesn't read is disconnected with a reset when 16,384 frames or 8 MiB wait for it.
//
// Messages:
//
//   - Content. It may have 16,384 bytes of UTF-8 in all content types. It isn't
//     validated, not even where it should be JSON.
//   - Message processing. SendMessage returns PROCESSING even if processing is complete. Until it
//     is, the transcript has the message without content, and it isn't pushed. An approved message is
//     pushed without a status. A message that failed or was rejected stays without
//     content, and is pushed to its sender only. Its time is that of sending.
//   - Streamed messages. Each chunk has a separate time; the last one has the whole
//     text and the next number. From then on the transcript has the message, with the time
//     of the last chunk and without its metadata.
//   - Events. SendEvent accepts typing, message.delivered, message.read and
//     connection.acknowledged; the last has no effect. A receipt for an unknown message,
//     or for one of the sender's own, gets 200 and has no effect. A receipt concerns one
//     message only, not those before it, and is pushed to all but its sender. Without a
//     delivered receipt, a read one leaves DeliveredTimestamp out.
//   - Attachments. The announced name must have one of the extensions in the
//     Administrator Guide. A PUT may be sent again until the upload is completed. A
//     PUT of another length gets 400 before the signature is checked. A PUT or GET
//     with X-Amz-Bearer or Authorization gets 400, so that a leaked token is noticed.
//     CompleteAttachmentUpload before the PUT, or a second time, gets 409; for an
//     attachment that is unknown or belongs to another participant 400. Only an approved one can be
//     downloaded. The 36th attachment of a chat gets 402. During the scan the transcript
//     has it as IN_PROGRESS; it is pushed with the verdict, with the same Id.
//   - UrlContentDisposition. INLINE and ATTACHMENT are accepted; the default is ATTACHMENT. The
//     values couldn't be found in any documentation.
//   - Views. A view token is valid in its chat. An unknown one gets 404 with the
//     contact as the resource, since the model has no resource type for a view.
//
// Transcript:
//
//   - Pages. The item at StartPosition belongs to the page, in both directions.
//     MostRecent n is the n-th newest item, or the oldest if there are fewer. An unknown
//     Id, more than one member of StartPosition, FORWARD without StartPosition and a
//     NextToken with other parameters than those that it was issued for (MaxResults may change)
//     get 400. The last page has no NextToken.
//   - Items. Joined, left, invited, ended and transfers are in the transcript; all other events are
//     live only. An item of type ATTACHMENT has no ContentType.
//   - Past contact. Its items need a BACKWARD scan and a NextToken; StartPosition and
//     ContactId don't reach them. chat.rehydrated isn't in the transcript.
//
// Amazon Connect:
//
//   - Errors. A member that is missing, too long or of the wrong type gets 400
//     InvalidRequestException. One that is well-formed but can't be used gets 400
//     InvalidParameterException. A chat of another instance isn't found; one of NewChat
//     belongs to every instance. Calls over a quota get ThrottlingException where the
//     operation's model has it, and TooManyRequestsException otherwise. The same operation,
//     ClientToken and body get the same response for 10 minutes.
//   - StartChatContact. Without SupportedMessagingContentTypes the chat accepts text/plain
//     only. InitialMessage is in the transcript before its customer joins. The flow starts
//     when the customer is connected: by ConnectParticipant, or by a socket once it is
//     subscribed, so that it receives the first messages of the flow. The members of September 2026,
//     ConnectionTypes and ChatStreamingConfiguration, have the shape of those of
//     CreateParticipantConnection and StartContactStreaming. ParticipantConfiguration and
//     SegmentAttributes have no effect.
//   - Persistent chats. The chat to continue must have ended. All messages and attachments of it
//     and of those that it continued can be read immediately, with FROM_SEGMENT those of the
//     segment and the ones before. RelatedContactId has the effect of ENTIRE_PAST_SESSION.
//   - CreateParticipant. A bot can't be added while an agent (409) or another bot (402) takes part,
//     and leaves when an agent joins. It can also be added to a chat that isn't streamed.
//   - StopContact. It responds with 200 for a chat that has ended, and with 410 for an unknown one.
//   - UpdateParticipantAuthentication. State is that of the URL that GetAuthenticationUrl returned;
//     an unknown or used one gets 400.
//   - Contact attributes. An empty value in UpdateContactAttributes removes the attribute.
//
// Message streaming:
//
//   - Content. Everything that is pushed to all is published, in the order of the
//     pushes, to Options.Stream and to the endpoint of Options.Topics, including typing, idle and the
//     chunks of streamed messages, with visibility ALL. Receipts and messages that are withheld by
//     processing aren't published: neither is documented. An event without a participant has no
//     attribute ParticipantRole, and an attachment none for ContentType. The Timestamp is real
//     time, which Advance doesn't move. The topic has SignatureVersion 2, where the default of
//     SNS is 1. A chat may have two streams, even to the same topic.
//   - Endpoints of Options.Topics. An endpoint that accepts the SubscriptionConfirmation is subscribed;
//     it need not call SubscribeURL. SubscribeURL and SigningCertURL are addresses of AWS, which only
//     SNSClient serves. An endpoint that can't use SNSClient has to skip the verification of the
//     signature. Deliveries wait for the one before them, but not for its retries. At most
//     10,000 wait; further ones are dropped.
package participanttest
