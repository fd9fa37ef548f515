// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// With serveVariable set, the test binary is the server of the benchmarks over loopback, so that
// the server's work is not measured.
const serveVariable = "BENCH_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		serve()
	}
	_ = os.Unsetenv("AWS_CA_BUNDLE") // v1 would add it to the transport
	os.Exit(m.Run())
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintln(os.Stdout, "http://"+listener.Addr().String())
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent exits
		os.Exit(0)
	}()
	panic(http.Serve(listener, http.HandlerFunc(serveResponses))) //nolint:gosec // loopback only
}

// startServer starts the server in a separate process and returns its URL.
func startServer(tb testing.TB) string {
	tb.Helper()
	server := exec.CommandContext(tb.Context(), os.Args[0])
	server.Env = append(os.Environ(), serveVariable+"=1")
	in, err := server.StdinPipe()
	require.NoError(tb, err)
	out, err := server.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, server.Start())
	tb.Cleanup(func() {
		_ = in.Close()
		_ = server.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(tb, err)
	return strings.TrimSpace(line)
}

var works = []struct {
	name string
	do   func(ctx context.Context, c contender) error
}{
	{"SendMessage", func(ctx context.Context, c contender) error {
		_, err := c.SendMessage(ctx, token)
		return err
	}},
	{"CreateParticipantConnection", func(ctx context.Context, c contender) error {
		_, err := c.CreateParticipantConnection(ctx)
		return err
	}},
	{"GetTranscript", func(ctx context.Context, c contender) error {
		_, err := c.GetTranscript(ctx, firstPage)
		return err
	}},
	{"GetTranscriptReceipts", func(ctx context.Context, c contender) error {
		_, err := c.GetTranscript(ctx, receiptsPage)
		return err
	}},
	{"Error429", failOnce(noRetryer)},
	{"Error429MaxAttempts", failOnce(oneAttempt)},
	{"Error429StandardRetryer", failOnce(standardRetryer)},
	{"Error429OptionOfTheCall", failOnce(optionOfTheCall)},
	{"Items10000", func(ctx context.Context, c contender) error {
		items, err := c.Pages(ctx)
		if err == nil && items != (lastPage+1)*pageItems {
			return fmt.Errorf("%d items", items)
		}
		return err
	}},
}

// failOnce is a call that is throttled and not retried. The token selects how retries are disabled;
// it matters to this library only.
func failOnce(token string) func(context.Context, contender) error {
	return func(ctx context.Context, c contender) error {
		_, err := c.SendMessage(ctx, token)
		if c.Code(err) != "ThrottlingException" {
			return fmt.Errorf("not throttled: %w", err)
		}
		return nil
	}
}

// ways are the connections to the server: in the process, and over loopback.
func ways(tb testing.TB) map[string]func() (url string, client *http.Client) {
	tb.Helper()
	return map[string]func() (string, *http.Client){
		"memory": func() (string, *http.Client) { return "http://localhost", &http.Client{Transport: inMemory{}} },
		"tcp":    func() (string, *http.Client) { return startServer(tb), &http.Client{Transport: &http.Transport{}} },
	}
}

// BenchmarkCall runs each work with each contender, in the process and over loopback. One run is
// one pass; ratios makes many and compares them.
func BenchmarkCall(b *testing.B) {
	for over, connect := range ways(b) {
		url, client := connect()
		for _, work := range works {
			for _, c := range contenders {
				b.Run("work="+work.name+"/over="+over+"/by="+c.name, func(b *testing.B) {
					run(b, c.make(url, client), work.do)
				})
			}
		}
		client.CloseIdleConnections()
	}
}

func run(b *testing.B, c contender, do func(context.Context, contender) error) {
	b.Helper()
	b.ReportAllocs()
	if err := do(b.Context(), c); err != nil { // one-time initialization is not measured
		b.Fatal(err)
	}
	b.ResetTimer()
	begun := cpu()
	for b.Loop() {
		if err := do(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu()-begun)/float64(b.N), "cpu-ns/op")
}

// cpu returns the CPU time of this process, over all cores.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// All contenders read the same responses as the same values. Their types differ, but not their
// JSON, apart from absent members.
func TestContendersReadTheSameResponses(t *testing.T) {
	t.Parallel()
	for over, connect := range ways(t) {
		url, client := connect()
		t.Cleanup(client.CloseIdleConnections)
		for _, c := range contenders {
			t.Run(over+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				by := c.make(url, client)
				out, err := by.SendMessage(t.Context(), token)
				requireSame(t, sent.body, out, err)
				out, err = by.CreateParticipantConnection(t.Context())
				requireSame(t, connected.body, out, err)
				out, err = by.GetTranscript(t.Context(), firstPage)
				requireSame(t, pages[0].body, out, err)
				out, err = by.GetTranscript(t.Context(), receiptsPage)
				requireSame(t, pages[lastPage+1].body, out, err)
				for _, token := range []string{noRetryer, oneAttempt, standardRetryer, optionOfTheCall} {
					require.NoError(t, failOnce(token)(t.Context(), by))
				}
				items, err := by.Pages(t.Context())
				require.NoError(t, err)
				require.Equal(t, 10_000, items)
			})
		}
	}
}

func requireSame(t *testing.T, want []byte, out any, err error) {
	t.Helper()
	require.NoError(t, err)
	got, raw := out.([]byte)
	if !raw {
		got, err = json.Marshal(out)
		require.NoError(t, err)
	}
	require.Equal(t, present(t, want), present(t, got))
}

// present returns a JSON document without null and empty values.
func present(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(data, &v))
	return prune(v)
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "ResultMetadata")
		for name, child := range v {
			switch child := prune(child); child {
			case nil, "":
				delete(v, name)
			default:
				v[name] = child
			}
		}
	case []any:
		for i, child := range v {
			v[i] = prune(child)
		}
	}
	return v
}

// The official client isn't available everywhere. Its contender is compiled against this library,
// which has the same names.
func TestContenderOfTheOfficialClientCompiles(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/official_test.go.txt")
	require.NoError(t, err)
	source = bytes.ReplaceAll(source, []byte("aws/aws-sdk-go-v2/service/connectparticipant"), []byte("participant-go/connectparticipant"))
	file := filepath.Join(t.TempDir(), "official_test.go")
	require.NoError(t, os.WriteFile(file, source, 0o600))
	place, err := filepath.Abs("official_test.go")
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{place: file}})
	require.NoError(t, err)
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay="+overlayFile, "-o", os.DevNull, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
}
