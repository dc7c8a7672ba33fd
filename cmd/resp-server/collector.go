package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// These tune the garbage collector of the binary. It runs when the heap has grown
// by half: memory matters more here than its cost, 7 % of the processor time while
// 10 million small keys are loaded, compared with Go's default of 100. But less
// garbage than leastGarbage is not worth a collection: with little data it would
// run every few milliseconds and take a third of the time of scripts.
// time of scripts.
const (
	leastGarbage = 8 << 20 // bytes
	leastPercent = 50
	mostPercent  = 200 // Go multiplies the smallest heap, 4 MB, by this too
)

// tuneCollector sets GOGC by the size of the live heap, now and after each
// collection. It respects GOGC in the environment.
func tuneCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := mostPercent
	debug.SetGCPercent(percent)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var next func()
	next = func() {
		metrics.Read(live)
		// SetGCPercent stops the world for a moment, so change it only if it
		// differs much.
		if p := percentFor(live[0].Value.Uint64()); p*5 > percent*6 || p*6 < percent*5 {
			percent = p
			debug.SetGCPercent(p)
		}
		afterCollection(next)
	}
	afterCollection(next)
}

// percentFor returns GOGC for the size of the live heap.
func percentFor(live uint64) int {
	return max(leastPercent, int(min(mostPercent, 100*leastGarbage/max(live, 1))))
}

// afterCollection calls f once, after the next collection.
func afterCollection(f func()) {
	runtime.AddCleanup(new([16]byte), func(int) { f() }, 0)
}
