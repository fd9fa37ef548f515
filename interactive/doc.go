// SPDX-License-Identifier: Apache-2.0

// Package interactive reads and writes the interactive messages of Amazon Connect chats: pickers,
// panels, quick replies, time slots, carousels, views, and the messages that only Apple Messages
// and WhatsApp show. It converts them to text for channels without buttons, and finds the choice
// that a reply means. It does no I/O.
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
// The customer sends the choice: plain text for most templates, the content type of responses for
// action buttons and views. A [Choice] has that type and the content. The customer may always send
// other text; the bot interprets it. Only offer the choices of the newest message from another
// participant, as AWS's chat widget does. The content type of these messages is
// types.ContentTypeInteractive; compare it with types.IsContentType.
//
// # Limits
//
// Flows check the numbers of elements, the values of enumerations, the required members, and that
// the JSON is smaller than 20 KB, but not the lengths of strings. [Check] reports all of these.
// AWS's chat widget truncates titles and subtitles to 400 characters, or 200 in a [QuickReply]. It
// shows the images of a message's elements only if it can load all of them.
//
// AWS's SDK for Android is strict. It shows nothing of a ListPicker without templateIdentifier, of
// a message with a member that it doesn't know, such as imageDescription, referenceId, actionDetail
// or url, and of a TimePicker whose duration or timeZoneOffset isn't a whole number. It doesn't
// support views. The iOS SDK ignores unknown members, but reads each element of a [Carousel] as a
// [Panel].
package interactive
