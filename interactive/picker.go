// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"strings"

	"github.com/participant-go/connectparticipant/types"
)

// ListPicker is a list of up to 10 choices with images.
type ListPicker struct {
	// TemplateIdentifier identifies the picker in a Carousel, where it is required; a UUID is
	// recommended. The Android SDK requires it in every ListPicker.
	TemplateIdentifier string
	// Title is required. Up to 5,000 characters, of which AWS's chat widget shows 400. Titles and
	// subtitles may be Markdown.
	Title string
	// Subtitle has up to 5,000 characters, of which the widget shows 400.
	Subtitle string
	Image    Image
	// Elements are 1 to 10 choices and links.
	Elements []Element
	// MultiSelect permits several choices, in Apple Messages only. The format in which several are
	// sent is not documented; Choose returns one choice.
	MultiSelect bool
	// TargetForLinks determines where links open: _blank (the default of the widget), _parent, _top
	// or _self.
	TargetForLinks string
	Paging         Paging
	ReplyMessage   *ReplyMessage

	source
}

// Template returns ListPicker.
func (m *ListPicker) Template() Template { return TemplateListPicker }

func (m *ListPicker) visit(v visitor) {
	v.member("templateIdentifier", text(&m.TemplateIdentifier), free)
	envelope(v, TemplateListPicker, optionalReply(&m.ReplyMessage), func(v visitor) {
		visitTitle(v, &m.Title)
		visitSubtitle(v, &m.Subtitle)
		visitImage(v, &m.Image)
		v.member("multiSelect", flag(&m.MultiSelect), free)
		v.member("targetForLinks", text(&m.TargetForLinks), oneOf("_blank", "_parent", "_top", "_self"))
		visitPaging(v, &m.Paging)
		many(v, "elements", &m.Elements, between(1, 10).must())
	})
}

func (m *ListPicker) outline(*TextOptions) outline {
	return outline{{m.Title, m.Subtitle, m.Image, pickerEntries(TemplateListPicker, m.Elements, m.Paging)}}
}

// Panel is a list of up to 10 choices below one image.
type Panel struct {
	// TemplateIdentifier identifies the panel in a Carousel, where it is required; a UUID is
	// recommended.
	TemplateIdentifier string
	// Title is required. Up to 5,000 characters, of which AWS's chat widget shows 400.
	Title string
	// Subtitle has up to 5,000 characters, of which the widget shows 400.
	Subtitle string
	Image    Image
	// Elements are 1 to 10 choices and links. A Panel shows their titles only.
	Elements     []Element
	Paging       Paging
	ReplyMessage *ReplyMessage

	source
}

// Template returns Panel.
func (m *Panel) Template() Template { return TemplatePanel }

func (m *Panel) visit(v visitor) {
	v.member("templateIdentifier", text(&m.TemplateIdentifier), free)
	envelope(v, TemplatePanel, optionalReply(&m.ReplyMessage), func(v visitor) {
		visitTitle(v, &m.Title)
		visitSubtitle(v, &m.Subtitle)
		visitImage(v, &m.Image)
		visitPaging(v, &m.Paging)
		many(v, "elements", &m.Elements, between(1, 10).must())
	})
}

func (m *Panel) outline(*TextOptions) outline {
	return outline{{m.Title, m.Subtitle, m.Image, pickerEntries(TemplatePanel, m.Elements, m.Paging)}}
}

// Element is a choice, a link or an action button of a [ListPicker] or a [Panel].
type Element struct {
	// Title is required. Up to 5,000 characters, of which AWS's chat widget shows 400. A
	// participant who chooses the element sends the title.
	Title string
	// Subtitle has up to 5,000 characters.
	Subtitle string
	Image    Image
	// ActionDetail makes the element a button that asks the bot for other elements:
	// ActionShowMore or ActionPreviousOptions.
	ActionDetail string
	// Type is ElementHyperlink for a link, which isn't a choice, or ElementAction. Defaults to
	// ElementAction.
	Type string
	// URL is the target of a link.
	URL string

	source
}

// Values of Element.ActionDetail and Element.Type.
const (
	ActionShowMore        = "SHOW_MORE"
	ActionPreviousOptions = "PREVIOUS_OPTIONS"
	ElementAction         = "action"
	ElementHyperlink      = "hyperlink"
)

