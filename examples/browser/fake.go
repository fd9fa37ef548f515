// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

const (
	agentName = "Robin"
	greeting  = "Hello! I am an echo: I repeat what you write. I also know /image, /cut and /bye."
	// attention is how often the echo checks for new items.
	attention = 200 * time.Millisecond
	// thinking is how long the echo types.
	thinking = 900 * time.Millisecond
	// maxMessage is the limit of SendMessage, in bytes.
	maxMessage = 16384
	// lostDials is the number of failed reconnects after /cut, which take a few seconds.
	lostDials = 3
)

// startFake starts a fake of the service, where an echo is the agent of each chat.
func startFake() (service, error) {
	srv, err := participanttest.New()
	if err != nil {
		return service{}, fmt.Errorf("start the fake: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var echoes sync.WaitGroup
	s := onFake(srv, func() (contact, error) {
		ctx, leave := context.WithCancel(ctx)
		c := srv.NewChat(func(o *participanttest.ChatOptions) { o.AgentName = agentName })
		echoes.Go(func() { (&echo{server: srv, contact: c}).run(ctx) })
		return contact{token: c.Customer.Token, participantID: c.Customer.ID, release: leave}, nil
	})
	s.close = func() {
		cancel()
		echoes.Wait()
		srv.Close()
	}
	return s, nil
}

// onFake returns a service that is a fake.
func onFake(srv *participanttest.Server, newContact func() (contact, error)) service {
	return service{
		client: connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()}),
		options: func(o *chat.Options) {
			o.HTTPClient = srv.Client()
			o.Limiter = chat.Unlimited
		},
		newContact: newContact,
		close:      srv.Close,
	}
}

// echo is the agent of a chat. It acts directly on the server.
type echo struct {
	server  *participanttest.Server
	contact *participanttest.Contact
	seen    int // number of items of the transcript
}

// run runs until its context ends.
func (e *echo) run(ctx context.Context) {
	if e.contact.Customer.WaitSockets(ctx, 1) != nil {
		return
	}
	e.contact.Agent.Join()
	if e.say(ctx, greeting) != nil {
		return
	}
	for pause(ctx, attention) == nil {
		for _, item := range e.unseen() {
			if e.reply(ctx, item) != nil {
				return
			}
		}
	}
}

// unseen returns the customer's messages and files since the last call.
func (e *echo) unseen() []participanttest.Item {
	items := e.contact.Transcript()
	var found []participanttest.Item
	for _, item := range items[e.seen:] {
		if item.ParticipantRole == types.ParticipantRoleCustomer && item.Type != string(types.ChatItemTypeEvent) {
			found = append(found, item)
		}
	}
	e.seen = len(items)
	return found
}

func (e *echo) reply(ctx context.Context, item participanttest.Item) error {
	e.contact.Agent.MarkRead(item.Id)
	if len(item.Attachments) > 0 {
		return e.say(ctx, "Thank you for "+item.Attachments[0].AttachmentName)
	}
	switch item.Content {
	case "/image":
		e.contact.Agent.ShareFile("evening.png", "image/png", picture())
		return nil
	case "/cut":
		e.server.Inject(participanttest.Fault{
			On: participanttest.OnUpgrade, Participant: e.contact.Customer, Times: lostDials, Effect: participanttest.Fail(http.StatusServiceUnavailable, ""),
		})
		e.contact.Customer.CutSockets()
		return e.say(ctx, "I sent this while you were disconnected.")
	case "/bye":
		e.contact.Agent.Leave()
		return nil
	default:
		return e.say(ctx, "You said: "+item.Content)
	}
}

// say sends a message after some typing, truncated to the limit of the service.
func (e *echo) say(ctx context.Context, text string) error {
	e.contact.Agent.Typing()
	if err := pause(ctx, thinking); err != nil {
		return err
	}
	e.contact.Agent.Say(strings.ToValidUTF8(text[:min(len(text), maxMessage)], ""))
	return nil
}

// picture draws hills in the evening.
func picture() []byte {
	const width, height = 480, 300
	ridges := []struct {
		at, wave, length float64
		color.RGBA
	}{
		{170, 22, 95, color.RGBA{R: 123, G: 118, B: 178, A: 255}},
		{205, 26, 70, color.RGBA{R: 82, G: 84, B: 148, A: 255}},
		{248, 18, 110, color.RGBA{R: 44, G: 50, B: 104, A: 255}},
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			c := color.RGBA{R: uint8(250 - y/6), G: uint8(205 - y/3), B: uint8(150 + y/5), A: 255}
			if math.Hypot(float64(x-345), float64(y-120)) < 38 {
				c = color.RGBA{R: 255, G: 240, B: 200, A: 255}
			}
			for i, ridge := range ridges {
				if float64(y) > ridge.at+ridge.wave*math.Sin(float64(x)/ridge.length+float64(2*i)) {
					c = ridge.RGBA
				}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // writing to memory never fails
	}
	return out.Bytes()
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
