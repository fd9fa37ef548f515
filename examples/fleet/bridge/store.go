// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet/natsembedded"
)

func randomID() string { return uuid.NewString()[:8] }

// openStore opens the store that the processes share.
func openStore(ctx context.Context, c config) (store fleet.Store, closeStore func(), err error) {
	switch {
	case c.dynamodb != "":
		store, err = openDynamoDB(ctx, c.dynamodb)
		return store, func() {}, err
	case c.embedded != "":
		engine, err := natsembedded.Start(c.embedded)
		if err != nil {
			return nil, nil, err
		}
		store, closeNATS, err := openNATS(ctx, engine.URL())
		if err != nil {
			return nil, nil, errors.Join(err, engine.Close())
		}
		return store, func() {
			closeNATS()
			_ = engine.Close()
		}, nil
	}
	return openNATS(ctx, c.nats)
}

func openNATS(ctx context.Context, url string) (fleet.Store, func(), error) {
	conn, err := nats.Connect(url, nats.MaxReconnects(-1), nats.PingInterval(5*time.Second)) // to detect a silent network
	if err != nil {
		return nil, nil, fmt.Errorf("connect to NATS: %w", err)
	}
	store, err := natsfleet.Open(ctx, conn, "chats")
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return store, conn.Close, nil
}

func openDynamoDB(ctx context.Context, table string) (fleet.Store, error) {
	aws, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("configure AWS: %w", err)
	}
	return dynamofleet.New(dynamodb.NewFromConfig(aws), table), nil
}

// runEngine runs a NATS server and nothing else until a signal: a store for processes on one
// machine that outlives each of them.
func runEngine(args []string, signals <-chan os.Signal, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bridge engine", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:4222", "listen on `HOST:PORT`, without authentication")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("engine needs a directory for its data")
	}
	host, port, err := net.SplitHostPort(*addr)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	engine, err := natsembedded.Start(flags.Arg(0), func(o *server.Options) {
		o.Host, o.Port = host, number
		if number == 0 {
			o.Port = server.RANDOM_PORT
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s\n", engine.URL())
	<-signals
	return engine.Close()
}
