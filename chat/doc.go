// Package chat holds live Amazon Connect chats.
package chat
