// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/terminal"
	"github.com/participant-go/connectparticipant/types"
)

var sendHelp = command{
	name:    "send",
	summary: "send one message",
	args:    "[MESSAGE | -]",
	about: `send sends one message and prints its Id. Without MESSAGE, or with -, it sends standard input
without the final line break; in that case, -token-file can't be -. Other users of the machine can see
an argument, but not standard input. The service decides how long a message may be: usually
16,384 bytes.
`,
	example: "git log -1 | participant send -region eu-west-2",
}

// maxInput bounds the input. It is far more than the service accepts.
const maxInput = 1 << 20

// sendCommand sends one message.
type sendCommand struct {
	contentType string
	message     string
	fromInput   bool
}

func (c *sendCommand) define(flags *flag.FlagSet) {
	flags.StringVar(&c.contentType, "content-type", types.ContentTypeTextPlain, "send the message as `TYPE`, such as text/markdown or application/json")
}

func (c *sendCommand) take(args []string) (readsInput bool, err error) {
	switch {
	case len(args) > 1:
		return false, usageError("more than one argument: put quotes around the message")
	case len(args) == 0 || args[0] == "-":
		c.fromInput = true
	case args[0] == "":
		return false, usageError("the message is empty")
	default:
		c.message = args[0]
	}
	return c.fromInput, nil
}

func (c *sendCommand) perform(ctx context.Context, a *access, s streams) error {
	if c.fromInput {
		var err error
		if c.message, err = readMessage(s.in); err != nil {
			return &stepError{"read the message", err}
		}
	}
	conn, err := a.connect(ctx, true)
	if err != nil {
		return err
	}
	out, err := conn.client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: conn.token, ContentType: &c.contentType, Content: &c.message,
	})
	if err != nil {
		return &stepError{"send the message", err}
	}
	_, err = fmt.Fprintln(s.out, terminal.Line(aws.ToString(out.Id)))
	return err
}

func readMessage(in io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"); {
	case err != nil:
		return "", err
	case len(data) > maxInput:
		return "", errors.New("it is longer than the service accepts")
	case text == "":
		return "", usageError("the message is empty")
	default:
		return text, nil
	}
}
