// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// readSnapshot checks everything that restore relies on.
func readSnapshot(data []byte) (*snapshot, error) {
	var version struct{ Version int }
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, errors.New("it is not a snapshot of this package") // err might contain a part of it
	}
	if version.Version != snapshotVersion {
		return nil, fmt.Errorf("its version is %d, but this package reads version %d", version.Version, snapshotVersion)
	}
	var state snapshot
	if json.Unmarshal(data, &state) != nil {
		return nil, errors.New("a member of it has the wrong type")
	}
	if len(state.Secret) != secretLength {
		return nil, errors.New("its Secret is incomplete")
	}
	if _, err := state.Identity.parse(); err != nil {
		return nil, err
	}
	seen := map[string]bool{"": true}
	for i, c := range state.Chats {
		if problem := c.check(seen); problem != "" {
			return nil, fmt.Errorf("chat %d of it %s", i, problem)
		}
	}
	return &state, nil
}

// check returns what is wrong with a chat, or "". seen are the ids and tokens of the previous chats.
func (c *chatState) check(seen map[string]bool) string {
	if c == nil {
		return "is null"
	}
	isNew := func(name string) bool {
		known := seen[name]
		seen[name] = true
		return !known
	}
	known := func(index int) bool { return index >= 0 && index < len(c.Participants) }
	unique, owned := len(c.IDs) > 0, known(c.Customer) && known(c.Agent) && known(c.System)
	for _, id := range c.IDs {
		unique = isNew(id) && unique
	}
	for _, p := range c.Participants {
		unique = isNew(p.ID) && isNew(p.Token) && unique
		for _, t := range append(p.Connections, p.Tickets...) {
			unique = isNew(t.Token) && unique
		}
	}
	for _, s := range c.Sessions {
		owned = owned && known(s.Participant)
	}
	for _, m := range c.Pending {
		owned = owned && known(m.Sender)
	}
	for _, a := range c.Attachments {
		owned = owned && known(a.Owner)
	}
	switch {
	case !unique:
		return "has an id or token that is empty or used twice"
	case !owned:
		return "names a participant that it doesn't have"
	default:
		return c.checkItems()
	}
}

func (c *chatState) checkItems() string {
	ids, files := map[string]bool{}, map[string]bool{}
	for _, it := range c.Items {
		if ids[it.Item.Id] {
			return "has an item twice"
		}
		ids[it.Item.Id] = true
	}
	for _, a := range c.Attachments {
		if files[a.ID] {
			return "has an attachment twice"
		}
		files[a.ID] = true
		if a.ItemID != "" && !ids[a.ItemID] {
			return "has an attachment without its item"
		}
	}
	if c.Past < 0 || c.Past > len(c.Items) {
		return "has fewer items than Past says"
	}
	return ""
}

// restore continues the chats of a snapshot. It runs before any goroutine of the server.
func (s *Server) restore(state *snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(state.Secret) > 0 {
		s.secret = state.Secret
	}
	s.offset.Store(int64(state.Advanced))
	s.responses.restore(state.Responses)
	for _, c := range state.Chats {
		s.restoreChat(c)
	}
	slices.SortStableFunc(s.retired, func(a, b *Contact) int { return a.endedAt.Compare(b.endedAt) })
	s.forgetRetired()
}

