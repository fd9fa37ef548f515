// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/interactive"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

const teas = `{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"Which tea?","subtitle":"Choose one",
	"elements":[{"title":"Green","subtitle":"3 EUR"},{"title":"Black"},{"title":"All teas","type":"hyperlink","url":"https://tea.example.org"}]}}}`

const times = `{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"When may we call?","timeZoneOffset":60,
	"timeslots":[{"date":"2026-12-01T09:00+00:00","duration":30},{"date":"2026-12-01T09:30+00:00","duration":30}]}}}`

// A bot that plays the customer: it chooses the first element and the first time, and fills in the
// view.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	srv, err := participanttest.New()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	session, err := chat.Start(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	contact.System.SayInteractive(teas)
	contact.System.SayInteractive(times)
	contact.System.ShowView(participanttest.View{ID: "address", Actions: []string{"Submit", "Back"}})
	if err := bot(ctx, session); err != nil {
		log.Fatal(err)
	}
	// Output:
	// Green
	// 2026-12-01T10:00:00.00+00:00
	// {"action":"Submit","data":{"city":"Ulm"},"templateType":"ViewResource","version":"1.0"}
}

func bot(ctx context.Context, session *chat.Session) error {
	for event, err := range session.Events(ctx) {
		if err != nil {
			return err
		}
		message, _ := event.(chat.Message)
		prompt, err := interactive.Parse(message.Text)
		if err != nil || !types.IsContentType(message.ContentType, types.ContentTypeInteractive) {
			continue // a real bot would read the text
		}
		choice, _ := interactive.Choose(prompt, "1")
		resource, isView := prompt.(*interactive.ViewResource)
		if isView {
			if choice, err = fillIn(ctx, session, resource); err != nil {
				return err
			}
		}
		fmt.Println(choice.Content)
		if _, err := session.SendContent(ctx, choice.ContentType, choice.Content); err != nil || isView {
			return err
		}
	}
	return nil
}

func fillIn(ctx context.Context, session *chat.Session, resource *interactive.ViewResource) (choice interactive.Choice, err error) {
	out, err := session.DescribeView(ctx, resource.ViewToken)
	if err != nil {
		return choice, err
	}
	view, err := interactive.ParseView(out)
	if err != nil {
		return choice, err
	}
	return view.Respond("Submit", map[string]string{"city": "Ulm"})
}

// A gateway to a plain-text channel, such as SMS.
func ExampleText() {
	fmt.Println(readable(chat.Message{Text: teas}))
	fmt.Println("--")
	fmt.Println(readable(chat.Message{Text: `{'templateType': what a bot may send by mistake}`}))
	// Output:
	// Which tea?
	// Choose one
	// 1. Green - 3 EUR
	// 2. Black
	// All teas: https://tea.example.org
	//
	// Reply with the number of your choice.
	// --
	// {'templateType': what a bot may send by mistake}
}

func readable(message chat.Message) string {
	m, err := interactive.Parse(message.Text)
	if err != nil {
		return message.Text
	}
	return interactive.Text(m)
}

// Times in the reader's time zone, and a hint in the reader's language.
func ExampleText_options() {
	m, err := interactive.Parse(times)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(interactive.Text(m, func(o *interactive.TextOptions) {
		o.Location = time.FixedZone("EST", -5*60*60)
		o.Time = func(t time.Time) string { return t.Format("2 January, 3:04 PM MST") }
		o.Hint = func(n int) string { return fmt.Sprintf("Reply with 1 to %d.", n) }
	}))
	// Output:
	// When may we call?
	// 1. 1 December, 4:00 AM EST
	// 2. 1 December, 4:30 AM EST
	//
	// Reply with 1 to 2.
}

// The reply to a text is converted to the choice that it means.
func ExampleChoose() {
	m, err := interactive.Parse(teas)
	if err != nil {
		log.Fatal(err)
	}
	for _, reply := range []string{"2.", " green ", "something else"} {
		choice, ok := interactive.Choose(m, reply)
		if !ok {
			choice = interactive.Choice{ContentType: types.ContentTypeTextPlain, Content: reply}
		}
		fmt.Printf("%s %q\n", choice.ContentType, choice.Content)
	}
	// Output:
	// text/plain "Black"
	// text/plain "Green"
	// text/plain "something else"
}

// A channel whose messages have at most 50 characters.
func ExampleSplit() {
	m, err := interactive.Parse(teas)
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range interactive.Split(interactive.Text(m), 50) {
		fmt.Printf("%q\n", part)
	}
	// Output:
	// "Which tea?\nChoose one\n1. Green - 3 EUR\n2. Black"
	// "All teas: https://tea.example.org"
	// "Reply with the number of your choice."
}

// The response to a managed form.
func ExampleView_Respond() {
	view := &interactive.View{Actions: []string{"Submit", "Back"}}
	choice, err := view.Respond("Submit", map[string]any{"FormData": map[string]string{"city": "Ulm"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(choice.ContentType)
	fmt.Println(choice.Content)

	_, err = view.Respond("Next", nil)
	fmt.Println(err)
	// Output:
	// application/vnd.amazonaws.connect.message.interactive.response
	// {"action":"Submit","data":{"FormData":{"city":"Ulm"}},"templateType":"ViewResource","version":"1.0"}
	// respond to view: the view does not have this action; see View.Actions
}

// The response of a Lex V2 bot's Lambda function that shows a message.
func ExampleMarshal() {
	m := &interactive.QuickReply{
		Title:    "Anything else?",
		Elements: []interactive.QuickReplyElement{{Title: "Yes"}, {Title: "No"}},
	}
	if err := interactive.Check(m); err != nil {
		log.Fatal(err)
	}
	content, err := interactive.Marshal(m)
	if err != nil {
		log.Fatal(err)
	}
	messages, err := json.Marshal([]map[string]string{{"contentType": "CustomPayload", "content": content}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(content)
	fmt.Println(len(messages) > len(content)) // JSON in a string
	// Output:
	// {"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"Anything else?","elements":[{"title":"Yes"},{"title":"No"}]}}}
	// true
}

// Each violation has its path.
func ExampleCheck() {
	fmt.Println(interactive.Check(&interactive.QuickReply{
		Title:    "Anything else?",
		Elements: []interactive.QuickReplyElement{{}},
	}))
	// Output:
	// check interactive message: data.content.elements: must be 2 to 10 elements, has 1; data.content.elements[0].title: is required
}
