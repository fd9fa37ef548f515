// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"syscall"
)

// lockFile locks a file, which it creates and the end of the lock removes.
func lockFile(name string) (unlock func(), err error) {
	const (
		notShared     = 0
		deleteOnClose = 0x04000000 // FILE_FLAG_DELETE_ON_CLOSE
		accessDelete  = 0x00010000 // DELETE
		errorSharing  = syscall.Errno(32)
	)
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: name, Err: err}
	}
	file, err := syscall.CreateFile(path, syscall.GENERIC_WRITE|accessDelete, notShared, nil, syscall.OPEN_ALWAYS, deleteOnClose, 0)
	switch {
	case errors.Is(err, errorSharing):
		return nil, errLocked
	case err != nil:
		return nil, &os.PathError{Op: "lock", Path: name, Err: err}
	}
	return func() { _ = syscall.CloseHandle(file) }, nil
}
