// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

// passes makes n passes and returns the events.
func (b *bubble) passes(s *chat.Session, n int) (all []chat.Event) {
	b.t.Helper()
	for range n {
		b.reconnect()
		all = append(all, b.events(s, 11*time.Second)...)
	}
	return all
}

func TestAnEventOfAnUnknownKindIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	for name, pushed := range map[string]bool{"pushed and kept": true, "only kept": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				p := b.through(&pages{})
				s := b.start()
				b.settle()
				var events []chat.Event
				for i := range 20 { // more than keepLives
					item := b.eventItem(fmt.Sprintf("hologram-%d", i), "hologram")
					p.plant(time.Now(), item)
					if pushed {
						b.contact.PushFrame(envelope(item))
					}
					b.sleep(time.Second)
				}
				events = append(events, b.passes(s, 6)...)
				others := only[chat.Other](events)
				require.Len(b.t, others, 20)
				require.Len(b.t, ids(events), 20)
				require.Equal(b.t, "application/vnd.amazonaws.connect.event.hologram", others[0].ContentType)
			})
		})
	}
}

func TestAnEventOfAnUnknownKindIsCoveredByState(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{})
		s := b.start()
		b.settle()
		p.plant(time.Now(), b.eventItem("hologram", "hologram"))
		require.Len(b.t, b.passes(s, 1), 1)
		state := s.State()
		require.NoError(b.t, s.Close())
		s = b.resume(state)
		require.Empty(b.t, b.events(s, time.Minute))
	})
}

func TestItemsWithoutIdAreDeliveredOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{})
		s := b.start()
		b.settle()
		at := time.Now()
		for _, text := range []string{"one", "another of the same time"} {
			p.plant(at, strings.Replace(b.wireMessage("", at.UTC().Format(isoMillis)), "with an implausible time", text, 1))
		}
		texts := map[string]int{}
		for _, m := range only[chat.Message](b.passes(s, 6)) {
			texts[m.Text]++
		}
		require.Equal(b.t, map[string]int{"one": 1, "another of the same time": 1}, texts)
	})
}

func TestAPushedItemWithoutIdIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{})
		s := b.start()
		b.settle()
		item := b.wireMessage("", time.Now().UTC().Format(isoMillis))
		p.plant(time.Now(), item)
		b.contact.PushFrame(envelope(item))
		require.Equal(b.t, "with an implausible time", b.within(s, 0).Text)
		require.Empty(b.t, b.passes(s, 6))
	})
}

// pushMalformed pushes a message with a malformed member. The transcript has the correct one.
func (b *bubble) pushMalformed(text string, change func(item map[string]any)) (id string) {
	b.t.Helper()
	b.lose()
	id = b.contact.Agent.Say(text)
	kept := b.contact.Transcript()
	raw, err := json.Marshal(kept[len(kept)-1])
	require.NoError(b.t, err)
	item := map[string]any{}
	require.NoError(b.t, json.Unmarshal(raw, &item))
	change(item)
	raw, err = json.Marshal(item)
	require.NoError(b.t, err)
	b.contact.PushFrame(envelope(string(raw)))
	return id
}

func TestMalformedMetadataIsReadLeniently(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		metadata map[string]any
		longest  time.Duration
	}{
		"a chunk number as text":         {map[string]any{"ChunkNumber": "3"}, 0},
		"completed as text":              {map[string]any{"MessageCompleted": "true"}, 0},
		"both":                           {map[string]any{"ChunkNumber": "3", "MessageCompleted": "true"}, 0},
		"a chunk number that is a list":  {map[string]any{"ChunkNumber": []int{}}, 10 * time.Second},
		"a chunk number with a fraction": {map[string]any{"ChunkNumber": 3.5}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				id := b.pushMalformed("hello", func(item map[string]any) { item["MessageMetadata"] = test.metadata })
				m := b.within(s, test.longest)
				require.Equal(b.t, id, m.ID)
				require.Equal(b.t, "hello", m.Text)
				require.Empty(b.t, b.passes(s, 2))
			})
		})
	}
}

func TestAnUnreadablePushIsReadFromTheTranscript(t *testing.T) {
	t.Parallel()
	for name, push := range map[string]func(b *bubble) (id string){
		"content that is an object": func(b *bubble) string {
			return b.pushMalformed("hello", func(item map[string]any) { item["Content"] = map[string]any{} })
		},
		"an id that is a number": func(b *bubble) string {
			return b.pushMalformed("hello", func(item map[string]any) { item["Id"] = 1 })
		},
		"a truncated item": func(b *bubble) string {
			b.lose()
			id := b.contact.Agent.Say("hello")
			b.contact.PushFrame(envelope(`{"Id":"` + id))
			return id
		},
		"a truncated frame": func(b *bubble) string {
			b.lose()
			id := b.contact.Agent.Say("hello")
			b.contact.PushFrame(`{"topic":"aws/chat","content":"{`)
			return id
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				for n := range 5 {
					id := push(b)
					m := b.within(s, 10*time.Second)
					require.Equal(b.t, id, m.ID)
					require.Equal(b.t, "hello", m.Text)
					require.Equal(b.t, n+1, s.Stats().Unreadable)
					b.sleep(time.Minute)
				}
				require.Zero(b.t, s.Stats().Reconnects)
			})
		})
	}
}

// recordCount is a slog.Handler that counts.
type recordCount struct {
	slog.Handler
	n atomic.Int64
}

