package hyperloglog

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// check validates a HyperLogLog and returns its registers.
func check(t *testing.T, b []byte, sparseMax int) (regs [registers]uint8) {
	t.Helper()
	if !Valid(b) {
		t.Fatalf("not valid: %x", b[:min(len(b), 40)])
	}
	if IsDense(b) {
		for i := range regs {
			regs[i] = Register(b, i)
		}
		return regs
	}
	if len(b) > max(sparseMax, headerSize+2) {
		t.Fatalf("%d bytes of sparse registers, limit %d", len(b), sparseMax)
	}
	index := 0
	for i := headerSize; i < len(b); {
		value, run, size := opcode(b, i)
		if size == 2 && run <= maxShortRun {
			t.Fatalf("run of %d zeros in two bytes", run)
		}
		for range run {
			regs[index] = value
			index++
		}
		i += size
	}
	if index != registers {
		t.Fatalf("%d registers", index)
	}
	return regs
}

func TestAddModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range effort.Of(20) {
		sparseMax := []int{0, 40, 300, 3000, 20000}[round%5]
		b := New()
		var want [registers]uint8
		few := 1 + r.IntN(registers) // number of registers in use; with a low one neighbours join
		for range 2000 {
			index := r.IntN(few)
			rank := uint8(1 + r.IntN(5))
			if r.IntN(500) == 0 {
				rank = maxRank
			}
			grows := rank > want[index]
			want[index] = max(want[index], rank)
			out, changed, err := set(b, index, rank, sparseMax)
			if err != nil || changed != grows {
				t.Fatalf("seed %d: set(%d, %d) = %v, %v, want %v", seed, index, rank, changed, err, grows)
			}
			b = out
		}
		if check(t, b, sparseMax) != want {
			t.Fatalf("seed %d: registers differ", seed)
		}
		dense, err := ToDense(b)
		if err != nil || check(t, dense, 0) != want {
			t.Fatalf("seed %d: ToDense: %v", seed, err)
		}
		var union Registers
		if err := union.Merge(b); err != nil || union != want {
			t.Fatalf("seed %d: Merge: %v", seed, err)
		}
		stored, err := union.Store(New(), sparseMax)
		if err != nil || check(t, stored, sparseMax) != want {
			t.Fatalf("seed %d: Store: %v", seed, err)
		}
		n1, err1 := Count(b)
		n2, err2 := Count(dense)
		if err1 != nil || err2 != nil || n1 != n2 || n1 != union.Count() {
			t.Fatalf("seed %d: counts differ: %d %d %d", seed, n1, n2, union.Count())
		}
	}
}

func TestEstimate(t *testing.T) {
	b := New()
	if n, err := Count(b); n != 0 || err != nil {
		t.Fatalf("empty: %d, %v", n, err)
	}
	next := 1
	for i := 1; i <= 100000; i++ {
		var err error
		if b, _, err = Add(b, fmt.Appendf(nil, "element:%d", i), 3000); err != nil {
			t.Fatal(err)
		}
		if i == next {
			n, _ := Count(b)
			if diff := math.Abs(float64(n) - float64(i)); diff > math.Ceil(0.03*float64(i)) {
				t.Errorf("%d elements: estimated %d", i, n)
			}
			next *= 10
		}
	}
}

func TestCache(t *testing.T) {
	b := New()
	if n, ok := Cached(b); n != 0 || !ok {
		t.Fatal(n, ok)
	}
	Invalidate(b)
	if _, ok := Cached(b); ok {
		t.Fatal("still valid")
	}
	SetCached(b, 1<<40)
	if n, ok := Cached(b); n != 1<<40 || !ok {
		t.Fatal(n, ok)
	}
}

func TestSelfTest(t *testing.T) {
	seed := rand.Uint64()
	if err := SelfTest(rand.New(rand.NewPCG(seed, 0)).Uint64, 3000); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
}

// FuzzCorrupt tries strings that clients may write with SET.
func FuzzCorrupt(f *testing.F) {
	f.Add(New()[headerSize:], []byte("a"))
	f.Add([]byte{}, []byte("a"))
	f.Add([]byte{0x7f}, []byte("a"))
	f.Add([]byte{0x83, 0x87, 0x7f, 0xf9, 0x40}, []byte("a"))
	f.Fuzz(func(t *testing.T, runs, element []byte) {
		b := append(New()[:headerSize:headerSize], runs...)
		_, err := Count(b)
		_, err2 := ToDense(b)
		var r Registers
		err3 := r.Merge(b)
		if err == nil && (err2 != nil || err3 != nil) {
			t.Fatalf("%x: %v %v %v", runs, err, err2, err3)
		}
		AppendRuns(nil, b)
		before := bytes.Clone(b)
		out, changed, addErr := Add(b, element, 3000)
		if err == nil && addErr != nil {
			t.Fatal(addErr)
		}
		if !changed && addErr == nil && !bytes.Equal(out, before) {
			t.Fatalf("%x became %x", before, out)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	for _, sparseMax := range []int{0, 3000} {
		b.Run(fmt.Sprint("sparseMax=", sparseMax), func(b *testing.B) {
			h := New()
			for i := range 1000 {
				h, _, _ = Add(h, fmt.Append(nil, i), sparseMax)
			}
			element := []byte("500")
			b.ReportAllocs()
			for b.Loop() {
				h, _, _ = Add(h, element, sparseMax)
			}
		})
	}
}

func BenchmarkCount(b *testing.B) {
	h, _ := ToDense(New())
	for i := range 100000 {
		h, _, _ = Add(h, fmt.Append(nil, i), 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		Count(h)
	}
}
