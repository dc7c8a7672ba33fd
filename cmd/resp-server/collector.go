package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How the binary has memory collected. A heap that grew by half is collected,
// since memory counts for more than the time it takes: 7 % of the processor
// time while 10 million small keys are loaded, compared with Go's default of
// 100. But garbage of less than leastGarbage is not worth a collection: with
// little data, one would come every few milliseconds and take a third of the
// time of scripts.
const (
	leastGarbage = 8 << 20 // bytes
	leastPercent = 50
	mostPercent  = 200 // Go takes it times 4 MB for the smallest heap
)

// tuneCollector sets GOGC by how much is live, now and after each collection.
// GOGC in the environment wins.
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
		// Setting it stops the world for a moment: only if it changes much.
		if p := percentFor(live[0].Value.Uint64()); p*5 > percent*6 || p*6 < percent*5 {
			percent = p
			debug.SetGCPercent(p)
		}
		afterCollection(next)
	}
	afterCollection(next)
}

// percentFor returns GOGC for a heap.
func percentFor(live uint64) int {
	return max(leastPercent, int(min(mostPercent, 100*leastGarbage/max(live, 1))))
}

// afterCollection calls f once, after the next collection.
func afterCollection(f func()) {
	runtime.AddCleanup(new([16]byte), func(int) { f() }, 0)
}
