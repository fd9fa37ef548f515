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

// receipts are the receipts to be sent: the newest of each kind, because a receipt for a message
// is assumed to cover the earlier ones.
type receipts struct {
	delivered, read receipt
	sentAt          instant
	sending         bool
}

// receipt is the message of a receipt.
type receipt struct {
	id string
	at int64 // its time; 0 if unknown
}

func (m *receipt) advance(id string, at int64) {
	if m.id == "" || at == 0 || m.at == 0 || at >= m.at {
		*m = receipt{id, at}
	}
}

// take removes and returns the receipts to send. A read receipt includes the delivered one.
func (r *receipts) take() sendReceipts {
	due := sendReceipts{r.delivered.id, r.read.id}
	if r.delivered.id == r.read.id || r.delivered.at != 0 && r.read.at >= r.delivered.at {
		due.delivered = ""
	}
	r.delivered, r.read = receipt{}, receipt{}
	return due
}

// MarkDelivered shows the other participants that their message with this Meta.ID has reached this
// participant. It returns immediately: the newest receipt of each kind is sent in the background,
// at most every 5 seconds; errors are ignored. Leave sends waiting receipts, Close doesn't. The
// service rejects receipts in chats of more than two participants
// (API_connect-participant_SendEvent).
func (s *Session) MarkDelivered(messageID string) {
	s.update(func(c *core, _ instant) { c.queueReceipt(messageID, &c.receipts.delivered) })
}

// MarkRead is MarkDelivered for a message that was read; a read receipt includes the delivered one.
func (s *Session) MarkRead(messageID string) {
	s.update(func(c *core, _ instant) { c.queueReceipt(messageID, &c.receipts.read) })
}

func (c *core) queueReceipt(id string, m *receipt) {
	if id != "" && c.phase != phaseOver {
		m.advance(id, c.inbox.ledger.seen[keyOf(id)].at)
	}
}

// stepReceipts sends the receipts that are due.
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

// send sends each receipt, with a timeout for each.
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
