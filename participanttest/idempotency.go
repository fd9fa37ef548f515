// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// answerLife is how long a client token is remembered.
const answerLife = 10 * time.Minute

// maxAnswers bounds the memory: the oldest is forgotten.
const maxAnswers = 10_000

// answerKey is operation, client token and body. The token alone would not do: ChatJS
// sends one constant token with all its receipts.
type answerKey [sha256.Size]byte

type answerTime struct {
	key answerKey
	at  time.Time
}

// once makes an operation answer the same to the same request of the same participant; a
// request to Amazon Connect is nobody's.
// Only successes are remembered, so that a refused request can be repeated.
func once(run func(*call) (any, *wireError)) func(*call) (any, *wireError) {
	return func(c *call) (any, *wireError) {
		if c.in.text("ClientToken", 0, 500) == "" || c.in.err != nil {
			return run(c)
		}
		earlier := &c.srv.answered
		if c.participant != nil {
			earlier = &c.participant.answered
		}
		return earlier.once(c, run)
	}
}

// answerKey takes the body as sorted and compacted by encoding/json: the order of
// members doesn't make another request.
func (c *call) answerKey() answerKey {
	body, _ := json.Marshal(c.in.raw) // parsed JSON is JSON again
	return sha256.Sum256(append([]byte(c.op.name+" "), body...))
}

// answered are the responses to requests with a client token.
type answered struct {
	answers map[answerKey]any
	times   []answerTime // the oldest first
}

func (a *answered) once(c *call, run func(*call) (any, *wireError)) (any, *wireError) {
	key, now := c.answerKey(), c.srv.now()
	a.forget(now)
	if out, ok := a.answers[key]; ok {
		return out, nil
	}
	out, failure := run(c)
	if failure == nil {
		a.remember(key, out, now)
	}
	return out, failure
}

func (a *answered) remember(key answerKey, out any, now time.Time) {
	if a.answers == nil {
		a.answers = map[answerKey]any{}
	}
	a.answers[key] = out
	a.times = append(a.times, answerTime{key, now})
}

func (a *answered) forget(now time.Time) {
	for len(a.times) > 0 && (now.Sub(a.times[0].at) >= answerLife || len(a.times) >= maxAnswers) {
		delete(a.answers, a.times[0].key)
		a.times = a.times[1:]
	}
}
