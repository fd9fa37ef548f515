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

// maxWaiting is the number of lines that may wait to be sent. Beyond it nothing is read, not even
// Ctrl-C where the terminal is in raw mode.
const maxWaiting = 1000

// readInput calls next until it fails, up to limit times unless limit is 0, or until ctx is done. The
// goroutine may outlive the call: a Read of a terminal or a pipe can't be interrupted.
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
		case errors.Is(scanner.Err(), bufio.ErrTooLong): // its text mentions a token
			return "", errors.New("a line is longer than the service accepts")
		case scanner.Err() != nil:
			return "", scanner.Err()
		default:
			return "", io.EOF
		}
	}
}

// errQuit ends a conversation on request.
var errQuit = errors.New("quit")

// processInput handles the input until its end or the end of the chat.
func (t *conversation) processInput(ctx context.Context, in *input) error {
	for {
		select {
		case line, ok := <-in.lines:
			if !ok {
				return t.finish(ctx, in.err)
			}
			if err := t.handleLine(ctx, line); errors.Is(err, errQuit) {
				return t.awaitSent(ctx)
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

// handleLine executes a line. In a pipe it returns errors; on a terminal it prints them and continues.
func (t *conversation) handleLine(ctx context.Context, line string) error {
	err := t.execute(ctx, line)
	if err == nil || t.strict || ctx.Err() != nil || errors.Is(err, errQuit) || t.session.Err() != nil {
		return err
	}
	t.notify(colourError, "participant chat: "+problem(err))
	return nil
}

// notify prints a text for the person at the terminal.
func (t *conversation) notify(color, text string) {
	fmt.Fprint(t.s.err, t.s.paintErrs(color, strings.Join(terminal.Lines(text), "\n")+"\n"))
}

func (t *conversation) execute(ctx context.Context, line string) error {
	if strings.TrimSpace(line) == "" {
		return nil // the service accepts no empty messages
	}
	if text, found := strings.CutPrefix(line, "//"); found || !strings.HasPrefix(line, "/") {
		if found {
			text = "/" + text
		}
		return t.sendText(ctx, text)
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

// sendText sends a line: a choice of the newest prompt, or a message.
func (t *conversation) sendText(ctx context.Context, line string) error {
	p := t.tracker.newestPrompt()
	choice, err := p.choose(line)
	if err != nil {
		return err
	}
	if err := t.send(ctx, choice.ContentType, choice.Content); err != nil {
		return err
	}
	t.tracker.clearPrompt(p)
	if choice.Title != "" {
		t.notify(colourSystem, "You chose: "+choice.Title)
	}
	return nil
}

func (t *conversation) send(ctx context.Context, contentType, content string) error {
	sent, err := t.session.SendContent(ctx, contentType, content)
	if err != nil {
		return &stepError{"send the message", err}
	}
	t.sent = append(t.sent, sent.ID)
	return nil
}

func (t *conversation) sendFile(ctx context.Context, path string) error {
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

// historyWait is how long the history may take to arrive: a session doesn't report its end.
const historyWait = 2 * time.Second

// markRead marks the newest message of another participant as read.
func (t *conversation) markRead(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, historyWait)
	defer cancel()
	id := t.tracker.newestMessage(waiting)
	if id == "" {
		return errors.New("there is no message of another participant to mark as read")
	}
	if err := sendReceipt(ctx, t.session, types.ContentTypeMessageRead, id); err != nil {
		return &stepError{"mark as read", err}
	}
	return nil
}

// sendReceipt sends a receipt and waits for the response; Session.MarkRead would send it in the
// background, which may end first.
func sendReceipt(ctx context.Context, session *chat.Session, contentType, id string) error {
	about, err := json.Marshal(map[string]string{"messageId": id})
	if err != nil {
		return err
	}
	_, err = session.SendEvent(ctx, contentType, string(about))
	return err
}

var errNoLogin = errors.New("there is no request to sign in, or it has expired")

// login prints the URL to sign in at. The URL is a secret, so it isn't part of the output.
func (t *conversation) login(ctx context.Context, redirectURI string) error {
	id := t.tracker.currentLogin()
	switch {
	case redirectURI == "":
		return errors.New("/login needs a redirect URI that the identity provider accepts")
	case id == "":
		return errNoLogin
	}
	url, err := t.session.GetAuthenticationURL(ctx, id, redirectURI)
	if err != nil {
		return &stepError{"get the URL to sign in", err}
	}
	t.notify(colourSystem, "Sign in at: "+url)
	return nil
}

func (t *conversation) cancelLogin(ctx context.Context) error {
	id := t.tracker.currentLogin()
	if id == "" {
		return errNoLogin
	}
	if err := t.session.CancelAuthentication(ctx, id); err != nil {
		return &stepError{"cancel the authentication", err}
	}
	return nil
}

func (t *conversation) leave(ctx context.Context) error {
	if err := t.awaitSent(ctx); err != nil {
		return err
	}
	if err := t.session.Leave(ctx); err != nil {
		return err
	}
	return errQuit
}

// finish handles the end of the input.
func (t *conversation) finish(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return t.awaitSent(ctx)
}

// awaitSent waits until everything that was sent has been printed.
func (t *conversation) awaitSent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryWait)
	defer cancel()
	err := t.tracker.await(ctx, t.over, t.sent)
	if errors.Is(err, errNotShown) && t.session.Err() != nil {
		return &stepError{err.Error(), t.session.Err()}
	}
	return err
}

// ended handles the end of the session. In a pipe it is an error if the input hasn't ended.
func (t *conversation) ended(in *input) error {
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
