// SPDX-License-Identifier: Apache-2.0

// Package fleettest tests implementations of [fleet.Store].
//
// An implementation that passes [Store] can be used for a fleet. The tests use real time and leases
// of a few seconds. They run in parallel and take half a minute on two cores.
package fleettest

import (
	"testing"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

// Store tests whether the stores returned by open meet the requirements of [fleet.Store]. It calls
// open once for each subtest, from several goroutines. Each time, open returns a store without
// records, for example in its own table or bucket, and cleans up with t.Cleanup. A store that polls
// must poll at least once a second.
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

// checks are the subtests of Store. They are also run on broken stores, and so don't use a
// *testing.T.
var checks = []check{
	{"Put with revision 0 creates", creates},
	{"Put replaces the given revision", replaces},
	{"Put conflicts when the record is gone", conflictsWhenGone},
	{"Delete removes the given revision", deletes},
	{"revisions are never used again", revisionsDiffer},
	{"values are returned unchanged", valuesComeBack},
	{"values belong to the caller", valuesBelongToTheCaller},
	{"keys may have every permitted character", keysMayHaveEveryCharacter},
	{"a prefix matches whole parts", prefixIsAPart},
	{"List yields a thousand records", listsMany},
	{"List yields permanent records once during changes", listsDuringChanges},
	{"a loop over List may break", listBreaks},
	{"one of several concurrent creates wins", oneCreateWins},
	{"concurrent updates are not lost", noUpdateIsLost},
	{"one of a concurrent delete and update wins", deleteOrUpdate},
	{"a canceled context ends each call", canceledContext},

	{"Watch yields existing records, then changes", watches},
	{"Watch yields values in order", watchesInOrder},
	{"Watch yields changes during a slow loop", watchesSlowly},
	{"several loops watch", severalWatch},
	{"Watch ends with its context's error", watchEnds},
	{"a loop over Watch may break", watchBreaks},

	{"a record expires", expires},
	{"a renewed record doesn't expire", renewed},
	{"the newest ttl applies", newestTTL},
	{"a record put without a ttl stays", ttlEnds},
	{"a late Watch yields the expiry", watchesLate},
}

// notice is how long after its ttl the expiry of a record may be yielded: a second, a poll of a
// second, and three seconds for a slow machine.
const notice = 5 * time.Second

// patience is the timeout of everything else.
const patience = 30 * time.Second
