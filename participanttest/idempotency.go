// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// responseLife is how long the response to a client token is remembered.
const responseLife = 10 * time.Minute

// maxResponses bounds the memory: the oldest response is forgotten.
const maxResponses = 10_000

// responseKey is a hash of operation, client token and body. The token alone isn't enough: ChatJS sends
// one constant token with all its receipts.
type responseKey [sha256.Size]byte

type responseTime struct {
	key responseKey
	at  time.Time
}

// once returns the first response to the same request of the same participant again. For Amazon Connect
// the participant doesn't matter. Only successes are remembered, so that a request that failed can be
// retried.
func once(run func(*call) (any, *wireError)) func(*call) (any, *wireError) {
	return func(c *call) (any, *wireError) {
		if c.in.text("ClientToken", 0, 500) == "" || c.in.err != nil {
			return run(c)
		}
		earlier := &c.srv.responses
		if c.participant != nil {
			earlier = &c.participant.responses
		}
		return earlier.once(c, run)
	}
}

// responseKey marshals the body again: the order of members must not make a difference.
func (c *call) responseKey() responseKey {
	body, _ := json.Marshal(c.in.raw) // parsed JSON is JSON again
	return sha256.Sum256(append([]byte(c.op.name+" "), body...))
}

// responseCache has the responses to requests with a client token.
type responseCache struct {
	byKey map[responseKey]any
	times []responseTime // the oldest first
}

func (a *responseCache) once(c *call, run func(*call) (any, *wireError)) (any, *wireError) {
	key, now := c.responseKey(), c.srv.now()
	a.forget(now)
	if out, ok := a.byKey[key]; ok {
		return out, nil
	}
	out, failure := run(c)
	if failure == nil {
		a.remember(key, out, now)
	}
	return out, failure
}

func (a *responseCache) remember(key responseKey, out any, now time.Time) {
	if a.byKey == nil {
		a.byKey = map[responseKey]any{}
	}
	a.byKey[key] = out
	a.times = append(a.times, responseTime{key, now})
}

func (a *responseCache) forget(now time.Time) {
	for len(a.times) > 0 && (now.Sub(a.times[0].at) >= responseLife || len(a.times) >= maxResponses) {
		delete(a.byKey, a.times[0].key)
		a.times = a.times[1:]
	}
}
