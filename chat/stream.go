// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant/internal/chunks"
)

const (
	maxStreams    = 16
	streamSilence = 30 * time.Second // without a chunk, after which the transcript is read
)

// streams are the messages that arrive in chunks, by their keys. They are delivered when a
// chunk, or the transcript, has them whole.
type streams map[uint64]*stream

type stream struct {
	text  chunks.Text // for Progress events only
	heard instant
	asked bool // the transcript was read for it
}

// addChunk takes a chunk. One that doesn't follow the last is skipped: the last chunk has the
// whole text.
func (d *delivery) addChunk(it *item, now instant) {
	if _, known := d.ledger.seen[it.key]; known {
		return
	}
	s := d.streams.open(it.key)
	s.heard, s.asked = now, false
	if !d.opts.Progress || !s.text.Add(it.chunk, aws.ToString(it.Content)) {
		return
	}
	d.self.recognize(it)
	it.meta.Own = d.self.sent(it)
	text := s.text.String()
	d.queue.push(queued{event: Progress{it.meta, text, int(it.chunk)}, size: it.size() + len(text)})
}

// open finds a stream or begins one, in the place of the one that is silent the longest.
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
	var heard instant
	for k, stream := range *s {
		if heard.IsZero() || stream.heard.Before(heard) {
			key, heard = k, stream.heard
		}
	}
	return key
}

func (s *streams) end(key uint64) { delete(*s, key) }

// silent reports whether a stream has fallen silent for which the transcript wasn't read, and
// when the next one will have.
func (s *streams) silent(now instant) (found bool, next instant) {
	var d deadline
	for _, stream := range *s {
		switch due := stream.heard.Add(streamSilence); {
		case stream.asked:
		case !due.After(now):
			found = true
		default:
			d.add(due)
		}
	}
	return found, d.instant
}

// passed forgets the streams that had fallen silent before a complete pass. If one of them
// continues, it is delivered when it is complete.
func (s *streams) passed() {
	for key, stream := range *s {
		if stream.asked {
			delete(*s, key)
		}
	}
}

// retry notes that the transcript could not be read for those that have fallen silent.
func (s *streams) retry() {
	for _, stream := range *s {
		stream.asked = false
	}
}

// ask notes that the transcript is read for those that have fallen silent.
func (s *streams) ask(now instant) {
	for _, stream := range *s {
		stream.asked = stream.asked || !stream.heard.Add(streamSilence).After(now)
	}
}
