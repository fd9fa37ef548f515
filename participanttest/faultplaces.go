// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// anyOperation stands for every operation in effectPlaces, and is the Fault.On of every operation.
const anyOperation = ""

// effectPlaces has the places where an effect works.
var effectPlaces = map[effectKind][]string{
	effectFail:         {anyOperation, OnUpgrade, OnUpload, OnDownload, OnPing},
	effectRespond:      {anyOperation, OnUpgrade, OnUpload, OnDownload},
	effectTruncate:     {anyOperation, OnPublish},
	effectDelay:        {anyOperation, OnUpgrade, OnUpload, OnDownload, OnSubscribe, OnHeartbeat, OnPing, OnPush, OnPublish},
	effectDropBefore:   {anyOperation, OnUpgrade, OnUpload, OnDownload},
	effectDropAfter:    {anyOperation},
	effectIgnore:       {anyOperation, OnUpgrade, OnUpload, OnDownload, OnSubscribe, OnHeartbeat, OnPing},
	effectRefuse:       {OnSubscribe},
	effectGatewayError: {OnSubscribe, OnHeartbeat, OnPing, OnPush},
	effectClose:        {OnSubscribe, OnHeartbeat, OnPing, OnPush},
	effectSilent:       {OnUpgrade, OnSubscribe, OnHeartbeat, OnPing, OnPush},
	effectUnread:       {OnUpgrade, OnSubscribe, OnHeartbeat, OnPing, OnPush},
	effectBlackhole:    {OnUpgrade, OnSubscribe, OnHeartbeat, OnPing, OnPush},
	effectLose:         {OnPush, OnPublish},
	effectDuplicate:    {OnPush, OnPublish},
	effectReorder:      {OnPush, OnPublish},
	effectLag:          {OnTranscript},
	effectForge:        {OnPublish},
}

var (
	// otherPlaces are those that aren't operations.
	otherPlaces = []string{OnUpgrade, OnUpload, OnDownload, OnSubscribe, OnHeartbeat, OnPing, OnPush, OnTranscript, OnPublish}
	// socketPlaces and itemPlaces are those where Fault.Socket and Fault.ContentType can match.
	socketPlaces = []string{OnUpgrade, OnSubscribe, OnHeartbeat, OnPing, OnPush}
	itemPlaces   = []string{OnPush, OnTranscript, OnPublish}
)

// FaultPlaces returns every value that Fault.On may have, sorted.
func FaultPlaces() []string {
	places := append([]string{describeViewOperation.name}, otherPlaces...)
	for _, op := range postOperations {
		places = append(places, op.name)
	}
	places = slices.AppendSeq(places, maps.Keys(connectAPI))
	slices.Sort(places)
	return places
}

// Validate returns an error that names the field if Inject doesn't accept the fault: if it has no
// Effect, if FaultPlaces doesn't list its On, if the Effect doesn't work there, if a Socket or
// ContentType is set and On is a place without sockets or content types, if a number is negative, or if
// Chance is above 1.
func (f Fault) Validate() error {
	if problem := f.problem(); problem != "" {
		return errors.New(problem)
	}
	return nil
}

// problem begins with the name of a member.
func (f Fault) problem() string {
	switch {
	case f.Effect.kind == effectNone:
		return "Effect is required"
	case f.On != "" && !slices.Contains(FaultPlaces(), f.On):
		return fmt.Sprintf("On must be absent, for every operation, or one of %s", strings.Join(FaultPlaces(), ", "))
	case !f.Effect.worksOn(f.On):
		return fmt.Sprintf("Effect %s doesn't work on %s, only on %s", f.Effect, placeName(f.On), placeNames(effectPlaces[f.Effect.kind]))
	case f.Socket < 0 || f.Skip < 0 || f.Times < 0:
		return "Socket, Skip and Times must be 0 or more"
	case f.Socket > 0 && !slices.Contains(socketPlaces, f.On):
		return fmt.Sprintf("Socket can't be used on %s, only on %s", placeName(f.On), placeNames(socketPlaces))
	case f.ContentType != "" && !slices.Contains(itemPlaces, f.On):
		return fmt.Sprintf("ContentType can't be used on %s, only on %s", placeName(f.On), placeNames(itemPlaces))
	case !(f.Chance >= 0 && f.Chance <= 1): // also NaN
		return "Chance must be from 0 to 1"
	default:
		return ""
	}
}

func (e Effect) worksOn(place string) bool {
	if !slices.Contains(otherPlaces, place) {
		place = anyOperation
	}
	return slices.Contains(effectPlaces[e.kind], place)
}

func placeName(on string) string {
	if on == anyOperation {
		return "operations"
	}
	return on
}

func placeNames(places []string) string {
	names := make([]string, len(places))
	for i, place := range places {
		names[i] = placeName(place)
	}
	return strings.Join(names, ", ")
}
