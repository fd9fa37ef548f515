// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

const (
	receiptsEvery   = 5 * time.Second
	receiptsTimeout = 20 * time.Second
)

// receipts are those that wait to be sent: the newest of each kind, since one for the newest
// message is taken to hold for those before it.
type receipts struct {
	delivered, read receipt
	sentAt          instant
	sending         bool
}

// receipt is a message that a receipt is for.
type receipt struct {
	id string
	at int64 // its time; 0 if it isn't known
}

func (m *receipt) advance(id string, at int64) {
	if m.id == "" || at == 0 || m.at == 0 || at >= m.at {
		*m = receipt{id, at}
	}
}

// take returns the receipts to send: read includes delivered.
func (r *receipts) take() sendReceipts {
	due := sendReceipts{r.delivered.id, r.read.id}
	if r.delivered.id == r.read.id || r.delivered.at != 0 && r.read.at >= r.delivered.at {
		due.delivered = ""
	}
	r.delivered, r.read = receipt{}, receipt{}
	return due
}

// MarkDelivered reports to the other participants that a message of theirs, by its Meta.ID, has
// reached this participant. It returns immediately: receipts are sent in the background, the
// newest of each kind at most every 5 seconds, best effort. Leave sends those that wait, Close
// doesn't. The service refuses receipts in chats of more than two
// (API_connect-participant_SendEvent).
func (s *Session) MarkDelivered(messageID string) {
	s.update(func(c *core, _ instant) { c.mark(messageID, &c.receipts.delivered) })
}

// MarkRead is MarkDelivered for a message that was read, which includes that it was delivered.
func (s *Session) MarkRead(messageID string) {
	s.update(func(c *core, _ instant) { c.mark(messageID, &c.receipts.read) })
}

func (c *core) mark(id string, m *receipt) {
	if id != "" && c.phase != phaseOver {
		m.advance(id, c.inbox.ledger.seen[keyOf(id)].at)
	}
}

// stepReceipts sends what is due.
func (c *core) stepReceipts(now instant, d *deadline) {
	r := &c.receipts
	if r.sending || r.delivered.id == "" && r.read.id == "" || c.conn.generation == 0 {
		return
	}
	if at := r.sentAt.Add(receiptsEvery); now.Before(at) {
		d.add(at)
		return
	}
	r.sending = true
	c.todo = append(c.todo, r.take())
}

func (c *core) receiptsSent(now instant) { c.receipts.sending, c.receipts.sentAt = false, now }

// sendReceipts is the task of sending receipts for these messages.
type sendReceipts struct{ delivered, read string }

func (t sendReceipts) do(s *Session) {
	s.wg.Go(func() {
		t.send(s.life, s, receiptsTimeout)
		s.update(func(c *core, now instant) { c.receiptsSent(now) })
	})
}

// send sends each within a time.
func (t sendReceipts) send(ctx context.Context, s *Session, timeout time.Duration) {
	for _, receipt := range []struct{ kind, id string }{{"message.delivered", t.delivered}, {"message.read", t.read}} {
		if receipt.id == "" {
			continue
		}
		about, _ := json.Marshal(map[string]string{"messageId": receipt.id})
		sending, cancel := context.WithTimeout(ctx, timeout)
		_, err := s.SendEvent(sending, contentPrefix+eventPrefix+receipt.kind, string(about))
		cancel()
		if err != nil {
			s.update(func(c *core, _ instant) {
				c.log(slog.LevelDebug, "chat receipt not sent", "receipt", receipt.kind, "error", err)
			})
		}
	}
}
