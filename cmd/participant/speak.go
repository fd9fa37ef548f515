// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/terminal"
	"github.com/participant-go/connectparticipant/types"
)

// input is standard input, line by line.
type input struct {
	lines chan string // closed at the end
	err   error       // valid once lines is closed
}

// maxWaiting is how many lines may wait to be sent. With more of them nothing is read, not even
// Ctrl-C where the terminal is in raw mode.
const maxWaiting = 1000

// readInput calls next until it fails, up to limit times if that isn't 0, or until ctx ends.
// Nothing waits for the goroutine: a Read of a terminal or a pipe can't be interrupted, so that
// it may last until its input, or the process, ends.
func readInput(ctx context.Context, limit int, next func() (string, error)) *input {
	i := &input{lines: make(chan string, maxWaiting)}
	go i.read(ctx, limit, next)
	return i
}

func (i *input) read(ctx context.Context, limit int, next func() (string, error)) {
	defer close(i.lines)
	for n := 0; limit == 0 || n < limit; n++ {
		line, err := next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			i.err = &stepError{"read the input", err}
			return
		}
		select {
		case i.lines <- line:
		case <-ctx.Done():
			return
		}
	}
}

// scanLines returns a function that returns the next line, and at the end io.EOF.
func scanLines(in io.Reader) func() (string, error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxInput)
	return func() (string, error) {
		switch {
		case scanner.Scan():
			return scanner.Text(), nil
		case errors.Is(scanner.Err(), bufio.ErrTooLong): // its text speaks of a token
			return "", errors.New("a line is longer than the service takes")
		case scanner.Err() != nil:
			return "", scanner.Err()
		default:
			return "", io.EOF
		}
	}
}

// errQuit ends a talk on request.
var errQuit = errors.New("quit")

// speak sends what comes in, until the end of the input or of the chat.
func (t *talk) speak(ctx context.Context, in *input) error {
	for {
		select {
		case line, ok := <-in.lines:
			if !ok {
				return t.finish(ctx, in.err)
			}
			if err := t.say(ctx, line); errors.Is(err, errQuit) {
				return t.settle(ctx)
			} else if err != nil {
				return err
			}
		case <-t.over:
			return t.ended(in)
		case <-ctx.Done():
			return nil
		}
	}
}

// say does what a line asks for. What goes wrong is the error where nobody would see it.
func (t *talk) say(ctx context.Context, line string) error {
	err := t.obey(ctx, line)
	if err == nil || t.strict || ctx.Err() != nil || errors.Is(err, errQuit) || t.session.Err() != nil {
		return err
	}
	t.tell(colourError, "participant chat: "+problem(err))
	return nil
}

// tell prints to who sits at the terminal.
func (t *talk) tell(colour, text string) {
	fmt.Fprint(t.s.err, t.s.paintErrs(colour, strings.Join(terminal.Lines(text), "\n")+"\n"))
}

func (t *talk) obey(ctx context.Context, line string) error {
	if strings.TrimSpace(line) == "" {
		return nil // the service takes no empty messages
	}
	if text, found := strings.CutPrefix(line, "//"); found || !strings.HasPrefix(line, "/") {
		if found {
			text = "/" + text
		}
		return t.answer(ctx, text)
	}
	name, rest, _ := strings.Cut(line, " ")
	switch strings.TrimSpace(name) {
	case "/file":
		return t.sendFile(ctx, strings.TrimSpace(rest))
	case "/typing":
		return t.session.Typing(ctx)
	case "/read":
		return t.markRead(ctx)
	case "/login":
		return t.login(ctx, strings.TrimSpace(rest))
	case "/nologin":
		return t.cancelLogin(ctx)
	case "/leave":
		return t.leave(ctx)
	case "/quit":
		return errQuit
	case "/help":
		fmt.Fprint(t.s.err, slashHelp)
		return nil
	default:
		return errors.New("unknown command: /help lists them, and // begins a message with a slash")
	}
}

