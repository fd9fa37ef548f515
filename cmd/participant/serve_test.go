// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// served is a running serve command.
type served struct {
	ready
	line   string
	stop   func() (code int)
	stderr *syncBuffer
}

// syncBuffer can be read while the command writes.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// startServe runs the command until the test ends or calls stop.
func startServe(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout, in := io.Pipe()
	s := &served{stderr: &syncBuffer{}}
	ended := make(chan int, 1) // one code
	go func() {
		ended <- run(ctx, append([]string{"serve"}, args...), strings.NewReader(""), in, s.stderr)
		_ = in.Close()
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	require.NoError(t, err, s.stderr)
	require.NoError(t, json.Unmarshal([]byte(line), &s.ready))
	s.line = strings.TrimSuffix(line, "\n")
	t.Cleanup(func() {
		require.Equal(t, exitOK, s.stop())
		rest, err := io.ReadAll(lines)
		require.NoError(t, err)
		require.Empty(t, rest, "more than one line on standard output")
	})
	return s
}

// client is a client of this module, whose connections end with the test.
func (s *served) client(t *testing.T) *connectparticipant.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return connectparticipant.New(connectparticipant.Options{
		BaseEndpoint: &s.Endpoint, HTTPClient: &http.Client{Transport: transport},
	})
}

func connectAs(t *testing.T, client *connectparticipant.Client, side readySide) *connectparticipant.CreateParticipantConnectionOutput {
	t.Helper()
	out, err := client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &side.ParticipantToken, ConnectParticipant: aws.Bool(true),
		Type: []types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials},
	})
	require.NoError(t, err)
	return out
}

func send(t *testing.T, client *connectparticipant.Client, token *string, text string) {
	t.Helper()
	_, err := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{
		ConnectionToken: token, ContentType: aws.String("text/plain"), Content: &text,
	})
	require.NoError(t, err)
}

// texts are the messages of the chat, oldest first.
func texts(ctx context.Context, client *connectparticipant.Client, token *string) (said []string, err error) {
	for item, err := range connectparticipant.Transcript(ctx, client, &connectparticipant.GetTranscriptInput{ConnectionToken: token}) {
		if err != nil {
			return nil, err
		}
		if item.Type == types.ChatItemTypeMessage {
			said = append([]string{string(item.ParticipantRole) + ": " + aws.ToString(item.Content)}, said...)
		}
	}
	return said, nil
}

func TestServePrintsTheEndpointAndTokens(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-addr", "127.0.0.1:0", "-chats", "3")
	require.Regexp(t, `^\{"endpoint":"http://127\.0\.0\.1:\d+","chats":\[(\{"contactId":"[^"]+","customer":\{"participantToken":"[^"]+"\},"agent":\{"participantToken":"[^"]+"\}\},?){3}\]\}$`, s.line)
	tokens := map[string]bool{}
	for _, chat := range s.Chats {
		tokens[chat.Customer.ParticipantToken], tokens[chat.Agent.ParticipantToken] = true, true
	}
	require.Len(t, tokens, 6, "a token was printed twice")
	require.Equal(t, exitOK, s.stop())
}

func TestServeRespondsAndLogs(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-agent", "none")
	require.Len(t, s.Chats, 8)
	token := s.Chats[7].Customer.ParticipantToken
	post := func(bearer string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Endpoint+"/participant/connection",
			strings.NewReader(`{"Type":["CONNECTION_CREDENTIALS"]}`))
		require.NoError(t, err)
		request.Header.Set("X-Amz-Bearer", bearer)
		request.Close = true
		response, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, http.StatusOK, post(token))
	require.Equal(t, http.StatusForbidden, post("a-secret"))
	require.Equal(t, exitOK, s.stop())
	log := strings.Split(strings.TrimSpace(s.stderr.String()), "\n")
	require.Len(t, log, 2)
	require.Regexp(t, `^\S+ +CUSTOMER +CreateParticipantConnection +200 *$`, log[0])
	require.Regexp(t, `^\S+ +- +CreateParticipantConnection +403 AccessDeniedException$`, log[1])
	require.NotContains(t, s.stderr.String(), "token.", "a token was logged")
	require.NotContains(t, s.stderr.String(), "a-secret", "a token was logged")
}

