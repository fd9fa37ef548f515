// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"errors"
	"net/http"
	"path"
	"slices"
	"sync"
	"time"
)

// The last parts of the paths of operations.
const (
	connection = "connection"
	message    = "message"
)

// calls records the calls that a client makes: the server remembers only the last 1,000.
type calls struct {
	client *http.Client

	mu   sync.Mutex
	made []call
	lose map[string]int // the number of responses to lose, by operation
}

// call is a request and its status.
type call struct {
	operation string // the last part of the path
	bearer    string
	at        time.Time
	status    int
}

func (c *calls) Do(r *http.Request) (*http.Response, error) {
	response, err := c.client.Do(r)
	made := call{operation: path.Base(r.URL.Path), bearer: r.Header.Get("X-Amz-Bearer"), at: time.Now()}
	if err == nil {
		made.status = response.StatusCode
	}
	if err == nil && c.loses(made.operation) {
		_ = response.Body.Close()
		response, err = nil, errors.New("the response was lost")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = append(c.made, made)
	return response, err
}

// times returns the times of the calls of an operation with a status, from since on.
func (c *calls) times(operation string, status int, since time.Time) (times []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, made := range c.made {
		if made.operation == operation && made.status == status && !made.at.Before(since) {
			times = append(times, made.at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// connects returns the number of calls of CreateParticipantConnection from since on.
func (c *calls) connects(since time.Time) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, made := range c.made {
		if made.operation == connection && !made.at.Before(since) {
			n++
		}
	}
	return n
}

// throttled returns the number of calls with status 429.
func (c *calls) throttled() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, made := range c.made {
		if made.status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// intervals returns the times between successful calls of an operation with the same token, the
// shortest first.
func (c *calls) intervals(operation string, since time.Time) (all []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := map[string]time.Time{}
	for _, made := range c.made {
		if made.operation != operation || made.status != http.StatusOK || made.at.Before(since) {
			continue
		}
		if before, ok := last[made.bearer]; ok {
			all = append(all, made.at.Sub(before))
		}
		last[made.bearer] = made.at
	}
	slices.Sort(all)
	return all
}

// failNext loses the responses of the next calls of an operation: the calls are made, but fail.
func (w *world) failNext(operation string, times int) {
	w.calls.mu.Lock()
	defer w.calls.mu.Unlock()
	w.calls.lose = map[string]int{operation: times}
}

// loses reports whether the response of this call is to be lost.
func (c *calls) loses(operation string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lose[operation] == 0 {
		return false
	}
	c.lose[operation]--
	return true
}
