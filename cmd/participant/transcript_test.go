// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// play lets a chat happen that has something of everything.
func (s *scene) play() {
	s.Customer.Join()
	s.Agent.Join()
	s.Agent.Say("Hello\n# no heading\n1. *no* list")
	s.Agent.SayMarkdown("Some **bold** words\n- a list")
	id := s.Customer.Say("Two of each, please")
	s.Agent.MarkRead(id)
	s.Agent.SayInteractive(`{"templateType":"ListPicker","title":"A fence: ` + "```" + `"}`)
	s.Agent.ShareFile("price_list.txt", "text/plain", []byte("x"))
	s.Agent.Say(hostile)
	s.Transfer("Bob")
}

func withPast(o *participanttest.ChatOptions) {
	o.Past = []participanttest.PastMessage{{DisplayName: "Customer", Content: "Last year"}}
}

func TestTranscriptFormats(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPast)
	s.play()
	for _, format := range []string{"text", "json", "markdown"} {
		code, stdout, stderr := s.command(t, "", "transcript", "-format", format)
		require.Equal(t, exitOK, code, stderr)
		require.Empty(t, stderr)
		requireTame(t, stdout)
		requireGolden(t, "transcript."+format, stdout)
	}
	require.Zero(t, s.Customer.Sockets())
}

func TestTranscriptAsJSONLosesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Agent.Say(hostile)
	_, stdout, _ := s.command(t, "", "transcript", "-format", "json")
	var item types.Item
	require.NoError(t, json.Unmarshal([]byte(stdout), &item))
	require.Equal(t, hostile, aws.ToString(item.Content))
}

func TestTranscriptOfManyPages(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	var want strings.Builder
	for i := range 250 {
		s.Agent.Say(fmt.Sprint("message ", i))
		fmt.Fprintf(&want, "message %d\n", i)
	}
	_, stdout, _ := s.command(t, "", "transcript")
	require.Equal(t, want.String(), withoutHeads(stdout))
	require.Equal(t, 3, s.Customer.Count("GetTranscript"))
}

// withoutHeads leaves the texts of messages.
func withoutHeads(stdout string) string {
	var texts strings.Builder
	for line := range strings.Lines(stdout) {
		if _, text, found := strings.Cut(line, ": "); found && !strings.Contains(line, "* ") {
			texts.WriteString(text)
		}
	}
	return texts.String()
}

func TestTranscriptFollows(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPast)
	s.Customer.Join()
	s.Agent.Say("one")
	s.Agent.Say("two")
	r := s.start(t, false, "transcript", "-follow")
	r.await("two\n")
	s.Agent.Typing()
	s.Agent.MarkRead(s.Customer.Say("mine"))
	s.Agent.Say("three")
	r.await("three\n")
	s.Customer.CloseSockets(1001, "made up")
	s.Agent.Say("four")
	r.await("four\n")
	s.Agent.Leave()
	r.awaitCode(exitFailed)
	require.Equal(t, "Last year\none\ntwo\nmine\nthree\nfour\n", withoutHeads(r.stdout.String()))
	require.NotRegexp(t, "typing|metadata", r.stdout.String())
	require.Regexp(t, `participant transcript: connection lost: the server closed the socket with code 1001\nparticipant transcript: connected again\n`, r.stderr.String())
	require.Regexp(t, `its last items may be missing\n$`, r.stderr.String(), "the end came before the reconnect had settled")
	require.Regexp(t, `\* chat ended\n$`, r.stdout.String())
}

func TestTranscriptFollowsNewStates(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Customer.Join()
	item := participanttest.Item{Id: "file", Type: "ATTACHMENT", Attachments: []participanttest.AttachmentItem{{AttachmentName: "a.txt", Status: types.ArtifactStatusInProgress}}}
	r := s.start(t, false, "transcript", "-follow", "-format", "json")
	require.NoError(t, s.Customer.WaitSockets(t.Context(), 1))
	for _, status := range []types.ArtifactStatus{types.ArtifactStatusInProgress, types.ArtifactStatusInProgress, types.ArtifactStatusApproved} {
		item.Attachments[0].Status = status
		s.Push(item)
	}
	r.await("APPROVED")
	r.interrupt()
	r.awaitCode(exitOK)
	require.Equal(t, 1, strings.Count(r.stdout.String(), "IN_PROGRESS"))
}

func TestTranscriptFails(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Agent.Say("unread")
	s.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(400, "ValidationException")})
	for _, args := range [][]string{nil, {"-follow"}} {
		code, stdout, stderr := s.command(t, "", "transcript", args...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "participant transcript: read the transcript: the service refuses the request: ")
	}
}

func TestMarkdownKeepsMessagesApart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ contentType, content, want string }{
		"plain text":              {"text/plain", "a\n+ b\n2) c\n=== <b>&amp;</b> |x| `y` \\", "> a\\\n> \\+ b\\\n> 2\\) c\\\n> \\=== \\<b\\>\\&amp;\\</b\\> \\|x\\| \\`y\\` \\\\"},
		"Markdown":                {"Text/Markdown", "*a*\n\n**Agent**, now", "> *a*\n> \n> **Agent**, now"},
		"Markdown with HTML":      {"text/markdown", "<img src=x onerror=y>\n\\<b> \\\\<i> `<u>`", "> &lt;img src=x onerror=y>\n> &lt;b> \\\\&lt;i> `&lt;u>`"},
		"Markdown with images":    {"text/markdown", "![a](https://x.example/i.png) ![b][c] \\![d](e)\n\n[c]: https://x.example/i.png", "> !&#91;a](https://x.example/i.png) !&#91;b]&#91;c] \\!&#91;d](e)\n> \n> &#91;c]: https://x.example/i.png"},
		"Markdown with a link":    {"text/markdown", "[bank](javascript:alert(1)) \\[no link]", "> &#91;bank](javascript:alert(1)) &#91;no link]"},
		"JSON with a fence":       {"application/json", "\"````\"", "> `````json\n> \"````\"\n> `````"},
		"a message that is empty": {"text/plain", "", "> "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			item := types.Item{Type: types.ChatItemTypeMessage, DisplayName: aws.String("A*"), ContentType: &test.contentType, Content: &test.content, AbsoluteTime: aws.String("soon")}
			require.Equal(t, "**A\\***, soon\n\n"+test.want+"\n\n", markdown(&item))
		})
	}
}
