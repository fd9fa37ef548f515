package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

const (
	// patience is how long the demo waits for what must come over a socket.
	patience = 10 * time.Second
	// maxFrame is above the largest legal push, a message of 16,384 escaped characters.
	maxFrame = 256 << 10
)

// socket is a WebSocket that is subscribed to its chat.
type socket struct{ conn *websocket.Conn }

// pushed is what the demo looks at in an item that comes over a socket.
type pushed struct {
	ID          string `json:"Id"`
	ContentType string
	Content     string
}

type frame struct {
	Topic   string          `json:"topic"`
	Content json.RawMessage `json:"content"`
}

// openSocket dials a chat's socket and subscribes it. The address stays out of errors:
// it is a secret.
func openSocket(ctx context.Context, client *http.Client, address string) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: client}) //nolint:bodyclose // the library closes it
	if err != nil {
		return nil, errors.New("the socket could not be opened")
	}
	conn.SetReadLimit(maxFrame)
	s := &socket{conn: conn}
	if err := s.subscribe(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *socket) subscribe(ctx context.Context) error {
	const request = `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(request)); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	f, err := s.read(ctx)
	var answer struct {
		Status string `json:"status"`
	}
	if err != nil || json.Unmarshal(f.Content, &answer) != nil || answer.Status != "success" {
		return errors.New("the subscription was not acknowledged")
	}
	return nil
}

func (s *socket) read(ctx context.Context) (f frame, err error) {
	_, text, err := s.conn.Read(ctx)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}

// await reads until an item comes that is wanted.
func (s *socket) await(ctx context.Context, what string, wanted func(pushed) bool) (pushed, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		f, err := s.read(ctx)
		if err != nil {
			return pushed{}, fmt.Errorf("wait for %s on the socket: %w", what, err)
		}
		var content string // JSON in a string
		var item pushed
		if f.Topic != "aws/chat" || json.Unmarshal(f.Content, &content) != nil || json.Unmarshal([]byte(content), &item) != nil {
			continue
		}
		if wanted(item) {
			return item, nil
		}
	}
}

func (s *socket) close() { _ = s.conn.CloseNow() }
