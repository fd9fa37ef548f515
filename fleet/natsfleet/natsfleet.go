// SPDX-License-Identifier: Apache-2.0

// Package natsfleet is a [fleet.Store] on NATS JetStream: a key-value bucket whose records have a
// TTL each. It needs nats-server 2.11 or newer; package natsembedded runs one inside the process.
//
// The record chat/x is the key chat.x of the bucket: slashes and dots change places. A lease
// expires by the clock of the server that leads the bucket, within a second after its TTL. Deleted
// and expired keys leave a marker for an hour.
//
// In a cluster, reads and writes go to the leader of the bucket's stream. A leader that was cut
// off from the other servers may serve reads for a few seconds more, but no writes. A write that
// was acknowledged is lost if a power failure hits the server, or in a cluster most of them, within
// the server's sync_interval; with sync: always it is not. Revisions are sequence numbers of the
// stream: after a restore from a backup they repeat.
package natsfleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/participant-go/connectparticipant/fleet"
)

// markerTTL is how long the marker of a deleted or expired key stays. A Watch whose loop is
// further behind than that would miss it.
const markerTTL = time.Hour

// Options are the options of Open.
type Options struct {
	// Replicas is the number of servers that hold the bucket, if Open creates it: in a cluster 3
	// or 5. Defaults to 1.
	Replicas int
}

// Open returns the store in a bucket. All processes of a fleet open the same bucket, which holds
// nothing else. If there is none, Open creates it, and the store does so later if the server has
// lost it: to restore a bucket from a backup, stop the fleet. The caller keeps nc open as long as
// the store is used, and closes it.
//
// nc must reconnect forever (nats.MaxReconnects(-1)): otherwise nats.go gives up two minutes after
// the server went away, and Open refuses that. While nc is disconnected, each call returns
// [nats.ErrDisconnected].
//
// Open fails if a bucket exists with other settings than a store needs: one value a key
// (max_msgs_per_subject 1), TTLs and markers (allow_msg_ttl, subject_delete_marker_ttl), no age
// limit, and no direct reads (allow_direct), which replicas answer that may be behind.
func Open(ctx context.Context, nc *nats.Conn, bucket string, optFns ...func(*Options)) (fleet.Store, error) {
	opts := Options{Replicas: 1}
	for _, fn := range optFns {
		fn(&opts)
	}
	if !nc.Opts.AllowReconnect || nc.Opts.MaxReconnect >= 0 {
		return nil, errors.New("open bucket: the connection doesn't reconnect forever: connect with nats.MaxReconnects(-1)")
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	cfg := config(bucket, opts)
	stream, err := openStream(ctx, js, cfg)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bucket, err)
	}
	if err := check(stream.CachedInfo().Config); err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bucket, err)
	}
	return &store{nc: nc, js: js, stream: stream, config: cfg, name: cfg.Name, subjects: "$KV." + bucket + "."}, nil
}

// config is the configuration of a bucket's stream: that of nats.go's buckets, without direct
// reads.
func config(bucket string, opts Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:                   "KV_" + bucket,
		Subjects:               []string{"$KV." + bucket + ".>"},
		MaxMsgsPerSubject:      1,
		MaxMsgs:                -1,
		MaxBytes:               -1,
		MaxMsgSize:             -1,
		MaxConsumers:           -1,
		Discard:                jetstream.DiscardNew,
		Storage:                jetstream.FileStorage,
		Replicas:               opts.Replicas,
		DenyDelete:             true,
		AllowRollup:            true,
		AllowMsgTTL:            true,
		SubjectDeleteMarkerTTL: markerTTL,
	}
}

func openStream(ctx context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := js.Stream(ctx, cfg.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return stream, err
	}
	stream, err = js.CreateStream(ctx, cfg)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return js.Stream(ctx, cfg.Name)
	}
	return stream, err
}

// check reports what of a bucket's settings doesn't fit.
func check(cfg jetstream.StreamConfig) error {
	switch {
	case !cfg.AllowMsgTTL || cfg.SubjectDeleteMarkerTTL == 0:
		return errors.New("it has no TTLs and markers (allow_msg_ttl, subject_delete_marker_ttl), which need nats-server 2.11")
	case cfg.AllowDirect:
		return errors.New("it allows direct reads (allow_direct), which may return old values")
	case cfg.MaxMsgsPerSubject != 1:
		return errors.New("it keeps more than one value a key (max_msgs_per_subject)")
	case cfg.MaxAge != 0:
		return errors.New("it has an age limit (max_age)")
	}
	return nil
}