// awaitTexts waits until these are the messages of the chat.
func awaitTexts(t *testing.T, client *connectparticipant.Client, token *string, want ...string) {
	t.Helper()
	require.Eventually(t, func() bool {
		said, err := texts(t.Context(), client, token)
		return err == nil && slices.Equal(said, want)
	}, 20*time.Second, 20*time.Millisecond)
}

func TestServeEchoes(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "1")
	client := s.client(t)
	token := connectAs(t, client, s.Chats[0].Customer).ConnectionCredentials.ConnectionToken
	long := "x" + strings.Repeat("ä", 8191)
	send(t, client, token, "Hello")
	said := []string{"CUSTOMER: Hello", "AGENT: You said: Hello"}
	awaitTexts(t, client, token, said...)
	send(t, client, token, long)
	awaitTexts(t, client, token, append(said, "CUSTOMER: "+long, "AGENT: You said: "+long[:1+2*8186])...)

	send(t, client, token, "/bye")
	require.Eventually(t, func() bool {
		_, err := texts(t.Context(), client, token)
		return connectparticipant.IsAccessDenied(err)
	}, 20*time.Second, 20*time.Millisecond)
	require.Equal(t, exitOK, s.stop())
	require.NotContains(t, s.stderr.String(), "Hello", "content was logged")
	require.Contains(t, s.stderr.String(), "CUSTOMER  SendMessage")
}

func TestServeEchoActsOnSomeMessages(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "1")
	client := s.client(t)
	connection := connectAs(t, client, s.Chats[0].Customer)
	socket := dial(t, aws.ToString(connection.Websocket.Url))
	require.NoError(t, socket.Write(t.Context(), websocket.MessageText, []byte(`{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`)))
	for frame := []byte{}; !bytes.Contains(frame, []byte(`"aws/subscribe"`)); { // the customer's own joined event may come first
		var err error
		_, frame, err = socket.Read(t.Context())
		require.NoError(t, err)
	}
	for _, text := range []string{"Hello", "/list", "/view", "/file", "/stream", "/login"} {
		send(t, client, connection.ConnectionCredentials.ConnectionToken, text)
	}
	var got []string
	for !slices.Contains(got, "event.authentication.initiated") {
		item, ok := nextItem(t, socket)
		require.True(t, ok, "the socket ended after %q", got)
		if item.ParticipantRole != types.ParticipantRoleCustomer {
			what := strings.TrimPrefix(aws.ToString(item.ContentType), "application/vnd.amazonaws.connect.")
			got = append(got, strings.TrimSpace(string(item.ParticipantRole)+" "+cmp.Or(what, string(item.Type))))
		}
	}
	require.Equal(t, []string{
		"AGENT event.participant.joined", "event.message.metadata", "AGENT event.typing", "AGENT text/plain",
		"event.message.metadata", "AGENT message.interactive",
		"event.message.metadata", "AGENT message.interactive",
		"event.message.metadata", "AGENT ATTACHMENT",
		"event.message.metadata", "SYSTEM text/plain", "SYSTEM text/plain", "SYSTEM text/plain", "SYSTEM text/plain",
		"event.message.metadata", "event.authentication.initiated",
	}, got)

	send(t, client, connection.ConnectionCredentials.ConnectionToken, "/cut")
	for ok := true; ok; _, ok = nextItem(t, socket) {
	}
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	transport := &http.Transport{}
	socket, response, err := fips.Dial(t.Context(), url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	require.NoError(t, err)
	if response.Body != nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	t.Cleanup(func() {
		_ = socket.CloseNow()
		transport.CloseIdleConnections()
	})
	return socket
}

// nextItem returns the next item of the chat, skipping acknowledgements, and false at the end.
func nextItem(t *testing.T, socket *websocket.Conn) (item types.Item, ok bool) {
	t.Helper()
	for {
		_, text, err := socket.Read(t.Context())
		if err != nil {
			return types.Item{}, false
		}
		var frame struct {
			Topic   string
			Content json.RawMessage
		}
		require.NoError(t, json.Unmarshal(text, &frame))
		if frame.Topic == "aws/chat" {
			var content string
			require.NoError(t, json.Unmarshal(frame.Content, &content))
			require.NoError(t, json.Unmarshal([]byte(content), &item))
			return item, true
		}
	}
}

