// SPDX-License-Identifier: Apache-2.0

// Package natsfleet is a [fleet.Store] on NATS JetStream: a key-value bucket with a TTL for each
// record. It needs nats-server 2.11 or newer; package natsembedded runs one inside the process.
//
// The record chat/x has the key chat.x in the bucket: slashes and dots are swapped. A lease expires
// by the clock of the server that leads the bucket, within a second after its TTL. Deleted and
// expired keys leave a marker for an hour.
//
// In a cluster, reads and writes go to the leader of the bucket's stream. A leader that is cut off
// from the other servers may serve reads, but no writes, for a few more seconds. A power failure of
// the server, or of most servers of a cluster, may lose writes that were acknowledged within the
// last sync_interval, unless the servers are configured with sync: always. Revisions are sequence
// numbers of the stream, which are used again after a restore from a backup.
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

// markerTTL is how long the marker of a deleted or expired key is kept. A Watch whose loop lags by
// more than that would miss it.
const markerTTL = time.Hour

// Options are the options of Open.
type Options struct {
	// Replicas is the number of servers that store the bucket if Open creates it: in a cluster 3 or
	// 5. Defaults to 1.
	Replicas int
}

// Open returns the store in a bucket. All processes of a fleet open the same bucket, which contains
// nothing else. Open creates the bucket if it doesn't exist. The store creates it again if the
// server loses it, so stop the fleet before you restore a bucket from a backup. The caller keeps nc
// open as long as the store is used, and closes it.
//
// nc must reconnect forever (nats.MaxReconnects(-1)): otherwise nats.go gives up two minutes after
// it has lost the server. Open returns an error for any other connection. While nc is disconnected,
// each call returns [nats.ErrDisconnected].
//
// Open fails if the bucket exists with settings that a store can't use. A store needs one value per
// key (max_msgs_per_subject 1), TTLs and markers (allow_msg_ttl, subject_delete_marker_ttl), no age
// limit, and no direct reads (allow_direct), because replicas that lag may serve them.
func Open(ctx context.Context, nc *nats.Conn, bucket string, optFns ...func(*Options)) (fleet.Store, error) {
	opts := Options{Replicas: 1}
	for _, fn := range optFns {
		fn(&opts)
	}
	if !nc.Opts.AllowReconnect || nc.Opts.MaxReconnect >= 0 {
		return nil, errors.New("open bucket: the connection must reconnect forever: connect with nats.MaxReconnects(-1)")
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

// config returns the configuration of a bucket's stream: that of nats.go's buckets, without direct
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

// check returns an error that names a setting of the bucket that a store can't use.
func check(cfg jetstream.StreamConfig) error {
	switch {
	case !cfg.AllowMsgTTL || cfg.SubjectDeleteMarkerTTL == 0:
		return errors.New("TTLs or markers are off (allow_msg_ttl, subject_delete_marker_ttl): they need nats-server 2.11")
	case cfg.AllowDirect:
		return errors.New("direct reads are on (allow_direct): they may return old values")
	case cfg.MaxMsgsPerSubject != 1:
		return errors.New("the bucket keeps more than one value per key (max_msgs_per_subject)")
	case cfg.MaxAge != 0:
		return errors.New("the bucket has an age limit (max_age)")
	}
	return nil
}
