package resp

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func TestWriter(t *testing.T) {
	for _, c := range []struct {
		name         string
		write        func(*Writer)
		resp2, resp3 string
	}{
		{"OK", func(w *Writer) { w.OK() }, "+OK\r\n", "+OK\r\n"},
		{"simple", func(w *Writer) { w.Simple("PONG") }, "+PONG\r\n", "+PONG\r\n"},
		{"error", func(w *Writer) { w.Error(ErrSyntax) }, "-ERR syntax error\r\n", "-ERR syntax error\r\n"},
		{"error with line ends", func(w *Writer) { w.Error("ERR a\r\nb\n\r\n") }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
		{"bulk", func(w *Writer) { w.Bulk([]byte("a\r\n")) }, "$3\r\na\r\n\r\n", "$3\r\na\r\n\r\n"},
		{"empty bulk", func(w *Writer) { w.Bulk(nil) }, "$0\r\n\r\n", "$0\r\n\r\n"},
		{"bulk of 12", func(w *Writer) { w.BulkString("hello, world") }, "$12\r\nhello, world\r\n", "$12\r\nhello, world\r\n"},
		{"bulk integer", func(w *Writer) { w.BulkInt(math.MinInt64) }, "$20\r\n-9223372036854775808\r\n", "$20\r\n-9223372036854775808\r\n"},
		{"null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{"null array", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{"array", func(w *Writer) { w.Array(3) }, "*3\r\n", "*3\r\n"},
		{"map", func(w *Writer) { w.Map(5) }, "*10\r\n", "%5\r\n"},
		{"set", func(w *Writer) { w.Set(100) }, "*100\r\n", "~100\r\n"},
		{"push", func(w *Writer) { w.Push(3) }, "*3\r\n", ">3\r\n"},
		{"true", func(w *Writer) { w.Bool(true) }, ":1\r\n", "#t\r\n"},
		{"false", func(w *Writer) { w.Bool(false) }, ":0\r\n", "#f\r\n"},
		{"big number", func(w *Writer) { w.BigNumber("1234567999") }, "$10\r\n1234567999\r\n", "(1234567999\r\n"},
		{"verbatim", func(w *Writer) { w.Verbatim("txt", "hello") }, "$5\r\nhello\r\n", "=9\r\ntxt:hello\r\n"},
		{"verbatim with short format", func(w *Writer) { w.Verbatim("m", "") }, "$0\r\n\r\n", "=4\r\nm  :\r\n"},
		{"nan", func(w *Writer) { w.Double(math.NaN()) }, "$3\r\nnan\r\n", ",nan\r\n"},
	} {
		for proto, want := range map[int]string{0: c.resp2, 2: c.resp2, 3: c.resp3} {
			w := Writer{Proto: proto}
			if c.write(&w); string(w.Buf) != want {
				t.Errorf("%s, RESP%d: got %q, want %q", c.name, proto, w.Buf, want)
			}
		}
	}
}

func TestIntegers(t *testing.T) {
	for _, n := range []int64{0, 1, 9, 10, 11, 99, 100, 101, 12345, -1, -10, math.MaxInt64, math.MinInt64} {
		var w Writer
		if w.Integer(n); string(w.Buf) != fmt.Sprintf(":%d\r\n", n) {
			t.Errorf("%d: %q", n, w.Buf)
		}
	}
}

// TestLater nests collections of unknown length; the bytes must equal those of known lengths.
func TestLater(t *testing.T) {
	for _, proto := range []int{2, 3} {
		for _, n := range []int{0, 1, 4, 5, 9, 10, 49, 50, 99, 100, 1234} {
			later, known := Writer{Proto: proto}, Writer{Proto: proto}
			outer := later.ArrayLater()
			known.Array(3)
			for _, x := range []struct {
				later func(*Writer) Mark
				known func(*Writer, int)
			}{
				{(*Writer).ArrayLater, (*Writer).Array}, {(*Writer).MapLater, (*Writer).Map}, {(*Writer).SetLater, (*Writer).Set},
			} {
				m := x.later(&later)
				x.known(&known, n)
				for i := range n {
					later.Integer(int64(i))
					known.Integer(int64(i))
				}
				later.SetLen(m, n)
			}
			later.SetLen(outer, 3)
			if string(later.Buf) != string(known.Buf) {
				t.Fatalf("RESP%d, %d elements:\n got %q\nwant %q", proto, n, later.Buf, known.Buf)
			}
		}
	}
	var w Writer
	w.OK()
	m := w.ArrayLater()
	w.Integer(5)
	if w.Truncate(m); string(w.Buf) != "+OK\r\n" {
		t.Fatalf("%q", w.Buf)
	}
}

func TestError(t *testing.T) {
	if ErrWrongType.Code() != "WRONGTYPE" || Error("").Code() != "" || Error("X").Code() != "X" {
		t.Error("codes")
	}
	if e := Errorf("ERR no %s", "such"); e != "ERR no such" || e.Error() != "ERR no such" {
		t.Error(e)
	}
}

// all is a reply that contains every kind.
var all = Reply{Kind: Array, Elems: []Reply{
	{Kind: SimpleString, Str: "OK"}, {Kind: ErrorReply, Str: "ERR x"}, {Kind: Integer, Integer: -7}, {Kind: Bulk, Str: "a\r\nb"},
	{Kind: Bulk}, {Kind: Null}, {Kind: Array, Elems: []Reply{}}, {Kind: Bool, Integer: 1}, {Kind: Bool},
	{Kind: Map, Elems: []Reply{{Kind: Bulk, Str: "k"}, {Kind: Integer, Integer: 1}}},
	{Kind: Set, Elems: []Reply{{Kind: Bulk, Str: "m"}}}, {Kind: Push, Elems: []Reply{{Kind: Bulk, Str: "message"}}},
	{Kind: Double, Double: 3.25, Str: "3.25"}, {Kind: Double, Double: math.Inf(-1), Str: "-inf"},
	{Kind: BigNumber, Str: "123456789012345678901234567890"}, {Kind: Verbatim, Format: [3]byte{'t', 'x', 't'}, Str: "hello"},
	{Kind: BulkError, Str: "ERR y"},
	{Kind: Integer, Integer: 1, Attrs: []Reply{{Kind: SimpleString, Str: "ttl"}, {Kind: Integer, Integer: 3}}},
}}

func TestRoundTrip(t *testing.T) {
	w := Writer{Proto: 3}
	w.Reply(all)
	w.Raw([]byte("rest"))
	got, rest, err := ParseReply(w.Buf)
	if err != nil || string(rest) != "rest" || !reflect.DeepEqual(got, all) {
		t.Fatalf("got %v, %q, %v\nwant %v", got, rest, err, all)
	}
	end := len(w.Buf) - len(rest)
	got, err = ReadReply(bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(string(w.Buf))), 16))
	if err != nil || !reflect.DeepEqual(got, all) {
		t.Fatalf("got %v, %v\nwant %v", got, err, all)
	}
	for n := range end {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, _, err := ParseReply(w.Buf[:n]); err != want {
			t.Fatalf("first %d bytes parsed: %v", n, err)
		}
		if _, err := ReadReply(bufio.NewReader(strings.NewReader(string(w.Buf[:n])))); err != want {
			t.Fatalf("first %d bytes read: %v", n, err)
		}
	}
}

