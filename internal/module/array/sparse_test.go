package array

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// compareArrays compares an array with a map, using look-ups and iterators.
func compareArrays(t *testing.T, a *sparse, want map[uint64]string, rng *rand.Rand) {
	t.Helper()
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	if a.Count() != uint64(len(want)) {
		t.Fatalf("%d values, want %d", a.Count(), len(want))
	}
	keys := slices.Sorted(maps.Keys(want))
	length := uint64(0)
	if len(keys) > 0 {
		length = keys[len(keys)-1] + 1
	}
	if a.Len() != length {
		t.Fatalf("length %d, want %d", a.Len(), length)
	}
	for _, k := range keys {
		if v, ok := a.Get(k); !ok || string(v.AppendTo(nil)) != want[k] {
			t.Fatalf("%q, %v at %d, want %q", v.AppendTo(nil), ok, k, want[k])
		}
	}
	from, to := uint64(0), uint64(maxIndex)
	if rng.IntN(2) == 0 && len(keys) > 0 {
		from, to = keys[rng.IntN(len(keys))]+rng.Uint64N(3), keys[rng.IntN(len(keys))]+rng.Uint64N(3)
	}
	if rng.IntN(2) == 0 {
		from, to = to, from
	}
	low, high := min(from, to), max(from, to)
	keys = slices.DeleteFunc(keys, func(k uint64) bool { return k < low || k > high })
	if from > to {
		slices.Reverse(keys)
	}
	it := a.Range(from, to)
	for _, k := range keys {
		if !it.Next() || it.Index != k || string(it.Value.AppendTo(nil)) != want[k] {
			t.Fatalf("walking from %d to %d: %d %q, want %d %q", from, to, it.Index, it.Value.AppendTo(nil), k, want[k])
		}
	}
	if it.Next() {
		t.Fatalf("walking from %d to %d: %d after the end", from, to, it.Index)
	}
}

func TestArrayModel(t *testing.T) {
	texts := []string{"", "a", "1", "-17", "0.5", "3.14", "1.0", "12345678", "2305843009213693951", "2305843009213693952",
		"-2305843009213693952", "-2305843009213693953", "sevenby", "eight by", strings.Repeat("x", 100), "-0.0", "1e3", "a\x00b"}
	for _, l := range []limits{
		{sliceSize: 16, sparseMax: 4, sparseMin: 2},
		{sliceSize: 64, sparseMax: 10, sparseMin: 5},
		{sliceSize: 16},
		{sliceSize: 4096, sparseMax: 10, sparseMin: 5},
	} {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(l.sliceSize, l.sparseMax, seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			a, want := newSparse(&l), map[uint64]string{}
			var frozen *sparse
			var was map[uint64]string
			index := func() uint64 {
				switch rng.IntN(8) {
				case 0:
					return rng.Uint64N(1 << 40)
				case 1:
					return maxIndex - rng.Uint64N(40)
				case 2:
					return uint64(l.sliceSize)*blockSize + rng.Uint64N(40) - 20
				}
				return rng.Uint64N(200)
			}
			for range effort.Of(1000) {
				switch i := index(); rng.IntN(7) {
				case 0, 1, 2:
					text := texts[rng.IntN(len(texts))]
					_, had := want[i]
					if a.Set(&l, i, []byte(text)) == had {
						t.Fatalf("index %d: wrong result of Set; the slot was used: %v", i, had)
					}
					want[i] = text
				case 3:
					n := min(rng.Uint64N(40), maxIndex-i)
					a.Reserve(&l, i, i+n)
					for j := range n + 1 {
						text := texts[rng.IntN(len(texts))]
						a.Set(&l, i+j, []byte(text))
						want[i+j] = text
					}
				case 4:
					_, had := want[i]
					if a.Delete(&l, i) != had {
						t.Fatalf("index %d: wrong result of Delete; the slot was used: %v", i, had)
					}
					delete(want, i)
				case 5:
					to := max(i, index()>>rng.IntN(64))
					n := len(want)
					maps.DeleteFunc(want, func(k uint64, _ string) bool { return k >= i && k <= to })
					if got := a.DeleteRange(&l, i, to); got != uint64(n-len(want)) {
						t.Fatalf("%d deleted from %d to %d, want %d", got, i, to, n-len(want))
					}
				default:
					if frozen != nil {
						compareArrays(t, frozen, was, rng)
					}
					frozen, was = a, maps.Clone(want)
					a = a.Thaw().(*sparse)
				}
				compareArrays(t, a, want, rng)
			}
		})
	}
}

// TestArrayWords checks which texts are stored in the slot itself.
func TestArrayWords(t *testing.T) {
	for _, c := range []struct {
		text string
		kind slotKind
	}{
		{"", slotShort}, {"0", slotInt}, {"-0", slotShort}, {"01", slotShort}, {"9223372036854775807", slotLong},
		{"2305843009213693951", slotInt}, {"0.5", slotFloat}, {"0.1", slotShort}, {"1.0", slotFloat}, {"1.50", slotShort},
		{"-0.0", slotFloat}, {"5.", slotShort}, {".5", slotShort}, {"1234567", slotInt}, {"abcdefg", slotShort}, {"abcdefgh", slotLong},
	} {
		word, ok := newWord([]byte(c.text))
		v := slot{word: word, text: c.text}
		if ok != (c.kind != slotLong) || ok && v.Kind() != c.kind || string(v.AppendTo(nil)) != c.text {
			t.Errorf("%q: kind %d, %v, %q", c.text, v.Kind(), ok, v.AppendTo(nil))
		}
	}
}

// TestArrayMemory checks that a million adjacent numbers take little more than
// eight bytes each, and that gaps take little memory.
func TestArrayMemory(t *testing.T) {
	l := limits{sliceSize: 4096, sparseMax: 10, sparseMin: 5}
	a := newSparse(&l)
	for i := range uint64(1 << 20) {
		a.Set(&l, i, []byte("42"))
	}
	if use := a.MemoryUse() >> 20; use > 10 {
		t.Errorf("%d bytes a value", use)
	}
	a = newSparse(&l)
	for i := range uint64(1000) {
		a.Set(&l, i*(math.MaxUint64/1001), []byte("42"))
	}
	if use := a.MemoryUse() / 1000; use > 300 {
		t.Errorf("%d bytes a value", use)
	}
}