// answer sends what a line means as the reply to the newest message.
func (t *talk) answer(ctx context.Context, line string) error {
	p := t.shown.newestPrompt()
	choice, err := p.choose(line)
	if err != nil {
		return err
	}
	if err := t.send(ctx, choice.ContentType, choice.Content); err != nil {
		return err
	}
	t.shown.answered(p)
	if choice.Title != "" {
		t.tell(colourSystem, "You chose: "+choice.Title)
	}
	return nil
}

func (t *talk) send(ctx context.Context, contentType, content string) error {
	sent, err := t.session.SendContent(ctx, contentType, content)
	if err != nil {
		return &stepError{"send the message", err}
	}
	t.sent = append(t.sent, sent.ID)
	return nil
}

func (t *talk) sendFile(ctx context.Context, path string) error {
	file, _, err := openFile(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	id, err := t.session.SendFile(ctx, newFile(file, filepath.Base(path)))
	if err != nil {
		return &stepError{"send the file", err}
	}
	t.sent = append(t.sent, id)
	return nil
}

// historyWait is how long the history may be on its way: a session doesn't tell its end.
const historyWait = 2 * time.Second

// markRead marks the newest message of somebody else as read.
func (t *talk) markRead(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, historyWait)
	defer cancel()
	id := t.shown.lastHeard(waiting)
	if id == "" {
		return errors.New("there is no message of somebody else to be marked as read")
	}
	if err := sendReceipt(ctx, t.session, types.ContentTypeMessageRead, id); err != nil {
		return &stepError{"mark as read", err}
	}
	return nil
}

// sendReceipt sends a receipt and waits for it, where Session.MarkRead would leave it to the
// background, which may end before.
func sendReceipt(ctx context.Context, session *chat.Session, contentType, id string) error {
	about, err := json.Marshal(map[string]string{"messageId": id})
	if err != nil {
		return err
	}
	_, err = session.SendEvent(ctx, contentType, string(about))
	return err
}

var errNoLogin = errors.New("nobody has asked you to sign in, or that is over")

// login prints where to sign in. The URL is a secret, so that it isn't part of the output.
func (t *talk) login(ctx context.Context, redirectURI string) error {
	id := t.shown.currentLogin()
	switch {
	case redirectURI == "":
		return errors.New("/login needs a redirect URI that the identity provider knows")
	case id == "":
		return errNoLogin
	}
	url, err := t.session.GetAuthenticationURL(ctx, id, redirectURI)
	if err != nil {
		return &stepError{"get the URL to sign in", err}
	}
	t.tell(colourSystem, "Sign in at: "+url)
	return nil
}

func (t *talk) cancelLogin(ctx context.Context) error {
	id := t.shown.currentLogin()
	if id == "" {
		return errNoLogin
	}
	if err := t.session.CancelAuthentication(ctx, id); err != nil {
		return &stepError{"cancel the authentication", err}
	}
	return nil
}

func (t *talk) leave(ctx context.Context) error {
	if err := t.settle(ctx); err != nil {
		return err
	}
	if err := t.session.Leave(ctx); err != nil {
		return err
	}
	return errQuit
}

// finish is the end of the input.
func (t *talk) finish(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return t.settle(ctx)
}

// settle waits until all that was sent has been printed.
func (t *talk) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryWait)
	defer cancel()
	err := t.shown.await(ctx, t.over, t.sent)
	if errors.Is(err, errNotShown) && t.session.Err() != nil {
		return &stepError{err.Error(), t.session.Err()}
	}
	return err
}

// ended is the end of the session before that of the input, as far as that is known.
func (t *talk) ended(in *input) error {
	if err := ending(t.session); err != nil || !t.strict || t.printErr != nil {
		return err
	}
	select {
	case _, more := <-in.lines:
		if !more {
			return in.err
		}
	default:
	}
	return &stepError{"the input had not ended", chat.ErrChatEnded}
}
