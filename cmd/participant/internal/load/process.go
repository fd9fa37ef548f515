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
	// Heap is what the objects of Go's heap occupy, in bytes, with those that the next garbage
	// collection frees.
	Heap uint64
	// RSS is the memory that the process has of the machine, in bytes; 0 where it isn't known,
	// which is everywhere but on Linux.
	RSS uint64
	// CPU is the time that the process has computed; 0 where it isn't known, as on Windows.
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

// residentBytes reads what Linux tells; 0 elsewhere.
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
