// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"maps"
	"slices"
	"strings"
)

// Stream is a message that is sent in chunks, as AI agents do. Its chunks are pushed with one Id and
// numbered from 1; the transcript has the message when it is complete (Administrator Guide, "Enable
// message streaming for AI-powered chat").
type Stream struct {
	// ID is the Id of the message.
	ID string

	participant *Participant

	// Guarded by the server's mutex.
	pieces map[int]string
	last   int // the highest number
	done   bool
}

// StartStream starts a streamed message. Nothing is pushed yet.
func (p *Participant) StartStream() *Stream {
	return &Stream{ID: newUUID(), participant: p, pieces: map[int]string{}}
}

// SayInChunks sends a message in chunks, as a Stream, completes it and returns its Id.
func (p *Participant) SayInChunks(chunks ...string) string {
	s := p.StartStream()
	for _, text := range chunks {
		s.Chunk(text)
	}
	return s.Complete()
}

// Chunk pushes the next chunk.
func (s *Stream) Chunk(text string) { s.add(0, text, true) }

// Skip counts the next chunk without pushing it, as if it had been lost.
func (s *Stream) Skip(text string) { s.add(0, text, false) }

// ChunkNumber pushes a chunk with a given number, so that a test can swap and duplicate chunks.
func (s *Stream) ChunkNumber(number int, text string) { s.add(number, text, true) }

// add uses the next number if number is 0.
func (s *Stream) add(number int, text string, push bool) {
	s.participant.act(func() {
		if s.done {
			return
		}
		if number == 0 {
			number = s.last + 1
		}
		s.last = max(s.last, number)
		s.pieces[number] = text
		if push {
			s.push(text, number, false)
		}
	})
}

// Complete pushes the whole text, its chunks in the order of their numbers, adds it to the transcript
// and returns the Id. Further calls only return the Id.
func (s *Stream) Complete() (id string) {
	s.participant.act(func() {
		id = s.ID
		if s.done {
			return
		}
		s.done = true
		s.participant.speaks()
		var text strings.Builder
		for _, number := range slices.Sorted(maps.Keys(s.pieces)) {
			text.WriteString(s.pieces[number])
		}
		kept := *s.push(text.String(), s.last+1, true)
		kept.MessageMetadata = nil
		s.participant.contact.keep(&kept)
	})
	return id
}

func (s *Stream) push(text string, number int, completed bool) *Item {
	it := &Item{Type: typeMessage, ContentType: contentTypeText, Content: text}
	s.participant.sign(it)
	s.participant.contact.stamp(it)
	it.Id = s.ID
	it.MessageMetadata = &MessageMetadata{MessageId: s.ID, MessageCompleted: &completed, ChunkNumber: number}
	s.participant.contact.pushAll(it)
	return it
}
