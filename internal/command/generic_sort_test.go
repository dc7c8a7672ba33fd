package command

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

// TestSmallest compares the few first elements with those of the sorted list.
func TestSmallest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range effort.Of(2000) {
		list := make([]int, r.IntN(60))
		for i := range list {
			list[i] = r.IntN(30)
		}
		want := slices.Sorted(slices.Values(list))
		n := r.IntN(len(list) + 1)
		if got := smallest(slices.Clone(list), n, cmp.Compare[int]); !slices.Equal(got, want[:n]) {
			t.Fatalf("%d of %v: %v, want %v", n, list, got, want[:n])
		}
	}
}
