package resp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// drain returns copies of all complete requests.
func drain(r *Reader) (requests [][]string, err error) {
	for {
		args, err := r.Next()
		if args == nil || err != nil {
			return requests, err
		}
		requests = append(requests, texts(args))
	}
}

func texts(args [][]byte) []string {
	s := make([]string, len(args))
	for i, arg := range args {
		s[i] = string(arg)
	}
	return s
}

// feed feeds sent in pieces of the sizes that next returns, and drains the Reader after each.
func feed(r *Reader, sent []byte, next func() int) (requests [][]string, err error) {
	for len(sent) > 0 && err == nil {
		n := min(next(), len(sent))
		r.Feed(sent[:n])
		sent = sent[n:]
		var more [][]string
		more, err = drain(r)
		requests = append(requests, more...)
	}
	return requests, err
}

func check(t *testing.T, r *Reader) {
	t.Helper()
	if r.start > r.pos || r.pos+r.scanned > len(r.buf) || r.missing < 0 || r.bulk < 0 || (r.page == nil) != (r.buf == nil) {
		t.Fatalf("start %d, pos %d, scanned %d, len %d, missing %d, bulk %d", r.start, r.pos, r.scanned, len(r.buf), r.missing, r.bulk)
	}
	if r.missing == 0 && r.bulk != 0 && r.err == nil {
		t.Fatalf("bulk %d between requests", r.bulk)
	}
	if r.taken > r.parsed || r.taken < r.parsed && (r.missing != 0 || r.page == nil || int(r.page.requests[r.parsed-1].end) != r.pos) {
		t.Fatalf("%d of %d requests taken, missing %d, pos %d", r.taken, r.parsed, r.missing, r.pos)
	}
}

// TestSplits splits random requests at random.
func TestSplits(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	pool := new(Pool)
	for range 60 {
		var sent []byte
		var want [][]string
		for range 1 + rnd.IntN(20) {
			args := make([]string, 1+rnd.IntN(20))
			for i := range args {
				size := rnd.IntN(12)
				if rnd.IntN(30) == 0 {
					size = rnd.IntN(40000)
				}
				args[i] = strings.Repeat(string(rune('a'+i)), size)
			}
			sent = AppendCommand(sent, args...)
			want = append(want, args)
		}
		limit := 1 << rnd.IntN(17)
		r := &Reader{Pool: pool}
		var got [][]string
		for rest := sent; len(rest) > 0; {
			n := copy(r.Space(), rest[:min(len(rest), 1+rnd.IntN(limit))])
			r.Fed(n)
			rest = rest[n:]
			more, err := drain(r)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			check(t, r)
			got = append(got, more...)
			r.Release()
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("seed %d: requests differ", seed)
		}
		if r.Size() != 0 || r.Buffered() != 0 {
			t.Fatalf("seed %d: %d bytes held, %d buffered at the end", seed, r.Size(), r.Buffered())
		}
	}
}

// TestParse takes requests apart before they are asked for, and asks for some of
// them only when more has come.
func TestParse(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	pool := new(Pool)
	for range 40 {
		var sent []byte
		var want [][]string
		for range 1 + rnd.IntN(100) {
			args := make([]string, 1+rnd.IntN(11))
			for i := range args {
				args[i] = strings.Repeat(string(rune('a'+i)), rnd.IntN([]int{5, 20, 120}[rnd.IntN(3)]))
				if rnd.IntN(100) == 0 {
					args[i] = strings.Repeat("long", 250+rnd.IntN(5000))
				}
			}
			if rnd.IntN(20) == 0 {
				args = []string{"inline"}
				sent = append(sent, "inline\r\n"...)
			} else {
				sent = AppendCommand(sent, args...)
			}
			want = append(want, args)
		}
		limit := 1 << (6 + rnd.IntN(11))
		r := &Reader{Pool: pool}
		var got [][]string
		for rest := sent; len(rest) > 0 || len(got) < len(want); {
			n := copy(r.Space(), rest[:min(len(rest), 1+rnd.IntN(limit))])
			r.Fed(n)
			rest = rest[n:]
			for range rnd.IntN(60) {
				if rnd.IntN(3) == 0 {
					if n := r.Parse(); n < 0 || n > ParseBatch {
						t.Fatalf("seed %d: %d requests", seed, n)
					}
				}
				check(t, r)
				args, err := r.Next()
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if args == nil {
					r.Release()
					break
				}
				got = append(got, texts(args))
			}
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("seed %d: requests differ", seed)
		}
	}
}

