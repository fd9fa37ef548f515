// SPDX-License-Identifier: Apache-2.0

package control

import (
	"maps"
	"net/http"

	"github.com/participant-go/connectparticipant/participanttest"
)

// maxStreams is how many streamed messages may be unfinished.
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

// addStream makes room by forgetting those that can't go on.
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

// open is an error once nothing can be added.
func (s stream) open() error { return firstError(going(s.contact), present(s.participant)) }

type chunkInput struct {
	Text string
	// Number defaults to the next.
	Number int
	// Skip counts the piece without pushing it.
	Skip bool
}

func addChunk(c *control, r *http.Request, in chunkInput) (empty, error) {
	s, err := c.stream(r)
	if err != nil {
		return empty{}, err
	}
	switch {
	case in.Number < 0:
		return empty{}, invalid("Number must be 1 or more; 0 is the next")
	case in.Number > 0 && in.Skip:
		return empty{}, invalid("Skip goes without Number")
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
	return idOutput{id}, acted(id)
}

func (c *control) removeStream(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, id)
}

// stream is the one in the path.
func (c *control) stream(r *http.Request) (stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.streams[r.PathValue("StreamId")]
	if !ok {
		return stream{}, notFound("unfinished stream")
	}
	return s, s.open()
}
