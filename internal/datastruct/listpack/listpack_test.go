package listpack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

func pack(values ...string) Pack {
	p := New(0)
	for _, v := range values {
		p = p.Append([]byte(v))
	}
	return p
}

func elements(p Pack) []string {
	all := []string{}
	for pos := p.First(); pos >= 0; pos = p.Next(pos) {
		all = append(all, string(p.AppendTo(nil, pos)))
	}
	return all
}

// The packs come from DUMP payloads of redis-server 7.4.1.
func TestLayoutIsThatOfRedis(t *testing.T) {
	for _, c := range []struct {
		name, want string
		values     []string
	}{
		{"every integer width and strings that look like integers",
			"c00000001f00000101017f01c08002dfff02cfff02d00002f1001003f1ffef03f1ff7f03f1008003f200800004f2ff7fff04" +
				"f2ffff7f04f200008004f30000800005f3ffff7fff05f3ffffff7f05f30000008005f4000000800000000009f4ffffff7fffffffff09" +
				"f4ffffffffffffff7f09f4000000000000008009933932323333373230333638353437373538303814942d393232333337323033" +
				"36383534373735383039158330303704822d3003822b310380018220310383312e3004ff",
			[]string{"0", "1", "127", "128", "-1", "4095", "-4096", "4096", "-4097", "32767", "-32768", "32768", "-32769",
				"8388607", "-8388608", "8388608", "-8388609", "2147483647", "-2147483648", "2147483648", "-2147483649",
				"9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
				"007", "-0", "+1", "", " 1", "1.0"}},
		{"a hash",
			"2b0000000800856669656c64068576616c756506816e022a0185656d707479068001817a02f290eefe04ff",
			[]string{"field", "value", "n", "42", "empty", "", "z", "-70000"}},
		{"63 bytes", "4b0000000200bf" + strings.Repeat("78", 63) + "40817902ff", []string{strings.Repeat("x", 63), "y"}},
		{"64 bytes", "4d0000000200e040" + strings.Repeat("78", 64) + "42817902ff", []string{strings.Repeat("x", 64), "y"}},
		{"4095 bytes", "0d1000000200efff" + strings.Repeat("78", 4095) + "2081817902ff", []string{strings.Repeat("x", 4095), "y"}},
		{"4096 bytes", "111000000200f000100000" + strings.Repeat("78", 4096) + "2085817902ff", []string{strings.Repeat("x", 4096), "y"}},
		{"the longest with two bytes of back length", "0a4000000200f0f93f0000" + strings.Repeat("78", 16377) + "7ffe817902ff",
			[]string{strings.Repeat("x", 16377), "y"}},
		{"one more", "0c4000000200f0fa3f0000" + strings.Repeat("78", 16378) + "00ffff817902ff",
			[]string{strings.Repeat("x", 16378), "y"}},
		{"two more", "0d4000000200f0fb3f0000" + strings.Repeat("78", 16379) + "018080817902ff",
			[]string{strings.Repeat("x", 16379), "y"}},
	} {
		p := pack(c.values...)
		if got := hex.EncodeToString(p); got != c.want {
			t.Errorf("%s: got %.400s\nwant %.400s", c.name, got, c.want)
		}
		if got := elements(p); !slices.Equal(got, c.values) {
			t.Errorf("%s: read back as %.200q", c.name, got)
		}
		if err := p.Validate(true); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The pack is the result of RPUSH l a b, LPUSH l c 1000, LINSERT l BEFORE a mid, LSET l -1 "longer than before" and
// LREM l 1 c.
func TestEditedLayoutIsThatOfRedis(t *testing.T) {
	p := pack("a", "b").Prepend([]byte("c")).Prepend([]byte("1000"))
	p = p.InsertBefore(p.Find(p.First(), []byte("a"), 0), []byte("mid"))
	p = p.Replace(p.Last(), []byte("longer than before"))
	p = p.Delete(p.Seek(1))
	const want = "260000000400c3e802836d696404816102926c6f6e676572207468616e206265666f726513ff"
	if got := hex.EncodeToString(p); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestParseInt(t *testing.T) {
	for s, ok := range map[string]bool{
		"0": true, "-1": true, "9223372036854775807": true, "-9223372036854775808": true,
		"": false, "-": false, "-0": false, "00": false, "01": false, "+1": false, " 1": false, "1 ": false, "1a": false,
		"9223372036854775808": false, "-9223372036854775809": false, "18446744073709551617": false,
		"99999999999999999999": false, "9999999999999999999": false, "-9999999999999999999": false,
	} {
		n, got := ParseInt([]byte(s))
		if got != ok || ok && strconv.FormatInt(n, 10) != s {
			t.Errorf("ParseInt(%q) = %d, %v", s, n, got)
		}
	}
}

func TestIntegersAtTheEdges(t *testing.T) {
	for _, shift := range []int{0, 7, 12, 15, 23, 31, 63} {
		for d := int64(-2); d <= 2; d++ {
			for _, n := range []int64{1<<shift + d, -1<<shift + d} {
				p := New(0).AppendInt(n)
				v := p.Get(p.First())
				if text := strconv.FormatInt(n, 10); !v.IsInt || v.Int != n || !v.Equal([]byte(text)) || v.TextLen() != len(text) {
					t.Errorf("%d read back as %+v", n, v)
				}
				if q := pack(strconv.FormatInt(n, 10)); !bytes.Equal(p, q) || len(p) != headerSize+1+v.EntrySize() {
					t.Errorf("%d: %x as a number, %x as text", n, p, q)
				}
			}
		}
	}
}

func TestUnknownCount(t *testing.T) {
	p := New(0)
	for i := range 65534 {
		p = p.AppendInt(int64(i & 63))
	}
	if p.count() != 65534 || p.Len() != 65534 {
		t.Fatalf("count %d", p.count())
	}
	p = p.AppendInt(1).AppendInt(2)
	if p.count() != unknownCount || p.Len() != 65536 {
		t.Fatalf("count %d, Len %d", p.count(), p.Len())
	}
	if err := p.Validate(true); err != nil {
		t.Fatal(err)
	}
	if p.Get(p.Seek(65535)).Int != 2 || p.Get(p.Seek(-1)).Int != 2 || p.Seek(65536) != -1 || p.Seek(-65537) != -1 {
		t.Error("Seek")
	}
	front, rest := p.Clone().Split(p.Seek(65530))
	if front.Len() != 65530 || rest.Len() != 6 || rest.count() != 6 {
		t.Errorf("split into %d and %d", front.Len(), rest.Len())
	}
	if p = p.DeleteRange(p.First(), 70000); p.Len() != 0 || !p.Empty() || p.First() != -1 || p.Last() != -1 {
		t.Errorf("%d elements left", p.Len())
	}
	p = pack("a").AppendPack(New(0).AppendPack(front))
	if err := p.Validate(true); err != nil || p.Len() != 65531 {
		t.Errorf("joined: Len %d, %v", p.Len(), err)
	}
}

func TestFindComparesNotCanonicalElements(t *testing.T) {
	// The string "12", which Redis would have stored as a number, and the number 5 in a wider encoding than needed.
	p := Pack{0, 0, 0, 0, 2, 0, tag6Str | 2, '1', '2', 3, tag16Int, 5, 0, 3, end}
	p.setHeader(2)
	if err := p.Validate(true); err != nil {
		t.Fatal(err)
	}
	if p.Find(p.First(), []byte("12"), 0) != 6 || p.Find(p.First(), []byte("5"), 0) != 10 || p.Find(p.First(), []byte("05"), 0) != -1 {
		t.Error("Find")
	}
	if !p.Equal(6, []byte("12")) || !p.Equal(10, []byte("5")) {
		t.Error("Equal")
	}
}

func TestFindSkips(t *testing.T) {
	p := pack("a", "b", "b", "c", "1", "2")
	for _, c := range []struct {
		s    string
		skip int
		want int
	}{{"b", 0, 1}, {"b", 1, 2}, {"c", 1, -1}, {"c", 2, 3}, {"1", 1, 4}, {"2", 1, -1}, {"2", 4, 5}, {"", 0, -1}, {"a", 9, 0}} {
		if got, want := p.Find(p.First(), []byte(c.s), c.skip), -1; c.want >= 0 {
			if want = p.Seek(c.want); got != want {
				t.Errorf("Find %q skipping %d: %d, want %d", c.s, c.skip, got, want)
			}
		} else if got != want {
			t.Errorf("Find %q skipping %d: %d", c.s, c.skip, got)
		}
	}
	if p.Find(-1, []byte("a"), 0) != -1 {
		t.Error("Find from position -1")
	}
}

func randomValue(r *rand.Rand) string {
	switch r.IntN(10) {
	case 0, 1, 2:
		return strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10)
	case 3:
		return strings.Repeat("m", r.IntN(300))
	case 4:
		if r.IntN(10) == 0 {
			return strings.Repeat("l", 4000+r.IntN(200))
		}
	}
	return strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(20))
}

func TestModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	p, want := New(0), []string{}
	for step := range effort.Of(20000) {
		v, i, n := randomValue(r), 0, len(want)
		if n > 0 {
			i = r.IntN(n)
		}
		pos := p.Seek(i)
		kind := r.IntN(14)
		if n > 150 && kind < 5 || n == 0 && kind > 1 {
			kind = map[bool]int{true: 9, false: 0}[n > 0]
		}
		switch kind {
		case 0:
			p, want = p.Append([]byte(v)), append(want, v)
		case 1:
			p, want = p.Prepend([]byte(v)), slices.Insert(want, 0, v)
		case 2:
			p, want = p.InsertBefore(pos, []byte(v)), slices.Insert(want, i, v)
		case 3:
			p, want = p.InsertAfter(pos, []byte(v)), slices.Insert(want, i+1, v)
		case 4:
			w := randomValue(r)
			p, want = p.AppendAll([]byte(v), []byte(w)), append(want, v, w)
		case 5, 6:
			p, want[i] = p.Replace(pos, []byte(v)), v
		case 7:
			p, want[i] = p.ReplaceInt(pos, int64(step)), strconv.Itoa(step)
		case 8:
			p, want = p.Delete(pos), slices.Delete(want, i, i+1)
			if at := slices.Index(want[i:], v); (p.Find(p.orNone(pos), []byte(v), 0) >= 0) != (at >= 0) {
				t.Fatalf("seed %d step %d: Find", seed, step)
			}
		case 9:
			d := r.IntN(20)
			p, want = p.DeleteRange(pos, d), slices.Delete(want, i, min(n, i+d))
		case 10:
			p, want = p.DropFirst(), slices.Delete(want, 0, 1)
		case 11:
			front, rest := p.Split(pos)
			if !slices.Equal(elements(rest), want[i:]) {
				t.Fatalf("seed %d step %d: Split", seed, step)
			}
			p = front.AppendPack(rest)
		case 12:
			e := ValueOf([]byte(v))
			room := e.EntrySize() + r.IntN(3)
			buf := append(make([]byte, room), p...)
			p, want = buf[PrependInRoom(buf, room, e):], slices.Insert(want, 0, v)
		case 13:
			p = p.Trim()
			if j := i - n; p.Seek(j) != p.Seek(i) || string(p.AppendTo(nil, p.Seek(j))) != want[i] {
				t.Fatalf("seed %d step %d: Seek %d", seed, step, j)
			}
		}
		if err := p.Validate(true); err != nil || p.Len() != len(want) || p.Seek(len(want)) != -1 || p.Seek(-len(want)-1) != -1 {
			t.Fatalf("seed %d step %d kind %d: %v, Len %d, want %d", seed, step, kind, err, p.Len(), len(want))
		}
		if !slices.Equal(elements(p), want) {
			t.Fatalf("seed %d step %d kind %d:\n got %.200q\nwant %.200q", seed, step, kind, elements(p), want)
		}
		if step%16 == 0 {
			back := []string{}
			for pos := p.Last(); pos >= 0; pos = p.Prev(pos) {
				back = append(back, string(p.AppendTo(nil, pos)))
			}
			slices.Reverse(back)
			if q := pack(want...); !slices.Equal(back, want) || !bytes.Equal(p, q) {
				t.Fatalf("seed %d step %d kind %d: backwards, or against a new pack", seed, step, kind)
			}
		}
	}
}

