// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"cmp"
	"net/url"
	"slices"
)

// WhatsAppInteractiveList is a list behind a button, for WhatsApp only.
type WhatsAppInteractiveList struct {
	// Title is required; transcripts show it.
	Title string
	// Header is optional, and its Type is text.
	Header *WhatsAppHeader
	// Body is required. Up to 4,096 characters.
	Body string
	// Footer has up to 60 characters.
	Footer string
	// Button is the text of the button. Required, up to 20 characters.
	Button string
	// Sections are 1 to 10 sections, with 1 to 10 rows in total.
	Sections     []WhatsAppSection
	ReplyMessage *ReplyMessage

	source
}

// Template returns WhatsAppInteractiveList.
func (m *WhatsAppInteractiveList) Template() Template { return TemplateWhatsAppInteractiveList }

func (m *WhatsAppInteractiveList) visit(v visitor) {
	envelope(v, TemplateWhatsAppInteractiveList, optionalReply(&m.ReplyMessage), func(v visitor) {
		v.member("title", text(&m.Title), free.must())
		one(v, "header", &m.Header, free)
		v.rule("header.type", m.Header == nil || m.Header.Type == "text", `must be "text" in a list`)
		visitWhatsAppBody(v, &m.Body, 4096, &m.Footer)
		v.object("action", free.must(), func(v visitor) {
			v.member("button", text(&m.Button), between(1, 20).must())
			many(v, "sections", &m.Sections, between(1, 10).must())
			v.rule("sections", m.rows() <= 10, "must have at most 10 rows in total")
			v.rule("sections", unique(m.ids()), "must have rows with different ids")
		})
	})
}

func (m *WhatsAppInteractiveList) rows() int { return len(m.ids()) }

func (m *WhatsAppInteractiveList) ids() (ids []string) {
	for _, s := range m.Sections {
		for _, row := range s.Rows {
			ids = append(ids, row.ID)
		}
	}
	return ids
}

func (m *WhatsAppInteractiveList) outline(*TextOptions) outline {
	out := outline{whatsAppHead(m.Title, m.Header, m.Body)}
	for _, s := range m.Sections {
		next := section{title: s.Title}
		for _, row := range s.Rows {
			next.entries = append(next.entries, plainEntry(row.Title, row.Description))
		}
		out = append(out, next)
	}
	return append(out, section{title: m.Footer})
}

// WhatsAppSection is a part of a list.
type WhatsAppSection struct {
	// Title is required. Up to 24 characters.
	Title string
	// Rows are 1 to 10 choices.
	Rows []WhatsAppRow

	source
}

func (s *WhatsAppSection) visit(v visitor) {
	v.member("title", text(&s.Title), between(1, 24).must())
	many(v, "rows", &s.Rows, between(1, 10).must())
}

// WhatsAppRow is a choice of a list.
type WhatsAppRow struct {
	// ID is required and different from those of other rows. Up to 200 characters.
	ID string
	// Title is required. Up to 24 characters.
	Title string
	// Description has up to 72 characters.
	Description string

	source
}

func (r *WhatsAppRow) visit(v visitor) {
	v.member("id", text(&r.ID), between(1, 200).must())
	v.member("title", text(&r.Title), between(1, 24).must())
	v.member("description", text(&r.Description), between(1, 72))
}

// WhatsAppInteractiveReplyButton is a text with up to three buttons, for WhatsApp only.
type WhatsAppInteractiveReplyButton struct {
	// Title is required; transcripts show it.
	Title string
	// Header is optional.
	Header *WhatsAppHeader
	// Body is required. Up to 1,024 characters.
	Body string
	// Footer has up to 60 characters.
	Footer string
	// Buttons are 1 to 3 choices.
	Buttons      []WhatsAppButton
	ReplyMessage *ReplyMessage

	source
}

// Template returns WhatsAppInteractiveReplyButton.
func (m *WhatsAppInteractiveReplyButton) Template() Template {
	return TemplateWhatsAppInteractiveReplyButton
}

func (m *WhatsAppInteractiveReplyButton) visit(v visitor) {
	envelope(v, TemplateWhatsAppInteractiveReplyButton, optionalReply(&m.ReplyMessage), func(v visitor) {
		v.member("title", text(&m.Title), free.must())
		one(v, "header", &m.Header, free)
		visitWhatsAppBody(v, &m.Body, 1024, &m.Footer)
		v.object("action", free.must(), func(v visitor) {
			many(v, "buttons", &m.Buttons, between(1, 3).must())
			v.rule("buttons", unique(m.ids()), "must have different ids")
		})
	})
}

func (m *WhatsAppInteractiveReplyButton) ids() (ids []string) {
	for _, b := range m.Buttons {
		ids = append(ids, b.ID)
	}
	return ids
}

func (m *WhatsAppInteractiveReplyButton) outline(*TextOptions) outline {
	head := whatsAppHead(m.Title, m.Header, m.Body)
	for _, b := range m.Buttons {
		head.entries = append(head.entries, plainEntry(b.Title, ""))
	}
	return outline{head, {title: m.Footer}}
}

// WhatsAppButton is a choice.
type WhatsAppButton struct {
	// ID is required and different from those of other buttons. Up to 256 characters.
	ID string
	// Title is required. Up to 20 characters.
	Title string

	source
}

func (b *WhatsAppButton) visit(v visitor) {
	v.constant("type", "reply")
	v.object("reply", free.must(), func(v visitor) {
		v.member("id", text(&b.ID), between(1, 256).must())
		v.member("title", text(&b.Title), between(1, 20).must())
	})
}

// WhatsAppHeader is shown above a message.
type WhatsAppHeader struct {
	// Type is text, image, video or document, and determines the field to set. Required.
	Type string
	// Text has up to 60 characters.
	Text string
	// Image, Video and Document are http or https URLs.
	Image, Video, Document string

	source
}

func (h *WhatsAppHeader) visit(v visitor) {
	v.member("type", text(&h.Type), oneOf("text", "image", "video", "document").must())
	v.member("text", text(&h.Text), between(1, 60))
	v.rule("text", h.Type != "text" || h.Text != "", "is required for this type")
	visitWhatsAppMedia(v, "image", h.Type, &h.Image)
	visitWhatsAppMedia(v, "video", h.Type, &h.Video)
	visitWhatsAppMedia(v, "document", h.Type, &h.Document)
}

func visitWhatsAppMedia(v visitor, name, headerType string, link *string) {
	v.object(name, free, func(v visitor) {
		v.member("link", text(link), free)
	})
	v.rule(name+".link", headerType != name || *link != "", "is required for this type")
	v.rule(name+".link", *link == "" || hasScheme(*link, "http", "https"), "must be http or https")
}

func visitWhatsAppBody(v visitor, body *string, most float64, footer *string) {
	v.object("body", free.must(), func(v visitor) {
		v.member("text", text(body), between(1, most).must())
	})
	v.object("footer", free, func(v visitor) {
		v.member("text", text(footer), between(1, 60))
	})
}

// whatsAppHead has the body as its title, because the title is for transcripts.
func whatsAppHead(title string, header *WhatsAppHeader, body string) section {
	head := section{subtitle: cmp.Or(body, title)}
	if header != nil {
		head.title, head.image.URL = header.Text, header.Image
	}
	return head
}

// unique ignores empty IDs, which are reported as missing.
func unique(ids []string) bool {
	seen := map[string]bool{"": false}
	for _, id := range ids {
		if seen[id] {
			return false
		}
		seen[id] = id != ""
	}
	return true
}

func hasScheme(address string, schemes ...string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains(schemes, u.Scheme)
}
