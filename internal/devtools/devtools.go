// SPDX-License-Identifier: Apache-2.0

// Package devtools drives a page of a headless Chromium in tests, by the DevTools protocol: see
// https://chromedevtools.github.io/devtools-protocol/.
package devtools

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/participant-go/connectparticipant/internal/fips"
)

// patience is the limit of each method.
const patience = 20 * time.Second

// TB is the part of testing.TB that a Page needs.
type TB interface {
	Helper()
	Cleanup(func())
	Context() context.Context
	Fatalf(format string, args ...any)
}

// Page is one page of a Chromium. Every method fails the test if it doesn't succeed within 20
// seconds. A Page must be used by one goroutine only.
type Page struct {
	// Faults are the exceptions, the errors on the console, and the requests that were refused.
	Faults []string

	tb      TB
	conn    *websocket.Conn
	session string // of the page; empty before it is open
	calls   int
}

// command is a message to Chromium, and reply is a message from it: a response or an event.
type command struct {
	ID      int    `json:"id"`
	Session string `json:"sessionId,omitempty"`
	Method  string `json:"method"`
	Params  any    `json:"params,omitempty"`
}

type reply struct {
	ID     int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
}

// Params are the parameters of a command.
type Params map[string]any

// Start starts a Chromium that ends with the test.
func Start(tb TB) *Page {
	tb.Helper()
	p := &Page{tb: tb}
	path, err := exec.LookPath("chromium")
	p.must(err, "install Chromium: apt-get install chromium")
	// The context of the test would kill Chromium before it is closed; this one kills it if it hangs.
	ctx, kill := context.WithTimeout(context.Background(), 3*time.Minute)
	profile := Profile(tb)
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--lang=en-US", "--remote-debugging-port=0", "--user-data-dir="+profile, "about:blank")
	p.must(cmd.Start(), "start Chromium")
	tb.Cleanup(func() {
		defer kill()
		if p.conn == nil {
			kill()
		} else {
			p.close()
		}
		_ = cmd.Wait()
	})
	p.dial(filepath.Join(profile, "DevToolsActivePort"))
	p.open()
	return p
}

// Profile makes a directory for the profile of a Chromium and removes it after the test. The
// processes of a Chromium that was killed may write to it for another moment.
func Profile(tb TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "chromium")
	if err != nil {
		tb.Fatalf("make a profile: %v", err)
	}
	tb.Cleanup(func() {
		for deadline := time.Now().Add(10 * time.Second); os.RemoveAll(dir) != nil && time.Now().Before(deadline); {
			<-time.After(50 * time.Millisecond)
		}
	})
	return dir
}

func (p *Page) must(err error, what string) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatalf("%s: %v", what, err)
	}
}

// dial waits until Chromium has written its port and path to a file.
func (p *Page) dial(file string) {
	p.tb.Helper()
	var where []string
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); len(where) != 2; <-tick.C {
		text, _ := os.ReadFile(file)
		where = strings.Fields(string(text))
		if time.Now().After(deadline) {
			p.tb.Fatalf("Chromium doesn't start")
		}
	}
	conn, _, err := fips.Dial(p.tb.Context(), "ws://127.0.0.1:"+where[0]+where[1], nil)
	p.must(err, "dial Chromium")
	conn.SetReadLimit(64 << 20) // enough for a screenshot
	p.conn = conn
}

// close closes Chromium and waits for the end of the connection, by which time it has written its
// files, which are about to be removed.
func (p *Page) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := wsjson.Write(ctx, p.conn, command{ID: -1, Method: "Browser.close"})
	for err == nil {
		_, _, err = p.conn.Read(ctx)
	}
	_ = p.conn.CloseNow()
}

