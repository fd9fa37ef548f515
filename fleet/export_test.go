// SPDX-License-Identifier: Apache-2.0

package fleet

// Crash ends the member as kill -9 would: it saves and announces nothing.
func (m *Member) Crash() {
	m.beginClosing()
	for _, t := range m.snapshot() {
		t.end(ErrLost)
	}
	m.end()
	m.tenures.Wait()
	m.loops.Wait()
	close(m.closed)
}

// Rate returns the member's part of a quota.
func (m *Member) Rate(operation string) float64 { return m.limiter.rate(operation) }
