package glob

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/oracle"
)

var record = flag.String("record", "", "record testdata from the Redis 7.4 server at this `address`, whose data is lost")

// names returns the keys to match: all short strings of the special bytes, and
// some others.
func names() []string {
	const alphabet = "ab]-^\\"
	names := []string{"", "*", "?", "[", "[a", "[a]", "a*b", "abc", "abcd", "abcabc", "aaaaaaab", "A", "B", "aB", "Ab", "AB",
		"\x7f", "\x80", "\xff", "a\x80", "\x00", "a\x00b", "Z", "_", "`", "hello", "hallo", "hillo", "heello"}
	for i := range alphabet {
		a := alphabet[i : i+1]
		names = append(names, a)
		for j := range alphabet {
			b := a + alphabet[j:j+1]
			names = append(names, b)
			for k := range alphabet {
				names = append(names, b+alphabet[k:k+1])
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func patterns() []string {
	patterns := []string{"", "**", "***", "?", "??", "?*", "*?", "a*", "*a", "*b*", "a*b", "a**b", "*a*b*", "a?", "h?llo", "h*llo", "h[ae]llo", "h[^e]llo", "h[a-b]llo", "h[i-a]llo",
		"[", "[^", "[]", "[^]", "[]a]", "[^]a]", "[a", "[^a", "[ab", "[a-", "[a-]", "[a-]]", "[^a-]", "[a-b", "[a-b]", "[b-a]", "[-a]", "[a-b-]", "[--a]", "[]-a]", "[a-a-b]",
		"[\\", "[\\]", "[\\]]", "[\\a]", "[\\a-b]", "[a-\\b]", "[a\\-b]", "[^\\^]", "[\\\\]", "[a\\", "[a\\]", "[^^]", "[^-a]", "[*]", "[?]", "[[]", "[[]a]",
		"\\", "\\\\", "\\a", "\\*", "\\?", "\\[", "\\[a]", "a\\", "a\\\\", "*\\", "*\\\\", "\\a*", "*\\b", "a\\*b", "[a-\xff]", "[\xff-a]", "[\x80-\xff]", "[\x00-\x7f]", "[^\x00-\x7f]", "[\x7f-\x80]",
		"\xff", "[A-Z]", "[Z-a]", "[a-Z]", "a*b*c", "a*c*b", "*[]", "*[a", "*[^a", "[a]*", "[a*", "[a*]", "*b]", "a\x00b", "a\x00*"}
	rnd := rand.New(rand.NewPCG(1, 2))
	const alphabet = "aabb**?[[]]^-\\"
	for range 500 {
		b := make([]byte, 1+rnd.IntN(7))
		for i := range b {
			b[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		if string(b) != "*" { // KEYS * bypasses the matcher
			patterns = append(patterns, string(b))
		}
	}
	slices.Sort(patterns)
	return slices.Compact(patterns)
}

// golden compares a file of patterns, each with the names that a real server
// matched, with the results of Match.
func golden(t *testing.T, file string, nocase bool, names, patterns []string, ask func(*oracle.Conn, string) ([]string, error)) {
	t.Helper()
	file = "testdata/" + file
	if *record != "" {
		c, err := oracle.Dial(*record)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var b bytes.Buffer
		for _, p := range patterns {
			matched, err := ask(c, p)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(matched)
			fmt.Fprintf(&b, "%q", p)
			for _, s := range matched {
				fmt.Fprintf(&b, " %q", s)
			}
			b.WriteByte('\n')
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := 0
	sc := bufio.NewScanner(f)
	for ; sc.Scan(); lines++ {
		words, err := oracle.Unquote(sc.Text())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		pattern, want := words[0], words[1:]
		for _, s := range names {
			_, matches := slices.BinarySearch(want, s)
			if got := Match([]byte(pattern), []byte(s), nocase); got != matches {
				t.Errorf("Match(%q, %q, %v) = %v", pattern, s, nocase, got)
			}
			if prefix := string(Prefix([]byte(pattern))); matches && !nocase && !strings.HasPrefix(s, prefix) {
				t.Errorf("Prefix(%q) = %q, but %q matches", pattern, prefix, s)
			}
		}
	}
	if lines != len(patterns) {
		t.Errorf("%s has %d patterns, the test has %d: record it again", file, lines, len(patterns))
	}
}

func words(reply any) []string {
	var words []string
	for _, v := range reply.([]any) {
		words = append(words, v.(string))
	}
	return words
}

func TestMatch(t *testing.T) {
	stored := false
	golden(t, "keys.txt", false, names(), patterns(), func(c *oracle.Conn, pattern string) ([]string, error) {
		if !stored {
			c.Do("FLUSHALL")
			for _, name := range names() {
				if _, err := c.Do("SET", name, ""); err != nil {
					return nil, err
				}
			}
			stored = true
		}
		reply, err := c.Do("KEYS", pattern)
		return words(reply), err
	})
}

// commands are names that the server matches without regard to case.
var commands = []string{"del", "exists", "expire", "get", "getbit", "getdel", "getex", "getrange", "getset", "keys", "move", "mset", "msetnx", "persist", "pexpire", "set", "setbit", "setex", "setnx", "strlen", "touch", "type"}

func TestMatchNocase(t *testing.T) {
	patterns := []string{"GET", "g?T", "[G]et", "[a-G]et", "[A-g]et", "[g-A]et", "[Z-a]et", "[a-Z]et", "[\\G]et", "[\\g]et", "\\GET", "[^G]et", "[^\\G]et", "*SET*", "S*", "*[P-T]", "[A-Z]*X", "[_-z]et", "[G-\xff]et", "[\xff-G]et", "[g", "*[E-T]"}
	golden(t, "commands.txt", true, commands, patterns, func(c *oracle.Conn, pattern string) ([]string, error) {
		reply, err := c.Do("COMMAND", "LIST", "FILTERBY", "PATTERN", pattern)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(words(reply), func(s string) bool { return !slices.Contains(commands, s) }), nil
	})
}

func TestStarLimit(t *testing.T) {
	for _, c := range []struct {
		stars int
		tail  string
		want  bool
	}{{1000, "a", true}, {1001, "a", false}, {1000, "a*", true}, {1001, "a*", false}, {1001, "", true}, {1002, "", false}} {
		pattern := strings.TrimSuffix(strings.Repeat("*a", c.stars), "a") + c.tail
		if got := Match([]byte(pattern), bytes.Repeat([]byte("a"), 1500), false); got != c.want {
			t.Errorf("%d stars and %q: %v", c.stars, c.tail, got)
		}
	}
	// Adjacent stars count as one.
	if !Match([]byte(strings.Repeat("*", 5000)+"a"), []byte("bca"), false) {
		t.Error("a run of 5000 stars does not match")
	}
}

// TestAbusive would not end with a matcher that retries earlier stars.
func TestAbusive(t *testing.T) {
	pattern := []byte(strings.Repeat("a*", 200) + "b")
	s := bytes.Repeat([]byte("a"), 5000)
	if Match(pattern, s, false) || Match(pattern, s, true) {
		t.Error("matches")
	}
	if !Match(append(pattern[:len(pattern)-1], 'a'), s, false) {
		t.Error("does not match")
	}
}

// naive matches by the definition, without any limit.
func naive(pattern, s []byte, nocase bool) bool {
	if len(pattern) == 0 || len(s) == 0 {
		return len(s) == 0 && run(pattern) == len(pattern)
	}
	if pattern[0] == '*' {
		return naive(pattern[1:], s, nocase) || naive(pattern, s[1:], nocase)
	}
	n, ok := matchByte(pattern, s[0], nocase)
	return ok && naive(pattern[n:], s[1:], nocase)
}

func FuzzMatch(f *testing.F) {
	for _, p := range patterns()[:100] {
		f.Add([]byte(p), []byte("abcab"), false)
	}
	f.Add([]byte(strings.Repeat("*a", 50)+"b"), bytes.Repeat([]byte("a"), 100), true)
	f.Fuzz(func(t *testing.T, pattern, s []byte, nocase bool) {
		began := time.Now()
		got := Match(pattern, s, nocase)
		if d := time.Since(began); d > time.Second && len(pattern)*len(s) < 1e7 {
			t.Errorf("took %v", d)
		}
		if len(s) > 0 && len(s) < 10 && len(pattern) < 10 && got != naive(pattern, s, nocase) {
			t.Errorf("Match(%q, %q, %v) = %v", pattern, s, nocase, got)
		}
		if p := Prefix(pattern); !nocase && got && !bytes.HasPrefix(s, p) {
			t.Errorf("Prefix(%q) = %q, but %q matches", pattern, p, s)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, c := range []struct{ pattern, s string }{
		{"user:*", "user:1000:name"}, {"*:name", "user:1000:name"}, {"*1000*", "user:1000:name"}, {"user:[0-9]*", "user:1000:name"}, {"user:1000:name", "user:1000:name"}, {"*", "user:1000:name"},
	} {
		b.Run(c.pattern, func(b *testing.B) {
			b.ReportAllocs()
			p, s := []byte(c.pattern), []byte(c.s)
			for b.Loop() {
				Match(p, s, false)
			}
		})
	}
}
