// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

const (
	// startAttempts is how often StartChatContact is called when it is throttled or fails for a
	// temporary reason.
	startAttempts = 5
	startTimeout  = 20 * time.Second
	maxResponse   = 64 << 10
)

// seat has what a chat needs to join.
type seat struct {
	token, participantID string // the id may be empty
}

// tokenSeats returns the seats of participant tokens, one for each chat.
func tokenSeats(tokens []string) func(context.Context) (seat, error) {
	var taken atomic.Int64
	return func(context.Context) (seat, error) {
		n := int(taken.Add(1))
		if n > len(tokens) {
			return seat{}, errors.New("no tokens are left")
		}
		return seat{token: tokens[n-1]}, nil
	}
}

// starter starts chats with StartChatContact and takes the customers' seats. It doesn't sign:
// only a fake of the service accepts that.
type starter struct {
	url     string
	meter   *meter
	client  *http.Client
	limiter chat.Limiter
}

// passingError is an error that a retry may not get.
type passingError struct{ error }

func (s *starter) start(ctx context.Context) (taken seat, err error) {
	token := rand.Text()
	for n := 1; ; n++ {
		if err := s.limiter.Wait(ctx, startChatContact, chat.PriorityHigh); err != nil {
			return seat{}, err
		}
		taken, err = s.try(ctx, token)
		s.limiter.Done(startChatContact)
		var passing passingError
		if !errors.As(err, &passing) || n == startAttempts || !waitUntil(ctx, time.Now().Add(time.Duration(n)*time.Second/2)) {
			break
		}
	}
	if err != nil {
		return seat{}, fmt.Errorf("%s: %w", startChatContact, err)
	}
	return taken, nil
}

func (s *starter) try(ctx context.Context, token string) (seat, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{
		"InstanceId": noID, "ContactFlowId": noID, "ClientToken": token, "ParticipantDetails": map[string]string{"DisplayName": "Load"},
	})
	if err != nil {
		return seat{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, s.url, bytes.NewReader(body))
	if err != nil {
		return seat{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		s.meter.response(startChatContact, 0)
		return seat{}, passingError{err}
	}
	s.meter.response(startChatContact, resp.StatusCode)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return seat{}, s.refused(resp)
	}
	var out struct{ ParticipantToken, ParticipantId string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxResponse)).Decode(&out); err != nil {
		return seat{}, fmt.Errorf("read the response: %w", err)
	}
	if out.ParticipantToken == "" {
		return seat{}, errors.New("the response lacks ParticipantToken")
	}
	return seat{out.ParticipantToken, out.ParticipantId}, nil
}

// noID is the id of an instance and of a flow, which a fake doesn't have.
const noID = "00000000-0000-0000-0000-000000000000"

func (s *starter) refused(resp *http.Response) error {
	code, _, _ := strings.Cut(resp.Header.Get("X-Amzn-Errortype"), ":")
	err := errors.New(strings.TrimSpace(fmt.Sprintf("status %d %s", resp.StatusCode, code)))
	if resp.StatusCode == http.StatusTooManyRequests {
		s.limiter.Throttled(startChatContact)
	} else if resp.StatusCode < 500 {
		return err
	}
	return passingError{err}
}
