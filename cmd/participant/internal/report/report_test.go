// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
	"github.com/participant-go/connectparticipant/cmd/participant/internal/report"
)

// someReport is the report of a successful load: 100 chats, 600 messages, in two minutes.
func someReport() *report.Report {
	random := rand.New(rand.NewPCG(1, 2))
	r := &load.Result{
		Planned: 100,
		Start:   time.Date(2026, 9, 1, 10, 30, 0, 0, time.UTC),
		Elapsed: 2 * time.Minute,
		Counts:  load.Counts{Started: 100, Finished: 100, Sent: 600, Delivered: 600, Cuts: 100, Reconnects: 100},
		Calls:   []load.Calls{{Operation: "CreateParticipantConnection", Requests: 200}, {Operation: "SendMessage", Requests: 600}},
	}
	for range 600 {
		r.Send.Add(time.Duration(random.ExpFloat64() * float64(time.Millisecond)))
		r.Push.Add(time.Duration(random.ExpFloat64() * float64(2*time.Millisecond)))
	}
	for i := range 121 {
		s := load.Sample{Elapsed: time.Duration(i) * time.Second}
		s.Connected = min(5*i, 5*(120-i), 100)
		s.Sent, s.Delivered, s.Cuts = 5*i, 5*i, i
		s.Heap, s.CPU = 1e6+uint64(s.Connected)*2e4, time.Duration(i)*10*time.Millisecond
		r.Samples = append(r.Samples, s)
	}
	return &report.Report{
		Result: r, Service: "http://127.0.0.1:8080", Command: "participant load -chats 100",
		Version: "participant v0.1.0", Machine: "linux/amd64, 2 cores", Quotas: chat.DefaultQuotas(),
	}
}

// element is an element of a page with its text.
type element struct {
	name  string
	attrs map[string]string
	text  string
}

// parse reads a page, which must be well-formed even as XML.
func parse(t *testing.T, r *report.Report) (page string, elements []element) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.HTML(&b))
	d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	var open []int
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			open = append(open, len(elements))
			elements = append(elements, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, i := range open {
				elements[i].text += string(token)
			}
		}
	}
	require.NotContains(t, b.String(), "NaN")
	require.NotContains(t, b.String(), "Inf")
	require.NotContains(t, b.String(), "ZgotmplZ", "html/template has refused something")
	return b.String(), elements
}

func texts(elements []element, name string) (found []string) {
	for _, e := range elements {
		if e.name == name {
			found = append(found, strings.Join(strings.Fields(e.text), " "))
		}
	}
	return found
}

func TestPageShowsTheLoad(t *testing.T) {
	t.Parallel()
	page, elements := parse(t, someReport())
	require.Equal(t, []string{"Load of 100 chats"}, texts(elements, "h1"))
	require.Contains(t, texts(elements, "p"), "http://127.0.0.1:8080 · 1 September 2026, 10:30 UTC, for 2 min")
	require.Contains(t, texts(elements, "p"), "All 600 messages arrived once and in order.")
	require.Equal(t, []string{"Messages", "Connected chats", "Messages a second", "Memory MB", "CPU % of a core"}, texts(elements, "figcaption"))
	require.Equal(t, []string{"participant load -chats 100"}, texts(elements, "pre"))
	require.Contains(t, page, "prefers-color-scheme: dark")
	for _, e := range elements {
		require.NotContains(t, []string{"script", "link", "img", "iframe", "object"}, e.name, "the page needs nothing else")
		require.NotContains(t, e.attrs, "src")
		require.NotContains(t, e.attrs, "href")
	}
	require.NotRegexp(t, `url\(|@import`, page)
}

// The quota is drawn if it is near: it explains why no more messages were sent.
func TestPageShowsTheQuota(t *testing.T) {
	t.Parallel()
	r := someReport()
	_, elements := parse(t, r)
	require.NotContains(t, texts(elements, "text"), "quota", "5 of 10 messages a second")
	for i := range r.Samples {
		r.Samples[i].Sent = 9 * i
	}
	_, elements = parse(t, r)
	require.Contains(t, texts(elements, "text"), "quota")
}

