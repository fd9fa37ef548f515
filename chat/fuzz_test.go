// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

const (
	wireConnection = `{"Websocket":{"Url":"$url","ConnectionExpiry":"$in1h"},"ConnectionCredentials":{"ConnectionToken":"made-up-$n","Expiry":"$in24h"}}`
	wireDenied     = `403 {"__type":"AccessDeniedException"}`
	wireMessage    = `{"Id":"m-$n","Type":"MESSAGE","ContentType":"text/plain","Content":"hi","AbsoluteTime":"$now","ContactId":"c","ParticipantId":"p","ParticipantRole":"AGENT"}`
	wireChunk      = `{"Id":"s","Type":"MESSAGE","ContentType":"text/plain","Content":"hi","AbsoluteTime":"$now","ContactId":"c","ParticipantId":"p","MessageCompleted":false,"ChunkNumber":1}`
	wireFile       = `{"Id":"f","Type":"ATTACHMENT","AbsoluteTime":"$now","ContactId":"c","ParticipantId":"q","Attachments":[{"AttachmentId":"a","AttachmentName":"a.txt","Status":"IN_PROGRESS"}]}`
	wireReceipt    = `{"Id":"r-$n","Type":"MESSAGEMETADATA","ContentType":"application/vnd.amazonaws.connect.event.message.metadata","ContactId":"c","MessageMetadata":{"MessageId":"m-1","Receipts":[{"DeliveredTimestamp":"$now","ReadTimestamp":"$now","RecipientParticipantId":"q"}]}}`
	wireEvent      = `{"Id":"e-$n","Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.KIND","Content":"{}","AbsoluteTime":"$now","ContactId":"c","ParticipantId":"q","ParticipantRole":"CUSTOMER"}`
	wireSent       = `{"Id":"m-$n","AbsoluteTime":"$now","AttachmentId":"a","UploadMetadata":{"Url":"http://127.0.0.1:1/put","HeadersToInclude":{"Content-Type":"text/plain"}},"Url":"http://127.0.0.1:1/get","AttachmentSizeInBytes":3}`

	noItems   = `{"InitialContactId":"c","Transcript":[]}`
	morePages = `{"InitialContactId":"c","NextToken":"again","Transcript":[` + wireMessage + `]}`
)

func wireEventOf(kind string) string { return strings.Replace(wireEvent, "KIND", kind, 1) }

// FuzzSession runs a session on a service with arbitrary responses. It checks that nothing panics,
// no goroutine is left, every call returns with its context, Close returns within a second, and the
// queue is bounded.
//
// The arguments are those of script. Each byte of steps is one of hostileVerbs.
func FuzzSession(f *testing.F) {
	for _, seed := range hostileSeeds {
		f.Add(seed.options, seed.connections, seed.pages, seed.others, seed.frames, seed.steps)
	}
	f.Fuzz(func(t *testing.T, options uint16, connections, pages, others, frames, steps string) {
		s := script{connections: connections, pages: pages, others: others, frames: frames}
		if s.size() > 64<<10 || len(steps) > 200 {
			return // slow, without new coverage
		}
		defer time.AfterFunc(20*time.Second, func() { panic("the session keeps the processor busy") }).Stop() // in real time
		synctest.Test(t, func(t *testing.T) {
			h := newHostile(s)
			defer h.close()
			newVisit(t, h, options).run(steps)
		})
	})
}