func TestArgumentsMayBeAppendedTo(t *testing.T) {
	var r Reader
	r.Feed([]byte("*2\r\n$1\r\na\r\n$1\r\nb\r\nc d\n"))
	args, _ := r.Next()
	_ = append(args[0], "xxxxxxxxxx"...)
	if string(args[1]) != "b" {
		t.Fatal("an argument's capacity reaches into the next one")
	}
	args, _ = r.Next()
	_ = append(args[0], "xxxxxxxxxx"...)
	if string(args[1]) != "d" {
		t.Fatal("a word's capacity reaches into the next one")
	}
}

func TestErrorsStay(t *testing.T) {
	var r Reader
	r.Feed([]byte("*1\r\n:1\r\nPING\r\n"))
	for range 3 {
		r.Parse()
		if _, err := r.Next(); err != ProtocolError("expected '$', got ':'") {
			t.Fatal(err)
		}
		r.Feed([]byte("PING\r\n"))
		check(t, &r)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		sent   string
		err    error
	}{
		{Limits{MaxBulk: 1000}, "*1\r\n$1000\r\n", nil},
		{Limits{MaxBulk: 1000}, "*1\r\n$1001\r\n", errBulkLen},
		{Limits{MaxMultibulk: 20}, "*20\r\n", nil},
		{Limits{MaxMultibulk: 20}, "*21\r\n", errArrayLen},
		{Limits{MaxInline: 10}, "0123456789", nil},
		{Limits{MaxInline: 10}, "0123456789a", errInlineSize},
	} {
		r := Reader{Limits: c.limits}
		r.Feed([]byte(c.sent))
		if _, err := r.Next(); err != c.err {
			t.Errorf("%q: %v, want %v", c.sent, err, c.err)
		}
	}
}

// TestMemory: an announced length costs nothing, received bytes cost about their size, and a big request is freed.
func TestMemory(t *testing.T) {
	var r Reader
	if r.Size() != 0 {
		t.Fatal("an unused Reader holds a buffer")
	}
	size := 3 << 20
	sent := AppendCommand(nil, "SET", "k", strings.Repeat("x", size))
	head := bytes.Replace(sent[:40], []byte(fmt.Sprint(size)), []byte("536870912"), 1)
	r.Feed(head)
	r.Next()
	r.Space()
	if r.Size() > 120<<10 {
		t.Fatalf("%d bytes held for an announced length", r.Size())
	}

	r = Reader{}
	for got := 0; got < len(sent); {
		space := r.Space()
		if len(space) < minSpace {
			t.Fatalf("space of %d bytes", len(space))
		}
		n := copy(space[:min(len(space), 10000)], sent[got:])
		r.Fed(n)
		got += n
		if r.Size() > 3*got+200<<10 {
			t.Fatalf("%d bytes held for %d", r.Size(), got)
		}
		args, err := r.Next()
		if err != nil || (args != nil) != (got == len(sent)) {
			t.Fatal(args != nil, err)
		}
	}
	if r.Size() > size+200<<10 {
		t.Fatalf("%d bytes held for an argument of %d", r.Size(), size)
	}
	r.Space()
	if r.Size() > 20<<10 {
		t.Fatalf("%d bytes held after a big request", r.Size())
	}

	middling := AppendCommand(nil, "SET", "k", strings.Repeat("x", 100<<10))
	for range 2 {
		r.Feed(middling)
		drain(&r)
	}
	if allocs := testing.AllocsPerRun(10, func() { r.Feed(middling); r.Next() }); allocs > 0 {
		t.Errorf("%v allocations for each of many middling requests", allocs)
	}
	for range maxSmall + 2 {
		r.Feed([]byte("PING\r\n"))
		drain(&r)
	}
	if r.Size() > 20<<10 {
		t.Errorf("%d bytes held for small requests after middling ones", r.Size())
	}
}

