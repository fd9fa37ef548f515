// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

const (
	crashVariable = "CHAT_CRASH_CHILD"
	crashMessages = 500
	crashSettle   = 500 * time.Millisecond
	maxStateText  = 16_384
)

// crashConfig is the configuration of a process that is to be killed.
type crashConfig struct {
	URL, Token string
	State, Log string // files
	Life       int    // counts the processes from 1
}

func init() {
	if text, ok := os.LookupEnv(crashVariable); ok {
		go func() { // exit with the test
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
		var c crashConfig
		err := json.Unmarshal([]byte(text), &c)
		panic(errors.Join(err, c.live()))
	}
}

// TestCrash kills processes that handle an event and then save the State. Each process resumes from
// the saved State: no event is skipped, and only an event that was handled but not saved is delivered
// again.
func TestCrash(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	dir := t.TempDir()
	c := crashConfig{URL: srv.URL, Token: contact.Customer.Token, State: filepath.Join(dir, "state"), Log: filepath.Join(dir, "log")}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for n := range crashMessages {
			contact.Agent.Say(fmt.Sprint("message ", n))
			<-time.After(rand.N(25 * time.Millisecond))
		}
	}()
	t.Cleanup(func() { <-written })
	deadline := time.Now().Add(15 * time.Second)
	for kills := 0; kills < 20 || kills < 40 && !isClosed(written); kills++ {
		c.Life++
		c.crash(t, deadline)
		<-time.After(rand.N(50 * time.Millisecond)) // messages arrive while no process is running
	}
	<-written
	c.Life++
	c.finish(t, contact)

	handled := c.handled(t)
	repeats := checkHandled(t, contact, handled)
	t.Logf("%d items, %d kills, %d duplicates, a state of %d bytes", len(contact.Transcript()), c.Life-1, repeats, len(c.state(t)))
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// crash starts a process and kills it, usually after it has handled an item.
func (c crashConfig) crash(t *testing.T, deadline time.Time) {
	t.Helper()
	before := len(c.log(t))
	cmd, in, _ := child(t, crashVariable, c)
	for rand.N(100) > 0 && len(c.log(t)) == before && time.Now().Before(deadline) {
		<-time.After(time.Millisecond)
	}
	<-time.After(rand.N(200 * time.Millisecond))
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.False(t, cmd.ProcessState.Exited(), "the process exited by itself")
	_ = in.Close()
	require.LessOrEqual(t, len(c.state(t)), maxStateText)
}

// finish makes the last process handle the remaining items, including those of its settle pass.
func (c crashConfig) finish(t *testing.T, contact *participanttest.Contact) {
	t.Helper()
	cmd, in, _ := child(t, crashVariable, c)
	last := contact.Transcript()[len(contact.Transcript())-1].Id
	for deadline := time.Now().Add(time.Minute); !strings.Contains(c.log(t), last) && time.Now().Before(deadline); {
		<-time.After(10 * time.Millisecond)
	}
	<-time.After(2 * crashSettle)
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
}

// handling is a line of the log: an item and the process that handled it.
type handling struct {
	life int
	id   string
}

func (c crashConfig) handled(t *testing.T) (all []handling) {
	t.Helper()
	for line := range strings.Lines(c.log(t)) {
		var h handling
		_, err := fmt.Sscan(line, &h.life, &h.id)
		require.NoError(t, err, line)
		all = append(all, h)
	}
	return all
}

// checkHandled requires that every item was handled, and returns how many were handled twice.
func checkHandled(t *testing.T, contact *participanttest.Contact, handled []handling) (repeats int) {
	t.Helper()
	lives := map[string][]int{}
	repeatsOf := map[int]int{}
	for _, h := range handled {
		if len(lives[h.id]) > 0 {
			repeatsOf[h.life]++
			repeats++
		}
		lives[h.id] = append(lives[h.id], h.life)
	}
	for _, it := range contact.Transcript() {
		require.NotEmpty(t, lives[it.Id], "skipped: %s %s", it.AbsoluteTime, it.Content)
	}
	for life, n := range repeatsOf {
		require.Greater(t, life, 1, "a duplicate without a crash")
		require.Equal(t, 1, n, "duplicates after one crash, in life %d", life)
	}
	require.Len(t, lives, len(contact.Transcript()), "unknown items")
	return repeats
}

func (c crashConfig) log(t *testing.T) string {
	t.Helper()
	return string(readIfThere(t, c.Log))
}

func (c crashConfig) state(t *testing.T) []byte {
	t.Helper()
	return readIfThere(t, c.State)
}

func readIfThere(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return text
}

// live is the main function of the process. It returns only with an error.
func (c crashConfig) live() error {
	var state chat.State
	text, err := os.ReadFile(c.State)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := state.UnmarshalText(text); err != nil {
		return err
	}
	log, err := os.OpenFile(c.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &c.URL})
	session, err := chat.Resume(context.Background(), client, c.Token, state, chat.WithMaxBackoff(100*time.Millisecond), func(o *chat.Options) {
		o.Limiter, o.Settle, o.HTTPClient = chat.Unlimited, crashSettle, http.DefaultClient
	})
	if err != nil {
		return err
	}
	for {
		event, err := session.Next(context.Background())
		if err != nil {
			return err
		}
		if err := c.handle(session, log, event); err != nil {
			return err
		}
	}
}

// handle logs an item and then saves the state.
func (c crashConfig) handle(session *chat.Session, log io.Writer, event chat.Event) error {
	if item, ok := kept(event); ok {
		if _, err := fmt.Fprintln(log, c.Life, item.ID); err != nil {
			return err
		}
	}
	text, err := session.State().MarshalText()
	if err != nil {
		return err
	}
	temporary := c.State + ".new"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, c.State)
}
