// SPDX-License-Identifier: Apache-2.0

//go:build chromium

package control_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/devtools"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/participanttest/control"
)

var update = flag.Bool("update", false, "rewrite the screenshot in docs/fake.png")

// visit is the page of a fake, and a client of the fake that is the customer.
type visit struct {
	*devtools.Page
	api

	t       *testing.T
	contact *participanttest.Contact
	bearer  string
	next    func() object // the next item that the client gets
}

func newVisit(t *testing.T) *visit {
	t.Helper()
	v := &visit{t: t, api: newAPI(t), Page: devtools.Start(t)}
	v.contact = v.srv.Contact(v.id)
	v.Show(1440, 900, "light")
	v.Call("Page.navigate", devtools.Params{"url": v.srv.URL + "/"}, nil)
	v.Wait(`document.getElementById("status")?.textContent === "Live" && document.getElementById("chat-title").textContent === "Ada"`)
	v.next = v.listen(t)
	v.bearer = v.ok(t, "POST "+v.chat+"/participants/customer/connection", nil)["ConnectionToken"].(string)
	return v
}

// receive skips the items before one of a content type, and returns it.
func (v *visit) receive(contentType string) object {
	v.t.Helper()
	for {
		if item := v.next(); item["ContentType"] == contentType {
			return item
		}
	}
}

// client makes a request of the client.
func (v *visit) client(path, body string) (status int) {
	v.t.Helper()
	return v.post(v.t, path, v.bearer, body)
}

func (v *visit) press(name string) {
	v.t.Helper()
	v.Click(fmt.Sprintf(`[data-act=%q], [data-fault=%[1]q], [data-now=%[1]q]`, name))
}

// write sends a message with the page.
func (v *visit) write(text string) {
	v.t.Helper()
	v.Click("#text")
	v.Write(text)
	v.Press("Enter")
	v.Wait(`document.getElementById("text").value === ""`)
}

const (
	hello    = `{"ContentType":"text/plain","Content":"hello"}`
	lastText = `[...document.querySelectorAll(".message .bubble bdi")].at(-1)?.textContent`
	lastRow  = `[...document.querySelectorAll("#rows tr:not([hidden])")].at(-1)`
)

func TestPageInChromiumPlaysTheChat(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.write("How can I help?")
	require.Equal(t, "How can I help?", v.receive("text/plain")["Content"])
	require.Equal(t, http.StatusOK, v.client("message", hello))
	v.Wait(lastText + ` === "hello"`)
	v.press("read")
	require.Contains(t, firstReceipt(v.receive(event+"message.metadata")), "ReadTimestamp")
	v.Wait(`[...document.querySelectorAll(".customer .receipt")].at(-1)?.textContent.startsWith("✓✓ Read by Grace")`)
	require.Equal(t, http.StatusOK, v.client("event", `{"ContentType":"`+event+`typing"}`))
	v.Wait(`document.getElementById("typing").textContent === "Ada is typing…"`)
	v.press("type")
	v.receive(event + "typing")
	v.Wait(`document.getElementById("typing").textContent === "Ada, Grace are typing…"`)

	v.press("picker")
	require.Contains(t, v.receive("application/vnd.amazonaws.connect.message.interactive")["Content"], "Return an item")
	v.Wait(`document.querySelectorAll(".choices button").length === 3`)
	v.Click(".choices button:nth-child(2)")
	require.Equal(t, "Return an item", v.receive("text/plain")["Content"])

	file := filepath.Join(t.TempDir(), "label.txt")
	require.NoError(t, os.WriteFile(file, []byte("fragile"), 0o600))
	v.Choose("#file", file)
	v.Wait(`[...document.querySelectorAll(".agent .file")].at(-1)?.textContent.includes("label.txt")`)
	v.press("idle")
	v.receive(event + "participant.idle")

	v.Eval(`(() => { const select = document.getElementById("actor"); select.value = [...select.options].find((o) => o.textContent.includes("Ada")).value; return 1 })()`, new(int))
	v.write("I wrote this on the page")
	require.Equal(t, v.contact.Customer.ID, v.receive("text/plain")["ParticipantId"])
	v.press("transfer")
	v.receive(event + "transfer.succeeded")
	v.Wait(`[...document.querySelectorAll("#actor option")].some((o) => o.textContent === "Agent: Second agent")`)
	v.Wait(`document.querySelectorAll("#people button").length > 0`)
	v.press("end")
	v.receive(event + "chat.ended")
	v.Wait(`document.querySelectorAll("#people button").length === 0`)
	v.Wait(`document.getElementById("chat-state").textContent === "Ended" && document.getElementById("text").disabled && document.getElementById("ended-count").textContent === "1"`)
	require.Empty(t, v.Faults)
}

