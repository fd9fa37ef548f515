// SPDX-License-Identifier: Apache-2.0

// Package interactive reads and writes the interactive messages of Amazon Connect chats: pickers,
// panels, quick replies, time slots, carousels, views, and the messages that only Apple Messages
// and WhatsApp show. It converts them to text for channels without buttons, and finds the choice
// that a customer's reply selects. It does no I/O.
//
//	m, err := interactive.Parse(message.Text)
//	if err != nil {
//		return message.Text
//	}
//	return interactive.Text(m)
//
// # Senders
//
// A participant can't send an interactive message: SendMessage doesn't accept
// application/vnd.amazonaws.connect.message.interactive from a customer, an agent or a custom bot.
// Interactive messages come from the flow, with the role SYSTEM: from an Amazon Lex bot in a Get
// customer input block, and from a Show view block. The chat must have been started with that
// content type in SupportedMessagingContentTypes, and with
// application/vnd.amazonaws.connect.message.interactive.response for action buttons and views.
//
// The Lambda function of a Lex V2 bot returns a list named messages next to its sessionState. An
// interactive message is an element of that list with the contentType CustomPayload and the result
// of [Marshal] as its content, which is JSON in a string.
//
// The customer's reply is a [Choice], which has the content and its type: plain text for most
// templates, the response type above for action buttons and views. The customer may always send
// other text instead; the bot interprets it. Offer only the choices of the newest message from
// another participant, as AWS's chat widget does. To recognize an interactive message, call
// types.IsContentType with its content type and types.ContentTypeInteractive.
//
// # Limits
//
// Flows check the numbers of elements, the values of enumerations, the required members, and that
// the JSON is smaller than 20 KB, but not the lengths of strings. [Check] covers all of these,
// including the lengths. AWS's chat widget truncates titles and subtitles to 400 characters, or 200
// in a [QuickReply]. It shows the images of a message's elements only if it can load all of them.
//
// AWS's SDK for Android is strict. It shows nothing if a ListPicker has no templateIdentifier, if a
// message has a member that it doesn't know, such as imageDescription, referenceId, actionDetail or
// url, or if a duration or timeZoneOffset of a TimePicker isn't a whole number. It doesn't support
// views. The iOS SDK ignores unknown members, but reads each element of a [Carousel] as a [Panel].
package interactive
