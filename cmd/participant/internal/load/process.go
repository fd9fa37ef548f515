// SPDX-License-Identifier: Apache-2.0

package load

import (
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// Process is what this process uses.
type Process struct {
	// Heap is the size of the objects in Go's heap, in bytes, including those that the next garbage
	// collection frees.
	Heap uint64
	// RSS is the resident memory of the process in bytes. It is only known on Linux, and 0 elsewhere.
	RSS uint64
	// CPU is the CPU time of the process; 0 where it isn't known, as on Windows.
	CPU time.Duration
}

func readProcess() Process {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	p := Process{RSS: residentBytes(), CPU: cpuTime()}
	if heap[0].Value.Kind() == metrics.KindUint64 {
		p.Heap = heap[0].Value.Uint64()
	}
	return p
}

// residentBytes reads the resident memory on Linux; 0 elsewhere.
func residentBytes() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize())
}
