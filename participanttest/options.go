package participanttest

// Options configure a Server.
type Options struct {
	// Addr is the TCP address to listen on. Defaults to "127.0.0.1:0", a free port.
	Addr string
	// MaxAttachmentBytes is the largest file StartAttachmentUpload accepts.
	// Defaults to 20 MiB, the service's own default.
	MaxAttachmentBytes int64
	// MaxSockets is how many WebSockets may be open; a further upgrade answers 503.
	// Defaults to 8,000.
	MaxSockets int

	inMemory bool
}

// InMemory makes a server without a port, for a testing/synctest bubble: only its own
// Client reaches it, for HTTP and as the HTTPClient of a WebSocket dialer. Start the
// server, and everything that uses it, inside the bubble.
func InMemory() func(*Options) {
	return func(o *Options) { o.inMemory = true }
}

func withDefaults(optFns []func(*Options)) Options {
	var opts Options
	for _, fn := range optFns {
		fn(&opts)
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if opts.MaxAttachmentBytes == 0 {
		opts.MaxAttachmentBytes = 20 << 20
	}
	if opts.MaxSockets == 0 {
		opts.MaxSockets = 8000
	}
	return opts
}
