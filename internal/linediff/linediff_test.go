package linediff

import (
	"strings"
	"testing"
)

func TestShow(t *testing.T) {
	for _, c := range []struct{ want, got, shown string }{
		{"a b c", "a x c d", "  a|- b|+ x|  c|+ d"},
		{"", "a", "+ a"},
		{"a", "", "- a"},
		{"a b", "a b", "  ... 2 equal lines ..."},
		{"1 2 3 4 5 6 x 7 8 9 10 11 12 13 14 y 15 16 17 18 19", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 z 15 16 17 18 19",
			"  ... 3 equal lines ...|  4|  5|  6|- x|  7|  8|  9|  ... 2 equal lines ...|  12|  13|  14|- y|+ z|  15|  16|  17|  ... 2 equal lines ..."},
	} {
		got := strings.ReplaceAll(strings.TrimPrefix(Show(strings.Fields(c.want), strings.Fields(c.got)), "- wanted, + got:\n"), "\n", "|")
		if got != c.shown {
			t.Errorf("%s, %s: %s", c.want, c.got, got)
		}
	}
}
