// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

const (
	createConnection = "CreateParticipantConnection"
	getTranscript    = "GetTranscript"
	sendMessage      = "SendMessage"

	// tokenPatience is how long a sender waits for the chat's owner to replace a denied token.
	tokenPatience = 3 * time.Second
	// refreshTimeout is how long a member may take to request a new token.
	refreshTimeout = 10 * time.Second
	// tokenPoll is how often the store is polled for a new token.
	tokenPoll = 250 * time.Millisecond
	// sendAttempts is the maximum number of attempts to send a message.
	sendAttempts = 5
	// maxTokens is how many tokens of other members' chats a member caches.
	maxTokens = 10_000
)

// Send sends a message to a chat of the fleet, whichever member owns it. It works for a chat that
// waits for a new owner, too, and while the store is unreachable if the member owns the chat or has
// a token of it in memory.
//
// clientToken, of 1 to 500 characters, identifies the message: whichever members send it again, the
// service treats it as one message, for an undocumented time. Use the message ID of the system that
// the message comes from. If clientToken is "", Send uses a random one, and a message that the
// caller sends again arrives twice.
//
// A request that fails with a retryable error is retried up to four times, within the quotas. The
// error is SendMessage's, ErrUnknownChat, ErrClosed, the store's, or a *chat.CloseError if the
// session has ended.
func (m *Member) Send(ctx context.Context, chatID, clientToken, contentType, content string) (chat.Sent, error) {
	if clientToken == "" {
		clientToken = uuid.NewString()
	}
	if session := m.session(chatID); session != nil {
		sent, err := session.SendOnce(ctx, clientToken, contentType, content)
		if !errors.Is(err, chat.ErrClosed) {
			return sent, err
		}
	}
	var out *connectparticipant.SendMessageOutput
	err := m.withToken(ctx, chatID, func(ctx context.Context, token *string) (err error) {
		out, err = m.sendMessage(ctx, &connectparticipant.SendMessageInput{
			ConnectionToken: token, ClientToken: &clientToken, ContentType: &contentType, Content: &content,
		})
		return err
	})
	if err != nil {
		return chat.Sent{}, err
	}
	return sentOf(out), nil
}

func sentOf(out *connectparticipant.SendMessageOutput) chat.Sent {
	sent := chat.Sent{ID: aws.ToString(out.Id)}
	if out.MessageMetadata != nil {
		sent.Status = out.MessageMetadata.MessageProcessingStatus
	}
	if at, err := connectparticipant.ParseTime(aws.ToString(out.AbsoluteTime)); err == nil {
		sent.Time = at
	}
	return sent
}

// Do runs call with a connection token of a chat, for operations other than SendMessage. Like Send,
// it works in any member. If call returns an error for which connectparticipant.IsAccessDenied is
// true, Do calls it once more with a newer token. Do doesn't wait for the quotas: before the
// operation, call Wait of [Member.Limiter], and Done after it.
//
// The token permits everything that the participant may do: keep it out of logs. The error is
// call's, ErrUnknownChat, ErrClosed or the store's.
func (m *Member) Do(ctx context.Context, chatID string, call func(ctx context.Context, connectionToken *string) error) error {
	if session := m.session(chatID); session != nil {
		token, _, err := session.ConnectionToken(ctx, "")
		if err == nil {
			m.tokens.put(chatID, token)
		}
	}
	return m.withToken(ctx, chatID, call)
}

// session returns the session of a chat that this member owns, or nil.
func (m *Member) session(chatID string) *chat.Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.held[chatID]; t != nil {
		return t.held.Session
	}
	return nil
}

// sendMessage sends a message within the quotas, and retries.
func (m *Member) sendMessage(ctx context.Context, in *connectparticipant.SendMessageInput) (out *connectparticipant.SendMessageOutput, err error) {
	for n := 1; ; n++ {
		err = m.limited(ctx, sendMessage, func() error {
			out, err = m.client.SendMessage(ctx, in, once)
			return err
		})
		if err == nil || n == sendAttempts || !connectparticipant.IsRetryable(err) {
			return out, err
		}
		bound := 500 * time.Millisecond << n // 1 s, then doubled: rides out 7.5 s
		if !pause(ctx, bound/2+rand.N(bound/2)) {
			return nil, fmt.Errorf("%w, after %w", ctx.Err(), err)
		}
	}
}

// limited makes one call within the quotas.
func (m *Member) limited(ctx context.Context, operation string, call func() error) error {
	if err := m.limiter.Wait(ctx, operation, chat.PriorityHigh); err != nil {
		return err
	}
	defer m.limiter.Done(operation)
	err := call()
	if connectparticipant.IsThrottled(err) {
		m.limiter.Throttled(operation)
	}
	return err
}

// once turns off the client's own retries: here, each attempt waits for the quota.
func once(o *connectparticipant.Options) { o.Retryer = aws.NopRetryer{} }

// withToken makes a call with the newest known token of a chat, and once more with a newer one if
// access is denied.
func (m *Member) withToken(ctx context.Context, chatID string, call func(context.Context, *string) error) error {
	if m.isClosing() {
		return ErrClosed
	}
	token := m.tokens.get(chatID)
	if token == "" {
		newer, err := m.newerToken(ctx, chatID, "")
		if err != nil {
			return err
		}
		token = newer
	}
	used := token
	err := call(ctx, &token)
	if !connectparticipant.IsAccessDenied(err) {
		return err
	}
	newer, tokenErr := m.newerToken(ctx, chatID, used)
	if tokenErr != nil {
		return errors.Join(err, tokenErr)
	}
	return call(ctx, &newer)
}

