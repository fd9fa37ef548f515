// SPDX-License-Identifier: Apache-2.0

// Package chunks joins the chunks of messages that AI agents stream.
package chunks

// MaxBytes limits the text of a message. The last chunk holds the complete text, so a longer text
// only arrives later.
const MaxBytes = 64 << 10

// Text is the text of the chunks that have arrived without a gap. The zero Text expects chunk 1.
type Text struct {
	last int32
	text []byte
}

// Add appends the chunk with the given number. It returns false, and changes nothing, if the chunk
// does not follow the last one or the text would exceed MaxBytes.
func (t *Text) Add(number int32, chunk string) bool {
	if !t.Follows(number) || len(t.text)+len(chunk) > MaxBytes {
		return false
	}
	t.last = number
	t.text = append(t.text, chunk...)
	return true
}

// Follows reports whether the chunk with the given number is the next one.
func (t *Text) Follows(number int32) bool { return number == t.last+1 }

// IsAhead reports whether the chunk with the given number comes after the next one.
func (t *Text) IsAhead(number int32) bool { return number > t.last+1 }

// String returns the text.
func (t *Text) String() string { return string(t.text) }
