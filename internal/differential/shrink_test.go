package differential

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
)

// shrink reduces the commands that lead to d, for at most a few seconds. The rest
// still ends in a difference of the same command.
func (m *match) shrink(d *difference) *difference {
	if d.name == "debug" {
		return d // without its other commands an array may be so long that a digest takes hours
	}
	end := time.Now().Add(8 * time.Second)
	name := d.name
	try := func(steps [][]string) bool {
		if time.Now().After(end) {
			return false
		}
		n, err := m.play(d.proto, steps)
		if err != nil || n == nil || n.name != name {
			return false
		}
		n.seed = d.seed
		d = n
		return true
	}
	if !try(d.steps) {
		d.fleeting = true
		return d
	}
	for before := 0; before != len(d.steps); {
		before = len(d.steps)
		for size := max(len(d.steps)/2, 1); size > 0; size /= 2 {
			for i := len(d.steps) - size; i >= 0; i -= size {
				if i+size <= len(d.steps) {
					try(slices.Delete(slices.Clone(d.steps), i, i+size))
				}
			}
		}
	}
	for i := len(d.steps) - 1; i >= 0; i-- {
		for j := 1; i < len(d.steps) && j < len(d.steps[i]); {
			steps := slices.Clone(d.steps)
			steps[i] = slices.Delete(slices.Clone(steps[i]), j, j+1)
			if !try(steps) {
				j++
			}
		}
	}
	return d
}

// transcript returns the commands with the real server's replies, and ours to the
// last one.
func (m *match) transcript(d *difference) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: another reply (seed %d)\n", strings.ToUpper(d.name), d.seed)
	if d.proto == "3" {
		b.WriteString("@resp 3\n")
	}
	steps := d.steps
	start := append(slices.Clone(cleaning), []string{"HELLO", d.proto})
	if d.fleeting {
		fmt.Fprintf(&b, "# It did not come again when repeated; these are the last commands of %d.\n", len(steps))
		steps = steps[max(0, len(steps)-15):]
	}
	all := append(start, steps...)
	m.exchange(all, func(i int, _, _ *reply, wa, _ []byte) bool {
		if i -= len(start); i >= 0 && (i < len(steps)-1 || d.args == nil) {
			fmt.Fprintf(&b, "> %s\n%s\n", notation.Join(steps[i]), notation.Reply(wa))
		}
		return true
	})
	if d.args == nil {
		fmt.Fprintf(&b, "# Then the %s are\n# %s\n", d.name, strings.ReplaceAll(notation.Reply(d.real), "\n", "\n# "))
	} else {
		fmt.Fprintf(&b, "> %s\n%s\n", notation.Join(d.args), notation.Reply(d.real))
	}
	fmt.Fprintf(&b, "# Ours:\n# %s\n", strings.ReplaceAll(notation.Reply(d.ours), "\n", "\n# "))
	return b.String()
}