func TestServeEchoLeavesWhenAClientIsTheAgent(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "3")
	client := s.client(t)
	connect := func(side readySide) *string { return connectAs(t, client, side).ConnectionCredentials.ConnectionToken }

	// Before the echo has sent anything.
	early := connect(s.Chats[0].Customer)
	connect(s.Chats[0].Agent)
	send(t, client, early, "Hello")

	// In the middle of a chat.
	late := connect(s.Chats[1].Customer)
	send(t, client, late, "Hello")
	awaitTexts(t, client, late, "CUSTOMER: Hello", "AGENT: You said: Hello")
	human := connect(s.Chats[1].Agent)
	send(t, client, late, "A human, please")
	send(t, client, human, "Here I am")

	// When the echo replies here, it would also have replied there.
	witness := connect(s.Chats[2].Customer)
	send(t, client, witness, "Hello")
	awaitTexts(t, client, witness, "CUSTOMER: Hello", "AGENT: You said: Hello")
	awaitTexts(t, client, early, "CUSTOMER: Hello")
	awaitTexts(t, client, late, "CUSTOMER: Hello", "AGENT: You said: Hello", "CUSTOMER: A human, please", "AGENT: Here I am")
}

func TestServeBoundsSockets(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-max-sockets", "1", "-chats", "2")
	client := s.client(t)
	dial(t, aws.ToString(connectAs(t, client, s.Chats[0].Customer).Websocket.Url))
	second := aws.ToString(connectAs(t, client, s.Chats[1].Customer).Websocket.Url)
	_, response, err := fips.Dial(t.Context(), second, nil)
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	http.DefaultClient.CloseIdleConnections()
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"an address that isn't one":           {[]string{"-addr", "nowhere"}, exitFailed, "participant serve: can't listen: address nowhere: missing port in address; choose another -addr"},
		"fewer chats than none":               {[]string{"-chats", "-1"}, exitUsage, "-chats must be 0 or more"},
		"no file for a certificate":           {[]string{"-tls", "-throttle"}, exitUsage, "-tls needs the name of the file"},
		"a certificate that can't be written": {[]string{"-tls", "no/such/dir/ca.pem"}, exitFailed, "write the certificate: open no/such/dir/ca.pem"},
		"a public URL with a path":            {[]string{"-public-url", "https://fake.example/x"}, exitUsage, "-public-url must be http:// or https:// and a host"},
		"a topic without a URL":               {[]string{"-topic", "arn:aws:sns:us-west-2:123456789012:chats"}, exitUsage, "use ARN=URL, such as"},
		"a state that isn't one":              {[]string{"-state", "testdata/dialogue.txt"}, exitFailed, "participant serve: continue the chats in testdata/dialogue.txt: "},
		"a state that is a directory":         {[]string{"-state", "testdata"}, exitFailed, "participant serve: read the chats: read testdata: "},
		"a state that can't be saved":         {[]string{"-state", "no/such/dir/state"}, exitFailed, "participant serve: lock no/such/dir/state: open no/such/dir/state.lock: "},
		"an unknown switch":                   {[]string{"-switch", "Magic"}, exitUsage, "use OldTokensDie, TokensOutliveTheEnd, "},
		"a switch without its life":           {[]string{"-switch", "TokenLife"}, exitUsage, "use TokenLife=D, such as 90s"},
		"a switch without its size":           {[]string{"-switch", "ContentLimit=big"}, exitUsage, "use ContentLimit=N, a whole number"},
		"a switch that is neither":            {[]string{"-switch", "StrictConnection=so"}, exitUsage, "use StrictConnection"},
		"an unknown agent":                    {[]string{"-agent", "smith"}, exitUsage, "use echo or none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runCommand(t, "", append([]string{"serve"}, test.args...)...)
			require.Equal(t, test.code, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, test.want)
		})
	}
}

func TestServeFailsWithoutItsReader(t *testing.T) {
	t.Parallel()
	out, in := io.Pipe()
	require.NoError(t, out.Close())
	var stderr bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), []string{"serve"}, strings.NewReader(""), in, &stderr))
	require.Contains(t, stderr.String(), "participant serve: print the endpoint")
}

