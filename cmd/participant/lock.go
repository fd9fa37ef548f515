// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// lockFile locks a file, which it creates and unlock removes. A file system without locks isn't an error.
func lockFile(name string) (unlock func(), err error) {
	for {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(errLocked, file.Close())
		}
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return nil, errors.Join(&os.PathError{Op: "lock", Path: name, Err: err}, file.Close())
		}
		if isFile(file, name) {
			return func() { _, _ = os.Remove(name), file.Close() }, nil
		}
		_ = file.Close() // another process has removed it before it unlocked it
	}
}

// isFile reports whether the open file still has the name.
func isFile(file *os.File, name string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(opened, named)
}
