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
// A Store needs little: values under keys, compare-and-set on a revision, and expiry for the few
// keys of members. Package fleettest tests one. What to keep in mind, for PostgreSQL or Redis:
//
//   - Get and a failed compare-and-set must see the newest write: read from the primary.
//   - A revision never comes again for a key, not even after the record was deleted: take a
//     sequence, or random numbers.
//   - Put is one atomic statement: UPDATE … WHERE key = $1 AND rev = $2, or a Lua script.
//   - A record expires by the engine's clock if that is exact, as it is in Redis. Where expiry is a
//     column, let each Watch judge by its own monotonic clock: a record is gone when a poll that
//     began a ttl after the revision was first seen still shows it. Never compare a stored time
//     with a local clock.
//   - Watch may poll every second. It must end with an error when it may have missed something: a
//     lost subscription, a failover, a restart.
//   - Writes that were acknowledged should survive a crash of the engine. If some don't, events are
//     repeated; the State of a chat may go back, and only its own record must not be lost.
//   - Each call must end with its context, also when the network swallows everything.
package fleet
