// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"unicode"
)

// tokenVariable is the environment variable that holds the participant token.
const tokenVariable = "PARTICIPANT_TOKEN"

// maxToken bounds the reading of a wrong file. The service's tokens have up to 1,000 bytes
// (API_connect-participant_CreateParticipantConnection).
const maxToken = 64 << 10

// readToken reads the participant token from a file, from standard input for "-", and without a file
// from the environment. inputTaken reports that the command reads standard input for something else.
func readToken(ctx context.Context, file string, s streams, inputTaken bool) (string, error) {
	var text string
	var err error
	switch {
	case file == "":
		text = os.Getenv(tokenVariable)
	case file == "-" && inputTaken:
		return "", usageError("-token-file - is not possible: standard input is what is to be sent")
	case file == "-" && isTerminal(s.in):
		text, err = readHidden(ctx, s, "Participant token: ")
	case file == "-":
		text, err = readSome(s.in)
	default:
		text, err = readTokenFile(file, s.err)
	}
	if err != nil {
		return "", &stepError{"read the participant token", err}
	}
	token := strings.TrimSpace(text)
	if token == "" {
		return "", usageError("there is no participant token: set " + tokenVariable + ", or name a file that has one with -token-file")
	}
	if strings.ContainsFunc(token, unicode.IsControl) {
		return "", usageError("the participant token has a line break or another control character in it")
	}
	return token, nil
}

// readTokenFile leaves the name out of its error, because it may be the token itself.
func readTokenFile(name string, warnings io.Writer) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return "", &stepError{"open the file", err}
	}
	defer func() { _ = file.Close() }()
	if isReadByOthers(file) {
		fmt.Fprint(warnings, "participant: warning: other users can read the token file; chmod 600 makes it yours only\n")
	}
	return readSome(file)
}

// isReadByOthers reports whether the mode of a file allows other users to read it. Windows has no such
// mode.
func isReadByOthers(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
}

func readSome(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxToken+1))
	if len(data) > maxToken {
		return "", errors.New("this is too long for a token")
	}
	return string(data), err
}