func TestPageInChromiumInjectsFaults(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.press("throttle")
	v.Wait(`document.querySelector("#fault-list b")?.textContent === "1: 429 ThrottlingException"`)
	require.Equal(t, http.StatusTooManyRequests, v.client("message", hello))
	v.Wait(lastRow + `?.matches(".fault.error") && ` + lastRow + `.querySelector(".applied").textContent === "Fault 1: 429 ThrottlingException"`)
	v.Wait(`document.querySelector("#fault-list li").textContent.includes("applied 1 of 1")`)
	require.Equal(t, http.StatusOK, v.client("message", hello))
	v.press("lose")
	v.Wait(`document.querySelectorAll("#fault-list li").length === 2`)
	require.Equal(t, http.StatusOK, v.client("message", hello))
	v.Wait(lastRow + `?.textContent.includes("push lost")`)
	v.press("silent")
	v.Wait(`document.querySelectorAll("#fault-list li").length === 3`)
	v.contact.Agent.Say("nobody gets this")
	v.Wait(lastRow + `?.textContent.includes("silent from here on")`)
	v.Click("#fault-list li button")
	v.Wait(`document.querySelectorAll("#fault-list li").length === 2`)
	v.Click("#clear-faults")
	v.Wait(`document.querySelector("#fault-list .empty") && document.getElementById("clear-faults").disabled`)

	v.press("cut")
	require.NoError(t, v.contact.Customer.WaitSockets(t.Context(), 0))
	v.Wait(lastRow + `?.textContent.includes("close")`)
	v.press("expire")
	require.Eventually(t, func() bool { return v.client("message", hello) == http.StatusForbidden }, 10*time.Second, 20*time.Millisecond)
	v.bearer = v.ok(t, "POST "+v.chat+"/participants/customer/connection", nil)["ConnectionToken"].(string)
	require.Empty(t, v.Faults)
}

func TestPageInChromiumMovesTheClock(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	token := v.contact.Customer.Token
	require.Equal(t, http.StatusOK, v.post(t, "connection", token, `{"Type":["CONNECTION_CREDENTIALS"]}`))
	v.Wait(lastRow + `?.textContent.includes("CreateParticipantConnection")`)
	start := v.srv.Now()
	for i, button := range []string{`[data-advance="60"]`, `[data-advance="3600"]`, "#past-expiry"} {
		v.Click(button)
		want := []time.Duration{time.Minute, 61 * time.Minute, 24 * time.Hour}[i]
		require.Eventually(t, func() bool {
			moved := v.srv.Now().Sub(start)
			return moved >= want && moved < want+5*time.Minute
		}, 10*time.Second, 20*time.Millisecond, "%v", want)
	}
	require.Equal(t, http.StatusForbidden, v.client("message", hello))
	v.contact.Agent.Say("a day later")
	date := v.srv.Now().UTC().Format(time.DateOnly)
	v.Wait(`document.querySelectorAll("#rows .date").length === 1 && document.querySelector("#rows .date").textContent === "` + date + `"`)
	v.Wait(`[...document.querySelectorAll("#transcript .date")].map((e) => e.textContent).join() === "` + date + `"`)
	v.Click("#only-errors") // the only error came after the move
	v.Wait(`document.querySelectorAll("#rows .date").length === 0`)
	require.Empty(t, v.Faults)
}

