// SPDX-License-Identifier: Apache-2.0

// Package fleet distributes the chats of an account over several processes and keeps each chat in
// exactly one of them. When a process dies, the others take over its chats. When a process is
// redeployed, it hands its chats over. Together, the processes stay within the account's quotas.
//
//	member, err := fleet.Join(ctx, store, client, handle, func(o *fleet.Options) { o.Sealer = sealer })
//	if err != nil {
//		log.Fatal(err)
//	}
//	err = member.Add(ctx, fleet.Chat{ID: contactID, ParticipantToken: token, ParticipantID: participantID})
//
// Every process joins with the same [Store], on an engine that you already run, such as NATS
// (package natsfleet) or DynamoDB (package dynamofleet). A process that has joined is a member of
// the fleet. The members don't elect a leader, replicate data or gossip. A chat that any member has
// added becomes a session of package chat in one of the members, and its events go to that member's
// [Handler]. Any member can send to any chat, see [Member.Send].
//
// # When you need it
//
// One process can handle 10,000 chats. You need a fleet for more chats than that, for deployments
// without downtime, or to survive the loss of a machine. You don't need it if message streaming is
// enough, which has no typing indicators or receipts: with package streaming, any process can
// handle any event.
//
// The account's quotas are the limit, not the engine. At the published ones:
//
//   - A connection is renewed every hour: 50,000 chats need 14.9 CreateParticipantConnection a
//     second, and 6 are permitted. The limit is 20,000 chats; 10,000 leave room for failures.
//   - Taking over 2,500 chats needs 2,500 connections, which take 417 seconds, and a pass over the
//     transcript after each (see package chat). The second passes, some seconds later, have a low
//     priority.
//   - A deployment that closes all sockets of 10,000 chats causes 28 minutes of reconnecting.
//     Handing each chat over when its connection would be renewed ([Member.Drain]) takes up to 59
//     minutes and needs no additional connections.
//   - A message every 30 seconds in each of 10,000 chats is 333 SendMessage a second, and 10 are
//     permitted. Ask AWS to raise the quotas that you exceed, and set Options.Quotas.
//
// # Guarantees
//
//   - The store records one owner for each chat. Held.Epoch rises with each change of owner, and a
//     member with an older epoch can't save a State.
//   - As long as the chat continues and one member runs, each event reaches a handler at least
//     once, in the order in which its session delivers it. After a member has died, the events
//     handled since the last save are handled again, and only those; see Options.SaveEvery. An
//     event can only be lost where package chat documents it: in a gap that is open when the chat
//     ends, or, for events that the transcript doesn't keep, while the chat changes owner.
//   - A member that has lost its lease handles no events, and its sessions neither reconnect nor
//     read the transcript. The contexts of its handlers end a second before another member may take
//     over.
//   - Messages with the same clientToken become one message, whichever members send them, as long
//     as the service remembers the token. How long that is, AWS doesn't document.
//   - When a member dies, its chats wait until its lease has expired, and then for a connection, at
//     the rate of the quota. Items that were sent in the meantime are read from the transcript.
//   - While the store is unreachable, no session is closed and none reconnects. Handling pauses
//     when the lease has expired. Messages are still sent, with the connection tokens that the
//     member has in memory.
//
// # Limits
//
//   - A process that freezes between checking its lease and an effect still completes that one
//     effect when it wakes up. Pass Held.Epoch to your database and have it refuse a lower one, or
//     make effects idempotent by the event's type and Meta.ID.
//   - A member whose virtual machine is paused together with its clock doesn't notice that its lease
//     has expired until it reaches the store. Its saves fail, and what it handles until then is
//     handled again.
//   - If the store loses acknowledged writes, an older State is used, and events are delivered
//     again. If it loses the record of a chat, the owner of the chat writes it again. If the owner
//     is gone too, call Add again, from your own database: Add is idempotent. The chat then begins
//     without a State, and its epochs may restart at 1: have your database forget the higher ones.
//   - A member that can't reach the store, but reaches the service, continues to send messages with
//     its part of the quotas, although the others may use that part too once its lease has expired.
//
// # Leases and records
//
// Each member has one record, which it writes every Options.Renew and which expires after
// Options.Lease: four members write twice a second, regardless of the number of chats. Each chat
// has a record with its owner, epoch and sealed participant token, a record with its State, and one
// with its newest connection token. When a member is gone, its chats are divided among the others
// by rendezvous hashing; a claim is one compare-and-set. Wall clocks are never compared.
//
// A member that has just joined, or has lost contact with the store, claims no chats for the length
// of a lease: a restarted engine may have lost the records of members that are still running.
//
// # Metrics
//
// Options.MeterProvider receives fleet.chats.held, fleet.chats.claimed, fleet.chats.handed_over,
// fleet.lease.renewals, fleet.lease.lost, fleet.states.saved and fleet.events.retried. The sessions
// have their own metrics, see package chat: set their provider in Options.Chat.
//
// # Implementing a Store
//
// A Store for PostgreSQL, Redis or another engine needs one atomic operation: writing a record if
// it has a given revision. Package fleettest tests an implementation. The requirements:
//
//   - A revision is never used again for the same key, not even after a delete: take it from one
//     sequence for all keys, or use 64 random bits.
//   - Compare and write in one statement (UPDATE … WHERE key = $1 AND rev = $2, a Lua script). If
//     the client retries, or the connection breaks after a commit, use the revision to distinguish
//     your own write from a conflict: ErrConflict means that nothing was written.
//   - Get and List read from the primary, not from a replica that may lag.
//   - Leases expire by one clock, that of the engine, and the conditional write checks the expiry
//     by the same clock. Without such a clock, each watcher measures: a record has expired when a
//     query that began a ttl after the one that first returned its revision still returns that
//     revision. Delete it under that revision, then yield Gone. Never compare the clocks of two
//     machines.
//   - Watch may poll. If it uses notifications (LISTEN, keyspace events), subscribe first, then read
//     the existing records, and end with an error when the connection breaks.
//   - Acknowledged writes should survive a crash of the engine. If some don't, events are delivered
//     again; only the records of the chats must not be lost.
//   - Each call ends with its context, even if the network drops everything silently.
//   - Escape the engine's wildcards (_ in LIKE), and compare keys as bytes.
package fleet
