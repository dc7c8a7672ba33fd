package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// summary puts the rows of a report together: for each kind of row and each other server
// how many times as much that server needs as ours.
type summary struct {
	kinds   []string
	servers []string
	scores  map[[2]string][]score // by kind and server
}

type score struct {
	row   string
	ratio float64
}

// note adds a row. Ratios that are no numbers, since something was too short to measure,
// do not count.
func (s *summary) note(kind, row, server string, ratio float64) {
	if !(ratio > 0) || math.IsInf(ratio, 0) || server == ours {
		return
	}
	if !slices.Contains(s.kinds, kind) {
		s.kinds = append(s.kinds, kind)
	}
	if !slices.Contains(s.servers, server) {
		s.servers = append(s.servers, server)
	}
	if s.scores == nil {
		s.scores = make(map[[2]string][]score)
	}
	key := [2]string{kind, server}
	s.scores[key] = append(s.scores[key], score{row, ratio})
}

// String returns the section of the report, or nothing if nothing was compared.
func (s *summary) String() string {
	if len(s.kinds) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`
## Summary

How many times as much another server needs as resp-server does, as the geometric mean of the rows
below: above 1 we are ahead. In brackets the row where we are furthest behind, or least ahead.

`)
	fmt.Fprintf(&b, "| | %s |\n|---|%s\n", strings.Join(s.servers, " | "), strings.Repeat("---|", len(s.servers)))
	for _, kind := range s.kinds {
		fmt.Fprintf(&b, "| %s |", kind)
		for _, server := range s.servers {
			scores := s.scores[[2]string{kind, server}]
			if len(scores) == 0 {
				b.WriteString(" - |")
				continue
			}
			sum := 0.
			for _, x := range scores {
				sum += math.Log(x.ratio)
			}
			least := slices.MinFunc(scores, func(x, y score) int { return cmp.Compare(x.ratio, y.ratio) })
			fmt.Fprintf(&b, " **%.2f** (%.2f: %s) |", math.Exp(sum/float64(len(scores))), least.ratio, least.row)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// compare notes in a run with -before whether a row has changed: if every round of one
// build took more processor time than every round of the other.
func (b *bench) compare(row string, v []figure) {
	if b.before == "" || len(v) != 2 || v[0].both == 0 || v[1].both == 0 {
		return
	}
	now, then := v[0], v[1]
	change := fmt.Sprintf("%s: %.0f ns, before %.0f ns (%+.1f %%)", row, now.both, then.both, 100*(now.both/then.both-1))
	switch {
	case slices.Min(now.rounds) > slices.Max(then.rounds):
		b.slower = append(b.slower, change)
	case slices.Max(now.rounds) < slices.Min(then.rounds):
		b.faster = append(b.faster, change)
	}
}

// changes returns the section that says which rows have changed.
func (b *bench) changes() string {
	if b.before == "" {
		return ""
	}
	var s strings.Builder
	list := func(title string, rows []string) {
		fmt.Fprintf(&s, "\n%s\n\n", title)
		for _, row := range rows {
			fmt.Fprintf(&s, "- %s\n", row)
		}
		if len(rows) == 0 {
			fmt.Fprintf(&s, "- none\n")
		}
	}
	s.WriteString("\n## Changes\n")
	list("Every round took more processor time than every round before:", b.slower)
	list("Every round took less processor time than every round before:", b.faster)
	return s.String()
}