// All that is drawn lies within its drawing, and the labels of lines don't cover each other.
func TestChartsFitIntoTheirDrawings(t *testing.T) {
	t.Parallel()
	r := someReport()
	for i := range 40 {
		r.Connect.Add(time.Duration(i) * time.Millisecond)
		r.Reconnect.Add(time.Duration(i*50) * time.Millisecond)
	}
	r.CatchUp.Add(1950 * time.Millisecond)
	r.Throttled, r.Retried, r.Replies = 20, 30, 40
	for i := range r.Samples {
		r.Samples[i].Throttled, r.Samples[i].Retried, r.Samples[i].Replies, r.Samples[i].RSS = i/6, i/4, i/3, 5e6
	}
	_, elements := parse(t, r)
	require.Len(t, texts(elements, "figcaption"), 7)
	var width, height, above float64
	charts := 0
	for _, e := range elements {
		switch {
		case e.name == "svg" && e.attrs["role"] == "img":
			charts++
			box := numbers(t, e.attrs["viewBox"])
			width, height, above = box[2], box[3], math.Inf(-1)
			require.NotEmpty(t, e.attrs["aria-label"])
		case charts == 0:
		case e.name == "path":
			for i, n := range numbers(t, e.attrs["d"]) {
				require.GreaterOrEqual(t, n, 0.0)
				require.LessOrEqual(t, n, []float64{width, height}[i%2], e.attrs["d"])
			}
		case e.name == "rect":
			box := numbers(t, e.attrs["x"]+" "+e.attrs["y"]+" "+e.attrs["width"]+" "+e.attrs["height"])
			require.LessOrEqual(t, box[0]+box[2], width)
			require.LessOrEqual(t, box[1]+box[3], height)
		case e.name == "text" && strings.HasPrefix(e.attrs["class"], "name"):
			at := numbers(t, e.attrs["x"]+" "+e.attrs["y"])
			require.LessOrEqual(t, at[0]+7.5*float64(len(e.text)), width, e.text)
			require.LessOrEqual(t, at[1], height)
			if above > 0 {
				require.GreaterOrEqual(t, math.Abs(at[1]-above), 14.0, e.text)
			}
			above = at[1]
		}
	}
	require.Equal(t, 7, charts)
}

func numbers(t *testing.T, text string) (found []float64) {
	t.Helper()
	for _, word := range regexp.MustCompile(`[-+0-9.e]+`).FindAllString(text, -1) {
		var n float64
		require.NoError(t, xml.Unmarshal([]byte("<n>"+word+"</n>"), &n))
		found = append(found, n)
	}
	return found
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	const hostile = `</pre></svg><script>alert(1)</script>"' onload=alert(1) x='{{.}}&lt;`
	r := someReport()
	r.Service, r.Command, r.Version, r.Machine = hostile, hostile, hostile, hostile
	r.Errors = []load.ErrorCount{{Text: hostile, Count: 3}}
	r.Calls = append(r.Calls, load.Calls{Operation: hostile})
	_, elements := parse(t, r)
	require.Empty(t, texts(elements, "script"))
	require.Equal(t, []string{hostile}, texts(elements, "pre"))
	require.Contains(t, texts(elements, "td"), hostile)
	require.Contains(t, texts(elements, "th"), hostile)
	for _, e := range elements {
		require.NotContains(t, e.attrs, "onload")
	}
}

// A load that was interrupted before anything happened, and an empty one.
func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	for _, r := range []*report.Report{
		{Result: &load.Result{}},
		{Result: &load.Result{Interrupted: true, Elapsed: 3 * time.Millisecond, Samples: []load.Sample{{}, {Elapsed: 2 * time.Millisecond}}}},
	} {
		_, elements := parse(t, r)
		require.Contains(t, texts(elements, "p"), "No message was sent.")
		var text strings.Builder
		require.NoError(t, r.Text(&text))
		require.Contains(t, text.String(), "No message was sent\n")
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(r *report.Report)
		want   string
	}{
		"well":          {func(*report.Report) {}, "All 600 messages arrived once and in order"},
		"one":           {func(r *report.Report) { r.Sent = 1 }, "The only message arrived once"},
		"lost":          {func(r *report.Report) { r.Lost, r.Duplicated = 1, 2_000 }, "Of 600 messages 1 was lost, 2,000 were duplicated and 0 were out of order"},
		"disordered":    {func(r *report.Report) { r.Disordered = 1 }, "Of 600 messages 0 were lost, 0 were duplicated and 1 was out of order"},
		"failed":        {func(r *report.Report) { r.Failed = 1 }, "Of 100 chats 1 failed; all 600 messages that the service accepted arrived once and in order"},
		"refused":       {func(r *report.Report) { r.SendErrors = 2 }, "2 messages could not be sent; all 600 that the service accepted arrived once and in order"},
		"never started": {func(r *report.Report) { r.Started, r.Failed, r.Sent = 0, 100, 0 }, "No chat could be started"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := someReport()
			test.change(r)
			require.Equal(t, test.want, r.Verdict())
			page, _ := parse(t, r)
			require.Equal(t, !r.OK(), strings.Contains(page, `class="verdict bad"`))
		})
	}
}

func TestTextFitsATerminal(t *testing.T) {
	t.Parallel()
	r := someReport()
	r.Errors = []load.ErrorCount{{Text: "start a chat: \x1b[2Jrefused", Count: 1_234}}
	r.FakeInside = true
	var text strings.Builder
	require.NoError(t, r.Text(&text))
	for line := range strings.Lines(text.String()) {
		require.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), 80, line)
	}
	require.NotContains(t, text.String(), "\x1b")
	require.Contains(t, text.String(), "1,234 × start a chat: \ufffd[2Jrefused\n")
	require.Regexp(t, `(?m)^Send to push +600 +1\.\d\d ms +4\.\d\d ms +\d[\d.]* ms +\d[\d.]* ms$`, text.String())
	require.Regexp(t, `(?m)^Messages +600 sent, 0 lost, 0 duplicated, 0 out of order$`, text.String())
	require.Regexp(t, `(?m)^Reconnects +100 after 100 cuts$`, text.String())
	require.Regexp(t, `(?m)^Memory/chat +20\.0 kB of heap$`, text.String())
}