func (p *Page) open() {
	p.tb.Helper()
	var target struct{ TargetID string }
	p.Call("Target.createTarget", Params{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	p.Call("Target.attachToTarget", Params{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "DOM"} {
		p.Call(domain+".enable", nil, nil)
	}
}

// Call sends a command and waits for its result, unless that is nil.
func (p *Page) Call(method string, params Params, result any) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.tb.Context(), patience)
	defer cancel()
	p.calls++
	p.must(wsjson.Write(ctx, p.conn, command{ID: p.calls, Session: p.session, Method: method, Params: params}), method)
	for {
		var r reply
		p.must(wsjson.Read(ctx, p.conn, &r), method)
		p.note(r)
		if r.ID != p.calls {
			continue
		}
		if r.Error != nil {
			p.tb.Fatalf("%s: %s", method, r.Error.Message)
		}
		if result != nil {
			p.must(json.Unmarshal(r.Result, result), method)
		}
		return
	}
}

// note records errors of the page.
func (p *Page) note(event reply) {
	switch event.Method {
	case "Runtime.exceptionThrown":
		p.Faults = append(p.Faults, string(event.Params))
	case "Runtime.consoleAPICalled":
		var called struct{ Type string }
		_ = json.Unmarshal(event.Params, &called)
		if called.Type == "error" {
			p.Faults = append(p.Faults, string(event.Params))
		}
	case "Log.entryAdded":
		var log struct {
			Entry struct{ Level, Source, Text string }
		}
		_ = json.Unmarshal(event.Params, &log)
		if log.Entry.Level == "error" && log.Entry.Source != "network" {
			p.Faults = append(p.Faults, log.Entry.Source+": "+log.Entry.Text)
		}
	}
}

// Eval reads the value of an expression in the page.
func (p *Page) Eval(expression string, value any) {
	p.tb.Helper()
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	p.Call("Runtime.evaluate", Params{"expression": expression, "returnByValue": true, "awaitPromise": true}, &out)
	if out.ExceptionDetails != nil {
		p.tb.Fatalf("%s: %s", expression, out.ExceptionDetails)
	}
	p.must(json.Unmarshal(out.Result.Value, value), expression)
}

// Wait waits until a condition is true in the page.
func (p *Page) Wait(condition string) {
	p.tb.Helper()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		var holds bool
		p.Eval("Boolean("+condition+")", &holds)
		if holds {
			return
		}
		var shown string
		if time.Now().After(deadline) {
			p.Eval("document.body.innerText", &shown)
			p.tb.Fatalf("the page never had %s\n%s\n%s", condition, shown, p.Faults)
		}
	}
}

// Click clicks the middle of an element.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	var at struct{ X, Y float64 }
	p.Eval(fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return { X: r.x + r.width / 2, Y: r.y + r.height / 2 } })()`, selector), &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.Call("Input.dispatchMouseEvent", Params{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// Write types text into the focused element.
func (p *Page) Write(text string) {
	p.tb.Helper()
	p.Call("Input.insertText", Params{"text": text}, nil)
}

// keys are the codes of the keys that have no text of their own.
var keys = map[string]int{"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowUp": 38, "ArrowDown": 40}

// Press presses a key: Tab, Enter, Escape, ArrowUp, ArrowDown or a space.
func (p *Page) Press(key string) {
	p.tb.Helper()
	text := map[string]string{"Enter": "\r", " ": " "}[key]
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := Params{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": keys[key]}
		if kind == "keyDown" && text != "" {
			params["text"] = text
		}
		p.Call("Input.dispatchKeyEvent", params, nil)
	}
}

// Choose selects a file, as the dialog of a file input does.
func (p *Page) Choose(selector, file string) {
	p.tb.Helper()
	var document struct{ Root struct{ NodeID int } }
	p.Call("DOM.getDocument", nil, &document)
	var input struct{ NodeID int }
	p.Call("DOM.querySelector", Params{"nodeId": document.Root.NodeID, "selector": selector}, &input)
	p.Call("DOM.setFileInputFiles", Params{"nodeId": input.NodeID, "files": []string{file}}, nil)
}

// Show sets the size of the window and its color scheme, light or dark.
func (p *Page) Show(width, height int, scheme string) {
	p.tb.Helper()
	p.Call("Emulation.setDeviceMetricsOverride", Params{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	p.Call("Emulation.setEmulatedMedia", Params{"features": []Params{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Screenshot returns a PNG of the window.
func (p *Page) Screenshot() []byte {
	p.tb.Helper()
	var shot struct{ Data []byte }
	p.Call("Page.captureScreenshot", Params{"format": "png"}, &shot)
	return shot.Data
}
