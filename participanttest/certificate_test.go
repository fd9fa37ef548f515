// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	both(t, func(w world) {
		t := w.t
		require.Contains(t, w.srv.URL, "https://127.0.0.1:")
		contact := w.srv.NewChat()
		require.Contains(t, socketURL(t, w.srv, contact.Customer), strings.Replace(w.srv.URL, "https", "wss", 1)+"/")
		st := newStage(t, w.srv)
		ok(t, w.srv, "/participant/message", st.customerBearer, hello)
		require.Equal(t, "hello", st.both(t)["Content"])
		b := bench{w.srv, st.contact, st.customerBearer, st.agentBearer}
		u := start(t, b)
		require.Contains(t, u.url, w.srv.URL+"/")
		u.send(t)
		require.Equal(t, http.StatusOK, u.complete(t, b.customer).status)
		st.both(t)

		st.contact.Customer.CutSockets()
		_, _, err := st.customer.Read(t.Context())
		require.ErrorIs(t, err, syscall.ECONNRESET, "without the close_notify of TLS")
		require.NoError(t, st.contact.Customer.WaitSockets(t.Context(), 0))
		st.contact.Agent.CloseSockets(1001, "away")
		_, _, err = st.agent.Read(t.Context())
		require.ErrorContains(t, err, "away")
	}, withTLS)
}

func authority(t *testing.T, srv *participanttest.Server) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(srv.AuthorityPEM()))
	return roots
}

func TestCertificateIsValidForEveryNameOfTheServer(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, withTLS, func(o *participanttest.Options) {
		o.PublicURL, o.TLSHosts = "https://fake.example:8443", []string{"fake", "192.0.2.1"}
	})
	address := strings.TrimPrefix(srv.URL, "https://")
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "fake.example", "fake", "192.0.2.1"} {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: authority(t, srv), ServerName: name, NextProtos: []string{"h2", "http/1.1"}})
		require.NoError(t, err, name)
		require.Equal(t, "http/1.1", conn.ConnectionState().NegotiatedProtocol, "WebSockets need it")
		_ = conn.Close()
	}
	_, err := tls.Dial("tcp", address, &tls.Config{RootCAs: authority(t, srv), ServerName: "other.example"})
	require.ErrorContains(t, err, "other.example")
	_, err = tls.Dial("tcp", address, &tls.Config{RootCAs: authority(t, participanttest.Start(t, withTLS)), ServerName: "localhost"})
	require.ErrorContains(t, err, "unknown authority")

	block, rest := pem.Decode(srv.AuthorityPEM())
	require.Empty(t, rest, "no key")
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	require.True(t, certificate.IsCA)
	require.Less(t, certificate.NotAfter.Sub(certificate.NotBefore), 398*24*time.Hour)
}

func TestWithoutTLSThereIsNoAuthority(t *testing.T) {
	t.Parallel()
	require.Nil(t, participanttest.Start(t).AuthorityPEM())
}

func TestClientWithoutTLSIsTold(t *testing.T) {
	t.Parallel()
	both(t, func(w world) {
		a := do(w.t, w.srv.Client(), request(w.t, http.MethodGet, "http"+strings.TrimPrefix(w.srv.URL, "https"), "", ""))
		require.Equal(w.t, http.StatusBadRequest, a.status)
		require.Contains(w.t, string(a.body), "HTTPS server")
	}, withTLS)
}

func TestClientWithoutAHandshakeIsCutOff(t *testing.T) {
	t.Parallel()
	bubble(t, func(w world) {
		conn, begun := dialServer(w.t, w.srv), time.Now()
		_, err := io.Copy(io.Discard, conn)
		require.NoError(w.t, err)
		require.LessOrEqual(w.t, time.Since(begun), 3*time.Minute)
	}, withTLS)
}

func TestCertificateIsValidForTheAddressInAddr(t *testing.T) {
	t.Parallel()
	srv, err := participanttest.New(withTLS, func(o *participanttest.Options) { o.Addr = "127.0.0.2:0" })
	if err != nil {
		require.ErrorContains(t, err, "assign", "a machine with one loopback address")
		return
	}
	defer srv.Close()
	token(t, srv, srv.NewChat().Customer)
}
