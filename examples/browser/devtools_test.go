// SPDX-License-Identifier: Apache-2.0

//go:build chromium

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
)

// chromium is one page of a headless Chromium, driven over the DevTools protocol: see
// https://chromedevtools.github.io/devtools-protocol/.
type chromium struct {
	t       *testing.T
	conn    *websocket.Conn
	session string // of the page; empty before it is open
	calls   int
	faults  []string // exceptions of the page, and requests that were refused
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

// params are the parameters of a command.
type params map[string]any

// startChromium fails the test if Chromium isn't installed.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "install Chromium: apt-get install chromium")
	// t.Context would kill Chromium before it is closed; this context kills it if it hangs.
	ctx, kill := context.WithTimeout(context.Background(), 2*time.Minute)
	profile := t.TempDir()
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--lang=en-US", "--remote-debugging-port=0", "--user-data-dir="+profile, "about:blank")
	require.NoError(t, cmd.Start())
	c := &chromium{t: t}
	t.Cleanup(func() {
		defer kill()
		if c.conn == nil {
			kill()
		} else {
			c.close()
		}
		_ = cmd.Wait()
	})
	c.conn = dialDevTools(t, filepath.Join(profile, "DevToolsActivePort"))
	c.openPage()
	return c
}

// dialDevTools waits until Chromium has written its port and path to a file.
func dialDevTools(t *testing.T, file string) *websocket.Conn {
	t.Helper()
	var where []string
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(file)
		where = strings.Fields(string(text))
		return err == nil && len(where) == 2
	}, patience, 20*time.Millisecond, "Chromium doesn't start")
	conn, _, err := fips.Dial(t.Context(), "ws://127.0.0.1:"+where[0]+where[1], nil)
	require.NoError(t, err)
	conn.SetReadLimit(64 << 20) // enough for a screenshot
	return conn
}

// close closes Chromium and waits for the end of the connection, by which time it has written its
// files, which are about to be removed.
func (c *chromium) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := wsjson.Write(ctx, c.conn, command{ID: -1, Method: "Browser.close"})
	for err == nil {
		_, _, err = c.conn.Read(ctx)
	}
	_ = c.conn.CloseNow()
}

func (c *chromium) openPage() {
	c.t.Helper()
	var target struct{ TargetID string }
	c.call("Target.createTarget", params{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call("Target.attachToTarget", params{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "DOM"} {
		c.call(domain+".enable", nil, nil)
	}
}

// call sends a command and waits for its response.
func (c *chromium) call(method string, p params, result any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	c.calls++
	require.NoError(c.t, wsjson.Write(ctx, c.conn, command{ID: c.calls, Session: c.session, Method: method, Params: p}))
	for {
		var r reply
		require.NoError(c.t, wsjson.Read(ctx, c.conn, &r), method)
		c.note(r)
		if r.ID != c.calls {
			continue
		}
		require.Nil(c.t, r.Error, method)
		if result != nil {
			require.NoError(c.t, json.Unmarshal(r.Result, result), method)
		}
		return
	}
}

// note records errors of the page.
func (c *chromium) note(event reply) {
	switch event.Method {
	case "Runtime.exceptionThrown":
		c.faults = append(c.faults, string(event.Params))
	case "Log.entryAdded":
		var log struct {
			Entry struct{ Level, Source, Text string }
		}
		require.NoError(c.t, json.Unmarshal(event.Params, &log))
		if log.Entry.Level == "error" && log.Entry.Source != "network" {
			c.faults = append(c.faults, log.Entry.Source+": "+log.Entry.Text)
		}
	}
}

// eval returns the value of an expression in the page.
func (c *chromium) eval(expression string, value any) {
	c.t.Helper()
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	c.call("Runtime.evaluate", params{"expression": expression, "returnByValue": true, "awaitPromise": true}, &out)
	require.Empty(c.t, string(out.ExceptionDetails), expression)
	require.NoError(c.t, json.Unmarshal(out.Result.Value, value), expression)
}

// wait waits until a condition is true in the page.
func (c *chromium) wait(condition string) {
	c.t.Helper()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		var holds bool
		c.eval("Boolean("+condition+")", &holds)
		if holds {
			return
		}
		var shown string
		if time.Now().After(deadline) {
			c.eval("document.body.innerText", &shown)
			require.FailNow(c.t, "this doesn't come: "+condition, "%s\n%s", shown, c.faults)
		}
	}
}

// click clicks the middle of an element.
func (c *chromium) click(selector string) {
	c.t.Helper()
	var at struct{ X, Y float64 }
	c.eval(fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return { X: r.x + r.width / 2, Y: r.y + r.height / 2 } })()`, selector), &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		c.call("Input.dispatchMouseEvent", params{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// write types text into the focused element.
func (c *chromium) write(text string) {
	c.t.Helper()
	c.call("Input.insertText", params{"text": text}, nil)
}

func (c *chromium) pressEnter() {
	c.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		c.call("Input.dispatchKeyEvent", params{"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}, nil)
	}
}

// choose selects a file, as the dialog of a file input does.
func (c *chromium) choose(selector, file string) {
	c.t.Helper()
	var document struct{ Root struct{ NodeID int } }
	c.call("DOM.getDocument", nil, &document)
	var input struct{ NodeID int }
	c.call("DOM.querySelector", params{"nodeId": document.Root.NodeID, "selector": selector}, &input)
	c.call("DOM.setFileInputFiles", params{"nodeId": input.NodeID, "files": []string{file}}, nil)
}

// show sets the size of the window and its color scheme.
func (c *chromium) show(width, height int, scheme string) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", params{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	c.call("Emulation.setEmulatedMedia", params{"features": []params{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// screenshot returns a PNG of the window.
func (c *chromium) screenshot() []byte {
	c.t.Helper()
	var shot struct{ Data []byte }
	c.call("Page.captureScreenshot", params{"format": "png"}, &shot)
	return shot.Data
}
