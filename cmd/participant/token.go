package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// tokenVariable is the environment variable that holds the participant token.
const tokenVariable = "PARTICIPANT_TOKEN"

// maxToken keeps a wrong file from being read whole. The service's tokens have up to
// 1,000 bytes (API_connect-participant_CreateParticipantConnection).
const maxToken = 64 << 10

// readToken reads the participant token from a file, from standard input for "-", and
// without a file from the environment. inputTaken says that the command reads standard
// input for something else.
func readToken(file string, stdin io.Reader, inputTaken bool) (string, error) {
	var text string
	var err error
	switch {
	case file == "":
		text = os.Getenv(tokenVariable)
	case file == "-" && inputTaken:
		return "", usageError("-token-file - is not possible: standard input is what is to be sent")
	case file == "-":
		text, err = readSome(stdin)
	default:
		text, err = readTokenFile(file)
	}
	if err != nil {
		return "", fmt.Errorf("read the participant token: %w", err)
	}
	token := strings.TrimSpace(text)
	if token == "" {
		return "", usageError("there is no participant token: set " + tokenVariable + ", or name a file that has one with -token-file")
	}
	return token, nil
}

// readTokenFile leaves the name out of its error: somebody may have put the token there.
func readTokenFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return "", fmt.Errorf("open the file: %w", err)
	}
	defer func() { _ = file.Close() }()
	return readSome(file)
}

func readSome(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxToken+1))
	if len(data) > maxToken {
		return "", errors.New("this is too long for a token")
	}
	return string(data), err
}
