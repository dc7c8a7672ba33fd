package dict

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// The benchmarks named Map do the same with Go's map from strings to pointers.
// The strings share the memory of the elements' keys.

// record is an element that contains its key, like the entries of the server.
type record struct {
	value int
	text  [16]byte
}

func (e *record) key() []byte    { return e.text[:] }
func (e *record) string() string { return unsafe.String(&e.text[0], len(e.text)) }

var sizes = []int{1_000, 1_000_000}

// items returns n elements with keys of 16 bytes, and a random order of
// visiting them.
func items(n int) (all []*record, order []int) {
	all = make([]*record, n)
	for i := range all {
		all[i] = &record{value: i}
		copy(all[i].text[:], fmt.Sprintf("key:%012d", i))
	}
	return all, rand.New(rand.NewPCG(1, 1)).Perm(n)
}

func dictOf(all []*record) *Dict[*record] {
	d := New(1, (*record).key)
	for _, e := range all {
		d.Put(e)
	}
	return d
}

func mapOf(all []*record) map[string]*record {
	m := make(map[string]*record)
	for _, e := range all {
		m[e.string()] = e
	}
	return m
}

func perSize(b *testing.B, run func(b *testing.B, all []*record, order []int)) {
	for _, n := range sizes {
		all, order := items(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			run(b, all, order)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, order []int) {
		keys := keysOf(all, order)
		b.Run("hit/Dict", func(b *testing.B) {
			d := dictOf(all)
			for i := 0; b.Loop(); i++ {
				if e, ok := d.Get(keys[i%len(keys)]); !ok || e.value < 0 {
					b.Fatal("a key is missing")
				}
			}
		})
		b.Run("hit/Map", func(b *testing.B) {
			m := mapOf(all)
			for i := 0; b.Loop(); i++ {
				if e, ok := m[string(keys[i%len(keys)])]; !ok || e.value < 0 {
					b.Fatal("a key is missing")
				}
			}
		})
		for _, k := range keys {
			k[0] = 'x'
		}
		b.Run("miss/Dict", func(b *testing.B) {
			d := dictOf(all)
			for i := 0; b.Loop(); i++ {
				if _, ok := d.Get(keys[i%len(keys)]); ok {
					b.Fatal("found a key that is not there")
				}
			}
		})
		b.Run("miss/Map", func(b *testing.B) {
			m := mapOf(all)
			for i := 0; b.Loop(); i++ {
				if _, ok := m[string(keys[i%len(keys)])]; ok {
					b.Fatal("found a key that is not there")
				}
			}
		})
	})
}

func keysOf(all []*record, order []int) [][]byte {
	keys := make([][]byte, len(order))
	for i, at := range order {
		keys[i] = append([]byte(nil), all[at].key()...)
	}
	return keys
}

func BenchmarkPutReplace(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, order []int) {
		b.Run("Dict", func(b *testing.B) {
			d := dictOf(all)
			for i := 0; b.Loop(); i++ {
				d.Put(all[order[i%len(order)]])
			}
		})
		b.Run("Map", func(b *testing.B) {
			m := mapOf(all)
			for i := 0; b.Loop(); i++ {
				e := all[order[i%len(order)]]
				m[e.string()] = e
			}
		})
	})
}

// BenchmarkFill measures one Put of a new key, averaged over the growth of a
// table from nothing.
func BenchmarkFill(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, order []int) {
		b.Run("Dict", func(b *testing.B) {
			var d *Dict[*record]
			for i := 0; b.Loop(); i++ {
				if i%len(order) == 0 {
					d = New(1, (*record).key)
				}
				d.Put(all[order[i%len(order)]])
			}
		})
		b.Run("DictReserved", func(b *testing.B) {
			var d *Dict[*record]
			for i := 0; b.Loop(); i++ {
				if i%len(order) == 0 {
					d = New(1, (*record).key)
					d.Reserve(len(order))
				}
				d.Put(all[order[i%len(order)]])
			}
		})
		b.Run("Map", func(b *testing.B) {
			var m map[string]*record
			for i := 0; b.Loop(); i++ {
				if i%len(order) == 0 {
					m = make(map[string]*record)
				}
				e := all[order[i%len(order)]]
				m[e.string()] = e
			}
		})
	})
}

// BenchmarkDeletePut deletes an element and puts it back.
func BenchmarkDeletePut(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, order []int) {
		b.Run("Dict", func(b *testing.B) {
			d := dictOf(all)
			for i := 0; b.Loop(); i++ {
				e := all[order[i%len(order)]]
				d.Delete(e.key())
				d.Put(e)
			}
		})
		b.Run("Map", func(b *testing.B) {
			m := mapOf(all)
			for i := 0; b.Loop(); i++ {
				e := all[order[i%len(order)]]
				delete(m, e.string())
				m[e.string()] = e
			}
		})
	})
}

func BenchmarkScan(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, _ []int) {
		d := dictOf(all)
		for _, count := range []int{10, 1000} {
			b.Run(fmt.Sprint("count", count), func(b *testing.B) {
				cursor, n := uint64(0), 0
				for b.Loop() {
					cursor = d.Scan(cursor, count, func(*record) { n++ })
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/element")
			})
		}
	})
}

func BenchmarkRandom(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, _ []int) {
		d := dictOf(all)
		rng := rand.New(rand.NewPCG(1, 1))
		for b.Loop() {
			d.Random(rng.Uint64)
		}
	})
}

func BenchmarkAll(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, _ []int) {
		d := dictOf(all)
		for b.Loop() {
			for range d.All() {
			}
		}
	})
}

// BenchmarkCloneWrite clones a table and writes to the clone once, which
// copies the directory and one segment.
func BenchmarkCloneWrite(b *testing.B) {
	perSize(b, func(b *testing.B, all []*record, _ []int) {
		d := dictOf(all)
		for b.Loop() {
			d.Clone().Put(all[0])
		}
	})
}