// TestManyArguments: with very many arguments moving the buffer must not be quadratic, and their slice must be freed.
func TestManyArguments(t *testing.T) {
	args := make([]string, 200000)
	for i := range args {
		args[i] = fmt.Sprint(i)
	}
	var r Reader
	got, err := feed(&r, AppendCommand(nil, args...), func() int { return 16 << 10 })
	if err != nil || len(got) != 1 || !slices.Equal(got[0], args) {
		t.Fatal("arguments differ", err)
	}
	r.Feed([]byte("PING\r\n"))
	drain(&r)
	if cap(r.args) > maxArgs {
		t.Fatalf("slice for %d arguments held", cap(r.args))
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n*0\r\nset \"a\\x00\" 'b'\r\n"), uint64(1))
	f.Add([]byte("*3\r\n$0\r\n\r\n$12\r\nhello, world\r\n:1\r\n"), uint64(2))
	f.Add([]byte("*1\r\n$536870912\r\nabc"), uint64(3))
	f.Fuzz(func(t *testing.T, sent []byte, seed uint64) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		whole := &Reader{}
		if len(sent) < minSpace {
			whole.Feed(sent)
		}
		whole.Parse()
		ahead := glimpses(whole)
		check(t, whole)
		*whole = Reader{}
		want, wantErr := feed(whole, sent, func() int { return len(sent) })
		check(t, whole)
		checkAhead(t, ahead, want)
		parts := &Reader{}
		got, err := feed(parts, sent, func() int { check(t, parts); parts.Release(); return 1 + rnd.IntN(20) })
		parsed := &Reader{}
		var early [][]string
		var earlyErr error
		for rest := sent; len(rest) > 0 && earlyErr == nil; {
			n := min(len(rest), 1+rnd.IntN(200))
			parsed.Feed(rest[:n])
			rest = rest[n:]
			parsed.Parse()
			check(t, parsed)
			var more [][]string
			more, earlyErr = drain(parsed)
			early = append(early, more...)
		}
		if len(sent) < defaultMaxInline && (fmt.Sprintf("%q", early) != fmt.Sprintf("%q", got) || earlyErr != err) {
			t.Fatalf("parsed early: %q, %v\nat once: %q, %v", early, earlyErr, got, err)
		}
		if len(sent) < defaultMaxInline && (fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) || err != wantErr) {
			t.Fatalf("whole: %q, %v\nparts: %q, %v", want, wantErr, got, err)
		}
		if parts.Size() > 3*len(sent)+200<<10 {
			t.Fatalf("%d bytes held for %d", parts.Size(), len(sent))
		}
	})
}

// glimpses returns the result of Ahead.
func glimpses(r *Reader) (seen [][]string) {
	var args [3][ParseBatch][]byte
	for i := range r.Ahead(&args) {
		var s []string
		for _, list := range args {
			if list[i] != nil {
				s = append(s, string(list[i]))
			}
		}
		seen = append(seen, s)
	}
	return seen
}

// checkAhead checks that seen has the first arguments of the requests, in order.
func checkAhead(t *testing.T, seen, requests [][]string) {
	t.Helper()
	for _, args := range requests {
		if len(args) < 2 || len(seen) == 0 {
			continue
		}
		if !slices.Equal(seen[0], args[1:min(len(args), 4)]) {
			t.Fatalf("ahead: %q, the request is %q", seen[0], args)
		}
		seen = seen[1:]
	}
	if len(seen) > 0 {
		t.Fatalf("Ahead returns %q without a request", seen)
	}
}

func TestAhead(t *testing.T) {
	var sent []byte
	for _, line := range []string{"PING", "GET a", "SET b 1", "MSET c 1 d 2", "GET e", "GET f"} {
		sent = AppendCommand(sent, strings.Fields(line)...)
	}
	r := &Reader{}
	r.Feed(sent[:len(sent)-3])
	for _, want := range []string{
		"[[a] [b 1] [c 1 d] [e]]", "[[a] [b 1] [c 1 d] [e]]", "[[b 1] [c 1 d] [e]]", "[[c 1 d] [e]]", "[[e]]", "[]", "[]",
	} {
		r.Parse()
		if got := fmt.Sprint(glimpses(r)); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		r.Next()
	}
	r = &Reader{}
	r.Feed(bytes.Repeat(AppendCommand(nil, "GET", "a"), 40))
	r.Parse()
	if got := len(glimpses(r)); got != ParseBatch {
		t.Fatalf("%d requests, there is room for %d", got, ParseBatch)
	}
}

func BenchmarkReader(b *testing.B) {
	set := []byte("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$3\r\nxxx\r\n")
	for _, batch := range []int{1, 16} {
		b.Run(fmt.Sprintf("set/pipeline=%d", batch), func(b *testing.B) {
			benchReader(b, bytes.Repeat(set, batch), batch)
		})
	}
	b.Run("get", func(b *testing.B) { benchReader(b, []byte("*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n"), 1) })
	b.Run("inline", func(b *testing.B) { benchReader(b, []byte("SET key:000000000001 xxx\r\n"), 1) })
	b.Run("value=1000", func(b *testing.B) { benchReader(b, AppendCommand(nil, "SET", "k", strings.Repeat("x", 1000)), 1) })
	b.Run("value=100000", func(b *testing.B) { benchReader(b, AppendCommand(nil, "SET", "k", strings.Repeat("x", 100000)), 1) })
}

func benchReader(b *testing.B, sent []byte, batch int) {
	var r Reader
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r.Feed(sent)
		for {
			args, err := r.Next()
			if err != nil {
				b.Fatal(err)
			}
			if args == nil {
				break
			}
			n++
		}
	}
	if n != b.N*batch {
		b.Fatal(n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/command")
}
