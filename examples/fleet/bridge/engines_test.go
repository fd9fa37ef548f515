// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet/natsembedded"
	"github.com/participant-go/connectparticipant/internal/porttest"
)

// startNATS starts a server that can be stopped and restarted with other data.
func startNATS(t *testing.T, dir string, port int) *natsembedded.Server {
	t.Helper()
	var engine *natsembedded.Server
	require.Eventually(t, func() bool {
		var err error
		engine, err = natsembedded.Start(dir, func(o *server.Options) { o.Port = port })
		return err == nil
	}, patience, 100*time.Millisecond)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	return engine
}

// onNATS returns the flags of processes that share a new NATS server.
func onNATS(t *testing.T) (flags, env []string) {
	t.Helper()
	return []string{"-nats", startNATS(t, "", porttest.Free(t)).URL()}, nil // its writes don't wait for the disk
}

const dynalite = "../../../fleet/dynamofleet/testdata/dynalite"

var installDynalite = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = dynalite
	out, err := cmd.CombinedOutput()
	return string(out), err
})

// onDynamoDB returns the flags and the environment of processes that share a table of dynalite.
func onDynamoDB(t *testing.T) (flags, env []string) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("dynalite needs Node: %v", err)
		}
	}
	out, err := installDynalite()
	require.NoError(t, err, out)
	cmd := exec.Command("node", "serve.js")
	cmd.Dir = dynalite
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	url := "http://127.0.0.1:" + strings.TrimSpace(port)
	client := dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
	require.NoError(t, dynamofleet.CreateTable(t.Context(), tables{client}, "chats"))
	return []string{"-dynamodb", "chats"}, []string{
		"AWS_ENDPOINT_URL_DYNAMODB=" + url, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret",
	}
}

// tables implements the calls that dynalite doesn't.
type tables struct{ *dynamodb.Client }

func (tables) UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error) {
	return &dynamodb.UpdateTimeToLiveOutput{}, nil
}

// blackhole is a proxy that can stop forwarding without closing connections.
type blackhole struct {
	url    string
	closed atomic.Bool
}

func startBlackhole(t *testing.T, to string) *blackhole {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &blackhole{url: "nats://" + l.Addr().String()}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			upstream, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(to, "nats://"))
			if err != nil {
				_ = client.Close()
				continue
			}
			mu.Lock()
			conns = append(conns, client, upstream)
			mu.Unlock()
			wg.Go(func() { b.forward(client, upstream) })
			wg.Go(func() { b.forward(upstream, client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return b
}

// forward ends one direction with the other, so that a client that gives up leaves no half-open connection.
func (b *blackhole) forward(to io.WriteCloser, from io.Reader) {
	defer func() { _ = to.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if b.closed.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