func TestRESP2Nulls(t *testing.T) {
	const sent = "*3\r\n$-1\r\n*-1\r\n*0\r\n"
	got, _, err := ParseReply([]byte(sent))
	if err != nil || got.Elems[0].Kind != Null || got.Elems[1].Kind != NullArray || got.Elems[2].Kind != Array {
		t.Fatal(got, err)
	}
	var w Writer
	if w.Reply(got); string(w.Buf) != sent {
		t.Fatalf("%q", w.Buf)
	}
}

func TestBadReplies(t *testing.T) {
	for _, sent := range []string{
		"\r\n", "x\r\n", ":\r\n", ":1x\r\n", "$-2\r\n", "$x\r\n", "$1\r\nabc\r\n", "$99999999999\r\n", "*-2\r\n", "%-1\r\n",
		"#x\r\n", ",1.2.3\r\n", "=3\r\nabc\r\n", "=5\r\ntxt-x\r\n", strings.Repeat("*1\r\n", 200), strings.Repeat("|0\r\n", 200),
	} {
		_, _, err := ParseReply([]byte(sent))
		_, err2 := ReadReply(bufio.NewReader(strings.NewReader(sent)))
		if err == nil || err == io.ErrUnexpectedEOF || err2 == nil || err2.Error() != err.Error() {
			t.Errorf("%.40q: parsed: %v, read: %v", sent, err, err2)
		}
	}
}

