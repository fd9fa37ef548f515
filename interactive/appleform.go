// SPDX-License-Identifier: Apache-2.0

package interactive

// AppleForm is a form with several pages, for Apple Messages only. The format of its responses is
// not documented.
type AppleForm struct {
	// Title is required. Up to 5,000 characters.
	Title    string
	Subtitle string
	// Image can't have a description.
	Image Image
	// Pages is required.
	Pages []AppleFormPage
	// ShowSummary shows the responses before they are sent.
	ShowSummary  bool
	SplashPage   *AppleSplashPage
	ReplyMessage *ReplyMessage

	source
}

// Template returns AppleForm.
func (m *AppleForm) Template() Template { return TemplateAppleForm }

func (m *AppleForm) visit(v visitor) {
	envelope(v, TemplateAppleForm, optionalReply(&m.ReplyMessage), func(v visitor) {
		visitTitle(v, &m.Title)
		visitSubtitle(v, &m.Subtitle)
		visitBareImage(v, &m.Image)
		many(v, "pages", &m.Pages, notEmpty.must())
		v.member("showSummary", flag(&m.ShowSummary), free)
		one(v, "splashPage", &m.SplashPage, free)
	})
}

func (m *AppleForm) outline(*TextOptions) outline {
	out := outline{{title: m.Title, subtitle: m.Subtitle, image: m.Image}}
	for _, p := range m.Pages {
		page := section{title: p.Title, subtitle: p.Subtitle}
		for _, item := range p.Items {
			page.entries = append(page.entries, entry{title: oneLine(item.Title), image: item.Image})
		}
		out = append(out, page)
	}
	return out
}

// AppleSplashPage is the page that precedes a form.
type AppleSplashPage struct {
	// Title and ButtonTitle are required.
	Title, Subtitle, ButtonTitle string
	Image                        Image

	source
}

func (p *AppleSplashPage) visit(v visitor) {
	v.member("title", text(&p.Title), free.must())
	v.member("subtitle", text(&p.Subtitle), free)
	visitImage(v, &p.Image)
	v.member("buttonTitle", text(&p.ButtonTitle), free.must())
}

// AppleFormPage is a question of a form.
type AppleFormPage struct {
	// Type is ApplePageInput, ApplePageDatePicker, ApplePageListPicker or ApplePageWheelPicker.
	// Required.
	Type string
	// Title and Subtitle are required.
	Title, Subtitle string

	// LabelText is for all types except a list picker, HelperText for an input or a date.
	LabelText, HelperText string

	// PlaceholderText, PrefixText, Regex, KeyboardType and TextContentType are for an input.
	// PlaceholderText defaults to "(Optional)" or "(Required)".
	PlaceholderText, PrefixText, Regex, KeyboardType, TextContentType string
	// Required, MultiLine and MaxCharCount are for an input.
	Required, MultiLine bool
	MaxCharCount        int

	// DateFormat is for a date. Defaults to MM/dd/yyyy.
	DateFormat string
	// StartDate, MinDate and MaxDate are for a date, in the form 2026-01-02. MaxDate defaults to today.
	StartDate, MinDate, MaxDate string

	// MultiSelect is for a list picker.
	MultiSelect bool
	// Items are the choices of a list or wheel picker.
	Items []AppleFormItem

	source
}

// Values of AppleFormPage.Type.
const (
	ApplePageInput       = "Input"
	ApplePageDatePicker  = "DatePicker"
	ApplePageListPicker  = "ListPicker"
	ApplePageWheelPicker = "WheelPicker"
)

func (p *AppleFormPage) visit(v visitor) {
	v.member("pageType", text(&p.Type), oneOf(ApplePageInput, ApplePageDatePicker, ApplePageListPicker, ApplePageWheelPicker).must())
	v.member("title", text(&p.Title), free.must())
	v.member("subtitle", text(&p.Subtitle), free.must())
	v.member("labelText", text(&p.LabelText), free)
	v.member("helperText", text(&p.HelperText), free)
	v.member("placeholderText", text(&p.PlaceholderText), free)
	v.member("prefixText", text(&p.PrefixText), free)
	v.member("required", flag(&p.Required), free)
	v.member("multiLine", flag(&p.MultiLine), free)
	v.member("maxCharCount", whole(&p.MaxCharCount), free)
	v.member("regex", text(&p.Regex), free)
	v.member("keyboardType", text(&p.KeyboardType), free)
	v.member("textContentType", text(&p.TextContentType), free)
	v.member("dateFormat", text(&p.DateFormat), free)
	v.member("startDate", text(&p.StartDate), free)
	v.member("minDate", text(&p.MinDate), free)
	v.member("maxDate", text(&p.MaxDate), free)
	v.member("multiSelect", flag(&p.MultiSelect), free)
	many(v, "items", &p.Items, free)
}

// AppleFormItem is a choice of a page.
type AppleFormItem struct {
	// Title is required.
	Title string
	// Image is for a list picker. It can't have a description.
	Image Image

	source
}

func (i *AppleFormItem) visit(v visitor) {
	v.member("title", text(&i.Title), free.must())
	visitBareImage(v, &i.Image)
}

// AppleCustomInteractiveMessage opens an iMessage app, for Apple Messages only.
type AppleCustomInteractiveMessage struct {
	// AppIconURL is the URL of an S3 object. Required.
	AppIconURL string
	// AppID, AppName, BID, DataURL and Title are required.
	AppID, AppName, BID, DataURL string
	// UseLiveLayout defaults to true.
	UseLiveLayout   *bool
	Title, Subtitle string
	// ReplyMessage is required, but its members are not.
	ReplyMessage *ReplyMessage

	source
}

// Template returns AppleCustomInteractiveMessage.
func (m *AppleCustomInteractiveMessage) Template() Template {
	return TemplateAppleCustomInteractiveMessage
}

func (m *AppleCustomInteractiveMessage) visit(v visitor) {
	reply := func(v visitor) { one(v, "replyMessage", &m.ReplyMessage, free.must()) }
	envelope(v, TemplateAppleCustomInteractiveMessage, reply, func(v visitor) {
		v.member("appIconUrl", text(&m.AppIconURL), free.must())
		v.member("appId", text(&m.AppID), free.must())
		v.member("appName", text(&m.AppName), free.must())
		v.member("bid", text(&m.BID), free.must())
		v.member("dataUrl", text(&m.DataURL), free.must())
		v.member("useLiveLayout", optionalFlag(&m.UseLiveLayout), free)
		v.member("title", text(&m.Title), free.must())
		v.member("subtitle", text(&m.Subtitle), free)
	})
}

func (m *AppleCustomInteractiveMessage) outline(*TextOptions) outline {
	return outline{{title: m.Title, subtitle: m.Subtitle}}
}
