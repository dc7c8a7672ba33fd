package compat

import (
	"slices"
	"testing"
)

// TestChanges: a change came with a version that somebody can ask for, and the table
// is in the order of the versions.
func TestChanges(t *testing.T) {
	rows := Changes()
	if !slices.IsSortedFunc(rows, func(a, b Row) int { return mustParse(a.Since).Compare(mustParse(b.Since)) }) {
		t.Error("the changes are not in the order of their versions")
	}
	for c, row := range rows {
		if row.What == "" || editions[0].Has(Change(c)) || !Find("redis-8.8").Has(Change(c)) {
			t.Errorf("change %d, of %s, makes no difference", c, row.Since)
		}
	}
}

// TestKnows: an edition has what came with its version or before.
func TestKnows(t *testing.T) {
	for _, c := range []struct {
		edition, since string
		want           bool
	}{
		{"redis-7.0", "7.0.0", true}, {"redis-7.0", "2.6.12", true}, {"redis-7.0", "7.2.0", false}, {"redis-7.2", "7.2", true},
		{"Redis-7.4", "8.0.0", false}, {"redis-8.0", "8.0.0", true}, {"redis-8.6", "8.6.2", true}, {"redis-8.8", "8.10.0", false}, {"redis-7.4", "", false}, {"latest", "8.8.0", true}, {"latest", "", true},
	} {
		if got := Find(c.edition).Knows(c.since); got != c.want {
			t.Errorf("%s knows what came with %q: %v", c.edition, c.since, got)
		}
	}
	if Find("redis-5") != nil {
		t.Error("there is an edition redis-5")
	}
}
