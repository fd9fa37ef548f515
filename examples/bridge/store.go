// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/participant-go/connectparticipant/chat"
)

const (
	suffix    = ".json"
	temporary = ".bridge-*.tmp"
)

// store keeps what must survive a restart: a file for each chat. Only its owner may read it,
// because the token in it permits reading the chat and writing in the participant's name.
type store struct{ dir string }

// record is the content of a file.
type record struct {
	Token string     `json:"token"`
	State chat.State `json:"state"`
}

// save replaces the whole file: after a crash, it has the old or the new content.
func (s store) save(name string, r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("save chat %s: %w", name, err)
	}
	if err := s.replace(s.path(name), data); err != nil {
		return fmt.Errorf("save chat %s: %w", name, err)
	}
	return nil
}

func (s store) replace(path string, data []byte) error {
	f, err := os.CreateTemp(s.dir, temporary) // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// load reads all files. It creates a missing directory, and removes files that a crash left
// incomplete.
func (s store) load() (map[string]record, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("load chats: %w", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("load chats: %w", err)
	}
	records := map[string]record{}
	for _, entry := range entries {
		if left, _ := filepath.Match(temporary, entry.Name()); left {
			_ = os.Remove(filepath.Join(s.dir, entry.Name()))
		}
		name, ok := strings.CutSuffix(entry.Name(), suffix)
		if !ok {
			continue
		}
		if records[name], err = read(s.path(name)); err != nil {
			return nil, fmt.Errorf("load chat %s: %w", name, err)
		}
	}
	return records, nil
}

func read(path string) (r record, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, err
	}
	if r.Token == "" {
		return r, errors.New("the file has no token")
	}
	return r, nil
}

func (s store) remove(name string) error {
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove chat %s: %w", name, err)
	}
	return nil
}

func (s store) path(name string) string { return filepath.Join(s.dir, name+suffix) }
