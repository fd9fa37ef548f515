// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"time"

	"github.com/coder/websocket"
)

const (
	// gatewayIdle and gatewayLife are the limits of API Gateway, which the service doesn't document.
	gatewayIdle = 10 * time.Minute
	gatewayLife = 2 * time.Hour
)

// limit sets the timers that close the socket.
func (k *socket) limit() {
	s := k.srv
	if s.opts.CloseAtConnectionExpiry {
		k.limits = append(k.limits, s.at(k.expiry, k.goAway))
	}
	if s.opts.GatewayLimits {
		k.limits = append(k.limits, s.after(gatewayLife, k.goAway))
		k.used = s.now()
		k.idle = s.after(gatewayIdle, k.closeIdle)
	}
}

// closeIdle uses one timer for many frames.
func (k *socket) closeIdle() {
	due := k.used.Add(gatewayIdle)
	if k.srv.now().Before(due) {
		k.idle = k.srv.at(due, k.closeIdle)
		return
	}
	k.goAway()
}

func (k *socket) goAway() { k.close(websocket.StatusGoingAway, "Going away") }

func (k *socket) stopLimits() {
	for _, t := range append(k.limits, k.idle) {
		k.srv.stop(t)
	}
	k.limits, k.idle = nil, nil
}