func (e *Element) visit(v visitor) {
	visitTitle(v, &e.Title)
	visitSubtitle(v, &e.Subtitle)
	visitImage(v, &e.Image)
	v.member("actionDetail", text(&e.ActionDetail), oneOf(ActionShowMore, ActionPreviousOptions))
	v.member("type", text(&e.Type), oneOf(ElementAction, ElementHyperlink))
	v.member("url", text(&e.URL), free)
	v.rule("url", e.Type != ElementHyperlink || e.URL != "", "is required for a hyperlink")
}

// Paging is the data of action buttons, which the participant's client returns to the bot.
type Paging struct {
	// ReferenceID makes a new message replace the previous one with the same ReferenceID in AWS's
	// chat widget. Two messages without a ReferenceID also count as the same.
	ReferenceID string
	// ListID identifies the list that the elements are from.
	ListID string
	// PreIndex and NextIndex are the indices of the elements before and after these, or -1 for none.
	PreIndex, NextIndex *int
}

func visitPaging(v visitor, p *Paging) {
	v.member("referenceId", text(&p.ReferenceID), free)
	v.member("listId", text(&p.ListID), free)
	v.member("preIndex", optionalWhole(&p.PreIndex), free)
	v.member("nextIndex", optionalWhole(&p.NextIndex), free)
}

func pickerEntries(t Template, elements []Element, paging Paging) []entry {
	entries := make([]entry, 0, len(elements))
	for _, e := range elements {
		next := entry{title: oneLine(e.Title), detail: oneLine(e.Subtitle), image: e.Image, names: []string{e.Title}}
		switch {
		case e.Type == ElementHyperlink:
			next.link = e.URL
		case e.ActionDetail != "":
			next.choice = e.press(t, paging)
		default:
			next.choice = plainChoice(e.Title)
		}
		entries = append(entries, next)
	}
	return entries
}

// press returns the choice that the button sends.
func (e *Element) press(t Template, p Paging) *Choice {
	data := []string{`"actionName":` + quote(e.ActionDetail)}
	add := func(name, json string) {
		if json != "" {
			data = append(data, quote(name)+":"+json)
		}
	}
	add("preIndex", optionalWhole(&p.PreIndex).json())
	add("nextIndex", optionalWhole(&p.NextIndex).json())
	add("listId", text(&p.ListID).json())
	add("templateType", quote(string(t)))
	add("referenceId", text(&p.ReferenceID).json())
	content := `{"version":"1.0","data":{` + strings.Join(data, ",") + `},"action":` + quote(e.ActionDetail) + "}"
	return &Choice{oneLine(e.Title), types.ContentTypeInteractiveResponse, content}
}

// plainChoice returns a choice that is sent as its title.
func plainChoice(title string) *Choice {
	return &Choice{oneLine(title), types.ContentTypeTextPlain, title}
}

// plainEntry returns an entry whose choice is sent as its title.
func plainEntry(title, detail string) entry {
	return entry{title: oneLine(title), detail: oneLine(detail), names: []string{title}, choice: plainChoice(title)}
}

// QuickReply is a question with up to 10 short replies.
type QuickReply struct {
	// Title is required. Up to 5,000 characters, of which AWS's chat widget shows 400.
	Title string
	// Subtitle is not documented; only the Android and iOS SDKs read it.
	Subtitle string
	// Elements are the titles of 2 to 10 replies, in Apple Messages at most 5. Each is required
	// and has up to 200 characters.
	Elements     []QuickReplyElement
	ReplyMessage *ReplyMessage

	source
}

// Template returns QuickReply.
func (m *QuickReply) Template() Template { return TemplateQuickReply }

func (m *QuickReply) visit(v visitor) {
	envelope(v, TemplateQuickReply, optionalReply(&m.ReplyMessage), func(v visitor) {
		visitTitle(v, &m.Title)
		v.member("subtitle", text(&m.Subtitle), free)
		many(v, "elements", &m.Elements, between(2, 10).must())
	})
}

func (m *QuickReply) outline(*TextOptions) outline {
	var entries []entry
	for _, e := range m.Elements {
		entries = append(entries, plainEntry(e.Title, ""))
	}
	return outline{{m.Title, m.Subtitle, Image{}, entries}}
}

// QuickReplyElement is a reply.
type QuickReplyElement struct {
	// Title is required. Up to 200 characters.
	Title string

	source
}

func (e *QuickReplyElement) visit(v visitor) {
	v.member("title", text(&e.Title), between(1, 200).must())
}
