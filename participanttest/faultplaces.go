// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"maps"
	"slices"
)

// FaultPlaces returns every value that Fault.On may have, sorted.
func FaultPlaces() []string {
	places := []string{
		OnUpgrade, OnUpload, OnDownload, OnSubscribe, OnHeartbeat, OnPing, OnPush, OnTranscript, OnPublish, describeViewOperation.name,
	}
	for _, op := range postOperations {
		places = append(places, op.name)
	}
	places = slices.AppendSeq(places, maps.Keys(connectAPI))
	slices.Sort(places)
	return places
}
