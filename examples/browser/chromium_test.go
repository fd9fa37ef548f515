// SPDX-License-Identifier: Apache-2.0

//go:build chromium

package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/devtools"
	"github.com/participant-go/connectparticipant/participanttest"
)

var screenshotFile = flag.String("screenshot", "", "write what the page looks like into this PNG `FILE`")

// JavaScript that reads the page.
const (
	shownTexts = `[...document.querySelectorAll(".message .bubble")].map((b) => b.textContent)`
	lastText   = `[...document.querySelectorAll(".message .bubble")].at(-1)?.textContent`
	lastState  = `[...document.querySelectorAll(".own .state")].at(-1)?.textContent`
	isHidden   = `getComputedStyle(document.getElementById(%q)).display === "none"`
	height     = 900
	gap        = 32 // between the images of the screenshot
)

// stay is a guest's chat with a hotel, in a browser.
type stay struct {
	*devtools.Page

	t       *testing.T
	fake    *participanttest.Server
	contact *participanttest.Contact
	server  *httptest.Server
}

func newStay(t *testing.T) *stay {
	t.Helper()
	fake := participanttest.Start(t)
	s := &stay{fake: fake, contact: fake.NewChat(func(o *participanttest.ChatOptions) { o.AgentName, o.CustomerName = "Robin", "Sam" })}
	site := newSite(onFake(fake, inTurn(s.contact, fake.NewChat())), slog.New(slog.DiscardHandler))
	s.server = httptest.NewServer(site.handler())
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
		site.close()
	})
	s.t, s.Page = t, devtools.Start(t)
	s.Show(1280, height, "light")
	s.Call("Page.navigate", devtools.Params{"url": s.server.URL}, nil)
	s.Wait(`document.getElementById("status")?.textContent === "Online"`)
	return s
}

// send makes the guest send a message.
func (s *stay) send(text string) {
	s.t.Helper()
	s.Click("#text")
	s.Write(text)
	s.Press("Enter")
	s.Wait(fmt.Sprintf(`%s === %q && !document.querySelector(".pending")`, lastText, text))
}

func (s *stay) shown() (texts []string) {
	s.t.Helper()
	s.Eval(shownTexts, &texts)
	return texts
}

func (s *stay) lastMessageID() string {
	items := s.contact.Transcript()
	return items[len(items)-1].Id
}

func TestChatInChromium(t *testing.T) {
	t.Parallel()
	s := newStay(t)
	s.greet()
	s.exchangeFiles()
	s.loseTheConnection()
	s.reload()
	s.pose()
	s.takeNoHarm()
	s.end()
	require.Empty(t, s.Faults, "errors in the page")
}

// greet: the agent writes and types; the visitor types, sends, and sees that the message was read.
func (s *stay) greet() {
	s.t.Helper()
	s.contact.Agent.Join()
	s.contact.Agent.Say("Good evening, Robin from the Hillside Inn here. How can I help?")
	s.Wait(lastText + ` === "Good evening, Robin from the Hillside Inn here. How can I help?"`)
	s.Wait(`document.querySelector(".message .name").textContent === "Robin"`)
	s.Wait(`/^\d?\d:\d\d\s[AP]M$/.test(document.querySelector(".message time").textContent)`)
	s.Wait(`document.getElementById("title").textContent === "Robin"`)
	s.Wait(`document.querySelector(".notice").textContent === "Robin joined"`)
	require.Eventually(s.t, func() bool { return isRead(s.contact, s.lastMessageID()) }, patience, 20*time.Millisecond, "no receipt")

	s.send("Hi! I stayed with you last autumn and can't forget the view.")
	require.NoError(s.t, s.contact.Customer.WaitRequest(s.t.Context(), "SendEvent", 2), "no typing event in addition to the receipt")
	s.Wait(lastState + ` === "Sent"`)
	s.contact.Agent.MarkRead(s.lastMessageID())
	s.Wait(lastState + ` === "Read"`)

	s.Wait(fmt.Sprintf(isHidden, "typing"))
	s.contact.Agent.Typing()
	s.Wait("!(" + fmt.Sprintf(isHidden, "typing") + ")")
	s.Wait(`document.getElementById("typist").textContent === "Robin is typing"`)
	s.contact.Agent.Say("How nice to hear! Do you remember which room it was?")
	s.Wait(fmt.Sprintf(isHidden, "typing"))
}

// exchangeFiles: images are shown in both directions, and another file can be downloaded.
func (s *stay) exchangeFiles() {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "view.png")
	require.NoError(s.t, os.WriteFile(file, picture(), 0o600))
	s.Choose("#file", file)
	s.Wait(`document.querySelector(".own .picture img")?.naturalWidth === 480`)
	s.Wait(`!document.querySelector(".pending")`)
	s.send("Only that I took this from its window.")
	s.contact.Agent.MarkRead(s.lastMessageID())
	s.contact.Agent.Say("That's room 12, and it's free from Friday. I've put an offer together for you.")

	s.contact.Agent.ShareFile("Offer room 12.pdf", "application/pdf", []byte("%PDF-1.7 two nights"))
	s.Wait(`document.querySelector("a.file b")?.textContent === "Offer room 12.pdf"`)
	var content string
	s.Eval(`fetch(document.querySelector("a.file").href).then((response) => response.text())`, &content)
	require.Equal(s.t, "%PDF-1.7 two nights", content)
}

