// Package chat holds live Amazon Connect chats: a Session that receives everything that
// happens in a chat and sends into it, for hours, over sockets that the service replaces
// every hour and that may be lost at any moment.
//
//	starting, cancel := context.WithTimeout(ctx, time.Minute)
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
//				continue // or the bot answers itself, files, and everything again after a restart
//			}
//			if _, err := session.Send(ctx, "You said: "+e.Text); err != nil {
//				log.Print(err) // the loop is told what ends the session
//			}
//		case chat.ChatEnded:
//			fmt.Println("over, something may be missing:", e.Gap)
//		}
//	}
//
// One client serves any number of sessions. Each has one goroutine while it is idle.
//
// # What is delivered
//
// Every item that the service keeps in the transcript, and shows there within
// Options.Overlap of its own time, is delivered once in each Session, whatever happens to
// the sockets. The service's pushes are not enough for that: they are not repeated, a
// socket may be dead for a while before anybody notices, and a single one may be lost. So
// the session reads the transcript too, after each connection and some seconds later
// again, goes back behind what it has read before, and merges by Id.
//
// Items come in the order of their time. One that is found only after a later one was
// delivered has Meta.Late; Options.HoldBack trades delay for fewer of these.
//
// Start delivers the newest items of the current contact first (Options.History), with
// Meta.History.
// Otherwise what was said before the socket was subscribed, a greeting mostly, would be
// missed. Events of this participant have Meta.Own: a bot that answers them talks to
// itself. The participant's id is learnt from the first message that is sent, unless
// Options.ParticipantID tells it: until then, messages of another device of the same
// participant aren't known as its own.
//
// # What is not guaranteed
//
//   - An item whose push was missed and which enters the transcript later than
//     Options.Overlap after its time is not found.
//   - When the chat ends, its tokens end too. What fell into a gap that is still open then
//     can't be read any more; ChatEnded.Gap and CloseError.Gap say that there was one.
//   - Items that the transcript never has (typing, idle, returned) are best effort, and so
//     are receipts and intermediate states of messages older than the last reading.
//   - The order is not total: Late items are the exceptions.
//   - After a crash, what was handled after the last saved State comes again. When the chat
//     ends before Resume, what wasn't handled is lost, since its tokens have ended too.
//
// # The life of a session
//
// A session renews its connection before it expires, with both sockets open for a moment.
// A loss is noticed within 20 seconds also where the network says nothing, and is told by
// ConnectionChanged. It is mended for as long as it takes; only the end of the chat, the
// refusal of the token, Options.GiveUpAfter, Leave and Close end a session. A caller who
// takes events slowly costs neither the connection nor much memory: what doesn't fit is
// read from the transcript later.
//
// [Session.State] and [Resume] carry a session over a restart of the process.
//
// # Quotas
//
// The service's quotas are shared by all chats of an account. The sessions of a process
// share a [Limiter] that keeps to the published ones: six connections a second, so that
// 10,000 sessions need 28 minutes to reconnect, and half of the quota to be renewed every
// hour. With other quotas, or several processes, set Options.Limiter; for tests that start
// many sessions there is [Unlimited].
package chat
