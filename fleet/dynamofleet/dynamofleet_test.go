// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
	"github.com/participant-go/connectparticipant/fleet/fleettest"
)

// Each store of the suite has its own table.
func TestStore(t *testing.T) {
	t.Parallel()
	client := connect(start(t))
	var n atomic.Int64
	fleettest.Store(t, func(t *testing.T) fleet.Store {
		t.Helper()
		table := fmt.Sprintf("table%d", n.Add(1))
		createTable(t, client, table)
		return dynamofleet.New(client, table)
	})
}
