// SPDX-License-Identifier: Apache-2.0

// Package interactive reads and writes the interactive messages of Amazon Connect chats: pickers,
// panels, quick replies, time slots, carousels, views, and those for Apple Messages and WhatsApp
// only. It makes text of them for channels without buttons, and finds the choice that a person
// means. It does no I/O.
//
//	m, err := interactive.Parse(message.Text)
//	if err != nil {
//		return message.Text
//	}
//	return interactive.Text(m)
//
// # Who sends what
//
// A participant can't send an interactive message: SendMessage doesn't accept
// application/vnd.amazonaws.connect.message.interactive from a customer, an agent or a custom bot.
// They come from the flow, with the role SYSTEM: from an Amazon Lex bot in a Get customer input
// block, and from a Show view block. The chat must have been started with the content type in
// SupportedMessagingContentTypes, and with
// application/vnd.amazonaws.connect.message.interactive.response for action buttons and views.
//
// The Lambda function of a Lex V2 bot returns, beside its sessionState, a list named messages. An
// interactive message is an element of it with the contentType CustomPayload, and what [Marshal]
// returns as its content: JSON in a string.
//
// The customer sends the choice: plain text for most templates, the content type of responses for
// action buttons and views. A [Choice] has both members. Other text is always possible; the bot
// decides what it means. Offer the choices of the newest message of the other side only, as AWS's
// chat widget does. The content type of these messages is types.ContentTypeInteractive; compare it
// by types.IsContentType.
//
// # Limits
//
// Flows check the numbers of elements, the values of enumerations, the required members, and that
// the JSON is smaller than 20 KB, but not the lengths of strings. [Check] reports all of it. AWS's
// chat widget cuts titles and subtitles to 400 characters, 200 in a [QuickReply]. Of a message
// with images it shows those of the elements only if all of them can be loaded.
//
// AWS's SDK for Android is strict: it shows nothing of a ListPicker without templateIdentifier, of
// any message with a member that it doesn't know, such as imageDescription, referenceId,
// actionDetail or url, and of a TimePicker whose duration or timeZoneOffset isn't a whole number.
// It doesn't know views. Its iOS SDK ignores unknown members, but reads each element of a
// [Carousel] as a [Panel].
package interactive
