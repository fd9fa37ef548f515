// SPDX-License-Identifier: Apache-2.0

// Package chat runs live Amazon Connect chats. A [Session] receives the events of one chat and
// sends messages into it, for hours, over sockets that expire every hour and can be lost at any
// time.
//
//	starting, cancel := context.WithTimeout(ctx, time.Minute) // for n chats started together, add n*time.Second/6
//	defer cancel()
//	session, err := chat.Start(starting, client, participantToken)
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer session.Close()
//	for event, err := range session.Events(ctx) {
//		if err != nil {
//			log.Fatal(err)
//		}
//		switch e := event.(type) {
//		case chat.Message:
//			if e.Own || e.History || e.Text == "" {
//				continue // skip our own messages, the history, and files
//			}
//			if _, err := session.Send(ctx, "You said: "+e.Text); err != nil {
//				log.Print(err) // if the session is over, the loop ends with the reason
//			}
//		case chat.ChatEnded:
//			fmt.Println("chat ended, items may be missing:", e.Gap)
//		}
//	}
//
// One client serves any number of sessions. An idle session costs one goroutine, which reads the
// socket.
//
// # What is delivered
//
// An item is an entry of the chat's transcript, such as a message or a participant who joins. Each
// Session delivers, exactly once, every item that appears in the transcript no later than
// Options.Overlap after its time, whatever happens to the sockets. The service's pushes alone do
// not guarantee that: they are not resent, a dead socket may go unnoticed for a while, and a single
// push may be lost. The session therefore also reads the transcript, in passes: after each
// connection and again some seconds later, every Options.ReadEvery, and when a message that it has
// sent does not arrive as an item. Each pass overlaps the previous one by Options.Overlap, and
// items are merged by ID.
//
// A push that is lost on a healthy socket is therefore noticed within 1.2 times Options.ReadEvery,
// 3.6 minutes by default; the push of a message that the session itself sent, within 30 seconds,
// unless its Sent.Status is PROCESSING. [Session.CatchUp] makes a pass immediately. With many
// sessions, passes are less frequent, see Quotas.
//
// Items arrive in the order of their time. An item that is found only after a later one was
// delivered has Meta.Late set; Options.HoldBack makes late items rarer, at the cost of a delay. An
// item whose time is invalid, or ahead of the service's clock, is delivered and does not make other
// items Late.
//
// Start first delivers the newest items of the current contact (Options.History), with Meta.History
// set. Without them, items from before the session would be missing, usually a greeting. Events of
// this participant have Meta.Own set: a bot must skip them, or it replies to itself. The session
// learns its participant ID from the first message or file that it sends, unless
// Options.ParticipantID is set. Until then, Meta.Own is missing from messages that the same
// participant sends from another device, and from the session's own first message if the service
// takes more than 2 seconds to acknowledge it. A bot should therefore set Options.ParticipantID.
//
// # What is not guaranteed
//
//   - An item whose push was missed, and which appears in the transcript later than Options.Overlap
//     after its time, is lost.
//   - A gap is a time in which items may have been missed. It opens when a socket is lost, or
//     replaced because it didn't respond, at Resume, when a frame can't be read and when the caller
//     is too slow; it is closed by a complete pass that begins Options.Settle after its cause is
//     over. When the chat ends, its tokens expire, and items missed in an open gap can no longer be
//     read: ChatEnded.Gap and CloseError.Gap report that. Two losses are not reported, if the chat
//     ends before the next pass: an item that appears in the transcript only after the pass that
//     closed a gap, and an item whose push is lost on a healthy socket.
//   - Items that never appear in the transcript (typing, idle, returned) are delivered on a
//     best-effort basis, and so are receipts for messages older than the last pass, and
//     intermediate states of such messages.
//   - Late items are out of order.
//   - After a crash, the events handled since the last saved State are delivered again. If the
//     chat ends before Resume, the events not yet handled are lost, because the tokens have expired.
//
// # Lifetime of a session
//
// A session renews its connection before it expires, with both sockets open for a moment. A lost
// connection is noticed within 20 seconds, even if the network reports nothing, and is reported by
// ConnectionChanged. The session retries until it has reconnected. It ends only when the chat ends,
// the service rejects the token or the request, the participant is removed from the chat,
// Options.GiveUpAfter passes, or Leave or Close is called.
//
// A slow caller costs neither the connection nor much memory: at most 1,024 events or 256 KiB (240
// to 650 messages) are queued, and the rest is read from the transcript later. Only the last pass,
// made when the chat has ended, queues up to 4 MiB.
//
// [Session.State] and [Resume] let a chat continue after a restart of the process.
//
// # Several processes, several roles
//
// With Options.RenewalEvents, a session announces each planned renewal by a [RenewalDue] event, and
// renews at the next call of Next. A caller that closes the session instead, and makes another
// process call Resume, hands the chat over without an additional connection.
//
// Options.ConnectParticipant connects agents, custom bots and customers of message streaming,
// who aren't connected by their socket. Options.Connection starts a session with a connection
// that StartChatContact has returned, which saves a request.
//
// [Session.ConnectionToken] returns the newest connection token, for operations that Session has no
// method for, and can wait for the next one. [ParseItem] converts items that did not come from a
// session to events, for example those in your own store; package streaming does so for
// notifications of SNS.
//
// [MarshalEvent] encodes an event as JSON, for a webhook or a queue; the name of its type there and
// in logs is [Event].Kind. Package interactive reads pickers and other interactive messages, and
// matches a person's reply to the choices; [Session.DescribeView] returns the view that a message
// announces.
//
// [API] is an interface that *Session satisfies, for stubs.
//
// # Metrics
//
// All sessions with the same Options.MeterProvider share the instruments chat.sessions.live,
// chat.connects (by kind: start, reconnect, renewal; Resume counts as start), chat.items.recovered,
// chat.items.late, chat.items.behind, chat.items.unreadable, chat.calls.throttled and
// chat.limiter.wait (by rpc.method), and chat.event.delay, the time from the arrival of an item
// until Next returned its event. The last two are histograms of seconds. The counters correspond to
// [Stats]; they may be reported some seconds late.
//
// # Quotas
//
// The service's quotas are shared by all chats of an account. The sessions of a process share a
// [Limiter] that stays within the published ones: six connections per second, so that 10,000
// sessions need 28 minutes to reconnect; renewing them every hour uses half of that quota. Periodic
// passes use at most half of the rate of GetTranscript, four per second: 700 sessions get a pass
// every 3 minutes, 1,000 every 4.2 minutes and 10,000 every 42 minutes. If several processes share
// the quotas, [NewLimiter] returns a Limiter for one of them; if AWS has raised some quotas of the
// account, use [NewQuotaLimiter]. [QuotaLimiter.SetQuota] changes a quota while sessions use the
// Limiter. [Unlimited] is for tests that start many sessions.
package chat
