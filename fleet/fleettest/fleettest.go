// SPDX-License-Identifier: Apache-2.0

// Package fleettest tests implementations of [fleet.Store].
//
// A store is fit for a fleet if it passes Store. The tests use real time and leases of a few
// seconds. They run in parallel; on two cores they take half a minute.
package fleettest

import (
	"testing"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

// Store tests that the stores that open returns keep what [fleet.Store] promises. It calls open
// once for each subtest, from several goroutines; each time open returns a store without records,
// for example in a table or a bucket of its own, and cleans up with t.Cleanup. A store that polls
// must do so at least once a second.
func Store(t *testing.T, open func(t *testing.T) fleet.Store) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(tester{t, open(t)})
		})
	}
}

type check struct {
	name string
	run  func(t tester)
}

// checks are the subtests of Store. They are also run on broken stores, hence not on a
// *testing.T.
var checks = []check{
	{"Put with revision 0 creates", creates},
	{"Put replaces the revision it is given", replaces},
	{"Put conflicts when the record is gone", conflictsWhenGone},
	{"Delete removes the revision it is given", deletes},
	{"revisions don't repeat", revisionsDiffer},
	{"values come back as they were", valuesComeBack},
	{"values belong to the caller", valuesBelongToTheCaller},
	{"keys may have every permitted character", keysMayHaveEveryCharacter},
	{"a prefix is a part", prefixIsAPart},
	{"List yields a thousand records", listsMany},
	{"List yields what exists all the while once", listsDuringChanges},
	{"a loop over List may break", listBreaks},
	{"of concurrent creates one wins", oneCreateWins},
	{"of concurrent updates none is lost", noUpdateIsLost},
	{"of concurrent deletes and updates one wins", deleteOrUpdate},
	{"a canceled context ends each call", canceledContext},

	{"Watch yields what is there, then what changes", watches},
	{"Watch yields values in order", watchesInOrder},
	{"Watch yields what changes during a slow loop", watchesSlowly},
	{"several watch", severalWatch},
	{"Watch ends with its context's error", watchEnds},
	{"a loop over Watch may break", watchBreaks},

	{"a record expires", expires},
	{"a record that is renewed doesn't expire", renewed},
	{"the newest ttl counts", newestTTL},
	{"a record that was put without a ttl stays", ttlEnds},
	{"who watches late notices the expiry", watchesLate},
}

// notice is how long after its ttl the expiry of a record may go unnoticed: a second, a poll of a
// second, and a second for a slow machine.
const notice = 3 * time.Second

// patience is how long an engine may take for anything else.
const patience = 10 * time.Second