func TestPageInChromiumFiltersManyChats(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.Wait(`!document.getElementById("by-chat").checkVisibility()`)
	for n := range 10 {
		v.srv.NewChat(func(o *participanttest.ChatOptions) { o.CustomerName = fmt.Sprint("Customer ", n) })
	}
	v.Wait(`document.getElementById("by-chat").checkVisibility()`)
	entries := `[...document.querySelectorAll("#live .names")].map((e) => e.firstChild.textContent).join()`
	v.Click("#by-chat")
	v.Write("customer 7")
	v.Wait(entries + ` === "Customer 7"`)
	v.srv.NewChat(func(o *participanttest.ChatOptions) { o.CustomerName = "Customer 77" })
	v.Wait(entries + ` === "Customer 77,Customer 7"`)
	v.Eval(`(() => { const e = document.getElementById("by-chat"); e.value = "`+v.id[:8]+`"; e.oninput(); return 1 })()`, new(int))
	v.Wait(entries + ` === "Ada"`)
	require.Empty(t, v.Faults)
}

func TestPageInChromiumShowsTheWire(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	require.Equal(t, http.StatusOK, v.client("message", hello))
	require.Equal(t, http.StatusForbidden, v.post(t, "transcript", "a-token-of-somebody", `{}`))
	v.Wait(lastRow + `?.querySelector(".open").textContent === "GetTranscript"`)
	rows := `[...document.querySelectorAll("#rows tr:not([hidden]) .open")].map((b) => b.textContent).join()`
	v.Wait(rows + `.includes("WebSocket,aws/subscribe,")`)
	v.Click("#only-errors")
	v.Wait(rows + ` === "GetTranscript"`)
	v.Click("#only-chat")
	v.Wait(rows + ` === "" && document.getElementById("no-rows").checkVisibility()`)
	v.Click("#only-errors")
	v.Click("#by-operation")
	v.Write("sendm")
	v.Wait(rows + ` === "SendMessage"`)

	v.Click("#rows tr:not([hidden]) .state")
	v.Wait(`document.getElementById("detail").checkVisibility() && document.querySelectorAll("#detail-body h4").length === 2`)
	var shown string
	v.Eval(`document.getElementById("detail").textContent`, &shown)
	require.Contains(t, shown, `"Content": "hello"`)
	require.Contains(t, shown, "POST /participant/message")
	require.Contains(t, shown, "X-Amz-Bearer: …"+v.bearer[len(v.bearer)-4:])
	require.NotContains(t, shown, v.bearer)
	v.Press("Escape")
	v.Wait(`!document.getElementById("detail").checkVisibility() && document.activeElement.matches(".open") && document.activeElement.textContent === "SendMessage"`)
	v.Click("#clear-wire")
	v.Wait(rows + ` === ""`)
	require.Empty(t, v.Faults)
}

func TestPageInChromiumTakesNoHarm(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	const hostile = `<img src=x onerror="document.title='harmed'"><script>document.title='harmed'</script>`
	const reordered = "invoice\u202egpj.exe"
	before := `document.querySelectorAll("img, script:not([src]), iframe, a").length`
	chat := v.ok(t, "POST chats", object{"CustomerName": hostile, "AgentName": reordered})["ContactId"].(string)
	v.Wait(`[...document.querySelectorAll("#live .names")].some((n) => n.textContent.startsWith("<img"))`)
	v.Click(`li[data-key="` + chat + `"] button`)
	agent := v.srv.Contact(chat).Agent
	agent.Join()
	for _, text := range []string{hostile, reordered, strings.Repeat("W", 16_384), "\u202e\u2066 never closed", "one\nline"} {
		agent.Say(text)
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		v.Wait(lastText + " === " + string(quoted))
	}
	agent.SendContent(hostile, hostile)
	agent.ShareFile(hostile+reordered, hostile, []byte("x"))
	v.Wait(`document.querySelector(".file b")?.textContent.endsWith("invoice⟨U+202E⟩gpj.exe")`)
	for i, content := range []string{
		`{"templateType":"ListPicker","data":{"content":{"title":"<img src=x>","elements":[{"title":"<img src=x>"},null,1,{"title":{}}]}}}`,
		`{"templateType":{},"data":{"content":{"elements":{"length":9}}}}`, `{"data":{"content":null}}`, `null`, `no JSON`, `{"data":{"content":[]}}`,
	} {
		agent.SayInteractive(content)
		v.Wait(fmt.Sprintf(`document.querySelectorAll("#transcript .message").length === %d`, 8+i))
	}
	v.srv.Contact(chat).Push(participanttest.Item{Type: "EVENT", ContentType: event + "typing", DisplayName: hostile})
	v.contact.PushFrame(hostile)
	v.Wait(lastRow + `?.textContent.includes("push")`)
	v.Click("#rows tr:last-child .open")
	v.Wait(`document.querySelector("#detail-body pre")?.textContent.startsWith("<img")`)
	v.post(t, "message?"+"x=%3Cimg%3E", hostile, `{"Content":"<img src=x onerror=alert(1)>"}`)
	v.Wait(before + ` === 0 && document.title === "Participant fake"`)
	for _, width := range []int{320, 800, 1440} {
		v.Show(width, 900, "dark")
		v.Wait(fmt.Sprintf(`innerWidth === %d && document.documentElement.scrollWidth <= innerWidth`, width))
	}
	require.Empty(t, v.Faults)

	v.Eval(`(() => { document.body.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'harmed'" })); return 1 })()`, new(int))
	v.Wait(`document.title === "Participant fake"`)
	require.Contains(t, strings.Join(v.Faults, ""), "Content Security Policy")
}

