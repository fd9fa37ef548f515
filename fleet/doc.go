// SPDX-License-Identifier: Apache-2.0

// Package fleet holds each chat of an account on exactly one of many processes. When a process
// dies, the others take its chats over; when it is deployed anew, it hands them over; and all
// together keep to the account's quotas.
//
//	member, err := fleet.Join(ctx, store, client, handle, func(o *fleet.Options) { o.Sealer = sealer })
//	if err != nil {
//		log.Fatal(err)
//	}
//	err = member.Add(ctx, fleet.Chat{ID: contactID, ParticipantToken: token, ParticipantID: participantID})
//
// Every process joins with the same [Store]: an engine that the team runs already, such as NATS
// (package natsfleet) or DynamoDB (package dynamofleet). Nothing here elects, replicates or
// gossips. A chat that was added, by any member, is a session of package chat in one of them, and
// its events go to that member's [Handler]. Any member can send into any chat, see [Member.Send].
//
// # When you need it
//
// One process holds 10,000 chats. You need a fleet to hold more, to deploy without a gap, or to
// survive the loss of a machine. You don't need it for chats that you only read by message
// streaming, without typing indicators and receipts: with package streaming any process can
// handle any event.
//
// The account's quotas are the limit, not the engine. At the published ones:
//
//   - A connection is renewed every hour: 50,000 chats need 14.9 CreateParticipantConnection a
//     second, and 6 are permitted. That ends at 20,000 chats, and 10,000 leave room for losses.
//   - Taking over 2,500 chats needs 2,500 connections, which take 417 seconds, and a reading of the
//     transcript after each. The settling readings that follow come last.
//   - A deployment that closes all sockets of 10,000 chats is followed by 28 minutes of
//     reconnecting. One that hands each chat over when its connection would be renewed
//     ([Member.Drain]) takes up to 59 minutes and costs no connection.
//   - A message every 30 seconds in 10,000 chats is 333 SendMessage a second, and 10 are
//     permitted. Whoever needs that has had quotas raised, each on its own: see Options.Quotas.
//
// # What is promised
//
//   - A chat has one owner of record. Held.Epoch rises each time it changes, and nothing is saved
//     under a lower one.
//   - Each event reaches a handler at least once, in the order of one session, as long as the chat
//     and one member live. What was handled since the last save is handled again after a member
//     has died, see Options.SaveEvery; nothing else is. What is lost is what package chat excludes:
//     an open gap when the chat ends, and events that the transcript doesn't have while the chat
//     changes hands.
//   - A member that has lost its lease handles nothing, and its sessions call nothing. Its handler's
//     context ends a second before another member may take over.
//   - A clientToken is one message, whoever sends it again, for as long as the service remembers it;
//     how long is not documented.
//   - When a member dies, its chats wait for what is left of its lease, and then for their place in
//     the queue, which moves at the rate of the quota. Nothing is lost in that time.
//   - While the engine is away, no session is closed and nothing reconnects. Handling pauses when
//     the lease has run out; messages are sent on with the tokens that are known.
//
// # What is not
//
//   - A process that is frozen between the check of its lease and an effect, finishes that one
//     effect when it wakes. Pass Held.Epoch along, and have your database refuse a lower one, or
//     make effects idempotent by Meta.ID.
//   - A member whose virtual machine is paused, clock and all, doesn't notice that its lease has run
//     out until it reaches the engine. Its saves fail; what it handles until then is repeated.
//   - An engine that loses acknowledged writes makes a State older: events are repeated. If it loses
//     the record of a chat, the member that holds the chat writes it again. If that member is gone
//     too, call Add again, from your own database: Add is idempotent. The Epoch begins again then.
//   - A member that is cut off from the engine, but not from the service, sends on with its part of
//     the quotas, which the others may use too after a lease. It makes no other calls.
//
// # Leases and records
//
// Each member has one record, which it writes every Options.Renew and which expires after
// Options.Lease: four members write twice a second, however many chats they hold. Each chat has a
// record with its owner, its epoch and its sealed participant token, one with its State, and one
// with its newest connection token. The chats of a member that is gone are divided among the others
// by rendezvous hashing; a claim is one compare-and-set. No wall clocks are compared.
//
// A member that joined a moment ago, or was out of contact with the engine, claims nothing for one
// lease: a restarted engine may have forgotten members who are there.
//
// # Metrics
//
// Options.MeterProvider measures fleet.chats.held, fleet.chats.claimed, fleet.chats.given,
// fleet.lease.renewals, fleet.lease.lost, fleet.states.saved and fleet.events.retried. The
// sessions have their own, see package chat: set the provider in Options.Chat.
//
// # Another engine
//
// A Store for PostgreSQL, Redis or another engine needs one atomic operation: write a record if it
// has a given revision. Package fleettest tests one. It has to keep this:
//
//   - A revision never comes again for a key, not after a delete either: take it from one sequence
//     for all keys, or 64 random bits.
//   - Compare and write in one statement (UPDATE … WHERE key = $1 AND rev = $2, a Lua script). If
//     the client retries, or the connection breaks after a commit, tell your own write from a
//     conflict by its revision: ErrConflict says that nothing was written.
//   - Get and List read from the primary, not from a replica that may be behind.
//   - Leases expire by one clock, that of the engine, compared inside the conditional write too. Without
//     such a clock each watcher measures: a record is gone when a query that began a ttl after the
//     one that first showed its revision still shows that revision. Delete it under that revision,
//     then yield Gone. Never compare the clocks of two machines.
//   - Watch may poll. If it listens to notifications (LISTEN, keyspace events), subscribe first, then
//     read what is there, and end with an error when the connection breaks.
//   - Writes that were acknowledged should survive a crash of the engine. If some don't, events are
//     repeated; only the records of the chats must not be lost.
//   - Each call ends with its context, also when the network swallows everything.
//   - Escape what your engine takes for wildcards (_ in LIKE), and compare keys as bytes.
package fleet
