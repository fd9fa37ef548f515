// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"time"
)

// turn is one message of a conversation.
type turn struct {
	fromBot bool
	text    string
}

// reply is a reply of a model.
type reply struct {
	text string
	// handOver reports that a person must continue: the bot sends text and leaves.
	handOver bool
}

// model generates the bot's replies. Replace script by a call of a language model's API. It must
// end with ctx, because a newer message of the customer makes the reply obsolete.
type model interface {
	reply(ctx context.Context, conversation []turn) (reply, error)
}

// script is a model that recognizes a few words.
type script struct{ pause time.Duration }

func (s script) reply(ctx context.Context, conversation []turn) (reply, error) {
	select {
	case <-ctx.Done():
		return reply{}, ctx.Err()
	case <-time.After(s.pause):
	}
	asked := strings.ToLower(lastWords(conversation))
	switch {
	case strings.Contains(asked, "person"):
		return reply{text: "I'll get someone for you.", handOver: true}, nil
	case strings.Contains(asked, "parcel"):
		return reply{text: "Your parcel arrives tomorrow."}, nil
	default:
		return reply{text: "I know about parcels, and I can get you a person."}, nil
	}
}

// lastWords returns what the customer has sent since the bot's last message.
func lastWords(conversation []turn) string {
	var words string
	for _, t := range conversation {
		if t.fromBot {
			words = ""
			continue
		}
		words += t.text + "\n"
	}
	return words
}
