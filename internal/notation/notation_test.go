package notation

import (
	"slices"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for _, c := range []struct {
		line  string
		words []string
	}{
		{``, nil},
		{`  `, nil},
		{`get k`, []string{"get", "k"}},
		{"set  k\t'' \"\" ", []string{"set", "k", "", ""}},
		{`"a\r\n\t\a\b\\\"\x00\xfF\q"`, []string{"a\r\n\t\a\b\\\"\x00\xffq"}},
		{`"\xg0" "\x1"`, []string{"xg0", "x1"}},
		{`'it\'s' 'a\nb'`, []string{"it's", `a\nb`}},
		{`k"quoted"`, []string{"kquoted"}},
	} {
		got, err := SplitWords(c.line)
		if err != nil || !slices.Equal(got, c.words) {
			t.Errorf("%s: %q, %v", c.line, got, err)
		}
	}
	for _, line := range []string{`"`, `'a`, `"a"b`, `"a\"`, `'a'"b"`} {
		if got, err := SplitWords(line); err == nil {
			t.Errorf("%s: %q, want an error", line, got)
		}
	}
}

func decode(wire string) (*Node, error) {
	d := NewDecoder(strings.NewReader(wire))
	return d.Reply()
}

func TestNotation(t *testing.T) {
	for _, c := range []struct{ wire, want string }{
		{"+OK\r\n", `OK`},
		{"+Background saving started\r\n", `Background saving started`},
		{"+\r\n", `(status) ""`},
		{"+(nil)\r\n", `(status) "(nil)"`},
		{"+b> x\r\n", `(status) "b> x"`},
		{"+a => b\r\n", `(status) "a => b"`},
		{"-ERR no\r\n", `(error) ERR no`},
		{"-ERR with blank \r\n", `(error) "ERR with blank "`},
		{"-ERR \xff\r\n", `(error) "ERR \xff"`},
		{":-5\r\n", `(integer) -5`},
		{"$-1\r\n", `(nil)`},
		{"*-1\r\n", `(nil array)`},
		{"_\r\n", `(null)`},
		{"$0\r\n\r\n", `""`},
		{"$5\r\n\x00\r\n\"\\\r\n", `"\x00\r\n\"\\"`},
		{"$5\r\n<any>\r\n", `"\x3cany>"`},
		{",1.5\r\n", `(double) 1.5`},
		{",inf\r\n", `(double) inf`},
		{"#t\r\n", `(true)`},
		{"#f\r\n", `(false)`},
		{"(123456789012345678901\r\n", `(bignum) 123456789012345678901`},
		{"=6\r\ntxt:hi\r\n", `(verbatim txt) "hi"`},
		{"!3\r\nERR\r\n", `(bulk error) "ERR"`},
		{"*0\r\n", `(empty array)`},
		{"%0\r\n", `(empty hash)`},
		{"~0\r\n", `(empty set)`},
		{"*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n$-1\r\n", "1) 1) (integer) 1\n   2) (empty array)\n2) 1) (nil)"},
		{"*10\r\n" + strings.Repeat(":1\r\n", 9) + "*2\r\n:2\r\n:3\r\n",
			" 1) (integer) 1\n 2) (integer) 1\n 3) (integer) 1\n 4) (integer) 1\n 5) (integer) 1\n" +
				" 6) (integer) 1\n 7) (integer) 1\n 8) (integer) 1\n 9) (integer) 1\n10) 1) (integer) 2\n    2) (integer) 3"},
		{"%2\r\n$4\r\n => \r\n:1\r\n+k\r\n~2\r\n:1\r\n%1\r\n+a\r\n#t\r\n",
			"1# \" => \" => (integer) 1\n2# k => 1~ (integer) 1\n   2~ 1# a => (true)"},
		{">2\r\n+invalidate\r\n*1\r\n+k\r\n", "(push)\n1) invalidate\n2) 1) k"},
		{"|1\r\n+ttl\r\n:3\r\n%1\r\n+a\r\n:1\r\n", "(attr)\n1# ttl => (integer) 3\n1# a => (integer) 1"},
		{"*2\r\n:1\r\n|1\r\n+ttl\r\n:3\r\n:2\r\n", "1) (integer) 1\n2) (attr)\n   1# ttl => (integer) 3\n   (integer) 2"},
	} {
		got, err := decode(c.wire)
		if err != nil {
			t.Errorf("%q: %v", c.wire, err)
			continue
		}
		if got.String() != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.wire, got, c.want)
		}
		again, err := ParseReply(strings.Split(c.want, "\n"))
		if err != nil || again.String() != c.want || !match(again, got, "") {
			t.Errorf("%q: read back as\n%s, %v", c.wire, again, err)
		}
	}
	for _, wire := range []string{"x\r\n", "\r\n", "+OK\n", "$x\r\n", "$-2\r\n", "$1\r\nabc", "=2\r\nab\r\n", "#x\r\n",
		"%-1\r\n", "_", "*1\r\n", strings.Repeat("*1\r\n", 200)} {
		if got, err := decode(wire); err == nil {
			t.Errorf("%q: %s, want an error", wire, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		wire, want string
		ok         bool
	}{
		{":5\r\n", "<any>", true},
		{"*1\r\n:5\r\n", "<any>", true},
		{":5\r\n", "<int 1..10>", true},
		{":5\r\n", "(integer) <int 1..10>", true},
		{":5\r\n", "<int>", true},
		{":5\r\n", "<int 6..>", false},
		{":-5\r\n", "<int ..-5>", true},
		{"$1\r\n5\r\n", "<int 1..10>", false},
		{"$1\r\n5\r\n", `"<int 1..10>"`, true},
		{"$8\r\nid=7 a=b\r\n", `"id=<int> a=<any>"`, true},
		{"$8\r\nid=7 a=b\r\n", `"id=<int 8..> a=<any>"`, false},
		{"$3\r\nabc\r\n", `"<match [a-c]+>"`, true},
		{"$3\r\nabc\r\n", `<match "a.*">`, true},
		{"$3\r\nabc\r\n", `"<match [a-b]+>"`, false},
		{"*2\r\n+a\r\n+b\r\n", "1) a\n2) <any>", true},
		{"*2\r\n+a\r\n+b\r\n", "1) b\n2) a", false},
		{"*2\r\n+a\r\n+b\r\n", "(unordered)\n1) b\n2) a", true},
		{"*2\r\n+a\r\n+b\r\n", "(unordered)\n1) <any>\n2) a", true},
		{"*2\r\n+a\r\n+b\r\n", "(unordered)\n1) a\n2) a", false},
		{"%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "(unordered)\n1# b => (integer) 2\n2# a => (integer) 1", true},
		{"%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "(unordered)\n1# b => (integer) 1\n2# a => (integer) 2", false},
		{"*1\r\n*2\r\n+a\r\n+b\r\n", "1) (unordered)\n   1) b\n   2) a", true},
		{",1.5\r\n", "(approx 0.01) (double) 1.505", true},
		{",1.5\r\n", "(approx 0.001) (double) 1.505", false},
		{",1.5\r\n", `(approx 1) "1.5"`, false},
		{"*2\r\n$3\r\n1.5\r\n+x\r\n", "(approx 0.1)\n1) \"1.45\"\n2) x", true},
		{"*1\r\n+a\r\n", "(push)\n1) a", false},
		{"+OK\r\n", "(blocked)", false},
	} {
		got, err := decode(c.wire)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ParseReply(strings.Split(c.want, "\n"))
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		if match(want, got, "") != c.ok {
			t.Errorf("%q and %s: match is %v", c.wire, c.want, !c.ok)
		}
		if want.String() != c.want {
			t.Errorf("%s is printed as %s", c.want, want)
		}
	}
}

// Parts that still match keep their matchers when the rest is recorded again.
func TestMerge(t *testing.T) {
	want, err := ParseReply(strings.Split("(unordered)\n1) x", "\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := decode("*2\r\n+a\r\n+b\r\n")
	if s := merge(want, got, "").String(); s != "(unordered)\n1) a\n2) b" {
		t.Error(s)
	}
	want, err = ParseReply(strings.Split("1) <int>\n2) old\n3) (approx 0.1) \"1.5\"", "\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, _ = decode("*4\r\n:7\r\n+new\r\n$1\r\n9\r\n+more\r\n")
	if s := merge(want, got, "").String(); s != "1) <int>\n2) new\n3) (approx 0.1) \"9\"\n4) more" {
		t.Error(s)
	}
	// A modifier alone applies to the first recording.
	want, err = ParseReply([]string{"(unordered)"})
	if err != nil {
		t.Fatal(err)
	}
	if s := merge(want, got, "").String(); !strings.HasPrefix(s, "(unordered)\n1) (integer) 7\n") {
		t.Error(s)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("*2\r\n$1\r\na\r\n%1\r\n+k\r\n|1\r\n+a\r\n,1\r\n#t\r\n")
	f.Add(">1\r\n=5\r\ntxt:a\r\n")
	f.Fuzz(func(t *testing.T, wire string) {
		n, err := decode(wire)
		if err != nil {
			return
		}
		want, err := ParseReply(strings.Split(n.String(), "\n"))
		if err != nil {
			return // lists as keys have no notation
		}
		if want.String() != n.String() {
			t.Fatalf("%q:\n%s\nread back as\n%s", wire, n, want)
		}
	})
}
