// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

const (
	cookieName  = "visitor"
	maxVisitors = 1000
	// startWait is how long a visitor waits for the chat to start.
	startWait = 30 * time.Second
	// awayAfter is how long a visitor may have no page open before they leave the chat.
	awayAfter = 10 * time.Minute
)

var (
	errTaken = errors.New("the chat is open in another browser")
	errFull  = errors.New("too many visitors")
)

//go:embed web
var web embed.FS

// service is the service that has the chats.
type service struct {
	client     connectparticipant.API
	options    func(*chat.Options)     // of each session; may be nil
	newContact func() (contact, error) // starts a chat for a visitor
	close      func()
}

// contact is a chat that a visitor joins.
type contact struct {
	token         string // the customer's participant token
	participantID string // the customer's participant ID, or empty if unknown
	release       func() // called when the visitor has left
}

// site serves the page, and a chat for each visitor.
type site struct {
	service service
	log     *slog.Logger
	hosts   []string // accepted in addition to localhost and IP addresses
	away    time.Duration
	wg      sync.WaitGroup
	life    context.Context // of the visitors' sessions
	cancel  context.CancelFunc

	mu       sync.Mutex
	visitors map[string]*visitor // by the value of their cookie
	starting int                 // number of visitors about to be added
}

func newSite(s service, log *slog.Logger) *site {
	life, cancel := context.WithCancel(context.Background())
	return &site{service: s, log: log, away: awayAfter, life: life, cancel: cancel, visitors: map[string]*visitor{}}
}

// close closes all sessions; the chats continue. No request may be served after that.
func (s *site) close() {
	s.cancel()
	s.wg.Wait()
}

func (s *site) handler() http.Handler {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the name is a constant
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("POST /join", s.join)
	mux.HandleFunc("GET /events", s.visit(s.events))
	mux.HandleFunc("POST /messages", s.visit(s.sendMessage))
	mux.HandleFunc("POST /files", s.visit(s.sendFile))
	mux.HandleFunc("POST /typing", s.visit(s.typing))
	mux.HandleFunc("POST /read", s.visit(s.read))
	mux.HandleFunc("POST /leave", s.visit(s.leave))
	mux.HandleFunc("GET /attachments/{id}", s.visit(s.attachment))
	return guarded(s.onlyServed(http.NewCrossOriginProtection().Handler(mux)))
}

// onlyServed refuses requests for other hosts. For the browser, a page of another site whose name
// points to this server (DNS rebinding) has the same origin.
func (s *site) onlyServed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isServed(r.Host, s.hosts) {
			http.Error(w, "Unknown host.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isServed reports whether a Host header is an IP address, which DNS can't point elsewhere,
// localhost, or one of names.
func isServed(host string, names []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || strings.EqualFold(host, "localhost") {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(host, name) })
}

// guarded prevents the page from loading anything from elsewhere, running other scripts than its
// own, and being framed.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// visit serves requests of visitors who have joined.
func (s *site) visit(next func(http.ResponseWriter, *http.Request, *visitor)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := s.visitor(r)
		if v == nil {
			http.Error(w, "Join the chat first.", http.StatusUnauthorized)
			return
		}
		next(w, r, v)
	}
}

// visitor returns the visitor of a request, or nil.
func (s *site) visitor(r *http.Request) *visitor {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visitors[cookie.Value]
}

// join gives the browser a cookie and a chat, unless it has them. With ?again it gets a new chat if
// the old one is over.
//
// It is a separate request because browsers don't send a SameSite=Strict cookie when a link on another
// site leads here: loading the page must not start a chat.
func (s *site) join(w http.ResponseWriter, r *http.Request) {
	if v := s.visitor(r); v != nil {
		if !r.URL.Query().Has("again") || v.session.Err() == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		v.dismiss()
	}
	ctx, cancel := context.WithTimeout(r.Context(), startWait)
	defer cancel()
	id, err := s.admit(ctx)
	if err != nil {
		s.fail(w, "join", err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	w.WriteHeader(http.StatusNoContent)
}

// admit starts a chat for a new visitor.
func (s *site) admit(ctx context.Context) (id string, err error) {
	if err := s.reserve(); err != nil {
		return "", err
	}
	v, err := s.start(ctx)
	id = rand.Text()
	s.settle(id, v)
	if err != nil {
		return "", err
	}
	s.wg.Go(func() {
		v.stay(s.life)
		s.forget(id)
	})
	return id, nil
}

func (s *site) start(ctx context.Context) (*visitor, error) {
	contact, err := s.service.newContact()
	if err != nil {
		return nil, err
	}
	session, err := chat.Start(ctx, s.service.client, contact.token, func(o *chat.Options) {
		if s.service.options != nil {
			s.service.options(o)
		}
		o.ParticipantID = contact.participantID
		o.Progress = true
		o.Logger = s.log
	})
	if err != nil {
		contact.release()
		return nil, err
	}
	return newVisitor(session, contact.release, s.away), nil
}

func (s *site) reserve() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.visitors)+s.starting >= maxVisitors {
		return errFull
	}
	s.starting++
	return nil
}

// settle ends a reservation. v is nil if the visitor could not be added.
func (s *site) settle(id string, v *visitor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starting--
	if v != nil {
		s.visitors[id] = v
	}
}

func (s *site) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.visitors, id)
}

// fail responds to a request that failed.
func (s *site) fail(w http.ResponseWriter, doing string, err error) {
	s.log.Warn("request failed", "doing", doing, "error", err)
	status, text := explain(err)
	http.Error(w, text, status)
}

// explain returns the status and the text that explain an error to a visitor.
func explain(err error) (status int, text string) {
	var (
		over    *chat.CloseError
		invalid *types.ValidationException
		quota   *types.ServiceQuotaExceededException
		large   *http.MaxBytesError
	)
	switch {
	case errors.Is(err, errTaken):
		return http.StatusConflict, "This chat is open in another browser."
	case errors.Is(err, errFull), connectparticipant.IsRetryable(err):
		return http.StatusServiceUnavailable, "The chat is busy. Please try again in a minute."
	case errors.As(err, &over):
		return http.StatusGone, "This chat is over."
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "The message or file is too large."
	case errors.As(err, &invalid), errors.As(err, &quota):
		return http.StatusUnprocessableEntity, "The chat doesn't accept this message or file."
	default:
		return http.StatusBadGateway, "The chat can't be reached. Please try again."
	}
}
