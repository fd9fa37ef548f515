// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

// saveEvery bounds how much is lost in a crash.
const saveEvery = 3 * time.Second

// errLocked is the error of lockFile if another process has locked the file.
var errLocked = errors.New("another process uses the file; name another one with -state")

// stateFile keeps the chats of a fake across restarts.
type stateFile struct {
	name   string // "" for none
	saved  []byte
	errors io.Writer
}

// lock keeps the file for this process until unlock. The lock ends with the process, also after SIGKILL.
// It is on a second file, because each save replaces the first one.
func (f *stateFile) lock() (unlock func(), err error) {
	if f.name == "" {
		return func() {}, nil
	}
	return lockFile(f.name + ".lock")
}

// load returns the content of the file, or nothing if it is empty or doesn't exist yet.
func (f *stateFile) load() ([]byte, error) {
	if f.name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(f.name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(data) == 0 {
		return nil, nil
	}
	f.saved = data
	return data, err
}

// follow saves the chats every few seconds until the context is done.
func (f *stateFile) follow(ctx context.Context, srv *participanttest.Server) {
	for f.name != "" && pause(ctx, saveEvery) == nil {
		if err := f.save(srv); err != nil {
			fmt.Fprintf(f.errors, "participant serve: %s\n", problem(err))
		}
	}
}

// save writes the chats to the file atomically, if they have changed.
func (f *stateFile) save(srv *participanttest.Server) error {
	if f.name == "" {
		return nil
	}
	data, err := srv.Snapshot()
	if err != nil || bytes.Equal(data, f.saved) {
		return err
	}
	if err := replaceFile(f.name, data); err != nil {
		return &stepError{"save the chats", err}
	}
	f.saved = data
	return nil
}

// replaceFile replaces a file by one that only its owner can read, because it contains tokens.
func replaceFile(name string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
