// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/fleettest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	fleettest.Store(t, func(*testing.T) fleet.Store { return fleet.Memory() })
}