// focusOn presses Tab until something has the focus. Every element that gets it on the way must show it.
func (v *visit) focusOn(condition string) {
	v.t.Helper()
	for range 120 {
		var at struct {
			There, Shown bool
			Name         string
		}
		v.Eval(`(() => { const e = document.activeElement; const s = getComputedStyle(e);
			return { There: Boolean(`+condition+`), Shown: e === document.body || s.outlineStyle !== "none" && s.outlineWidth !== "0px", Name: e.outerHTML.slice(0, 80) } })()`, &at)
		require.True(v.t, at.Shown, "no focus is visible on %s", at.Name)
		if at.There {
			return
		}
		v.Press("Tab")
	}
	require.Fail(v.t, "Tab never comes to "+condition)
}

func TestPageInChromiumNeedsNoMouse(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.focusOn(`e.id === "new-chat"`)
	v.Press("Enter")
	v.Wait(`document.getElementById("live-count").textContent === "2" && document.getElementById("chat-title").textContent === "Customer"`)
	v.focusOn(`e.classList.contains("chat-entry") && e.textContent.includes("Ada")`)
	v.Press("Enter")
	v.Wait(`document.getElementById("chat-title").textContent === "Ada"`)
	v.focusOn(`e.id === "text"`)
	v.Write("By keyboard")
	v.Press("Enter")
	require.Equal(t, "By keyboard", v.receive("text/plain")["Content"])
	v.focusOn(`e.dataset.act === "picker"`)
	v.Press(" ")
	v.receive("application/vnd.amazonaws.connect.message.interactive")
	v.focusOn(`e.classList.contains("open")`)
	v.Press("ArrowDown")
	v.Press("ArrowDown")
	v.Press("ArrowUp")
	v.Press("Enter")
	v.Wait(`document.activeElement.id === "detail-title"`)
	v.Press("Escape")
	v.Wait(`document.activeElement.classList.contains("open")`)
	v.focusOn(`e.dataset.fault === "throttle"`)
	v.Press("Enter")
	v.Wait(`document.querySelector("#fault-list b")?.textContent.includes("ThrottlingException")`)
	v.focusOn(`e.closest("#fault-list")`)
	v.Press("Enter")
	v.Wait(`document.querySelector("#fault-list .empty")`)
	var unnamed []string
	v.Eval(`[...document.querySelectorAll("button, input, select, textarea")].filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map((e) => e.outerHTML)`, &unnamed)
	require.Empty(t, unnamed, "elements without a name")
	require.Empty(t, v.Faults)
}