func (s *Server) restoreChat(state *chatState) {
	c := s.emptyContact(state.IDs[0], state.Options)
	for _, id := range state.IDs[1:] {
		c.addID(id)
	}
	c.InstanceID, c.FlowID, c.started, c.attributes = state.InstanceID, state.FlowID, state.Started, state.Attributes
	c.settings = state.Settings.settings()
	for _, open := range state.Streams {
		c.streams = append(c.streams, stream{open.ID, open.ARN})
	}
	c.PastID, c.past, c.rehydrated, c.rehydrateAt = state.PastID, state.Past, state.Rehydrated, state.RehydrateAt
	c.lastTime, c.ended, c.endedAt, c.endReason = state.LastTime, state.Ended, state.EndedAt, state.EndReason
	for _, p := range state.Participants {
		s.restoreParticipant(c, p)
	}
	c.Customer, c.Agent, c.System = c.participants[state.Customer], c.participants[state.Agent], c.participants[state.System]
	for i, it := range state.Items {
		c.items = append(c.items, it.item())
		if i >= c.past {
			c.index[it.Item.Id] = i
		}
	}
	for token, view := range state.Views {
		c.views[token] = view
	}
	for id, session := range state.Sessions {
		c.sessions[id] = &authentication{c.participants[session.Participant], session.Deadline, session.URLGiven, session.State}
	}
	c.restoreWaiting(state)
	if c.ended {
		s.retired = append(s.retired, c)
		return
	}
	c.setDeadlines()
	for i, p := range state.Participants {
		c.participants[i].restoreSilence(p)
	}
}

// restoreWaiting restores pending work: rehydration, scans and message processing.
func (c *Contact) restoreWaiting(state *chatState) {
	if c.past > 0 && !c.rehydrated {
		c.awaitRehydration()
	}
	for _, a := range state.Attachments {
		c.restoreAttachment(a)
	}
	for _, m := range state.Pending {
		c.awaitProcessor(&pendingMessage{
			item: *m.Item.item(), outcome: outcome{m.Content, m.Status}, sender: c.participants[m.Sender], due: m.Due,
		})
	}
}

func (c *Contact) restoreAttachment(state attachmentState) {
	a := &attachment{
		id: state.ID, name: state.Name, contentType: state.ContentType, size: state.Size,
		owner: c.participants[state.Owner], uploaded: state.Uploaded, content: state.Content, due: state.Due,
	}
	c.attachments[a.id] = a
	if state.ItemID == "" {
		return
	}
	i := slices.IndexFunc(c.items, func(it *Item) bool { return it.Id == state.ItemID })
	a.item = c.items[i]
	if i >= c.past && a.isPending() {
		c.awaitVerdict(a)
	}
}

func (s itemState) item() *Item {
	it := s.Item
	it.at, it.shown = s.At, s.Shown
	return &it
}

func (s *Server) restoreParticipant(c *Contact, state participantState) {
	p := &Participant{
		ID: state.ID, Token: state.Token, Role: state.Role, DisplayName: state.DisplayName, contact: c,
		name: state.Name, added: state.Added, active: state.Active, joined: state.Joined, left: state.Left, noPushes: state.NoPushes,
		generation: state.Generation, custom: state.Custom, counts: map[string]int{},
	}
	c.participants = append(c.participants, p)
	if state.TokenValid {
		s.participants[p.Token] = p
	} else {
		p.rememberFormer(p.Token)
	}
	for _, t := range state.Connections {
		s.credentials[t.Token] = credential{p, t.Expiry}
		p.connections = append(p.connections, t.Token)
	}
	for _, t := range state.Tickets {
		s.tickets[t.Token] = ticket{p, t.Expiry, t.ConnectionExpiry}
		p.tickets = append(p.tickets, t.Token)
	}
	p.responses.restore(state.Responses)
}

func (a *responseCache) restore(state []responseState) {
	for _, response := range state {
		var key responseKey
		copy(key[:], response.Key)
		a.remember(key, response.Response, response.At)
	}
}

func (p *Participant) restoreSilence(state participantState) {
	p.silence = silence{watched: state.Watched, idle: state.Idle}
	switch {
	case state.SilentUntil.IsZero():
	case p.timeouts().Idle > 0 && !state.Idle:
		p.silence.timer = p.contact.srv.at(state.SilentUntil, p.becomeIdle)
	default:
		p.silence.timer = p.contact.srv.at(state.SilentUntil, p.autoDisconnect)
	}
}

func (s settingsState) settings() chatSettings {
	return chatSettings{s.ResponseMode, s.CustomerID, s.Related, s.Segment}
}
