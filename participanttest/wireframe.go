// SPDX-License-Identifier: Apache-2.0

package participanttest

import "github.com/coder/websocket"

// wireFault returns nil unless a fault was applied.
func (e Effect) wireFault() *WireFault {
	if e.fault == 0 {
		return nil
	}
	id := e.fault
	e.fault = 0
	return &WireFault{id, e}
}

// newFrame returns nil unless the wire is recorded.
func (k *socket) newFrame(operation, contentType string, e Effect) *WireEvent {
	if k.srv.wire.Load() == nil {
		return nil
	}
	p := k.participant
	return &WireEvent{
		Kind: WireFrame, Operation: operation, ContactID: p.contact.ID, ParticipantID: p.ID, Socket: k.number,
		ContentType: contentType, Fault: e.wireFault(),
	}
}

// record completes an event and adds it.
func (k *socket) record(event *WireEvent, text []byte) {
	log := k.srv.wire.Load()
	if event == nil || log == nil {
		return
	}
	e := *event // a duplicated frame is two events
	var body excerpt
	_, _ = body.Write(text)
	e.Time, e.Size, e.Body = k.srv.now(), body.size, body.String()
	log.add(e)
}

// recordSent records a frame that is about to be sent.
func (k *socket) recordSent(f frame) {
	if f.event == nil {
		return
	}
	event := *f.event
	event.Lost = k.transport.mute.Load()
	if f.code != 0 {
		f.text, event.Status = []byte(f.reason), int(f.code)
	}
	k.record(&event, f.text)
}

// recordLost records a push that a fault keeps from being sent.
func (k *socket) recordLost(f frame) {
	if f.event != nil {
		event := *f.event
		event.Lost = true
		k.record(&event, f.text)
	}
}

func (k *socket) recordReceived(topic string, text []byte, e Effect) {
	if event := k.newFrame(topic, "", e); event != nil {
		event.FromClient = true
		k.record(event, text)
	}
}

// recordEnd records why a socket can't be read any more.
func (k *socket) recordEnd(err error) {
	event := k.newFrame(OperationClose, "", Effect{})
	if event == nil {
		return
	}
	event.FromClient = !k.reset.Load()
	if code := websocket.CloseStatus(err); code != -1 {
		event.Status = int(code)
	}
	k.record(event, nil)
}
