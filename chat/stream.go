// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant/internal/chunks"
)

const (
	maxStreams    = 16
	streamSilence = 30 * time.Second // a stream without a chunk for so long makes a pass due
)

// streams are the incomplete messages that arrive in chunks, by key. Each is delivered when its last
// chunk, which contains the whole text, or the transcript brings it.
type streams map[uint64]*stream

type stream struct {
	text    chunks.Text // for Progress events only
	chunkAt instant     // when the newest chunk arrived
	asked   bool        // a pass has begun since it fell silent
}

// addChunk handles a chunk. One that doesn't follow the chunk before it is skipped, since the last
// chunk has the whole text.
func (d *delivery) addChunk(it *item, now instant) {
	if _, known := d.ledger.seen[it.key]; known {
		return
	}
	s := d.streams.open(it.key)
	s.chunkAt, s.asked = now, false
	if !d.opts.Progress || !s.text.Add(it.chunk, aws.ToString(it.Content)) {
		return
	}
	d.self.recognize(it)
	it.meta.Own = d.self.sent(it)
	text := s.text.String()
	d.queue.push(queued{event: Progress{it.meta, text, int(it.chunk)}, size: it.size() + len(text)})
}

// open returns the stream of a key, or begins one. If there are too many, it drops the one that has
// been silent the longest.
func (s *streams) open(key uint64) *stream {
	if found := (*s)[key]; found != nil {
		return found
	}
	if *s == nil {
		*s = streams{}
	}
	if len(*s) >= maxStreams {
		delete(*s, s.oldest())
	}
	begun := &stream{}
	(*s)[key] = begun
	return begun
}

func (s *streams) oldest() (key uint64) {
	var oldest instant
	for k, stream := range *s {
		if oldest.IsZero() || stream.chunkAt.Before(oldest) {
			key, oldest = k, stream.chunkAt
		}
	}
	return key
}

func (s *streams) end(key uint64) { delete(*s, key) }

// silent reports whether a stream has fallen silent and no pass has begun for it, and returns when
// the next stream will fall silent.
func (s *streams) silent(now instant) (found bool, next instant) {
	var d deadline
	for _, stream := range *s {
		switch due := stream.chunkAt.Add(streamSilence); {
		case stream.asked:
		case !due.After(now):
			found = true
		default:
			d.add(due)
		}
	}
	return found, d.instant
}

// passed drops the streams that had fallen silent before a complete pass. If one of them continues,
// its message is still delivered when it is complete.
func (s *streams) passed() {
	for key, stream := range *s {
		if stream.asked {
			delete(*s, key)
		}
	}
}

// retry records that the pass for the silent streams did not complete.
func (s *streams) retry() {
	for _, stream := range *s {
		stream.asked = false
	}
}

// ask records that a pass begins for the silent streams.
func (s *streams) ask(now instant) {
	for _, stream := range *s {
		stream.asked = stream.asked || !stream.chunkAt.Add(streamSilence).After(now)
	}
}
