// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

// hostile are responses of 32 MiB, the maximum size that is read.
func hostile() map[string]string {
	const size = 32 << 20
	list := func(head, element, tail string) string {
		n := (size - len(head) - len(tail)) / (len(element) + 1)
		return head + strings.Repeat(element+",", n-1) + element + tail
	}
	const most = 99_999 // one below the limit
	item := `{"Id":"a","Type":"b","Content":"?","DisplayName":"d","ContentType":"e","ParticipantId":"f","AbsoluteTime":"g"}`
	item = strings.Replace(item, "?", strings.Repeat("x", size/most-len(item)-4), 1)
	return map[string]string{
		"empty items":   list(`{"Transcript":[`, `{}`, `]}`),
		"small strings": list(`{"Transcript":[`, `{"Id":"a","Type":"b","Content":"c","DisplayName":"d"}`, `]}`),
		"receipts":      list(`{"Transcript":[`, `{"MessageMetadata":{"Receipts":[{"ReadTimestamp":"r"}]}}`, `]}`),
		"100,000 items": `{"Transcript":[` + strings.Repeat(item+",", most-1) + `{}]}`,
		"one string":    `{"NextToken":"` + strings.Repeat("x", size-20) + `"}`,
		"escapes":       `{"NextToken":"` + strings.Repeat(`\u00e4`, size/6-20) + `"}`,
		"not UTF-8":     `{"NextToken":"` + strings.Repeat("\xff", size-20) + `"}`,
		"one member":    list(`{"Transcript":[{`, `"Id":"abcdefgh"`, `}]}`),
		"nesting":       `{"Unknown":` + strings.Repeat("[", size-20),
	}
}

// BenchmarkHostileResponse reports the peak memory for reading one response, including garbage that
// is not collected yet:
//
//	go test -run=NONE -bench=HostileResponse -benchtime=3x ./internal/restjson
func BenchmarkHostileResponse(b *testing.B) {
	for name, body := range hostile() {
		b.Run(name, func(b *testing.B) {
			worst := uint64(0)
			for b.Loop() {
				runtime.GC()
				before := heapObjects()
				stop, peak := make(chan struct{}), make(chan uint64)
				go func() { peak <- watchHeap(stop) }()
				var got page
				response := &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
				_, _ = restjson.ReadResponse(b.Context(), response, got.read)
				close(stop)
				worst = max(worst, <-peak-before)
				runtime.KeepAlive(got)
			}
			b.ReportMetric(float64(worst)/(1<<20), "peak-MB")
		})
	}
}

func watchHeap(stop <-chan struct{}) (peak uint64) {
	tick := time.NewTicker(100 * time.Microsecond)
	defer tick.Stop()
	for {
		peak = max(peak, heapObjects())
		select {
		case <-stop:
			return peak
		case <-tick.C:
		}
	}
}

func heapObjects() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