// newerToken returns a connection token of a chat other than used: the one in the store, or else a
// new one. Only one member at a time requests a new token for a chat.
func (m *Member) newerToken(ctx context.Context, chatID, used string) (string, error) {
	begun := time.Now()
	var refresh refreshing
	for {
		token, record, rev, err := m.readToken(ctx, chatID)
		if err != nil {
			return "", err
		}
		if token != "" && token != used {
			m.tokens.put(chatID, token)
			return token, nil
		}
		owner, err := m.ownerOf(ctx, chatID)
		if err != nil {
			return "", err
		}
		if (owner == "" || time.Since(begun) >= tokenPatience) && refresh.isFree(record, rev) {
			token, err := m.refreshToken(ctx, chatID, record, rev)
			if !errors.Is(err, ErrConflict) {
				return token, err
			}
		}
		if !pause(ctx, tokenPoll) {
			return "", ctx.Err()
		}
	}
}

// refreshing tracks another member that is requesting a token.
type refreshing struct {
	rev   uint64
	since time.Time
}

// isFree reports whether no member is requesting a token, or one has been for too long.
func (r *refreshing) isFree(record tokenRecord, rev uint64) bool {
	if rev != r.rev {
		r.rev, r.since = rev, time.Now()
	}
	return record.Refresher == "" || time.Since(r.since) > refreshTimeout
}

// readToken returns the token in the store, or "" if it has none.
func (m *Member) readToken(ctx context.Context, chatID string) (token string, record tokenRecord, rev uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	value, rev, err := m.store.Get(ctx, tokenKey(chatID))
	if errors.Is(err, ErrNotFound) {
		return "", record, 0, nil
	}
	if err != nil {
		return "", record, 0, err
	}
	if record, err = decode[tokenRecord](tokenKey(chatID), value); err != nil || len(record.Token) == 0 {
		return "", record, rev, err
	}
	plain, err := m.opts.Sealer.Open(record.Token, tokenKey(chatID))
	return string(plain), record, rev, err
}

// ownerOf returns the live member that owns a chat, or "" if none does.
func (m *Member) ownerOf(ctx context.Context, chatID string) (string, error) {
	record, _, err := m.readChat(ctx, chatID)
	if errors.Is(err, ErrNotFound) || err == nil && record.Ended {
		return "", ErrUnknownChat
	}
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if record.Owner == m.name || m.isAlive(record.Owner) {
		return record.Owner, nil
	}
	return "", nil
}

// refreshToken requests a new token for a chat whose owner hasn't published one. It returns
// ErrConflict if another member was faster.
func (m *Member) refreshToken(ctx context.Context, chatID string, record tokenRecord, rev uint64) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	record.Refresher = m.name
	rev, err := m.store.Put(ctx, tokenKey(chatID), encode(record), rev, 0)
	if err != nil {
		return "", err
	}
	token, err := m.connect(ctx, chatID)
	if err != nil {
		record.Refresher = "" // another member may try
		_, _ = m.store.Put(ctx, tokenKey(chatID), encode(record), rev, 0)
		return "", err
	}
	m.tokens.put(chatID, token)
	return token, m.putToken(ctx, chatID, token, rev)
}

// connect returns a new connection token, without a socket.
func (m *Member) connect(ctx context.Context, chatID string) (token string, err error) {
	record, _, err := m.readChat(ctx, chatID)
	if err != nil {
		return "", err
	}
	c, err := m.openChat(record)
	if err != nil {
		return "", err
	}
	var o chat.Options
	m.sessionOptions(c)(&o)
	err = m.limited(ctx, createConnection, func() error {
		out, err := m.client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
			ParticipantToken: &c.ParticipantToken, ConnectParticipant: aws.Bool(o.ConnectParticipant),
			Type: []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
		}, once)
		if err == nil && out.ConnectionCredentials != nil {
			token = aws.ToString(out.ConnectionCredentials.ConnectionToken)
		}
		if err == nil && token == "" {
			err = errors.New("the response of CreateParticipantConnection has no connection token")
		}
		return err
	})
	return token, err
}

// putToken publishes a chat's newest token.
func (m *Member) putToken(ctx context.Context, chatID, token string, rev uint64) error {
	sealed, err := m.opts.Sealer.Seal([]byte(token), tokenKey(chatID))
	if err != nil {
		return err
	}
	_, err = m.store.Put(ctx, tokenKey(chatID), encode(tokenRecord{Token: sealed}), rev, 0)
	if errors.Is(err, ErrConflict) {
		return nil // another member has published a token, which is valid too
	}
	return err
}

// publishToken publishes the session's token if it is new.
func (t *tenure) publishToken() {
	token, _, err := t.held.Session.ConnectionToken(t.waiting, "")
	if err != nil || token == t.token {
		return
	}
	ctx, cancel := context.WithTimeout(t.waiting, storeTimeout)
	defer cancel()
	_, _, rev, err := t.m.readToken(ctx, t.held.ID)
	if err == nil {
		err = t.m.putToken(ctx, t.held.ID, token, rev)
	}
	if err != nil {
		t.tokenDue = time.Now().Add(tokenRetries)
		t.m.log.Warn("could not publish a token", "chat", t.held.ID, "error", err)
		return
	}
	t.token, t.tokenDue = token, time.Time{}
}

// tokenRetries is how long publishing a token is retried every second. After that it is retried
// with the next event.
const tokenRetries = 10 * time.Minute

// tokenCache caches the tokens of other members' chats, so that sending a message doesn't read the
// store.
type tokenCache struct {
	mu    sync.Mutex
	known map[string]string
}

func (c *tokenCache) get(chatID string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[chatID]
}

// put caches a token. If the cache is full, it evicts any other one.
func (c *tokenCache) put(chatID, token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[chatID] == "" && len(c.known) >= maxTokens {
		for other := range c.known {
			delete(c.known, other)
			break
		}
	}
	c.known[chatID] = token
}
