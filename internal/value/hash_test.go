package value

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

var testLimits = Limits{
	Seed: 1, ListMaxListpackSize: -2, HashMaxListpackEntries: 8, HashMaxListpackValue: 16, SetMaxIntsetEntries: 8,
	SetMaxListpackEntries: 8, SetMaxListpackValue: 16, ZSetMaxListpackEntries: 8, ZSetMaxListpackValue: 16,
	StreamNodeMaxBytes: 256, StreamNodeMaxEntries: 8, HLLSparseMaxBytes: 3000,
}

type hashModel map[string]fieldModel

type fieldModel struct {
	value string
	at    int64
}

func checkHash(t *testing.T, h *Hash, m hashModel) {
	t.Helper()
	if err := Check(h); err != nil {
		t.Fatal(err)
	}
	if h.Len() != len(m) || h.Empty() != (len(m) == 0) {
		t.Fatalf("%d fields, want %d", h.Len(), len(m))
	}
	next := int64(0)
	for name, want := range m {
		v, ok := h.Get([]byte(name), nil)
		at, _ := h.Time([]byte(name))
		if !ok || string(v) != want.value || at != want.at || !h.Has([]byte(name)) {
			t.Fatalf("field %q: %q %d %v, want %+v", name, v, at, ok, want)
		}
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	if h.NextExpiry() != next {
		t.Fatalf("next expiry %d, want %d", h.NextExpiry(), next)
	}
	seen := hashModel{}
	for name, v := range h.All {
		seen[string(name)] = fieldModel{string(v), m[string(name)].at}
	}
	if !maps.Equal(seen, m) {
		t.Fatalf("All yields %v, want %v", seen, m)
	}
}

func TestHashModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	type owner struct {
		h *Hash
		m hashModel
	}
	for range effort.Of(30) {
		owners := []owner{{NewHash(&testLimits), hashModel{}}}
		fields := 4 + rnd.IntN(20)
		for range 300 {
			o := &owners[rnd.IntN(len(owners))]
			name := strconv.Itoa(rnd.IntN(fields))
			if rnd.IntN(4) == 0 {
				name = "field" + name
			}
			v := strconv.Itoa(rnd.IntN(1000))
			if rnd.IntN(100) == 0 {
				v = strings.Repeat("v", 17)
			}
			at := int64(rnd.IntN(3)) * int64(1+rnd.IntN(100))
			was, exists := o.m[name]
			switch rnd.IntN(7) {
			case 0, 1:
				if added := o.h.Set(&testLimits, []byte(name), []byte(v), at); added == exists {
					t.Fatalf("Set(%q) is %v", name, added)
				}
				o.m[name] = fieldModel{v, at}
			case 2:
				o.h.Set(&testLimits, []byte(name), []byte(v), KeepTime)
				o.m[name] = fieldModel{v, was.at}
			case 3:
				o.h.SetTime([]byte(name), at)
				if exists {
					o.m[name] = fieldModel{was.value, at}
				}
			case 4:
				if o.h.Delete([]byte(name)) != exists {
					t.Fatalf("Delete(%q) is not %v", name, exists)
				}
				delete(o.m, name)
			case 5:
				if len(owners) < 4 {
					// The frozen hash is still read, and two owners may thaw it.
					frozen := owner{o.h, o.m}
					o.h, o.m = frozen.h.Thaw().(*Hash), maps.Clone(frozen.m)
					owners = append(owners, owner{frozen.h.Thaw().(*Hash), maps.Clone(frozen.m)})
				}
			case 6:
				now := int64(rnd.IntN(20))
				var gone []string
				o.h.Expire(now, func(name []byte) { gone = append(gone, string(name)) })
				for _, name := range gone {
					if f := o.m[name]; f.at == 0 || f.at > now {
						t.Fatalf("%q expired at %d: %+v", name, now, f)
					}
					delete(o.m, name)
				}
			}
			for _, o := range owners {
				checkHash(t, o.h, o.m)
			}
		}
	}
}

func TestHashEncoding(t *testing.T) {
	h := NewHash(&testLimits)
	want := func(encoding string) {
		t.Helper()
		if h.Encoding() != encoding {
			t.Errorf("%s, want %s", h.Encoding(), encoding)
		}
	}
	h.Set(&testLimits, []byte("a"), []byte("1"), 0)
	want("listpack")
	h.SetTime([]byte("a"), 5)
	want("listpackex")
	h.SetTime([]byte("a"), 0)
	want("listpackex")
	for i := range 8 {
		h.Set(&testLimits, fmt.Append(nil, i), []byte("1"), 0)
	}
	want("hashtable")
}

// TestHashOrder checks that a small hash orders its fields by time, with the
// fields without one last.
func TestHashOrder(t *testing.T) {
	h := NewHash(&testLimits)
	for i, at := range []int64{0, 30, 10, 20, 0} {
		h.Set(&testLimits, []byte{byte('a' + i)}, []byte("v"), at)
	}
	var got []string
	for name := range h.All {
		got = append(got, string(name))
	}
	if want := []string{"c", "d", "b", "a", "e"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestHashSample(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{5, 100} {
		h := NewHash(&testLimits)
		for i := range size {
			h.Set(&testLimits, fmt.Append(nil, i), []byte("v"), 0)
		}
		counts := map[string]int{}
		for range 2000 {
			seen := map[string]bool{}
			h.Sample(rnd, 3, func(name, _ []byte) { seen[string(name)] = true })
			if len(seen) != 3 {
				t.Fatalf("%d fields, want 3", len(seen))
			}
			for name := range seen {
				counts[name]++
			}
		}
		for name, n := range counts {
			if mean := 6000 / size; n < mean/3 || n > mean*2 {
				t.Errorf("field %s came %d times, want about %d", name, n, mean)
			}
		}
	}
}

func BenchmarkHash(b *testing.B) {
	limits := testLimits
	limits.HashMaxListpackEntries = 128
	for _, n := range []int{10, 100, 1000000} {
		h := NewHash(&limits)
		names := make([][]byte, n)
		for i := range names {
			names[i] = fmt.Appendf(nil, "field:%d", i)
			h.Set(&limits, names[i], []byte("value"), 0)
		}
		b.Run(fmt.Sprintf("get/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.Get(names[i*7919%n], nil)
			}
		})
		b.Run(fmt.Sprintf("set/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.Set(&limits, names[i*7919%n], []byte("other"), 0)
			}
		})
	}
}
