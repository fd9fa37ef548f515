// SPDX-License-Identifier: Apache-2.0

package control

import (
	"maps"
	"net/http"

	"github.com/participant-go/connectparticipant/participanttest"
)

// maxStreams is the number of streamed messages that may be unfinished.
const maxStreams = 1000

// stream is a message that is being streamed.
type stream struct {
	message     *participanttest.Stream
	contact     *participanttest.Contact
	participant *participanttest.Participant
}

type streamOutput struct{ StreamId string }

func startStream(c *control, r *http.Request, _ empty) (streamOutput, error) {
	contact, err := c.contact(r)
	if err != nil {
		return streamOutput{}, err
	}
	p, err := findParticipant(contact, r.PathValue("ParticipantId"))
	if err != nil {
		return streamOutput{}, err
	}
	s := stream{p.StartStream(), contact, p}
	if err := firstError(s.open(), c.addStream(s)); err != nil {
		return streamOutput{}, err
	}
	return streamOutput{s.message.ID}, nil
}

// addStream makes room by forgetting streams that can't continue.
func (c *control) addStream(s stream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.streams) >= maxStreams {
		maps.DeleteFunc(c.streams, func(_ string, other stream) bool { return other.open() != nil })
	}
	if len(c.streams) >= maxStreams {
		return errorf(http.StatusConflict, "%d streamed messages are unfinished: complete some", maxStreams)
	}
	c.streams[s.message.ID] = s
	return nil
}

// open returns an error once nothing can be added.
func (s stream) open() error { return firstError(notEnded(s.contact), notLeft(s.participant)) }

type chunkInput struct {
	Text string `strict:"required"`
	// Number is the number of the chunk. Defaults to the next.
	Number int
	// Skip counts the chunk without pushing it.
	Skip bool
}

func addChunk(c *control, r *http.Request, in chunkInput) (empty, error) {
	s, err := c.stream(r)
	if err != nil {
		return empty{}, err
	}
	switch {
	case in.Number < 0:
		return empty{}, invalid("Number must be 1 or more, or 0 for the next")
	case in.Number > 0 && in.Skip:
		return empty{}, invalid("Skip can't be used with Number")
	case in.Skip:
		s.message.Skip(in.Text)
	case in.Number > 0:
		s.message.ChunkNumber(in.Number, in.Text)
	default:
		s.message.Chunk(in.Text)
	}
	return empty{}, nil
}

func completeStream(c *control, r *http.Request, _ empty) (idOutput, error) {
	s, err := c.stream(r)
	if err != nil {
		return idOutput{}, err
	}
	c.removeStream(s.message.ID)
	id := s.message.Complete()
	return idOutput{id}, checkResult(id)
}

func (c *control) removeStream(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, id)
}

// stream returns the stream in the path.
func (c *control) stream(r *http.Request) (stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.streams[r.PathValue("StreamId")]
	if !ok {
		return stream{}, notFound("unfinished stream")
	}
	return s, s.open()
}
