// SPDX-License-Identifier: Apache-2.0

package control

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
)

// Page is the pattern under which Handler serves a page that shows the chats and the wire, and has
// buttons for the API. Mount Handler with Server.Handle under Page as well as under Prefix.
const Page = "GET /{$}"

const pagePath = Prefix + "page/"

// policy allows the page to load only its own files and to call only this server.
const policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed page
var pageFiles embed.FS

// contentTypes don't depend on the registry of Windows, where JavaScript may be text.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// servePage serves the page, and the files that it loads under pagePath.
func servePage(mux *http.ServeMux) {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the name is a constant
	}
	serve := func(w http.ResponseWriter, name string) {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			writeError(w, notFound("file of the page"))
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Content-Type", contentTypes[path.Ext(name)])
		_, _ = w.Write(content) // the client may have disconnected
	}
	mux.HandleFunc(Page, func(w http.ResponseWriter, _ *http.Request) { serve(w, "index.html") })
	mux.HandleFunc("GET "+pagePath+"{file}", func(w http.ResponseWriter, r *http.Request) { serve(w, r.PathValue("file")) })
}
