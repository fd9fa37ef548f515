// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"strings"

	"github.com/participant-go/connectparticipant/types"
)

// Carousel is a row of pickers or panels.
type Carousel struct {
	// Title is required. Up to 5,000 characters, of which AWS's chat widget shows 400.
	Title string
	// Elements are 2 to 5 messages, all *ListPicker or all *Panel, each with a TemplateIdentifier.
	// Parse returns an *Other for an element that can't be in a carousel.
	Elements []Message
	// OmitTitle is omitTitleFromCarouselResponse: clients show a choice without the title of its
	// picker or panel, but send that title nevertheless.
	OmitTitle bool
	// Vertical is carouselIsVertical.
	Vertical     bool
	ReplyMessage *ReplyMessage

	source
}

// Template returns Carousel.
func (m *Carousel) Template() Template { return TemplateCarousel }

func (m *Carousel) visit(v visitor) {
	envelope(v, TemplateCarousel, optionalReply(&m.ReplyMessage), func(v visitor) {
		visitTitle(v, &m.Title)
		v.member("omitTitleFromCarouselResponse", flag(&m.OmitTitle), free)
		v.member("carouselIsVertical", flag(&m.Vertical), free)
		v.list("elements", carouselElements{&m.Elements}, between(2, 5).must())
		v.rule("elements", sameKind(m.Elements), "must be all ListPicker or all Panel")
	})
}

func sameKind(elements []Message) bool {
	for _, m := range elements {
		switch {
		case isNil(m):
		case m.Template() != TemplateListPicker && m.Template() != TemplatePanel:
			return false
		case !isNil(elements[0]) && m.Template() != elements[0].Template():
			return false
		}
	}
	return true
}

// carouselElements are the elements of a carousel.
type carouselElements struct{ p *[]Message }

func (e carouselElements) len() int { return len(*e.p) }

func (e carouselElements) node(i int) node {
	if m := (*e.p)[i]; !isNil(m) {
		return carouselElement{m}
	}
	return nil
}

func (e carouselElements) read(elements []string) {
	*e.p = make([]Message, len(elements))
	for i, raw := range elements {
		members, _ := object(raw)
		template, _ := readText(members["templateType"])
		var m Message = new(Other)
		if t := Template(template); t == TemplateListPicker || t == TemplatePanel {
			m = newMessage(t)
		}
		readNode(m, raw)
		(*e.p)[i] = m
	}
}

// carouselElement is a message that needs a templateIdentifier.
type carouselElement struct{ Message }

func (e carouselElement) visit(v visitor) {
	e.Message.visit(v)
	id := e.id()
	v.rule("templateIdentifier", id == nil || *id != "", "is required in a carousel")
}

// id returns nil for a message that can't be in a carousel.
func (e carouselElement) id() *string {
	switch m := e.Message.(type) {
	case *ListPicker:
		return &m.TemplateIdentifier
	case *Panel:
		return &m.TemplateIdentifier
	default:
		return nil
	}
}

func (m *Carousel) outline(o *TextOptions) outline {
	all := outline{{title: m.Title}}
	for _, element := range m.Elements {
		if isNil(element) {
			continue
		}
		id := carouselElement{element}.id()
		if id == nil {
			continue
		}
		for _, s := range element.outline(o) {
			for i := range s.entries {
				m.respond(&s.entries[i], *id, s.title)
			}
			all = append(all, s)
		}
	}
	return all
}

// respond converts a choice of a picker to a choice of the carousel.
func (m *Carousel) respond(e *entry, id, title string) {
	if e.choice == nil || e.choice.ContentType != types.ContentTypeTextPlain {
		return // a link or an action button
	}
	content := `{"templateIdentifier":` + quote(id) + `,"listTitle":` + quote(title) + `,"selectionText":` + quote(e.choice.Content) + "}"
	full := oneLine(title) + " - " + e.title
	if strings.HasSuffix(oneLine(title), ":") {
		full = oneLine(title) + " " + e.title
	}
	e.choice = &Choice{full, types.ContentTypeTextPlain, content}
	if m.OmitTitle {
		e.choice.Title = e.title
	}
	e.names = append(e.names, full)
}
