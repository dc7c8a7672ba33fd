package transcript

import (
	"fmt"
	"strconv"
	"strings"
)

// gate is a condition on the server: @since, @until or @only.
type gate struct {
	word    string // "@since", "@until", "@only"
	arg     string
	version []int
	self    bool // ours is let in, too
}

func isGate(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	return word == "@since" || word == "@until" || word == "@only"
}

func parseGate(line string) (gate, error) {
	words := strings.Fields(line)
	g := gate{word: words[0]}
	if len(words) < 2 {
		return g, fmt.Errorf("%s of what?", g.word)
	}
	g.arg = words[1]
	if g.word == "@only" {
		if g.arg == "self" && len(words) < 3 {
			return g, fmt.Errorf("@only self gives its reason behind it")
		}
		return g, nil
	}
	var ok bool
	if g.version, ok = parseVersion(g.arg); !ok {
		return g, fmt.Errorf("%s %s is not a version", g.word, g.arg)
	}
	g.self = len(words) == 3 && words[2] == "self"
	if len(words) > 3 || len(words) == 3 && (!g.self || g.word != "@since") {
		return g, fmt.Errorf("%q has words too many", line)
	}
	return g, nil
}

// server has the facts that gates depend on.
type server struct {
	name    string
	version []int
	cluster bool
}

func describe(t Target) server {
	v, _ := parseVersion(t.Version())
	c, ok := t.(interface{ Cluster() bool })
	return server{t.Name(), v, ok && c.Cluster()}
}

func (g gate) allows(s server) bool {
	switch g.word {
	case "@since":
		return g.self && s.name == Self || compareVersions(s.version, g.version) >= 0
	case "@until": // 7.2 includes 7.2.5
		return compareVersions(s.version[:min(len(s.version), len(g.version))], g.version) <= 0
	}
	switch g.arg {
	case "self":
		return s.name == Self
	case "real":
		return s.name != Self && s.name != Older
	case "cluster":
		return s.cluster
	}
	return s.name == g.arg
}

// closed returns the first gate that keeps the server out.
func closed(gates []gate, s server) (gate, bool) {
	for _, g := range gates {
		if !g.allows(s) {
			return g, true
		}
	}
	return gate{}, false
}

func parseVersion(s string) (v []int, ok bool) {
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		v = append(v, n)
	}
	return v, true
}

func compareVersions(a, b []int) int {
	for i := range max(len(a), len(b)) {
		var x, y int
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return x - y
		}
	}
	return 0
}
