// SPDX-License-Identifier: Apache-2.0

package natsfleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/participant-go/connectparticipant/fleet"
)

// Headers that distinguish a marker from a value.
const (
	operation    = "KV-Operation"
	purge        = "PURGE"
	markerReason = "Nats-Marker-Reason"
)

// attempts is the maximum number of attempts of a write that conflicts only with the marker of a
// deleted key, or with a write under way.
const attempts = 10

type store struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	stream   jetstream.Stream
	config   jetstream.StreamConfig
	name     string // of the stream
	subjects string // prefix of all its subjects
}

func (s *store) Get(ctx context.Context, key string) (value []byte, rev uint64, err error) {
	subject, err := s.subject(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	last, err := s.last(ctx, subject)
	if err != nil {
		return nil, 0, fmt.Errorf("get %s: %w", key, err)
	}
	if last.rev == 0 {
		return nil, 0, fleet.ErrNotFound
	}
	return last.value, last.rev, nil
}

func (s *store) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	subject, err := s.subject(ctx, key)
	if err != nil {
		return 0, err
	}
	opts := []jetstream.PublishOpt{}
	if ttl > 0 {
		opts = append(opts, jetstream.WithMsgTTL(wholeSeconds(ttl)))
	}
	msg := nats.Msg{Subject: subject, Data: value}
	expected := rev
	for range attempts {
		seq, err := s.publish(ctx, msg, append(opts, jetstream.WithExpectLastSequencePerSubject(expected))...)
		if err == nil {
			return seq, nil
		}
		if !isWrongSequence(err) {
			return 0, fmt.Errorf("put %s: %w", key, err)
		}
		last, err := s.last(ctx, subject)
		if err != nil {
			return 0, fmt.Errorf("put %s: %w", key, err)
		}
		if last.rev != rev {
			return 0, fleet.ErrConflict
		}
		expected = last.seq
	}
	return 0, fmt.Errorf("put %s: conflicts with concurrent writes", key)
}

func (s *store) Delete(ctx context.Context, key string, rev uint64) error {
	subject, err := s.subject(ctx, key)
	if err != nil {
		return err
	}
	marker := nats.Msg{Subject: subject, Header: nats.Header{operation: {purge}}}
	opts := []jetstream.PublishOpt{jetstream.WithMsgTTL(markerTTL)}
	if rev != 0 {
		opts = append(opts, jetstream.WithExpectLastSequencePerSubject(rev))
	}
	for range attempts {
		_, err := s.publish(ctx, marker, opts...)
		if err == nil {
			return nil
		}
		if !isWrongSequence(err) {
			return fmt.Errorf("delete %s: %w", key, err)
		}
		last, err := s.last(ctx, subject)
		switch {
		case err != nil:
			return fmt.Errorf("delete %s: %w", key, err)
		case last.rev == 0:
			return nil
		case last.rev != rev:
			return fleet.ErrConflict
		}
	}
	return fmt.Errorf("delete %s: conflicts with concurrent writes", key)
}

// publish writes a message and returns its sequence number.
func (s *store) publish(ctx context.Context, msg nats.Msg, opts ...jetstream.PublishOpt) (seq uint64, err error) {
	err = s.withBucket(ctx, func() error {
		msg := nats.Msg{Subject: msg.Subject, Header: maps.Clone(msg.Header), Data: msg.Data} // publishing sets headers
		ack, err := s.js.PublishMsg(ctx, &msg, append(opts, jetstream.WithExpectStream(s.name))...)
		if err == nil {
			seq = ack.Sequence
		}
		return err
	})
	return seq, err
}

// withBucket calls f. If the server has lost the bucket, it creates it and calls f again.
func (s *store) withBucket(ctx context.Context, f func() error) error {
	err := f()
	if !errors.Is(err, jetstream.ErrStreamNotFound) && !errors.Is(err, jetstream.ErrNoStreamResponse) {
		return err
	}
	if _, err := openStream(ctx, s.js, s.config); err != nil {
		return err
	}
	return f()
}

// message is a message of the bucket's stream.
type message struct {
	key   string
	value []byte
	seq   uint64
	rev   uint64 // 0 for a marker
}

// last returns the last message of a subject from the leader of the stream, or an empty one.
func (s *store) last(ctx context.Context, subject string) (message, error) {
	var msg *jetstream.RawStreamMsg
	err := s.withBucket(ctx, func() (err error) {
		msg, err = s.stream.GetLastMsgForSubject(ctx, subject)
		return err
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return message{}, nil
	}
	if err != nil {
		return message{}, err
	}
	return s.message(subject, msg.Header, msg.Data, msg.Sequence), nil
}

// key returns the key of a subject.
func (s *store) key(subject string) string { return swap(strings.TrimPrefix(subject, s.subjects)) }

func (s *store) message(subject string, header nats.Header, value []byte, seq uint64) message {
	m := message{key: s.key(subject), seq: seq}
	if header.Get(operation) == "" && header.Get(markerReason) == "" {
		m.value, m.rev = append([]byte{}, value...), seq
	}
	return m
}

var permitted = regexp.MustCompile(`^[-_=.a-zA-Z0-9]+(/[-_=.a-zA-Z0-9]+)*/?$`)

// subject returns the subject of a key or, with > appended, the subjects of a prefix. It returns an
// error if the key is invalid, ctx has ended or the connection is down.
func (s *store) subject(ctx context.Context, key string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if !permitted.MatchString(key) { // a wildcard would match other keys
		return "", fmt.Errorf("invalid key %q", key)
	}
	// nats.go would send the request after reconnecting, long after the caller has given up.
	if !s.nc.IsConnected() {
		return "", nats.ErrDisconnected
	}
	return s.subjects + swap(key), nil
}

// swap converts a key to the end of a subject, and back.
func swap(key string) string {
	return strings.NewReplacer("/", ".", ".", "/").Replace(key)
}

func wholeSeconds(ttl time.Duration) time.Duration {
	return (ttl + time.Second - 1).Truncate(time.Second)
}

// isWrongSequence reports whether a write was refused because the subject has another last message
// or, in a cluster, because another write of it is under way.
func isWrongSequence(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
