// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// processes are the bridges, and the NATS server that they share.
type processes struct {
	dir    string // of the program and of the server's data
	env    []string
	token  string
	engine string // the server's URL

	mu      sync.Mutex
	running []*process
}

type process struct {
	name, url string
	cmd       *exec.Cmd
	log       bytes.Buffer // read after the process has ended
	ended     chan error   // buffered
}

// buildFleet builds the program, a separate module.
func buildFleet(ctx context.Context, source string) (*processes, error) {
	dir, err := os.MkdirTemp("", "fleet-")
	if err != nil {
		return nil, err
	}
	f := &processes{dir: dir, token: rand.Text() + rand.Text()}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	f.env = append(os.Environ(), "BRIDGE_TOKEN="+f.token, "WEBHOOK_SECRET="+rand.Text()+rand.Text(), "FLEET_KEY="+base64.StdEncoding.EncodeToString(key))
	build := exec.CommandContext(ctx, "go", "build", "-C", source, "-o", f.program(), ".")
	if out, err := build.CombinedOutput(); err != nil {
		f.close()
		return nil, fmt.Errorf("build the bridge: %w\n%s", err, out)
	}
	return f, nil
}

func (f *processes) program() string { return filepath.Join(f.dir, "bridge") }

// close kills the processes that are still running.
func (f *processes) close() {
	f.mu.Lock()
	running := slices.Clone(f.running)
	f.mu.Unlock()
	for _, p := range running {
		f.kill(p.name)
	}
	_ = os.RemoveAll(f.dir)
}

func (f *processes) startEngine(ctx context.Context) (err error) {
	p, err := f.launch(ctx, "the NATS server", "engine", "-addr", "127.0.0.1:0", filepath.Join(f.dir, "nats"))
	if err == nil {
		f.engine = p.url
	}
	return err
}

// start starts a bridge and waits until it has joined the fleet.
func (f *processes) start(ctx context.Context, name string, args ...string) error {
	_, err := f.launch(ctx, name, append([]string{"-id", name, "-addr", "127.0.0.1:0", "-nats", f.engine}, args...)...)
	return err
}

// launch starts the program and waits for the URL that it prints.
func (f *processes) launch(ctx context.Context, name string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.CommandContext(ctx, f.program(), args...), ended: make(chan error, 1)}
	p.cmd.Env, p.cmd.Stderr = f.env, &p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	go func() { p.ended <- p.cmd.Wait() }()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w\n%s", name, <-p.ended, &p.log)
	}
	p.url = strings.TrimSpace(line)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = append(f.running, p)
	return p, nil
}

func (f *processes) named(name string) *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.running {
		if p.name == name {
			return p
		}
	}
	return nil
}

// forget removes a process from those that get requests.
func (f *processes) forget(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = slices.DeleteFunc(f.running, func(q *process) bool { return p == q })
}

func (f *processes) kill(name string) {
	p := f.named(name)
	_ = p.cmd.Process.Kill()
	f.forget(p)
	<-p.ended //nolint:errcheck // it was killed
}

// terminate sends SIGTERM to a process. The channel receives the process's error.
func (f *processes) terminate(name string) <-chan error {
	p := f.named(name)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() {
		err := <-p.ended
		f.forget(p)
		ended <- err
	}()
	return ended
}

// bridges returns the processes that own chats.
func (f *processes) bridges() []*process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.running), func(p *process) bool { return len(p.name) > 1 })
}

// held returns the number of chats of some processes.
func (f *processes) held(ctx context.Context, names ...string) (sum int) {
	for _, p := range f.bridges() {
		if slices.Contains(names, p.name) {
			var stats struct{ Held int }
			_ = f.call(ctx, p, http.MethodGet, "/healthz", nil, &stats)
			sum += stats.Held
		}
	}
	return sum
}

func (f *processes) owners(ctx context.Context) string {
	var parts []string
	for _, p := range f.bridges() {
		parts = append(parts, fmt.Sprintf("%s has %d", p.name, f.held(ctx, p.name)))
	}
	return strings.Join(parts, ", ")
}

// add adds the n-th chat, through one of the processes.
func (f *processes) add(ctx context.Context, n int, chatID, participantToken, participantID string) error {
	bridges := f.bridges()
	return f.call(ctx, bridges[n%len(bridges)], http.MethodPost, "/chats", map[string]string{
		"chatId": chatID, "participantToken": participantToken, "participantId": participantID,
	}, nil)
}

// send sends a message through one process after another until one succeeds. With its clientToken,
// it is one message.
func (f *processes) send(ctx context.Context, chatID, clientToken, text string) {
	for n := 0; ctx.Err() == nil; n++ {
		if bridges := f.bridges(); len(bridges) > 0 {
			err := f.call(ctx, bridges[(n+len(text))%len(bridges)], http.MethodPost, "/chats/"+chatID+"/messages",
				map[string]string{"clientToken": clientToken, "text": text}, nil)
			if err == nil {
				return
			}
		}
		_ = pause(ctx, 100*time.Millisecond)
	}
}

func (f *processes) call(ctx context.Context, p *process, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+f.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		return errors.New(response.Status)
	}
	if out != nil {
		return json.NewDecoder(response.Body).Decode(out)
	}
	return nil
}
