// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/fleet"
)

const minSecret = 32 // characters

// config is the result of parsing the flags and the environment.
type config struct {
	id, addr, webhook        string
	hosts                    []string
	nats, dynamodb, embedded string
	drain, saveEvery         time.Duration
	service                  connectparticipant.Options

	token         string // that callers of the bridge send
	webhookSecret string // key of the signatures of notifications
	sealer        fleet.Sealer
}

// parse reads secrets from the environment: other users can see the arguments of a process.
func parse(args []string, env func(string) string, stderr io.Writer) (c config, err error) {
	var endpoint, keyFile string
	flags := flag.NewFlagSet("bridge", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.id, "id", "", "`NAME` this process in logs and notifications (default random)")
	flags.StringVar(&c.addr, "addr", "127.0.0.1:8090", "listen on `HOST:PORT`, in plain http: for other machines, put a proxy with TLS in front of it")
	flags.StringVar(&c.webhook, "webhook", "", "post the events to `URL`")
	flags.StringVar(&c.service.Region, "region", "", "the `REGION` of the Amazon Connect instance, such as eu-west-2")
	flags.StringVar(&endpoint, "endpoint", "", "call the service at `URL`, for example a fake, instead of the region's")
	flags.StringVar(&c.nats, "nats", "", "share chats through the NATS servers at `URL`, separated by commas")
	flags.StringVar(&c.dynamodb, "dynamodb", "", "share chats through the DynamoDB `TABLE`, with the default AWS configuration")
	flags.StringVar(&c.embedded, "embedded", "", "run a NATS server in this process, with its data in `DIR`: for a single process")
	flags.StringVar(&keyFile, "key-file", "", "read the key that encrypts tokens from `FILE`, instead of FLEET_KEY")
	flags.DurationVar(&c.drain, "drain", time.Hour, "after SIGTERM, hand each chat over when its connection would be renewed, for up to `TIME`")
	flags.DurationVar(&c.saveEvery, "save-every", time.Second, "save the state of active chats every `TIME`; 0: after each event")
	flags.Func("host", "also serve requests for these host `NAMES`, separated by commas (default localhost and IP addresses)", func(names string) error {
		c.hosts = strings.Split(names, ",")
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if endpoint != "" {
		c.service.BaseEndpoint = &endpoint
	}
	if c.id == "" {
		c.id = randomID()
	}
	c.token, c.webhookSecret = env("BRIDGE_TOKEN"), env("WEBHOOK_SECRET")
	if err := c.check(); err != nil {
		return c, err
	}
	c.sealer, err = sealer(env("FLEET_KEY"), keyFile)
	return c, err
}

func (c *config) check() error {
	stores := 0
	for _, store := range []string{c.nats, c.dynamodb, c.embedded} {
		if store != "" {
			stores++
		}
	}
	switch {
	case stores != 1:
		return errors.New("one of -nats, -dynamodb and -embedded is required")
	case len(c.token) < minSecret || len(c.webhookSecret) < minSecret:
		return fmt.Errorf("BRIDGE_TOKEN and WEBHOOK_SECRET must be set and have at least %d characters", minSecret)
	}
	return checkWebhook(c.webhook)
}

// sealer returns a Sealer that encrypts the tokens in the store with a key that all processes share.
func sealer(key, file string) (fleet.Sealer, error) {
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read -key-file: %w", err)
		}
		key = string(data)
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	if err != nil || len(decoded) != 32 {
		return nil, errors.New("FLEET_KEY or -key-file must have 32 random bytes in base64, as openssl rand -base64 32 prints them")
	}
	return fleet.AESGCM(decoded)
}