var hostileSeeds = []struct {
	options uint16 // one bit for each option of setOptions
	script
	steps string
}{
	{0, script{wireConnection, noItems, wireSent, wireMessage + "\n" + wireEventOf("chat.ended")}, "swfnstrdcnmhRnwfxsn.fn"},
	{1, script{wireConnection, morePages, wireSent, wireMessage}, "snchnxmnRnukon"},
	{2, script{wireConnection, morePages + "\n" + noItems, "429 {}\n" + wireDenied + "\n" + wireSent, ""}, "wwwmcnL"},
	{4, script{"429 \n500 <html>\n" + wireConnection, "429 {}\n" + noItems, `{"Id":`, "!\n!{\n![]\n!{\"topic\":\"aws/chat\",\"content\":\"{\"}"}, "fsfsfsFnxsm"},
	{8, script{strings.ReplaceAll(wireConnection, "$in1h", "9999-12-31T23:59:59.999Z"), morePages, wireSent, strings.ReplaceAll(wireMessage, "$now", "0001-01-01T00:00:00Z")}, "fnmhhn"},
	{16, script{strings.ReplaceAll(wireConnection, "$in24h", "0001-01-01T00:00:00Z"), noItems, wireSent, strings.ReplaceAll(wireMessage, "$now", "9999-12-31T23:59:59.999Z")}, "fnmhRfn"},
	{32, script{wireConnection + "\n" + strings.ReplaceAll(wireConnection, "$url", "$url/silent"), noItems, wireSent, `!{"topic":"aws/subscribe","content":{"status":"failure"}}`}, "xmfmxhn"},
	{64, script{wireConnection + "\n" + strings.ReplaceAll(wireConnection, "$url", "$url/403") + "\n" + wireDenied, morePages, wireSent, wireMessage}, "xmxmn"},
	{128, script{wireConnection, strings.Repeat(strings.ReplaceAll(morePages, "again", "$n")+"\n", 3) + `{"NextToken":"x","Transcript":[null,{},{"Id":1},` + wireEventOf("chat.ended") + "]}", wireSent, `!{"message":"Internal server error","connectionId":"x"}`}, "FFFFFFFFFFmnsmn"},
	{255, script{wireConnection, strings.Repeat(wireMessage+"\n", 10), wireSent, strings.Repeat(wireMessage+"\n", 50)}, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFmFFFFn"},
	{0, script{wireConnection, noItems, wireSent, wireMessage}, strings.Repeat("F", 40) + "mnnnnn"},
	{1<<4 | 1<<8, script{wireConnection, noItems, wireSent, strings.Join([]string{wireChunk, strings.Replace(wireChunk, ":1}", ":2}", 1), wireFile, strings.Replace(wireFile, "IN_PROGRESS", "REJECTED", 1), wireReceipt}, "\n")}, "wffffffnunouFn"},
	{1 << 8, script{wireConnection + "\n" + wireDenied, noItems, wireSent, strings.Join([]string{wireEventOf("participant.joined"), wireEventOf("typing"), wireEventOf("transfer.succeeded"), wireEventOf("authentication.initiated"), wireEventOf("participant.left")}, "\n")}, "fffffnxmmn"},
	{1<<9 | 1<<6, script{wireConnection + "\n" + wireDenied, `{"Transcript":[` + wireEventOf("chat.ended") + `]}`, wireDenied, wireMessage}, "fwkkLmmn"},
}

// visit is a session on the hostile service.
type visit struct {
	*hostile
	*chat.Session

	t       *testing.T
	client  *connectparticipant.Client
	options uint16
	read    string // the ID of the newest message
	used    string // the newest connection token
}

func newVisit(t *testing.T, h *hostile, options uint16) *visit {
	t.Helper()
	endpoint := "http://" + hostileAddress
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &endpoint, HTTPClient: h.client})
	return &visit{hostile: h, t: t, client: client, options: options}
}

func (v *visit) setOptions(o *chat.Options) {
	o.HTTPClient, o.Limiter = v.hostile.client, chat.Unlimited
	for i, set := range []func(){
		func() { o.HoldBack = time.Second },
		func() { o.History = chat.HistoryNone },
		func() { o.History = chat.HistoryAll },
		func() { o.ReadEvery = 5 * time.Second },
		func() { o.Progress = true },
		func() { o.RenewalEvents = true },
		func() { o.GiveUpAfter = time.Minute },
		func() { o.CatchUpWait = time.Second },
		func() { o.ParticipantID = "q" },
		func() {
			o.Connection = &chat.Connection{ConnectionToken: "made-up", Expiry: "9999-12-31T23:59:59.999Z", URL: hostileSocket}
		},
	} {
		if v.options>>i&1 == 1 {
			set()
		}
	}
}

