// Package linediff shows the lines in which two texts differ.
package linediff

import (
	"fmt"
	"slices"
	"strings"
)

// context is the number of equal lines shown around different ones.
const context = 3

// Show returns a text with "-" before lines that only want has, and "+" before
// lines that only got has. It leaves out long runs of equal lines.
func Show(want, got []string) string {
	var b strings.Builder
	b.WriteString("- wanted, + got:")
	put := func(mark string, lines []string) {
		for _, l := range lines {
			b.WriteString("\n" + mark + " " + l)
		}
	}
	equal := func(lines []string, first, last bool) {
		before, after := context, context
		if first {
			before = 0
		}
		if last {
			after = 0
		}
		if n := len(lines) - before - after; n > 1 {
			put(" ", lines[:before])
			fmt.Fprintf(&b, "\n  ... %d equal lines ...", n)
			lines = lines[len(lines)-after:]
		}
		put(" ", lines)
	}
	at := make(map[string][]int, len(got)) // indexes of each line
	for i, l := range got {
		at[l] = append(at[l], i)
	}
	w, g := 0, 0
	for begun := false; ; begun = true {
		same := 0
		for w+same < len(want) && g+same < len(got) && want[w+same] == got[g+same] {
			same++
		}
		equal(want[w:w+same], !begun, w+same == len(want) && g+same == len(got))
		w, g = w+same, g+same
		if w == len(want) || g == len(got) {
			break
		}
		// Continue at the nearest pair of equal lines; without one, everything left
		// differs.
		nextW, nextG := len(want), len(got)
		for i := w; i < len(want) && i-w < nextW-w+nextG-g; i++ {
			places := at[want[i]]
			j, _ := slices.BinarySearch(places, g)
			if j < len(places) && i+places[j] < nextW+nextG {
				nextW, nextG = i, places[j]
			}
		}
		put("-", want[w:nextW])
		put("+", got[g:nextG])
		w, g = nextW, nextG
	}
	put("-", want[w:])
	put("+", got[g:])
	return b.String()
}
