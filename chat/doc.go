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
//			fmt.Println("over, something may be missing:", e.Gap)
//		}
//	}
//
// One client serves any number of sessions. An idle session costs one goroutine, which reads the
// socket.
//
// # What is delivered
//
// Each Session delivers, exactly once, every item that appears in the transcript within
// Options.Overlap of its own time, whatever happens to the sockets. The service's pushes alone do
// not guarantee that: they are not resent, a dead socket may go unnoticed for a while, and a single
// push may be lost. The session therefore also reads the transcript, in passes: after each
// connection and again some seconds later, every Options.ReadEvery, and when a message that it has
// sent does not arrive as an item. Each pass begins some time before the end of the last one, and
// its items are merged by ID.
//
// A push that is lost on a healthy socket is therefore noticed within 1.2 times Options.ReadEvery,
// 3.6 minutes by default; the push of an own message within 30 seconds. [Session.CatchUp] makes a
// pass immediately. With many sessions passes are rarer, see Quotas.
//
// Items arrive in the order of their time. An item that is found only after a later one was
// delivered has Meta.Late; Options.HoldBack makes these rarer at the cost of a delay. An item whose
// time is impossible, or ahead of the service's clock, is delivered and does not make other items
// Late.
//
// Start first delivers the newest items of the current contact (Options.History), with
// Meta.History. Without them, items from before the subscription of the socket would be missing,
// usually a greeting. Events of this participant have Meta.Own: a bot must skip them, or it replies
// to itself. The session learns its participant ID from the first message that it sends, unless
// Options.ParticipantID is set. Until then, messages that the same participant sends from another
// device do not have Meta.Own.
//
// # What is not guaranteed
//
//   - An item whose push was missed, and which appears in the transcript later than
//     Options.Overlap after its time, is not found.
//   - The tokens of a chat expire when it ends. Items missed in a gap that is still open can then
//     no longer be read; ChatEnded.Gap and CloseError.Gap report it. A gap opens when a socket is
//     lost, at Resume, when a frame can't be read and when the caller is too slow. It is closed
//     by a complete pass that begins Options.Settle later. An item that appears in the transcript
//     after that pass is lost without a gap if the chat ends before the next pass; so is an item
//     whose push is lost unnoticed after the last periodic pass.
//   - Items that never appear in the transcript (typing, idle, returned) are best effort, and so
//     are receipts and intermediate states of messages older than the last pass.
//   - The order is not total: Late items are the exceptions.
//   - After a crash, the events handled since the last saved State are delivered again. If the
//     chat ends before Resume, the events not yet handled are lost, because the tokens have expired.
//
// # Lifetime of a session
//
// A session renews its connection before it expires, with both sockets open for a moment. A lost
// connection is noticed within 20 seconds, even if the network reports nothing, and is reported by
// ConnectionChanged. The session reconnects until it succeeds. It ends only when the chat ends, the
// service rejects the token or the request, the participant is removed from the chat,
// Options.GiveUpAfter passes, or Leave or Close is called.
//
// A slow caller costs neither the connection nor much memory: at most 1,024 events or 256 KiB are
// queued, which is 240 to 650 messages, and the rest is read from the transcript later. Only the
// last pass, after the end of the chat, queues more: up to 4 MiB.
//
// [Session.State] and [Resume] carry a session over a restart of the process.
//
// # Several processes, several roles
//
// With Options.RenewalEvents a session announces each planned renewal by [RenewalDue], and waits
// for the next call of Next. A caller that closes the session instead, and makes another process
// call Resume, hands the chat over without an additional connection.
//
// Options.ConnectParticipant connects agents, custom bots and customers of message streaming,
// who aren't connected by their socket. Options.Connection starts a session with a connection
// that StartChatContact has returned, which saves a request.
//
// [Session.ConnectionToken] returns the newest connection token, for operations that Session has
// no method for, and can wait for the next one. [ParseItem] makes events of items that did not come
// from a session, for example from a store; package streaming reads those that come from SNS.
//
// [MarshalEvent] writes an event as JSON, for a webhook or a queue, and [Event].Kind is its name
// there and in logs. Package interactive reads pickers and other interactive messages, and matches
// a person's reply to the choices; [Session.DescribeView] returns the view that a message announces.
//
// [API] is an interface that *Session satisfies, for stubs.
//
// # Metrics
//
// All sessions with the same Options.MeterProvider are measured together, by the instruments
// chat.sessions.live, chat.connects (by kind: start, reconnect, renewal; Resume counts as start),
// chat.items.recovered, chat.items.late, chat.items.behind, chat.items.unreadable,
// chat.calls.throttled and chat.limiter.wait (by rpc.method), and chat.event.delay, from the
// arrival of an item until Next returned its event. The last two are histograms of seconds.
// Counts may be reported some seconds late.
//
// # Quotas
//
// The service's quotas are shared by all chats of an account. The sessions of a process share a
// [Limiter] that stays within the published ones: six connections per second, so that 10,000 sessions
// need 28 minutes to reconnect; renewing them every hour uses half of that quota. Periodic passes
// use at most half of the rate of GetTranscript, four per second: 700 sessions get a pass every 3
// minutes, 1,000 every 4.2 minutes and 10,000 every 42 minutes. [NewLimiter] returns a Limiter for
// a share of the quotas, where several processes share them, and [NewQuotaLimiter] one for an
// account some of whose quotas AWS has raised; [QuotaLimiter.SetQuota] changes them while sessions
// use it. [Unlimited] is for tests that start many sessions.
package chat
