// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fetch gets the page, or a file of it.
func (a api) fetch(t *testing.T, path string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.srv.URL+path, http.NoBody)
	require.NoError(t, err)
	req.Header = header.Clone()
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := a.srv.Client().Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp, string(body)
}

func TestThePageIsServed(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	want := map[string]string{"/": "text/html; charset=utf-8"}
	types := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	files, err := filepath.Glob("page/*")
	require.NoError(t, err)
	for _, file := range files {
		want["/_control/"+file] = types[filepath.Ext(file)]
	}
	require.Greater(t, len(want), 5)
	for path, contentType := range want {
		resp, _ := a.fetch(t, path, nil)
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		require.Equal(t, contentType, resp.Header.Get("Content-Type"), path)
		policy := resp.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'self';", path)
		require.Contains(t, policy, "frame-ancestors 'none'", path)
		require.NotContains(t, policy, "unsafe", path)
		require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"), path)
	}
	for path, status := range map[string]int{
		"/_control/page/": http.StatusNotFound, "/_control/page/nothing.js": http.StatusNotFound, "/_control/page/..%2fpage.go": http.StatusNotFound, "/page": http.StatusNotFound,
	} {
		resp, _ := a.fetch(t, path, nil)
		require.Equal(t, status, resp.StatusCode, path)
	}
}

func TestThePageIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, header := range []http.Header{
		{"Host": {"evil.example"}}, {"Origin": {"http://evil.example"}}, {"Sec-Fetch-Site": {"cross-site"}},
	} {
		for _, path := range []string{"/", "/_control/page/app.js"} {
			resp, body := a.fetch(t, path, header)
			require.Equal(t, http.StatusForbidden, resp.StatusCode, "%s %v", path, header)
			require.NotContains(t, body, "Participant fake")
		}
	}
}

// Content of chats must stay text: the page contains nothing that turns a string into HTML or code.
func TestThePageMakesNoHTMLOfStrings(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("page/*.*")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotRegexp(t, `(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|parseFromString|setHTML|eval\(|new Function|srcdoc`, string(text), file)
		require.NotRegexp(t, `(?i)<script>|\sstyle=|\son[a-z]+="|<style`, string(text), file)
		require.NotRegexp(t, `(src|href|from|url\()\s*=?\s*["'(]?(https?:)?//`, string(text), file)
	}
}

func TestThePageHasEveryElementThatItsScriptsName(t *testing.T) {
	t.Parallel()
	html, err := os.ReadFile("page/index.html")
	require.NoError(t, err)
	scripts, err := filepath.Glob("page/*.js")
	require.NoError(t, err)
	named := 0
	for _, file := range scripts {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, id := range regexp.MustCompile(`\$\("([\w-]+)"\)`).FindAllStringSubmatch(string(text), -1) {
			require.Equal(t, 1, strings.Count(string(html), ` id="`+id[1]+`"`), "%s: %s", file, id[1])
			named++
		}
	}
	require.Greater(t, named, 50)
}
