// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"bufio"
	"bytes"
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
)

const dynalite = "testdata/dynalite"

// install installs dynalite, once.
var install = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = dynalite
	out, err := cmd.CombinedOutput()
	return string(out), err
})

// start starts dynalite until the test ends, and returns its URL.
func start(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("dynalite needs Node: %v", err)
		}
	}
	out, err := install()
	require.NoError(t, err, out)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "node", "serve.js")
	cmd.Dir = dynalite
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(stderr.String())
		}
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return "http://127.0.0.1:" + strings.TrimSpace(port)
}

func connect(url string, optFns ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}, optFns...)
}

// tables implements the calls that dynalite doesn't.
type tables struct {
	*dynamodb.Client
	updates []*dynamodb.UpdateTimeToLiveInput
}

func (c *tables) UpdateTimeToLive(_ context.Context, params *dynamodb.UpdateTimeToLiveInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error) {
	c.updates = append(c.updates, params)
	return &dynamodb.UpdateTimeToLiveOutput{}, nil
}

func createTable(t *testing.T, client *dynamodb.Client, name string) {
	t.Helper()
	c := &tables{Client: client}
	require.NoError(t, dynamofleet.CreateTable(t.Context(), c, name))
	require.Len(t, c.updates, 1)
	require.Equal(t, "expires", aws.ToString(c.updates[0].TimeToLiveSpecification.AttributeName))
	require.True(t, *c.updates[0].TimeToLiveSpecification.Enabled)
}
