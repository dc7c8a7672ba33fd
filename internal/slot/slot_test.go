package slot

import "testing"

// TestOf compares with CLUSTER KEYSLOT of Redis 7.0.15.
func TestOf(t *testing.T) {
	for key, want := range map[string]int{
		"": 0, "a": 15495, "b": 3300, "123456789": 12739, "user:1000": 1649, "é": 10180,
		"{a}b": 15495, "foo{bar}baz": 5061, "foo{bar}{zap}": 5061, "foo{{bar}}zap": 4015,
		"user:{1000}.following": 11326, "user:{1000}.followers": 11326, "a}b{c}": 7365,
		"foo{}{bar}": 8363, "{": 4092, "}": 12090, "{}": 15257, "a{b": 13340, // no tag
	} {
		if got := Of([]byte(key)); got != want {
			t.Errorf("%q: %d, not %d", key, got, want)
		}
	}
}

func TestAllocations(t *testing.T) {
	key := []byte("user:{1000}.following")
	if n := testing.AllocsPerRun(100, func() { Of(key) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
