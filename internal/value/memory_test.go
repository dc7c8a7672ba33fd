//go:build !race

package value

import (
	"runtime"
	"strconv"
	"testing"
)

// TestGrowingLeavesNoGarbage fills values one element at a time and compares
// the allocated memory with the memory in use at the end. It does not run
// under the race detector, where pools drop values at random.
func TestGrowingLeavesNoGarbage(t *testing.T) {
	l := &Limits{
		ListMaxListpackSize: -2, HashMaxListpackEntries: 128, HashMaxListpackValue: 64,
		SetMaxIntsetEntries: 512, SetMaxListpackEntries: 128, SetMaxListpackValue: 64,
		ZSetMaxListpackEntries: 128, ZSetMaxListpackValue: 64, StreamNodeMaxBytes: 4096, StreamNodeMaxEntries: 100,
	}
	var memory [2][]byte // reused, so that the texts make no garbage themselves
	turn := 0
	text := func(i int) []byte {
		turn = 1 - turn
		memory[turn] = strconv.AppendInt(append(memory[turn][:0], "element:"...), int64(i), 10)
		return memory[turn]
	}
	pairs := [][]byte{[]byte("field"), nil}
	many := func(f func(from int) Value) func() []Value {
		return func() (list []Value) {
			for i := range 1000 {
				list = append(list, f(10*i))
			}
			return list
		}
	}
	one := func(f func() Value) func() []Value { return func() []Value { return []Value{f()} } }
	for name, fill := range map[string]func() []Value{
		"list": one(func() Value {
			v := NewQuickList(l)
			for i := range 100_000 {
				v.PushBack(text(i))
			}
			return v
		}),
		"list from the tail": one(func() Value {
			v := NewQuickList(l)
			for i := range 100_000 {
				v.PushFront(text(i))
			}
			return v
		}),
		"stream": one(func() Value {
			s := NewStream()
			for i := range 100_000 {
				pairs[1] = text(i)
				s.Add(l, StreamID{Ms: uint64(i + 1)}, pairs)
			}
			return s
		}),
		"small hashes": many(func(from int) Value {
			h := NewHash(l)
			for i := range 10 {
				h.Set(l, text(i), text(from+i), 0)
			}
			return h
		}),
		"small sets": many(func(from int) Value {
			s := NewSet(l)
			s.Prepare(l, text(0), 1)
			for i := range 10 {
				s.Add(l, text(from+i))
			}
			return s
		}),
		"intsets": many(func(from int) Value {
			s := NewSet(l)
			for i := range 10 {
				s.Add(l, text(from + i)[len("element:"):])
			}
			return s
		}),
		"small sorted sets": many(func(from int) Value {
			z := NewZSet(l)
			for i := range 10 {
				z.Set(l, text(from+i), float64(i))
			}
			return z
		}),
		"small lists": many(func(from int) Value {
			v := NewList(l)
			for i := range 10 {
				v.PushBack(text(from + i))
			}
			return v
		}),
	} {
		t.Run(name, func(t *testing.T) {
			var before, filled, after runtime.MemStats
			ratio := 0.0
			for range 3 { // a garbage collection may empty the free lists at any time
				runtime.GC()
				runtime.ReadMemStats(&before)
				list := fill()
				runtime.ReadMemStats(&filled)
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(list)
				allocated, live := filled.TotalAlloc-before.TotalAlloc, after.HeapAlloc-before.HeapAlloc
				ratio = float64(allocated) / float64(live)
				if ratio < 1.3 {
					return
				}
			}
			t.Errorf("allocated %.2f times the memory in use", ratio)
		})
	}
}