func TestCanAdd(t *testing.T) {
	p := New(0)
	if !p.CanAdd(MaxSize-7) || p.CanAdd(MaxSize-6) || p.CanAdd(math.MaxInt) {
		t.Error("CanAdd")
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	p := pack("field", "value", "n", "123456", "other", "-5")
	want := []byte("other")
	if n := testing.AllocsPerRun(10, func() {
		pos := p.Find(p.First(), want, 1)
		if !p.Equal(p.Next(pos), []byte("-5")) {
			t.Error("Equal")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMemoryIsUsed(t *testing.T) {
	p := New(0)
	for i := range 2000 {
		if p = p.Append(fmt.Appendf(nil, "v%d", i)); cap(p) > len(p)+len(p)/3+16 {
			t.Fatalf("%d bytes in memory for %d", len(p), cap(p))
		}
	}
	p = p.DeleteRange(p.Seek(10), 2000).Trim()
	if cap(p) > 100 {
		t.Errorf("%d bytes in memory for %d after Trim", len(p), cap(p))
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(pack("a", "-1", "1000", "100000", "9999999999", strings.Repeat("x", 70))))
	f.Add([]byte(pack(strings.Repeat("x", 4100), "5000", "40000")))
	f.Add([]byte(New(0)))
	f.Add([]byte{9, 0, 0, 0, 1, 0, 0xF0, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		p := Pack(b)
		if p.Validate(true) != nil {
			// Most inputs fail at the header, so check them as elements of a valid pack
			// too.
			if p = append(make(Pack, headerSize), b...); len(b) > 1 {
				p.setHeader(unknownCount)
				p[len(p)-1] = end
			}
			if p.Validate(true) != nil {
				return
			}
		}
		if p.Validate(false) != nil {
			t.Fatal("deep validation passes but shallow fails")
		}
		all := elements(p)
		if len(all) != p.Len() {
			t.Fatalf("%d elements, Len %d", len(all), p.Len())
		}
		i := len(all)
		for pos := p.Last(); pos >= 0; pos = p.Prev(pos) {
			if i--; !p.Equal(pos, []byte(all[i])) || p.Find(pos, []byte(all[i]), 0) != pos || p.Seek(i) != pos {
				t.Fatalf("element %d", i)
			}
		}
		q := p.Clone().Append([]byte("x")).Prepend([]byte("y"))
		for !q.Empty() {
			q = q.Delete(q.Seek(q.Len() / 2))
		}
		if err := q.Validate(true); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10, 128} {
		p := New(0)
		for i := range n {
			p = p.Append(fmt.Appendf(nil, "field%d", i)).Append([]byte("a value of some length"))
		}
		last := fmt.Appendf(nil, "field%d", n-1)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Find(p.First(), last, 1)
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	v := []byte("a value of some length")
	b.ReportAllocs()
	for b.Loop() {
		p := New(0)
		for range 128 {
			p = p.Append(v)
		}
	}
}

func BenchmarkReplace(b *testing.B) {
	p := New(0)
	for i := range 64 {
		p = p.Append(fmt.Appendf(nil, "field%d", i)).AppendInt(int64(i))
	}
	pos := p.Seek(65)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p = p.ReplaceInt(pos, int64(i&0xFFFF))
	}
}