func (v *visit) run(steps string) {
	if !v.start(chat.State{}) {
		return
	}
	for _, b := range []byte(steps) {
		i := strings.IndexByte(hostileVerbs, b)
		if i < 0 {
			i = int(b) % len(hostileVerbs)
		}
		if !v.step(hostileVerbs[i]) {
			return
		}
		v.bounded()
	}
	v.end()
}

func (v *visit) within(d time.Duration, do func(ctx context.Context) error) error {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), d)
	defer cancel()
	begun := time.Now()
	err := do(ctx)
	require.LessOrEqual(v.t, time.Since(begun), d+2*time.Second, "after the context")
	return err
}

func (v *visit) start(state chat.State) bool {
	err := v.within(time.Minute, func(ctx context.Context) (err error) {
		v.Session, err = chat.Resume(ctx, v.client, "made-up", state, v.setOptions)
		return err
	})
	return err == nil
}

const hostileVerbs = ".smhfFxwntrdckuoRL"

// step executes a verb, and reports whether a session is left.
func (v *visit) step(verb byte) bool {
	switch verb {
	case '.', 's', 'm', 'h':
		<-time.After(map[byte]time.Duration{'.': 10 * time.Millisecond, 's': time.Second, 'm': time.Minute, 'h': time.Hour}[verb])
	case 'f':
		v.push(1)
	case 'F':
		v.push(100)
	case 'x':
		v.cut()
	case 'n':
		v.take(time.Second)
	case 'r':
		v.MarkRead(v.read)
	case 'd':
		v.MarkDelivered(v.read)
	case 'R':
		return v.resume()
	default:
		_ = v.within(time.Minute, func(ctx context.Context) error { return v.call(ctx, verb) })
	}
	return true
}

// call executes a verb that calls the service.
func (v *visit) call(ctx context.Context, verb byte) (err error) {
	switch verb {
	case 'w':
		_, err = v.Send(ctx, "hello")
	case 't':
		err = v.Typing(ctx)
	case 'c':
		err = v.CatchUp(ctx)
	case 'k':
		v.used, _, err = v.ConnectionToken(ctx, v.used)
	case 'u':
		_, err = v.SendFile(ctx, chat.File{Name: "a.txt", ContentType: "text/plain", Reader: strings.NewReader("abc"), WaitForScan: true})
	case 'o':
		var file io.ReadCloser
		if file, err = v.OpenAttachment(ctx, "a", 1<<10); err == nil {
			_, _ = io.Copy(io.Discard, file)
			err = file.Close()
		}
	case 'L':
		err = v.Leave(ctx)
	}
	return err
}

// take receives the events that arrive within d, at most 2,000.
func (v *visit) take(d time.Duration) {
	_ = v.within(d, func(ctx context.Context) error {
		for range 2000 {
			event, err := v.Next(ctx)
			if err != nil {
				return err
			}
			if m, ok := event.(chat.Message); ok {
				v.read = m.ID
			}
		}
		return nil
	})
}

// resume closes the session and resumes another one from its state.
func (v *visit) resume() bool {
	text, err := v.State().MarshalText()
	require.NoError(v.t, err)
	var state chat.State
	require.NoError(v.t, state.UnmarshalText(text))
	v.end()
	return v.start(state)
}

// bounded requires that neither the queue nor the held items exceed the documented limit plus a page.
func (v *visit) bounded() {
	times := 1
	if chat.IsEnding(v.Session) {
		times = 16
	}
	events, bytes := chat.Queued(v.Session)
	require.LessOrEqual(v.t, events, times*2*(1024+100))
	require.LessOrEqual(v.t, bytes, times*2*(256<<10)+1<<20)
}

// end closes the session and receives the queued events.
func (v *visit) end() {
	v.bounded()
	begun := time.Now()
	require.NoError(v.t, v.Close())
	require.LessOrEqual(v.t, time.Since(begun), time.Second)
	for {
		_, err := v.Next(v.t.Context())
		if err != nil {
			var closed *chat.CloseError
			require.ErrorAs(v.t, err, &closed)
			require.Equal(v.t, err, v.Err())
			break
		}
	}
	events, _ := chat.Queued(v.Session)
	require.Zero(v.t, events)
}
