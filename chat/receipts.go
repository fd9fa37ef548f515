package chat

import (
	"context"
	"encoding/json"
	"time"
)

const receiptsEvery = 5 * time.Second

// receipts are those that wait to be sent: the newest of each kind, since one for the
// newest message is taken to hold for those before it. The session's mutex guards them.
type receipts struct {
	delivered, read mark
	sentAt          time.Time
	sending         bool
}

// mark is a message that a receipt is for.
type mark struct {
	id string
	at int64 // its time; 0 if it isn't known
}

func (m *mark) advance(id string, at int64) {
	if m.id == "" || at == 0 || m.at == 0 || at >= m.at {
		*m = mark{id, at}
	}
}

// MarkDelivered tells the others that the message has reached this participant. It
// returns at once: receipts are sent in the background, the newest of each kind at most
// every 5 seconds, and best effort. Leave sends what waits, Close doesn't. Call it for
// messages of others, by their Meta.ID. The service takes no receipts in chats of more than
// two.
func (s *Session) MarkDelivered(messageID string) { s.mark(messageID, &s.receipts.delivered) }

// MarkRead is MarkDelivered for a message that was read, which includes that it was
// delivered.
func (s *Session) MarkRead(messageID string) { s.mark(messageID, &s.receipts.read) }

func (s *Session) mark(id string, m *mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" || s.over != nil {
		return
	}
	m.advance(id, s.d.seen[keyOf(id)].at)
	s.rouse()
}

// stepReceipts sends what is due, in the background.
func (s *Session) stepReceipts(now time.Time) (next time.Time) {
	r := &s.receipts
	if r.sending || r.delivered.id == "" && r.read.id == "" || s.link.conn.token == "" {
		return time.Time{}
	}
	if at := r.sentAt.Add(receiptsEvery); now.Before(at) {
		return at
	}
	r.sending = true
	delivered, read := r.take()
	s.wg.Go(func() {
		s.sendReceipts(s.life, delivered, read)
		s.receiptsSent(time.Now())
	})
	return time.Time{}
}

// take returns the receipts to send: read includes delivered.
func (r *receipts) take() (delivered, read string) {
	delivered, read = r.delivered.id, r.read.id
	if delivered == read || r.read.at != 0 && r.read.at >= r.delivered.at {
		delivered = ""
	}
	r.delivered, r.read = mark{}, mark{}
	return delivered, read
}

func (s *Session) receiptsSent(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receipts.sending, s.receipts.sentAt = false, now
	s.rouse()
}

func (s *Session) sendReceipts(ctx context.Context, delivered, read string) {
	for _, receipt := range []struct{ kind, id string }{{"message.delivered", delivered}, {"message.read", read}} {
		if receipt.id == "" {
			continue
		}
		about, _ := json.Marshal(map[string]string{"messageId": receipt.id})
		if _, err := s.SendEvent(ctx, contentPrefix+eventPrefix+receipt.kind, string(about)); err != nil {
			s.opts.Logger.Debug("chat receipt not sent", "receipt", receipt.kind, "error", err)
		}
	}
}

// flushReceipts sends what waits, before leaving.
func (s *Session) flushReceipts(ctx context.Context) {
	delivered, read := s.takeReceipts()
	s.sendReceipts(ctx, delivered, read)
}

func (s *Session) takeReceipts() (delivered, read string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.receipts.take()
}
