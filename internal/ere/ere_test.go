package ere

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// record names a program around TRE. It reads lines of "fold pattern text...",
// all but the first word in hexadecimal digits after an x. It answers "ok 1
// 0..." for the texts that match, "ref" for an expression with back
// references, or "!reason". It calls tre_regncompb with REG_EXTENDED |
// REG_NOSUB | REG_USEBYTES, and tre_regnexecb.
var record = flag.String("record", "", "record testdata/tre.txt with this `program` around TRE")

const recorded = "testdata/tre.txt"

// texts are matched with each expression in testdata.
var texts = []string{"", "a", "b", "A", "aa", "ab", "ba", "aba", "abab", "aab", "bb", "a b", "a_b", " a", "a ", "a-b", "-",
	"a\nb", "\na", "b\n", "1", "a1", "abcabc", "ABC", "foo", "bar foo", "(a)", "a|b", "a{2}", "\xe9", "\xc3\xa9", "\xff\x80", "]", "\\", "^a$"}

// patterns returns the expressions to record: some for single features, and
// random ones.
func patterns() (list []string) {
	list = []string{"a", "foo|bar", "^foo$", "^(foo|bar)$", "(foo|bar)$", "a{2}", "a{2,}", "a{,2}", "a{0}", "a{1,0}", "a{256}", "a{2", "a{",
		"a{}", "a{x}", "{2}", "a{2}?", "a{2}*", "a**", "a*?", "a+?", "a??", "a*+", "a++", "a?*", "*", "+", "?", "|", "a|", "|a", "()", "(",
		")", "a)", "(a", "((a)", "(a))", "[", "[]", "[]]", "[^]]", "[a", "[b-a]", "[a-]", "[-a]", "[a-b-c]", "[a-b-]", "[--a]", "[[:alpha:]]",
		"[[:foo:]]", "[[:alpha", "[[.a.]]", "[[=a=]]", "[^[:alnum:]]", "[[:upper:]]", "[[:lower:]]", "[[:punct:]]", "[[:space:]]",
		"[[:cntrl:]]", "[[:print:]]", "[[:graph:]]", "[[:blank:]]", "[[:xdigit:]]", "[[:digit:]]", "\\", "a\\", "\\a", "\\w", "\\W",
		"\\s", "\\S", "\\d", "\\D", "\\ba", "a\\b", "\\Ba", "a\\B", "\\<a", "a\\>", "\\b", "\\B", "\\<", "\\>", "\\x61", "\\x6", "\\x",
		"\\xg", "\\x{61}", "\\x{161}", "\\x{61", "\\x{", "\\x{}", "\\x{123456789}", "\\Qa|b\\E", "\\Qa", "\\Q(a)\\E", "\\Qa\\E*b", "\\Q",
		"\\Q\\E", "\\E", "(a)\\1", "\\1", "\\0", "(?i)a", "(?i)A|b", "(?-i)a", "(?i:a)b", "((?i)a)b", "a((?i)b)|ba", "(?n)^b", "(?n)a$",
		"(?n)a.b", "a.b", "a[^x]b", "(?n)a[^x]b", "(?x)a", "(?", "(?i", "(?:a", "(?:a)", "(?#c)a", "(?#c", "(?#)", "(?U)a*", "a.*b", "^",
		"$", "^$", "a^", "$a", "^*a", "^a$", "\\^a\\$", ".", "..", "...", "[\xe9]", "\xe9", "\\xe9", "\xc3\xa9", "[\x80-\xff]", "[^a]", "[^a-b]",
		"(a|b)*abb", "(a*)*", "(a*)+", "(a|b|ab)*c", "(a{2}){2}", "((a{1,2}){1,2}){1,2}", "a{0,1}", "(ab){2}",
		"\\.", "\\*", "\\n", "\\t", "a\\nb", "a|*", "(*a)", "(|a)", "(a|)", "a{,}", "a{,0}", "\\z", "[\\]", "[\\w]", "[a\\]b]", "a{1}{2}", "(^a)", "(a$)", "x*", "(^|b)a", "a($|b)"}
	pieces := []string{"a", "b", "A", "1", ".", "*", "+", "?", "|", "(", ")", "[ab]", "[^a]", "^", "$", "\\w", "\\b", "\\B", "\\<", "\\>", "{2}", "{1,2}",
		"{0,1}", "(?i)", "(?n)", "(?:", "(?-i:", "\\d", " ", "_", "-", "\\Q", "\\E", "[[:alpha:]]", "[a-b]", "\\.", "(a|b)", "(ab)", "\n"}
	rng := rand.New(rand.NewPCG(8, 8))
	for range 700 {
		var p string
		for range 1 + rng.IntN(6) {
			p += pieces[rng.IntN(len(pieces))]
		}
		list = append(list, p)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestAgainstTRE compares with the recorded results of TRE 0.9.
func TestAgainstTRE(t *testing.T) {
	if *record != "" {
		recordTRE(t)
	}
	f, err := os.Open(recorded)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		fold, rest, _ := strings.Cut(s.Text(), " ")
		quoted, want, _ := strings.Cut(rest, "\t")
		pattern, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		if got := outcome(pattern, fold == "i"); got != want {
			t.Errorf("%s, fold %s: %s, want %s", quoted, fold, got, want)
		}
	}
	if n < 1000 {
		t.Errorf("only %d expressions", n)
	}
}

// outcome returns a result in the format of testdata: the indexes of the texts
// that match, or the error.
func outcome(pattern string, fold bool) string {
	r, err := Compile([]byte(pattern), fold)
	switch {
	case err != nil:
		return "!" + err.Error()
	case r.References():
		return "ref"
	}
	var b []byte
	for i, text := range texts {
		if r.Match([]byte(text)) {
			b = fmt.Appendf(b, " %d", i)
		}
	}
	return "ok" + string(b)
}

// recordTRE asks about one expression at a time. It leaves out those that
// crash TRE.
func recordTRE(t *testing.T) {
	var out bytes.Buffer
	for _, p := range patterns() {
		for fold, name := range [2]string{"-", "i"} {
			in := fmt.Appendf(nil, "%d x%x", fold, p)
			for _, text := range texts {
				in = fmt.Appendf(in, " x%x", text)
			}
			cmd := exec.Command(*record)
			cmd.Stdin = bytes.NewReader(append(in, '\n'))
			b, err := cmd.Output()
			if err != nil {
				t.Logf("%q: %v", p, err)
				continue
			}
			answer := strings.TrimSpace(string(b))
			if words := strings.Fields(answer); words[0] == "ok" {
				answer = "ok"
				for i, w := range words[1:] {
					if w == "1" {
						answer += " " + strconv.Itoa(i)
					}
				}
			}
			fmt.Fprintf(&out, "%s %q\t%s\n", name, p, answer)
		}
	}
	if err := os.WriteFile(recorded, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzMatch checks the limits on the cost of an expression.
func FuzzMatch(f *testing.F) {
	for _, p := range patterns()[:100] {
		f.Add(p, "aab", true)
	}
	f.Fuzz(func(t *testing.T, pattern, text string, fold bool) {
		r, err := Compile([]byte(pattern), fold)
		if err != nil {
			return
		}
		if len(r.prog) > maxProgram {
			t.Fatalf("%d states", len(r.prog))
		}
		r.Match([]byte(text)[:min(len(text), 100)])
	})
}

// TestWork checks that an endless match calls stop, and that repeated state
// sets cost no more than reading the bytes.
func TestWork(t *testing.T) {
	errStop := errors.New("stop")
	text := bytes.Repeat([]byte("a"), 1<<20)
	for _, pattern := range []string{"(a?){200}a{200}b", "(a*)*b", "(a|a|a)*b", "a*a*a*a*b", "(.a){100}b"} {
		r, err := Compile([]byte(pattern), false)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if r.Match(text) {
			t.Errorf("%s matches", pattern)
		}
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("%s took %v", pattern, d)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range text {
		text[i] = "ab"[rng.IntN(2)]
	}
	r, err := Compile([]byte("a[ab]{255}[ab]{255}c"), false) // no set occurs twice
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	if _, err := r.MatchUntil(text, func() error {
		if looks++; looks > 20 {
			return errStop
		}
		return nil
	}); err != errStop {
		t.Errorf("stop did not end the match: %v", err)
	}
	if len(r.dfa.sets) > maxSets {
		t.Errorf("%d sets", len(r.dfa.sets))
	}
}

// TestForgets matches with more sets than the cache holds. Dropping sets must
// not change the result.
func TestForgets(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	text := make([]byte, 3000)
	for range 20 {
		for i := range text {
			text[i] = "abc"[rng.IntN(3)]
		}
		for _, pattern := range []string{"a[abc]{12}a[abc]{3}aa", "^([ab]c?){5}[abc]*ccc$", "\\ba[abc]{9}cbcabc"} {
			r, err := Compile([]byte(pattern), false)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := r.Match(text), regexp.MustCompile(pattern).Match(text); got != want {
				t.Errorf("%s: %v, want %v for %s", pattern, got, want, text)
			}
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	text := bytes.Repeat([]byte("some words, 12 of them; "), 1<<10)
	for _, pattern := range []string{"words.*13", "(a?){200}a{200}b", "[0-9]+ on"} {
		b.Run(pattern, func(b *testing.B) {
			r, _ := Compile([]byte(pattern), false)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.Match(text)
			}
		})
	}
}
