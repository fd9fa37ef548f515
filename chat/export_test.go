package chat

import "time"

// WithMaxBackoff bounds the back-off of dials and passes, for tests in real time.
func WithMaxBackoff(d time.Duration) func(*Options) {
	return func(o *Options) { o.maxBackoff = d }
}
