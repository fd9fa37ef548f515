// SPDX-License-Identifier: Apache-2.0

package chat

import "log/slog"

// Kind is the name of an event's type. Later versions don't rename kinds.
type Kind string

// The kinds of events.
const (
	KindMessage           Kind = "message"
	KindUpdated           Kind = "updated"
	KindProgress          Kind = "progress"
	KindReceipt           Kind = "receipt"
	KindTyping            Kind = "typing"
	KindParticipant       Kind = "participant"
	KindTransfer          Kind = "transfer"
	KindAuthentication    Kind = "authentication"
	KindOther             Kind = "other"
	KindConnectionChanged Kind = "connection_changed"
	KindRenewalDue        Kind = "renewal_due"
	KindChatEnded         Kind = "chat_ended"
)

// Kind is KindMessage.
func (Message) Kind() Kind { return KindMessage }

// Kind is KindUpdated.
func (Updated) Kind() Kind { return KindUpdated }

// Kind is KindProgress.
func (Progress) Kind() Kind { return KindProgress }

// Kind is KindReceipt.
func (Receipt) Kind() Kind { return KindReceipt }

// Kind is KindTyping.
func (Typing) Kind() Kind { return KindTyping }

// Kind is KindParticipant.
func (Participant) Kind() Kind { return KindParticipant }

// Kind is KindTransfer.
func (Transfer) Kind() Kind { return KindTransfer }

// Kind is KindAuthentication.
func (Authentication) Kind() Kind { return KindAuthentication }

// Kind is KindOther.
func (Other) Kind() Kind { return KindOther }

// Kind is KindConnectionChanged.
func (ConnectionChanged) Kind() Kind { return KindConnectionChanged }

// Kind is KindRenewalDue.
func (RenewalDue) Kind() Kind { return KindRenewalDue }

// Kind is KindChatEnded.
func (ChatEnded) Kind() Kind { return KindChatEnded }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Message) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Updated) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Progress) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (r Receipt) LogValue() slog.Value { return logged(r, r.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Typing) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Participant) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Transfer) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Authentication) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e Other) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event's kind and Meta to log/slog, without content or names.
func (e ChatEnded) LogValue() slog.Value { return logged(e, e.Meta) }

// LogValue shows the event to log/slog.
func (e ConnectionChanged) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("kind", string(e.Kind())), slog.Bool("connected", e.Connected)}
	if e.Cause != nil {
		attrs = append(attrs, slog.String("cause", e.Cause.Error()))
	}
	return slog.GroupValue(attrs...)
}

// LogValue shows the event to log/slog.
func (e RenewalDue) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(e.Kind())), slog.Duration("within", e.Within))
}

func logged(event Event, meta Meta) slog.Value {
	return slog.GroupValue(append([]slog.Attr{slog.String("kind", string(event.Kind()))}, meta.LogValue().Group()...)...)
}
