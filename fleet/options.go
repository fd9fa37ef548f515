// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/smithy-go/metrics"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant/chat"
)

// Options configure a Member. [Join] fills in the defaults before it calls its optFns.
type Options struct {
	// ID identifies the member in the store, in logs and in Stats: up to 64 letters, digits, - and
	// _. Two running processes must not share an ID: the second one waits in Join until the first
	// is gone. Defaults to a random ID.
	ID string

	// Lease is how long the other members wait after the last renewal of a member before they take
	// over its chats: a whole number of seconds, at least 3. Defaults to 6 seconds.
	Lease time.Duration

	// Renew is how often the member renews its lease, at most a third of Lease. Defaults to 2
	// seconds.
	Renew time.Duration

	// SaveEvery is how often the State of an active chat is saved. Events handled since the last
	// save are delivered again after a member has died. 0 saves after each event. Defaults to a
	// second.
	SaveEvery time.Duration

	// MaxChats is the maximum number of chats that the member owns. Defaults to 10,000.
	MaxChats int

	// Quotas are the account's quotas that AWS has raised, by the API names of the operations, as
	// for chat.NewQuotaLimiter. All members must have the same Quotas. Defaults to the published
	// quotas.
	Quotas map[string]chat.Quota

	// Sealer encrypts the tokens in the store: AESGCM, or Plaintext. Required.
	Sealer Sealer

	// Chat sets the options of each session. The fleet sets Limiter before it calls Chat, and
	// ParticipantID and RenewalEvents afterwards, so Chat can't change these two. By default,
	// sessions have the defaults of package chat.
	Chat func(*chat.Options)

	// Ended is called when a chat is over, with the reason, after the handler has returned for its
	// last event. held.Session is nil if the session never started. After Ended has returned, the
	// chat is removed from the fleet; if the member dies before that, the next owner calls Ended
	// again. A reason other than chat.ErrChatEnded and chat.ErrLeft may be the result of a mistake,
	// such as a client for another Region: correct it, and call Add again after 10 minutes.
	// Defaults to none.
	Ended func(ctx context.Context, held *Held, reason *chat.CloseError)

	// Logger receives claims, hand-overs, lost leases and failures of the store, but never tokens,
	// message content or Data. Defaults to no logging.
	Logger *slog.Logger

	// MeterProvider receives the member's metrics; see the package comment for the instruments. It
	// doesn't receive those of the sessions: set chat.Options.MeterProvider in Chat. Defaults to no
	// metrics.
	MeterProvider metrics.MeterProvider
}

func withDefaults(optFns []func(*Options)) (Options, error) {
	o := Options{ID: uuid.NewString()[:8], Lease: 6 * time.Second, Renew: 2 * time.Second, SaveEvery: time.Second, MaxChats: 10_000}
	for _, fn := range optFns {
		fn(&o)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, o.check()
}

func (o *Options) check() error {
	switch {
	case o.Sealer == nil:
		return errors.New("Options.Sealer is required: tokens are secrets, so choose AESGCM or Plaintext")
	case o.ID == "" || len(o.ID) > 64 || !isPlain(o.ID):
		return fmt.Errorf("Options.ID %q must be 1 to 64 letters, digits, - and _", o.ID)
	case o.Lease < 3*time.Second || o.Lease%time.Second != 0:
		return fmt.Errorf("Options.Lease %s must be a whole number of seconds, at least 3", o.Lease)
	case o.Renew <= 0 || o.Renew > o.Lease/3:
		return fmt.Errorf("Options.Renew %s must be at most a third of Options.Lease %s", o.Renew, o.Lease)
	case o.SaveEvery < 0:
		return fmt.Errorf("Options.SaveEvery %s must not be negative", o.SaveEvery)
	case o.MaxChats <= 0:
		return fmt.Errorf("Options.MaxChats %d must be positive", o.MaxChats)
	}
	return nil
}

// margin is how long before the end of its lease a member stops handling events.
const margin = time.Second
