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

	// tokenPatience is how long a token that was denied may be replaced by the chat's owner.
	tokenPatience = 3 * time.Second
	// refreshTimeout is how long a member that gets a new token has for it.
	refreshTimeout = 10 * time.Second
	// tokenPoll is how often a new token is looked for.
	tokenPoll = 250 * time.Millisecond
	// sendAttempts is how often a message is sent that fails for a passing reason.
	sendAttempts = 5
	// maxTokens is how many tokens of chats that others hold a member remembers.
	maxTokens = 10_000
)

// Send sends a message into a chat, from any member, whether this one holds the chat, another or
// none: a chat that waits for its new owner can be sent to. It may continue while the store is away.
//
// clientToken, of 1 to 500 characters, makes the message one, by whichever member it is sent
// again: use the message ID of the other side. How long the service remembers it is not
// documented. With "" it is random, and so a message that the caller sends again is another one.
//
// A request that fails for a passing reason is retried up to four times, within the quotas. The
// error is that of SendMessage, ErrUnknownChat, the store's, or the end of the session, a
// *chat.CloseError.
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

// Do makes any call with a connection token of a chat, from any member, as Send does. If call
// returns an error of the service that denies access, it is called once more with a newer token.
// Do makes no other retries and doesn't wait for the quotas: the client retries, and
// [Member.Limiter] has Wait.
//
// The token permits everything that the participant may do: keep it out of logs. The error is that
// of call, ErrUnknownChat, or the store's.
func (m *Member) Do(ctx context.Context, chatID string, call func(ctx context.Context, connectionToken *string) error) error {
	if session := m.session(chatID); session != nil {
		token, _, err := session.ConnectionToken(ctx, "")
		if err == nil {
			m.tokens.put(chatID, token)
		}
	}
	return m.withToken(ctx, chatID, call)
}

// session returns the session of a chat that this member holds, or nil.
func (m *Member) session(chatID string) *chat.Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.held[chatID]; t != nil {
		return t.held.Session
	}
	return nil
}

// sendMessage sends within the quotas, and again after what passes.
func (m *Member) sendMessage(ctx context.Context, in *connectparticipant.SendMessageInput) (out *connectparticipant.SendMessageOutput, err error) {
	for n := 1; ; n++ {
		err = m.limited(ctx, sendMessage, func() error {
			out, err = m.client.SendMessage(ctx, in, once)
			return err
		})
		if err == nil || n == sendAttempts || !connectparticipant.IsRetryable(err) {
			return out, err
		}
		bound := 500 * time.Millisecond << n // 1 s, then twice that each time: an outage of 7.5 s passes
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

// once turns the client's own retries off: here each attempt waits for the quota.
func once(o *connectparticipant.Options) { o.Retryer = aws.NopRetryer{} }

// withToken calls with the newest known token of a chat, and once more with a newer one if that
// is denied.
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

// newerToken returns a connection token of a chat other than used: the one in the store, or
// else a new one. One member at a time gets one for a chat.
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

// refreshing is what one has seen of another member that is getting a token.
type refreshing struct {
	rev   uint64
	since time.Time
}

// isFree reports whether nobody is getting a token, or nobody has for too long.
func (r *refreshing) isFree(record tokenRecord, rev uint64) bool {
	if rev != r.rev {
		r.rev, r.since = rev, time.Now()
	}
	return record.Refresher == "" || time.Since(r.since) > refreshTimeout
}

// readToken returns the token in the store, "" if there is none.
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

// ownerOf returns the member that holds a chat, "" if none does.
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

// refreshToken gets a new token for a chat whose owner has none. It returns ErrConflict if
// another member was faster.
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
		record.Refresher = "" // the next one may try
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
		return nil // somebody has published another one, which is as good
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

// tokenRetries is how long publishing a token is tried each second. After that it is tried with
// the next event.
const tokenRetries = 10 * time.Minute

// tokenCache remembers the tokens of chats that others hold, so that a message costs no look
// into the store.
type tokenCache struct {
	mu    sync.Mutex
	known map[string]string
}

func (c *tokenCache) get(chatID string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[chatID]
}

// put remembers a token, and forgets any other if there are too many.
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
