// Package interactive is for interactive messages of Amazon Connect chats, and for channels that
// have none. It does no I/O.
package interactive
