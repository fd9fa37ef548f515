// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingIsAllocatedUnlessTheWireIsRecorded(t *testing.T) { //nolint:paralleltest // counts allocations
	s := &Server{}
	k := &socket{srv: s, participant: &Participant{contact: &Contact{}}}
	var w http.ResponseWriter = httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/participant/message", http.NoBody)
	effect := Lose()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		x := s.observe(w, r)
		x.identify(Request{Operation: "SendMessage"})
		x.noteFault(effect)
		x.open()
		x.end()
		exchangeOf(w).open()
		k.recordReceived(topicHeartbeat, nil, effect)
		k.recordSent(frame{event: k.newFrame(OnPush, "text/plain", effect)})
		k.recordEnd(http.ErrServerClosed)
	}))
}
