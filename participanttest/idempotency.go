// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// answerLife is how long a client token is remembered.
const answerLife = 10 * time.Minute

// answerKey is operation, client token and body. The token alone would not do: ChatJS
// sends one constant token with all its receipts.
type answerKey [sha256.Size]byte

type answerTime struct {
	key answerKey
	at  time.Time
}

// once makes an operation answer the same to the same request of the same participant.
// Only successes are remembered, so that a refused request can be repeated.
func once(run func(*call) (any, *wireError)) func(*call) (any, *wireError) {
	return func(c *call) (any, *wireError) {
		if c.in.text("ClientToken", 0, 500) == "" || c.in.err != nil {
			return run(c)
		}
		key := c.answerKey()
		c.participant.forgetAnswers(c.srv.now())
		if out, ok := c.participant.answers[key]; ok {
			return out, nil
		}
		out, failure := run(c)
		if failure == nil {
			c.participant.remember(key, out, c.srv.now())
		}
		return out, failure
	}
}

// answerKey takes the body as sorted and compacted by encoding/json: the order of
// members doesn't make another request.
func (c *call) answerKey() answerKey {
	body, _ := json.Marshal(c.in.raw) // parsed JSON is JSON again
	return sha256.Sum256(append([]byte(c.op.name+" "), body...))
}

func (p *Participant) remember(key answerKey, out any, now time.Time) {
	p.answers[key] = out
	p.answerTimes = append(p.answerTimes, answerTime{key, now})
}

func (p *Participant) forgetAnswers(now time.Time) {
	for len(p.answerTimes) > 0 && now.Sub(p.answerTimes[0].at) >= answerLife {
		delete(p.answers, p.answerTimes[0].key)
		p.answerTimes = p.answerTimes[1:]
	}
}