// loseTheConnection: the banner appears and disappears, and what was missed is shown once.
func (s *stay) loseTheConnection() {
	s.t.Helper()
	refused := s.fake.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Fail(http.StatusServiceUnavailable, "")})
	s.contact.Customer.CutSockets()
	s.Wait(`document.getElementById("banner").checkVisibility() && document.getElementById("banner").textContent.includes("Reconnecting")`)
	s.contact.Agent.Say("Shall I hold it for you until tomorrow?")
	refused.Remove()
	s.Wait(`document.getElementById("banner").hidden && document.getElementById("status").textContent === "Online"`)
	s.Wait(lastText + ` === "Shall I hold it for you until tomorrow?"`)
}

// reload: after a reload and after a lost stream, the page shows the same chat once.
func (s *stay) reload() {
	s.t.Helper()
	before := s.shown()
	s.Call("Page.reload", nil, nil)
	s.Wait(fmt.Sprintf(`document.querySelectorAll(".message").length === %d`, len(before)))
	require.Equal(s.t, before, s.shown())

	s.server.CloseClientConnections()
	s.send("Yes, please!")
	s.Wait(`document.getElementById("status").textContent === "Online"`)
	s.contact.Agent.MarkRead(s.lastMessageID())
	s.Wait(lastState + ` === "Read"`)
	require.Equal(s.t, append(before, "Yes, please!"), s.shown())
	require.Equal(s.t, 2, s.dials(), "one dial, and one after the loss: the pages share a session")
}

// dials returns the number of dials that the fake accepted.
func (s *stay) dials() (n int) {
	for _, r := range s.fake.Requests() {
		if r.Operation == "WebSocket" && r.Status == http.StatusSwitchingProtocols {
			n++
		}
	}
	return n
}

// pose: the page fits a screen and a telephone, and is saved as an image if -screenshot is set.
func (s *stay) pose() {
	s.t.Helper()
	s.contact.Agent.Typing()
	s.Wait("!(" + fmt.Sprintf(isHidden, "typing") + ")")
	var shots []image.Image
	for _, window := range []struct {
		width  int
		scheme string
	}{{1280, "light"}, {390, "dark"}} {
		s.Show(window.width, height, window.scheme)
		s.Wait(fmt.Sprintf(`innerWidth === %d && document.documentElement.scrollWidth <= innerWidth`, window.width))
		s.Wait(`(() => { const list = document.getElementById("messages"); return list.scrollHeight - list.scrollTop - list.clientHeight < 2 })()`)
		s.Wait(`document.getAnimations().every((a) => a.animationName === "blink" || a.playState === "finished")`)
		shot, err := png.Decode(bytes.NewReader(s.Screenshot()))
		require.NoError(s.t, err)
		require.Equal(s.t, image.Pt(window.width, height), shot.Bounds().Size())
		shots = append(shots, shot)
	}
	if *screenshotFile != "" {
		require.NoError(s.t, os.WriteFile(*screenshotFile, sideBySide(s.t, shots), 0o644))
	}
	s.Show(1280, height, "light")
}

// sideBySide joins images of one height side by side.
func sideBySide(t *testing.T, shots []image.Image) []byte {
	t.Helper()
	width := -gap
	for _, shot := range shots {
		width += shot.Bounds().Dx() + gap
	}
	all := image.NewNRGBA(image.Rect(0, 0, width, height))
	at := 0
	for _, shot := range shots {
		draw.Draw(all, shot.Bounds().Add(image.Pt(at, 0)), shot, image.Point{}, draw.Src)
		at += shot.Bounds().Dx() + gap
	}
	var out bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, all))
	return out.Bytes()
}

// takeNoHarm: HTML in messages is shown as text.
func (s *stay) takeNoHarm() {
	s.t.Helper()
	const hostile = `<img src=x onerror="document.title='harmed'"><script>document.title='harmed'</script>`
	s.contact.Agent.Say(hostile)
	s.Wait(fmt.Sprintf("%s === %q", lastText, hostile))
	s.Wait(`document.title === "Chat with us" && !document.querySelector(".bubble *")`)
	for i, at := range []string{"soon", "9999-12-31T23:59:59-01:00"} {
		text := "When was that? " + at
		s.contact.Push(participanttest.Item{
			Id: fmt.Sprint("odd-", i), Type: "MESSAGE", ContentType: "text/plain", Content: text, AbsoluteTime: at,
			ParticipantRole: "AGENT", DisplayName: "Robin",
		})
		s.Wait(fmt.Sprintf("%s === %q", lastText, text))
	}
}

// end: the visitor ends the chat, sees that after a reload too, and starts another chat.
func (s *stay) end() {
	s.t.Helper()
	s.Click("#leave")
	s.Wait(`document.getElementById("leave").textContent === "End the chat?"`)
	s.Click("#leave")
	s.Wait(`document.getElementById("over").checkVisibility() && !document.getElementById("composer").checkVisibility()`)
	s.Call("Page.reload", nil, nil)
	s.Wait(`document.getElementById("over")?.checkVisibility() && document.querySelectorAll(".message").length > 9`)
	s.Click("#again")
	s.Wait(`document.getElementById("status").textContent === "Online" && document.querySelectorAll(".message").length === 0`)
	s.send("Hello again")
}