// After a reload, or a reset of the fake, the page shows the current state.
func TestPageInChromiumSurvivesResets(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	other := v.ok(t, "POST chats", object{"CustomerName": "Edsger"})["ContactId"].(string)
	v.Wait(`document.getElementById("live-count").textContent === "2"`)
	v.Click(`li[data-key="` + other + `"] button`)
	v.Wait(`document.getElementById("chat-title").textContent === "Edsger"`)
	v.Call("Page.reload", nil, nil)
	v.Wait(`document.getElementById("chat-title")?.textContent === "Edsger" && document.querySelectorAll("#rows tr").length > 1`)
	v.srv.Reset()
	v.Wait(`document.getElementById("chat-title").textContent === "No chat"`)
	v.Click("#new-chat")
	v.Wait(`document.getElementById("chat-title").textContent === "Customer"`)

	v.srv.Close()
	v.Wait(`document.getElementById("status").textContent === "Disconnected"`)
	next := participanttest.Start(t, func(o *participanttest.Options) { o.Addr = strings.TrimPrefix(v.srv.URL, "http://") })
	next.Handle(control.Prefix, control.Handler(next))
	next.NewChat(func(o *participanttest.ChatOptions) { o.CustomerName = "Barbara" })
	v.Wait(`document.getElementById("status").textContent === "Live" && document.getElementById("chat-title").textContent === "Barbara"`)
	v.Wait(`document.querySelectorAll("#rows tr").length === 0`)
	require.Empty(t, v.Faults)
}

// The picture in docs is taken with -update.
func TestPageInChromiumFitsItsWindow(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.scene()
	for _, window := range []struct {
		width  int
		scheme string
		panels []string
	}{
		{320, "dark", []string{"chats", "chat", "wire", "faults"}}, {800, "light", []string{"chat", "wire", "faults"}}, {1440, "light", nil}, {1600, "dark", nil},
	} {
		v.Show(window.width, 900, window.scheme)
		v.Wait(fmt.Sprintf(`innerWidth === %d && document.documentElement.scrollWidth <= innerWidth`, window.width))
		for _, panel := range window.panels {
			v.Click(`[data-show="` + panel + `"]`)
			v.Wait(fmt.Sprintf(`document.querySelector(".panel.%s").checkVisibility() && [document.documentElement, ...document.querySelectorAll(".scroll")].every((e) => e.scrollWidth <= e.clientWidth)`, panel))
		}
		if window.width == 1440 && *update {
			v.Wait(`document.getElementById("transcript").scrollTop > 0`)
			require.NoError(t, os.WriteFile("../../docs/fake.png", v.Screenshot(), 0o644))
		}
	}
	picture, err := os.Stat("../../docs/fake.png")
	require.NoError(t, err)
	require.Less(t, picture.Size(), int64(250_000))
	require.Empty(t, v.Faults)
}

// scene is a chat in which a fault is applied.
func (v *visit) scene() {
	v.t.Helper()
	for _, name := range []string{"Edsger", "Barbara", "Alan"} {
		other := v.ok(v.t, "POST chats", object{"CustomerName": name, "AgentName": "Grace"})["ContactId"].(string)
		if name != "Alan" {
			v.ok(v.t, "POST chats/"+other+"/end", nil)
		}
	}
	v.contact.Agent.Join()
	greeting := v.contact.Agent.Say("Hi Ada! How can I help you today?")
	require.Equal(v.t, http.StatusOK, v.client("event", `{"ContentType":"`+event+`message.read","Content":"{\"messageId\":\"`+greeting+`\"}"}`))
	require.Equal(v.t, http.StatusOK, v.client("message", `{"ContentType":"text/plain","Content":"My parcel hasn't arrived."}`))
	v.Wait(lastText + ` === "My parcel hasn't arrived."`)
	v.press("read")
	v.press("picker")
	v.Wait(`document.querySelectorAll(".choices button").length === 3`)
	v.Click(".choices button")
	v.Wait(lastText + ` === "Track an order"`)
	v.contact.Agent.ShareFile("tracking.pdf", "application/pdf", []byte("%PDF-1.7"))
	v.press("throttle")
	v.Wait(`document.querySelector("#fault-list b")?.textContent.includes("ThrottlingException")`)
	const thanks = `{"ContentType":"text/plain","Content":"Thanks, I see it now."}`
	require.Equal(v.t, http.StatusTooManyRequests, v.client("message", thanks))
	require.Equal(v.t, http.StatusOK, v.client("message", thanks))
	v.ok(v.t, "POST faults", object{"On": "GetTranscript", "ContactId": v.id, "Effect": object{"Name": "Delay", "DelayInSeconds": 0.1}, "Times": 2})
	require.Equal(v.t, http.StatusOK, v.client("transcript", `{}`))
	v.press("type")
	v.Wait(`document.getElementById("typing").textContent.includes("typing") && document.querySelectorAll(".message").length === 6`)
}
