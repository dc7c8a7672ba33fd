package slowlog

import (
	"slices"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	var l Log
	ids := func(n int) (ids []int64) {
		for _, e := range l.Last(n) {
			ids = append(ids, e.ID)
		}
		return ids
	}
	for range 5 {
		l.Add(Entry{}, 3)
	}
	if got := ids(10); l.Len() != 3 || !slices.Equal(got, []int64{2, 3, 4}) {
		t.Errorf("%d entries: %v", l.Len(), got)
	}
	if got := ids(1); !slices.Equal(got, []int64{4}) {
		t.Errorf("the last: %v", got)
	}
	l.Add(Entry{}, 1)
	if got := ids(10); !slices.Equal(got, []int64{5}) {
		t.Errorf("after a lower limit: %v", got)
	}
	l.Reset()
	l.Add(Entry{}, 3)
	if got := ids(10); !slices.Equal(got, []int64{6}) {
		t.Errorf("after a reset: %v", got)
	}
}

func TestTrim(t *testing.T) {
	words := func(n int) [][]byte { return slices.Repeat([][]byte{[]byte("x")}, n) }
	for _, test := range []struct {
		args [][]byte
		n    int
		last string
	}{
		{words(1), 1, "x"},
		{words(32), 32, "x"},
		{words(33), 32, "... (2 more arguments)"},
		{[][]byte{[]byte(strings.Repeat("a", 128))}, 1, strings.Repeat("a", 128)},
		{[][]byte{[]byte(strings.Repeat("a", 130))}, 1, strings.Repeat("a", 128) + "... (2 more bytes)"},
	} {
		got := Trim(test.args, 32, 128)
		if len(got) != test.n || got[test.n-1] != test.last {
			t.Errorf("%d words: %q", len(test.args), got)
		}
	}
}