func TestServeOnAnAddressInUse(t *testing.T) {
	t.Parallel()
	first := startServe(t, "-chats", "0")
	addr := strings.TrimPrefix(first.Endpoint, "http://")
	code, _, stderr := runCommand(t, "", "serve", "-addr", addr)
	require.Equal(t, exitFailed, code)
	require.Regexp(t, `^participant serve: can't listen on `+regexp.QuoteMeta(addr)+`: .*; choose another -addr\n$`, stderr)
}

func TestServeWithoutChats(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "0")
	require.Regexp(t, `^\{"endpoint":"[^"]+","chats":\[\]\}$`, s.line)
}

func TestServeOverTLSUnderAnotherURL(t *testing.T) {
	t.Parallel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	s := startServe(t, "-chats", "1", "-tls", ca, "-agent", "none")
	require.Regexp(t, `^https://127\.0\.0\.1:`, s.Endpoint)
	token := writeFile(t, "token", s.Chats[0].Customer.ParticipantToken)
	for _, args := range [][]string{{"send", "Hello"}, {"chat"}} {
		args = append(args, "-endpoint", s.Endpoint, "-token-file", token)
		code, stdout, stderr := runCommand(t, "", append(args, "-ca-file", ca)...)
		require.Equal(t, exitOK, code, stderr)
		require.NotContains(t, stdout, "wss://")
	}
}

func TestServePrintsThePublicURL(t *testing.T) {
	t.Parallel()
	for args, base := range map[string]string{
		"-public-url https://fake.example:8443 -control -control-host Fake.example": "https://fake.example:8443",
		"-public-url https://localhost:8443 -control":                               "https://localhost:8443",
		"-public-url https://127.0.0.2:8443 -control":                               "https://127.0.0.2:8443",
		"-public-url https://fake.example:8443 -control":                            "", // its host isn't allowed
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			s := startServe(t, append(strings.Fields(args), "-chats", "1", "-agent", "none")...)
			public := strings.Fields(args)[1]
			require.Equal(t, public, s.Endpoint)
			local := regexp.MustCompile(`Listening on (http://127\.0\.0\.1:\d+)\n`).FindStringSubmatch(s.stderr.String())[1]
			base := cmp.Or(base, local)
			require.Equal(t, []string{base + "/_control/v1", base + "/"}, []string{s.Control, s.Page})

			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, local+"/_control/v1/server", http.NoBody)
			require.NoError(t, err)
			request.Host = strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://")
			request.Close = true
			response, err := http.DefaultTransport.RoundTrip(request)
			require.NoError(t, err)
			defer func() { _ = response.Body.Close() }()
			var server struct{ Endpoint string }
			require.NoError(t, json.NewDecoder(response.Body).Decode(&server))
			require.Equal(t, public, server.Endpoint)

			s.Endpoint = local
			connection := connectAs(t, s.client(t), s.Chats[0].Customer)
			require.Contains(t, aws.ToString(connection.Websocket.Url), strings.Replace(public, "https", "wss", 1)+"/")
		})
	}
}

func TestServeSwitches(t *testing.T) {
	t.Parallel()
	var o participanttest.Options
	for _, text := range []string{"StrictConnection", "SingleUseURLs=true", "EchoFirst=false", "TokenLife=90s", "ContentLimit=7", "ErrorForm=2"} {
		require.NoError(t, switches{&o.Switches}.Set(text))
	}
	require.Equal(t, participanttest.Switches{
		StrictConnection: true, SingleUseURLs: true, TokenLife: 90 * time.Second, ContentLimit: 7, ErrorForm: participanttest.ErrorTypeInBody,
	}, o.Switches)

	s := startServe(t, "-chats", "1", "-switch", "TokensOutliveTheEnd", "-switch", "ContentLimit=3", "-agent", "none")
	client := s.client(t)
	token := connectAs(t, client, s.Chats[0].Customer).ConnectionCredentials.ConnectionToken
	_, err := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{
		ConnectionToken: token, ContentType: aws.String("text/plain"), Content: aws.String("four"),
	})
	require.ErrorAs(t, err, new(*types.ValidationException))
}