func (c *recordCount) Enabled(context.Context, slog.Level) bool { return true }

func (c *recordCount) Handle(context.Context, slog.Record) error {
	c.n.Add(1)
	return nil
}

func TestAFloodOfUnreadableFramesCostsLittle(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"a thousand together": 0, "ten a second": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				logged := &recordCount{Handler: slog.DiscardHandler}
				s := b.start(func(o *chat.Options) { o.Logger = slog.New(logged) })
				b.settle()
				records, calls := logged.n.Load(), b.srv.Count("GetTranscript")
				for i := range 1000 {
					b.contact.PushFrame(envelope(fmt.Sprintf(`{"Id":"unreadable-%d","Content":{}}`, i)))
					b.sleep(pause)
				}
				b.sleep(time.Minute)
				most := int((time.Minute + 1000*pause) / (5 * time.Second))
				require.LessOrEqual(b.t, b.srv.Count("GetTranscript")-calls, most+2)
				require.LessOrEqual(b.t, logged.n.Load()-records, int64(50))
				require.Equal(b.t, 1000, s.Stats().Unreadable)
				require.Zero(b.t, s.Stats().Reconnects)
				live := b.contact.Agent.Say("live")
				require.Equal(b.t, live, b.within(s, 30*time.Second+slack).ID)
			})
		})
	}
}

func TestUnreadablePushIsAGapUntilAPassCompletes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pause time.Duration
		gap   bool
	}{"immediately": {0, true}, "a minute later": {time.Minute, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.contact.PushFrame(envelope(`{"Id":"unreadable","Content":{}}`))
				b.sleep(test.pause)
				b.contact.End()
				events, _ := b.toEnd(s, 5*time.Hour)
				ended := only[chat.ChatEnded](events)
				require.Len(b.t, ended, 1)
				require.Equal(b.t, test.gap, ended[0].Gap)
			})
		})
	}
}

func TestFrameWithoutAnItemIsNotAnEvent(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"none": ``, "an object": `,"content":{}`, "a list": `,"content":[]`, "a number": `,"content":1`, "null": `,"content":null`,
		"empty text": `,"content":""`, "null in text": `,"content":"null"`, "an empty object in text": `,"content":"{}"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.contact.PushFrame(`{"topic":"aws/chat","contentType":"application/json"` + content + `}`)
				require.Empty(b.t, b.events(s, time.Minute))
				require.Zero(b.t, s.Stats().Reconnects)
				live := b.contact.Agent.Say("live")
				require.Equal(b.t, live, b.within(s, 30*time.Second+slack).ID)
			})
		})
	}
}

// malformed gives the item with this id a malformed member, on every page.
func malformed(id string) func(in pageRequest, fetch func(pageRequest) page) page {
	return func(in pageRequest, fetch func(pageRequest) page) page {
		out := fetch(in)
		for i, raw := range out.Transcript {
			item := map[string]any{}
			if json.Unmarshal(raw, &item) == nil && item["Id"] == id {
				item["Content"] = map[string]any{}
				out.Transcript[i], _ = json.Marshal(item)
			}
		}
		return out
	}
}

func TestMalformedItemHidesNoOther(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{})
		s := b.start()
		b.settle()
		refused := b.refuseSockets()
		b.contact.Customer.CutSockets()
		var missed []string
		for range 50 {
			missed = append(missed, b.contact.Agent.Say("missed"))
			b.sleep(10 * time.Millisecond)
		}
		p.respondWith(malformed(missed[20]))
		refused.Remove()
		events := b.events(s, time.Minute)
		events = append(events, b.passes(s, 5)...)
		require.Len(b.t, only[chat.Message](events), 49)
		requireOthers(b.t, events, missed[20])
		require.Positive(b.t, s.Stats().Unreadable)
	})
}

// requireOthers requires one Other, for the malformed item with this id.
func requireOthers(t *testing.T, events []chat.Event, id string) {
	t.Helper()
	others := only[chat.Other](events)
	require.Len(t, others, 1)
	require.Contains(t, string(others[0].Raw), id)
	require.Contains(t, string(others[0].Raw), `"Content":{}`)
}

func TestMalformedItemInTheHistoryHidesNoOther(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		var said []string
		for range 250 {
			said = append(said, b.contact.Agent.Say("said"))
			b.sleep(10 * time.Millisecond)
		}
		b.sleep(time.Second)
		b.through(&pages{respond: malformed(said[120])})
		s := b.start()
		events := b.events(s, time.Minute)
		events = append(events, b.passes(s, 5)...)
		require.Len(b.t, only[chat.Message](events), 249)
		requireOthers(b.t, events, said[120])
	})
}

func TestGetTranscriptItselfIsStrict(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.through(&pages{respond: malformed(b.contact.Agent.Say("said"))})
		joined, err := b.client.CreateParticipantConnection(b.t.Context(), &connectparticipant.CreateParticipantConnectionInput{
			ParticipantToken: &b.contact.Customer.Token, Type: []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
		})
		require.NoError(b.t, err)
		_, err = b.client.GetTranscript(b.t.Context(), &connectparticipant.GetTranscriptInput{
			ConnectionToken: joined.ConnectionCredentials.ConnectionToken, MaxResults: aws.Int32(10),
		})
		var bad *smithy.DeserializationError
		require.ErrorAs(b.t, err, &bad)
	})
}
