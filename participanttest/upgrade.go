// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bufio"
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant/internal/fips"
)

// urlLife is how long a WebSocket URL can be dialed, any number of times
// (API_connect-participant_CreateParticipantConnection).
const urlLife = 100 * time.Second

// ticket is what the token in a WebSocket URL gives access to.
type ticket struct {
	participant      *Participant
	expiry           time.Time
	connectionExpiry time.Time
}

// newTicket also removes the participant's expired tickets.
func (p *Participant) newTicket(connectionExpiry time.Time) string {
	s := p.contact.srv
	for len(p.tickets) > 0 && !s.now().Before(s.tickets[p.tickets[0]].expiry) {
		delete(s.tickets, p.tickets[0])
		p.rememberFormer(p.tickets[0])
		p.tickets = p.tickets[1:]
	}
	token := newToken("socket-token.")
	s.tickets[token] = ticket{p, s.now().Add(urlLife), connectionExpiry}
	p.tickets = append(p.tickets, token)
	return token
}

// serveSocket upgrades a request to a WebSocket.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("AuthToken")
	effect := s.faultOnUpgrade(exchangeOf(w), token)
	exchangeOf(w).open()
	if s.interfere(w, r, effect) {
		return
	}
	t, status := s.beginUpgrade(token)
	if status != 0 {
		refuseUpgrade(w, status)
		return
	}
	defer s.sockets.Done()
	ctx, cut := context.WithCancel(context.Background())
	k := &socket{
		srv: s, participant: t.participant, expiry: t.connectionExpiry, cut: cut, wake: make(chan struct{}, 1),
		id: base64.URLEncoding.EncodeToString(randomBytes(11)),
	}
	u := &upgrader{ResponseWriter: w, socket: k}
	// Deflate is declined: none of the clients needs it, and each compressor is 1 MB.
	conn, err := fips.Accept(u, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // ChatJS redials without a pause if the server checks Origin
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		cut()
		s.abortUpgrade(k)
		return
	}
	k.transport.apply(effect)
	k.run(ctx, conn)
}

// beginUpgrade finds the ticket of a URL. If status is 0, the caller must call s.sockets.Done.
func (s *Server) beginUpgrade(token string) (t ticket, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tickets[token]
	owner := s.ownerOf(token)
	switch {
	case !ok || !s.now().Before(t.expiry):
		status = http.StatusForbidden
	case s.opts.RefuseSixthSocket && len(t.participant.sockets)+t.participant.upgrading >= maxSockets:
		status = http.StatusForbidden
	case s.closed || len(s.open)+s.upgrading >= s.opts.MaxSockets:
		status = http.StatusServiceUnavailable
	default:
		if s.opts.SingleUseURLs {
			t.expiry = s.now()
			s.tickets[token] = t
		}
		s.sockets.Add(1)
		s.upgrading++
		t.participant.upgrading++
		return t, 0
	}
	s.log(newRequest("WebSocket", owner, status), owner)
	return ticket{}, status
}

// abortUpgrade ends an upgrade that has failed.
func (s *Server) abortUpgrade(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.number == 0 {
		k.endUpgrade()
		s.log(newRequest("WebSocket", k.participant, http.StatusBadRequest), k.participant)
	}
	delete(s.open, k)
	k.detach()
}

// endUpgrade counts the upgrade as done.
func (k *socket) endUpgrade() {
	k.srv.upgrading--
	k.participant.upgrading--
}

func (s *Server) faultOnUpgrade(x *exchange, token string) Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.tickets[token].participant
	h := p.target(OnUpgrade)
	if p != nil {
		h.socket = p.dialed + 1
	}
	return s.faultOnRequest(x, h, s.ownerOf(token), "WebSocket")
}

// refuseUpgrade responds as API Gateway does.
func refuseUpgrade(w http.ResponseWriter, status int) {
	if status == http.StatusForbidden {
		setHeader(w, "x-amzn-ErrorType", "ForbiddenException")
	}
	writeJSON(w, status, map[string]string{"message": http.StatusText(status)})
}

// upgrader hands out the connection of a request.
type upgrader struct {
	http.ResponseWriter

	socket *socket
}

// Hijack is called when the handshake is valid. The participant joins here, before the client learns
// that the socket is open.
func (u *upgrader) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	u.socket.srv.register(u.socket)
	conn, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	u.socket.transport = newFaultyConn(conn, &u.socket.reset)
	return u.socket.transport, bufio.NewReadWriter(rw.Reader, bufio.NewWriter(u.socket.transport)), nil
}

// register adds the socket to its participant. The sixth one replaces the oldest.
func (s *Server) register(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := k.participant
	k.endUpgrade()
	p.dialed++
	k.number = p.dialed
	s.log(newRequest("WebSocket", p, http.StatusSwitchingProtocols), p)
	if s.closed || p.left || p.contact.ended && !s.opts.TokensOutliveTheEnd { // during the upgrade
		k.cut()
		return
	}
	s.open[k] = struct{}{}
	if len(p.sockets) == maxSockets {
		p.sockets[0].close(websocket.StatusGoingAway, "Too many connections")
	}
	p.sockets = append(p.sockets, k)
	k.limit()
	p.joinBySocket()
}
