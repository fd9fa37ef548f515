package participanttest

// Options configure a Server.
type Options struct {
	// Addr is the TCP address to listen on. Defaults to "127.0.0.1:0", a free port.
	Addr string
	// MaxAttachmentBytes is the largest file StartAttachmentUpload accepts.
	// Defaults to 20 MiB, the service's own default.
	MaxAttachmentBytes int64
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
	return opts
}