func TestHugeLengths(t *testing.T) {
	for _, sent := range []string{"*1000000000\r\n", "$500000000\r\nabc", "%500000000\r\n:1\r\n"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadReply(bufio.NewReader(strings.NewReader(sent)))
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; err != io.ErrUnexpectedEOF || got > 1<<18 {
			t.Errorf("%q: %v, %d bytes allocated", sent, err, got)
		}
	}
}

func FuzzReply(f *testing.F) {
	w := Writer{Proto: 3}
	w.Reply(all)
	f.Add(w.Buf)
	f.Add([]byte("*3\r\n$-1\r\n*-1\r\n*0\r\n"))
	f.Add([]byte("|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n+c\r\n"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		parsed, rest, err := ParseReply(sent)
		read, err2 := ReadReply(bufio.NewReaderSize(strings.NewReader(string(sent)), 16))
		if fmt.Sprint(err) != fmt.Sprint(err2) || err == nil && fmt.Sprint(parsed) != fmt.Sprint(read) {
			t.Fatalf("parsed %v, %v; read %v, %v", parsed, err, read, err2)
		}
		if err != nil {
			return
		}
		if len(rest) >= len(sent) {
			t.Fatal("nothing consumed")
		}
		one := Writer{Proto: 3}
		one.Reply(parsed)
		again, rest, err := ParseReply(one.Buf)
		two := Writer{Proto: 3}
		two.Reply(again)
		if err != nil || len(rest) > 0 || string(one.Buf) != string(two.Buf) {
			t.Fatalf("%q becomes %q, then %q: %v", sent, one.Buf, two.Buf, err)
		}
	})
}

func TestWriterAllocs(t *testing.T) {
	w := Writer{Buf: make([]byte, 0, 4096), Proto: 3}
	if n := testing.AllocsPerRun(100, func() { replies(&w) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func replies(w *Writer) {
	w.Buf = w.Buf[:0]
	w.OK()
	w.Integer(123456)
	w.BulkString("hello, world")
	w.BulkInt(42)
	w.Null()
	w.Double(3.14)
	w.Error(ErrWrongType)
	w.Verbatim("txt", "hello")
	m := w.MapLater()
	for i := range 12 {
		w.Integer(int64(i))
	}
	w.SetLen(m, 6)
}

func BenchmarkWriter(b *testing.B) {
	value := []byte("xxx")
	w := Writer{Buf: make([]byte, 0, 1<<20)}
	for name, write := range map[string]func(){
		"ok":      func() { w.OK() },
		"bulk":    func() { w.Bulk(value) },
		"integer": func() { w.Integer(1234567) },
		"double":  func() { w.Double(3.14) },
		"null":    func() { w.Null() },
		"mix":     func() { replies(&w) },
		"later": func() {
			m := w.ArrayLater()
			for range 100 {
				w.Bulk(value)
			}
			w.SetLen(m, 100)
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.Buf = w.Buf[:0]
				write()
			}
		})
	}
}
