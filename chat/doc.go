// SPDX-License-Identifier: Apache-2.0

// Package chat holds live Amazon Connect chats: a Session receives everything that happens in a
// chat and sends into it, for hours, over sockets that the service replaces every hour and that
// may be lost at any moment.
//
//	starting, cancel := context.WithTimeout(ctx, time.Minute) // for n chats at once, add n*time.Second/6
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
// Every item that the service keeps in the transcript, and shows there within Options.Overlap
// of its own time, is delivered once in each Session, whatever happens to the sockets. The
// service's pushes are not enough for that: they are not repeated, a socket may be dead for a
// while before anybody notices, and a single push may be lost. So the session reads the
// transcript too: after each connection and again some seconds later, every Options.ReadEvery,
// and when a message that it has sent does not arrive as an item. It reads back beyond what it
// has read before, and merges by ID.
//
// A push that was lost on a healthy socket is therefore noticed within 1.2 times
// Options.ReadEvery, which is 3.6 minutes by default; that of an own message within 30 seconds;
// and with [Session.CatchUp] immediately. With many sessions it takes longer, see Quotas.
//
// Items arrive in the order of their time. One that is found only after a later one was
// delivered has Meta.Late; Options.HoldBack trades delay for fewer of these. An item whose time
// lies ahead of the service's own, or is impossible, is delivered and makes no other item Late.
//
// Start delivers the newest items of the current contact first (Options.History), with
// Meta.History. Otherwise what was said before the socket was subscribed would be missed, which
// is usually a greeting. Events of this participant have Meta.Own: a bot must skip them, or
// it replies to itself. The participant's ID is learned from the first message that is sent, unless
// Options.ParticipantID has it: until then, messages of another device of the same participant
// aren't known as its own.
//
// # What is not guaranteed
//
//   - An item whose push was missed and which enters the transcript later than Options.Overlap
//     after its time is not found.
//   - When the chat ends, its tokens end too. Items missed in a gap that is still open then can no
//     longer be read; ChatEnded.Gap and CloseError.Gap report it. A gap opens when a socket is
//     lost, at Resume, when a frame can't be read and when the caller is too slow. It is closed
//     by a complete reading of the transcript that begins Options.Settle later. An item that
//     appears in the transcript after that reading is lost without a gap if the chat ends before
//     the next one; so is an item whose push is lost unnoticed after the last periodic reading.
//   - Items that the transcript never has (typing, idle, returned) are best effort, and so are
//     receipts and intermediate states of messages older than the last reading.
//   - The order is not total: Late items are the exceptions.
//   - After a crash, what was handled after the last saved State is delivered again. When the
//     chat ends before Resume, what wasn't handled is lost, since its tokens have ended too.
//
// # The life of a session
//
// A session renews its connection before it expires, with both sockets open for a moment. A loss
// is noticed within 20 seconds even where the network reports nothing, and is reported by
// ConnectionChanged. The session reconnects for as long as it takes; only the end of the chat,
// the service's refusal of the token or of the request, removal from the chat,
// Options.GiveUpAfter, Leave and Close end it.
//
// A caller who takes events slowly costs neither the connection nor much memory: at most 1,024
// events or 256 KiB are queued, which are 240 to 650 messages, and the rest is read from the
// transcript later. Only the last reading, when the chat has ended, queues more: up to 4 MiB.
//
// [Session.State] and [Resume] carry a session over a restart of the process.
//
// # Beyond one process and one role
//
// With Options.RenewalEvents a session announces each planned renewal by [RenewalDue], and waits
// for the next call of Next. A caller who closes the session instead, and lets another process
// Resume, hands the chat over without an additional connection.
//
// Options.ConnectParticipant connects agents, custom bots and customers of message streaming,
// who aren't connected by their socket. Options.Connection begins a session with a connection
// that StartChatContact has returned, which saves a request.
//
// [Session.ConnectionToken] returns the newest connection token, for calls that Session has
// no method for, and waits for the next one. [ParseItem] makes events of items that have come
// another way than through a session, such as from a store; package streaming reads those that
// come from SNS.
//
// [MarshalEvent] writes an event as JSON, for a webhook or a queue, and [Event].Kind is its name
// there and in logs. Package interactive reads pickers and other interactive messages, and finds
// the choice that a person means; [Session.DescribeView] returns the view that one announces.
//
// [API] is an interface that *Session satisfies, for stubs.
//
// # Metrics
//
// Options.MeterProvider measures all sessions that it is given to, with the instruments
// chat.sessions.live, chat.connects (by kind: start, reconnect, renewal; Resume counts as start),
// chat.items.recovered, chat.items.late, chat.items.behind, chat.items.unreadable,
// chat.calls.throttled and chat.limiter.wait (by rpc.method), and chat.event.delay, from the
// arrival of an item until Next returned its event. The last two are histograms of seconds.
// Counts may be reported some seconds late.
//
// # Quotas
//
// The service's quotas are shared by all chats of an account. The sessions of a process share a
// [Limiter] that keeps to the published ones: six connections a second, so that 10,000 sessions
// need 28 minutes to reconnect; renewing them every hour uses half of that quota. Periodic
// readings have half of the rate for GetTranscript, four a second: 700 sessions are read every 3
// minutes, 1,000 every 4.2 minutes and 10,000 every 42 minutes. [NewLimiter] makes a
// Limiter for a share of the quotas, where several processes share them, and [NewQuotaLimiter]
// one for an account some of whose quotas AWS has raised; [QuotaLimiter.SetQuota] changes them
// while sessions use it. For tests that start many sessions there is [Unlimited].
package chat
