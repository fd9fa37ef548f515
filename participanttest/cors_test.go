// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

const page = "https://shop.example"

func fromPage(req *http.Request) *http.Request {
	req.Header.Set("Origin", page)
	return req
}

func readable(t *testing.T, a response) {
	t.Helper()
	require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "x-amzn-errortype, x-amzn-requestid, etag", a.header.Get("Access-Control-Expose-Headers"))
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	for _, path := range []string{"/participant/message", "/participant/views/x", "/storage/a/b?X-Amz-Signature=c", "/any"} {
		req := fromPage(request(t, http.MethodOptions, srv.URL+path, "", ""))
		names := "amz-sdk-invocation-id,authorization,content-type,x-amz-bearer,x-amz-user-agent"
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", names)
		a := do(t, srv.Client(), req)
		require.Equal(t, http.StatusNoContent, a.status)
		require.Equal(t, "GET, POST, PUT", a.header.Get("Access-Control-Allow-Methods"))
		require.Equal(t, names, a.header.Get("Access-Control-Allow-Headers"))
		readable(t, a)
	}
	require.Empty(t, srv.Requests(), "a preflight isn't counted as a request")
	require.Equal(t, http.StatusNotFound, do(t, srv.Client(), request(t, http.MethodOptions, srv.URL+"/any", "", "")).status)
}

func TestPagesMayReadAllResponses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	readable(t, do(t, b.srv.Client(), fromPage(request(t, http.MethodPost, b.srv.URL+"/participant/transcript", b.agent, "{}"))))
	a := do(t, b.srv.Client(), fromPage(request(t, http.MethodPost, b.srv.URL+"/participant/message", "", "{}")))
	readable(t, a)
	denied(t, a)
	u := start(t, b)
	readable(t, do(t, b.srv.Client(), fromPage(u.put(t))))
	bad := fromPage(u.put(t))
	bad.URL.RawQuery = strings.Replace(bad.URL.RawQuery, "X-Amz-Signature=", "X-Amz-Signature=0", 1)
	readable(t, do(t, b.srv.Client(), bad))
	plain := do(t, b.srv.Client(), request(t, http.MethodPost, b.srv.URL+"/participant/transcript", b.agent, "{}"))
	require.NotContains(t, plain.header, "Access-Control-Allow-Origin")
}
