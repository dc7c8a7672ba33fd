package notation

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// matcherRE finds a matcher in the text of a leaf.
var matcherRE = regexp.MustCompile(`<any>|<int(?: (-?[0-9]*)\.\.(-?[0-9]*))?>|<match ([^>]+)>`)

// pattern is the text of a leaf with its matchers.
type pattern struct {
	re     *regexp.Regexp
	bounds [][2]int64 // of each <int>, in the order of the groups in re
}

// compile returns nil for a text without matchers.
func compile(s string) (*pattern, error) {
	found := matcherRE.FindAllStringSubmatchIndex(s, -1)
	if found == nil {
		return nil, nil
	}
	if strings.HasPrefix(s, "<int") && found[0][1] == len(s) {
		s = "(integer) " + s
		found = matcherRE.FindAllStringSubmatchIndex(s, -1)
	}
	p := &pattern{}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	end := 0
	for _, m := range found {
		b.WriteString(regexp.QuoteMeta(s[end:m[0]]))
		end = m[1]
		switch word := s[m[0]:m[1]]; {
		case word == "<any>":
			b.WriteString(`.*`)
		case strings.HasPrefix(word, "<int"):
			b.WriteString(`(?P<int>-?[0-9]+)`)
			bounds := [2]int64{math.MinInt64, math.MaxInt64}
			for i := range bounds {
				if from := m[2+2*i]; from >= 0 && from < m[3+2*i] {
					v, err := strconv.ParseInt(s[from:m[3+2*i]], 10, 64)
					if err != nil {
						return nil, fmt.Errorf("%s: %w", word, err)
					}
					bounds[i] = v
				}
			}
			p.bounds = append(p.bounds, bounds)
		default:
			re := s[m[6]:m[7]]
			if _, err := regexp.Compile(re); err != nil {
				return nil, fmt.Errorf("%s: %w", word, err)
			}
			b.WriteString(`(?:` + re + `)`)
		}
	}
	b.WriteString(regexp.QuoteMeta(s[end:]) + `\z`)
	re, err := regexp.Compile(b.String())
	p.re = re
	return p, err
}

func (p *pattern) match(s string) bool {
	m := p.re.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	n := 0
	for i, name := range p.re.SubexpNames() {
		if name != "int" {
			continue
		}
		v, err := strconv.ParseInt(m[i], 10, 64)
		if err != nil || v < p.bounds[n][0] || v > p.bounds[n][1] {
			return false
		}
		n++
	}
	return true
}

// Matches reports whether the reply got satisfies want.
func (want *Node) Matches(got *Node) bool { return match(want, got, "") }

// Merge returns the text that replaces want after got was recorded: the parts of
// want that still match stay, with their matchers.
func Merge(want, got *Node) *Node { return merge(want, got, "") }

// match reports whether the reply got satisfies want. approx is the tolerance set
// by an outer node, empty for none.
func match(want, got *Node, approx string) bool {
	if want.Approx != "" {
		approx = want.Approx
	}
	if want.Is("<any>") && want.Attr == nil {
		return true
	}
	if want.Kind != got.Kind || want.Push != got.Push || len(want.Kids) != len(got.Kids) ||
		(want.Attr == nil) != (got.Attr == nil) ||
		want.Attr != nil && !match(want.Attr, got.Attr, approx) {
		return false
	}
	if want.Kind == Leaf {
		return matchLeaf(want.Text, got.Text, approx)
	}
	each := 1
	if want.Kind == Mapping {
		each = 2
	}
	item := func(w, g int) bool {
		for i := range each {
			if !match(want.Kids[w*each+i], got.Kids[g*each+i], approx) {
				return false
			}
		}
		return true
	}
	n := len(want.Kids) / each
	if want.Unordered {
		return pairUp(n, item)
	}
	for i := range n {
		if !item(i, i) {
			return false
		}
	}
	return true
}

func matchLeaf(want, got, approx string) bool {
	if want == got {
		return want != ""
	}
	if approx != "" {
		tolerance, _ := strconv.ParseFloat(approx, 64)
		w, kind, ok := number(want)
		g, kind2, ok2 := number(got)
		return ok && ok2 && kind == kind2 && math.Abs(w-g) <= tolerance
	}
	p, err := compile(want)
	return err == nil && p != nil && p.match(got)
}

// number parses a leaf that shows a number: (integer) 1, (double) 1.5, "1.5".
func number(s string) (v float64, kind string, ok bool) {
	switch {
	case strings.HasPrefix(s, "("):
		kind, s, _ = strings.Cut(s, " ")
	case len(s) > 1 && s[0] == '"':
		kind, s = `"`, s[1:len(s)-1]
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, kind, err == nil
}

// pairUp finds a one-to-one assignment of n wanted items to n items by augmenting
// paths: O(n^3) in the worst case, O(n^2) calls of item for plain lists.
func pairUp(n int, item func(w, g int) bool) bool {
	taken := make([]int, n) // taken[g] is the wanted item that has g, plus 1
	var seen []bool
	var place func(w int) bool
	place = func(w int) bool {
		for g := range n {
			if seen[g] || !item(w, g) {
				continue
			}
			seen[g] = true
			if taken[g] == 0 || place(taken[g]-1) {
				taken[g] = w + 1
				return true
			}
		}
		return false
	}
	for w := range n {
		seen = make([]bool, n)
		if !place(w) {
			return false
		}
	}
	return true
}

func merge(want, got *Node, approx string) *Node {
	if want == nil {
		return got
	}
	if match(want, got, approx) {
		return want
	}
	if want.Approx != "" {
		approx = want.Approx
	}
	out := *got
	if got.Kind == Leaf {
		if _, _, ok := number(got.Text); ok {
			out.Approx = want.Approx
		}
		return &out
	}
	out.Approx, out.Unordered = want.Approx, want.Unordered
	if want.Attr != nil && got.Attr != nil {
		out.Attr = merge(want.Attr, got.Attr, approx)
	}
	if want.Kind != got.Kind || want.Unordered {
		return &out
	}
	out.Kids = append([]*Node(nil), got.Kids...)
	for i := range min(len(want.Kids), len(out.Kids)) {
		out.Kids[i] = merge(want.Kids[i], out.Kids[i], approx)
	}
	return &out
}
