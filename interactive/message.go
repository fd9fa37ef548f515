// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// Template is the kind of a message. The service may add templates; [Parse] returns an [Other] for
// those that this version doesn't know.
type Template string

// Templates that this version knows.
const (
	TemplateListPicker                     Template = "ListPicker"
	TemplateTimePicker                     Template = "TimePicker"
	TemplatePanel                          Template = "Panel"
	TemplateQuickReply                     Template = "QuickReply"
	TemplateCarousel                       Template = "Carousel"
	TemplateViewResource                   Template = "ViewResource"
	TemplateAppleForm                      Template = "AppleForm"
	TemplateApplePay                       Template = "ApplePay"
	TemplateAppleCustomInteractiveMessage  Template = "AppleCustomInteractiveMessage"
	TemplateWhatsAppInteractiveList        Template = "WhatsAppInteractiveList"
	TemplateWhatsAppInteractiveReplyButton Template = "WhatsAppInteractiveReplyButton"
)

// Message is an interactive message: a pointer to one of the structs of this package that have a
// Template method. The service may add templates, so a type switch should have a default case.
//
// A parsed message keeps the members that this version doesn't know. Copies of it and of its parts
// keep them too.
type Message interface {
	// Template returns the templateType.
	Template() Template

	node
	outline(o *TextOptions) outline
}

// newMessage returns an empty message of a template.
func newMessage(t Template) Message {
	switch t {
	case TemplateListPicker:
		return new(ListPicker)
	case TemplateTimePicker:
		return new(TimePicker)
	case TemplatePanel:
		return new(Panel)
	case TemplateQuickReply:
		return new(QuickReply)
	case TemplateCarousel:
		return new(Carousel)
	case TemplateViewResource:
		return new(ViewResource)
	case TemplateAppleForm:
		return new(AppleForm)
	case TemplateApplePay:
		return new(ApplePay)
	case TemplateAppleCustomInteractiveMessage:
		return new(AppleCustomInteractiveMessage)
	case TemplateWhatsAppInteractiveList:
		return new(WhatsAppInteractiveList)
	case TemplateWhatsAppInteractiveReplyButton:
		return new(WhatsAppInteractiveReplyButton)
	default:
		return new(Other)
	}
}

// Parse reads the content of a message whose content type is
// application/vnd.amazonaws.connect.message.interactive.
//
// Parse accepts more than [Check] does: numbers and booleans in strings, a missing version, null
// members, and times in other forms. A member of the wrong type is read as absent, but [Marshal]
// keeps it. Parse returns an error if the content is not a JSON object with a templateType. Some
// bots send such content: show it as text. Errors contain no content.
func Parse(content string) (Message, error) {
	content = strings.TrimSpace(content)
	members, ok := object(content)
	if !ok {
		return nil, errors.New("parse interactive message: the content is not a JSON object")
	}
	template, _ := readText(members["templateType"])
	if template == "" {
		return nil, errors.New("parse interactive message: the content has no templateType")
	}
	m := newMessage(Template(template))
	readNode(m, content)
	return m, nil
}

// Marshal returns the JSON of a message, for the payload of a bot or a test. For an unchanged
// parsed message, that is the JSON that it was parsed from, apart from white space, the order of
// members, and duplicates of members. Marshal doesn't check limits; see [Check]. It returns an
// error if m is nil, a number is not finite, or a json.RawMessage is not JSON.
//
// The structs don't implement json.Marshaler: encoding/json doesn't produce the form that the
// service reads.
func Marshal(m Message) (string, error) {
	if isNil(m) {
		return "", errors.New("marshal interactive message: the message is nil")
	}
	content := writeNode(m)
	if !json.Valid([]byte(content)) {
		return "", errors.New("marshal interactive message: a number is not finite or a json.RawMessage is not JSON")
	}
	return content, nil
}

func isNil(m Message) bool { return m == nil || reflect.ValueOf(m).IsNil() }

// ReplyMessage is shown by Apple Messages after a choice. Other clients ignore it.
type ReplyMessage struct {
	// Title is required, except in an AppleCustomInteractiveMessage. Up to 5,000 characters.
	Title string
	// Subtitle has up to 5,000 characters.
	Subtitle string
	Image    Image

	source
}

func (r *ReplyMessage) visit(v visitor) {
	v.member("title", text(&r.Title), atMost(maxText)) // the template determines whether it is required
	visitSubtitle(v, &r.Subtitle)
	visitImage(v, &r.Image)
}

// maxText is the limit of most titles and subtitles.
const maxText = 5000

func visitTitle(v visitor, title *string) {
	v.member("title", text(title), between(1, maxText).must())
}

func visitSubtitle(v visitor, subtitle *string) {
	v.member("subtitle", text(subtitle), atMost(maxText))
}

// Image is an image next to a text. The zero value is no image.
type Image struct {
	// URL is imageData: a public URL of up to 200 characters. Apple Messages needs the URL of an S3
	// object of up to 200 KB that Amazon Connect can read.
	URL string
	// Description is imageDescription, the alternative text. Up to 50 characters.
	Description string
	// Type is imageType. If the field URL is set, it defaults to "URL", the only type.
	Type string
}

func visitImage(v visitor, image *Image) {
	visitBareImage(v, image)
	v.member("imageDescription", text(&image.Description), atMost(50))
	v.rule("imageDescription", image.Description == "" || image.URL != "", "must not be without imageData")
}

// visitBareImage visits an image that can't have a description.
func visitBareImage(v visitor, image *Image) {
	kind := &image.Type
	if was, _ := readText(v.raw("imageData")); image.Type == "" && image.URL != was {
		byDefault := "URL"
		kind = &byDefault
	}
	v.member("imageType", text(kind), oneOf("URL"))
	v.member("imageData", text(&image.URL), atMost(200))
	v.rule("imageType", image.URL == "" || *kind != "", "is required with imageData")
	v.rule("imageData", image.Type == "" || image.URL != "", "is required with imageType")
}

// envelope visits the members that all templates have around their content.
func envelope(v visitor, t Template, reply, content func(visitor)) {
	v.constant("templateType", string(t))
	v.constant("version", "1.0")
	v.object("data", free.must(), func(v visitor) {
		reply(v)
		v.object("content", free.must(), content)
	})
}

// optionalReply visits a reply message whose title is required.
func optionalReply(reply **ReplyMessage) func(visitor) {
	return func(v visitor) {
		one(v, "replyMessage", reply, free)
		v.rule("replyMessage.title", *reply == nil || (*reply).Title != "", "is required")
	}
}

// Other is a message with a template that this version doesn't know.
type Other struct {
	// Type is the templateType.
	Type Template
	// Data is the member data, as JSON, unchanged.
	Data json.RawMessage

	source
}

// Template returns Type.
func (m *Other) Template() Template { return m.Type }

func (m *Other) visit(v visitor) {
	v.member("templateType", text((*string)(&m.Type)), notEmpty.must())
	v.constant("version", "1.0")
	v.member("data", anything(&m.Data), free.must())
}

// outline shows the title and subtitle that most templates have.
func (m *Other) outline(*TextOptions) outline {
	data, _ := object(string(m.Data))
	content, _ := object(data["content"])
	var s section
	text(&s.title).read(content["title"])
	text(&s.subtitle).read(content["subtitle"])
	return outline{s}
}
