// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestHandleServesAdditionalPaths(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	srv.Handle("GET /extra/{name}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.PathValue("name"))
	}))
	req := request(t, http.MethodGet, srv.URL+"/extra/one", "", "")
	req.Header.Set("Origin", "https://example.com")
	resp, err := srv.Client().Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "one", string(text))
	require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, srv.Requests())

	denied(t, post(t, srv, "/participant/message", "", ""))
	require.Equal(t, http.StatusNotFound, post(t, srv, "/extra/one", "", "").status, "a method without a pattern")
	require.Equal(t, http.StatusNotFound, post(t, srv, "/extra", "", "").status)
}
