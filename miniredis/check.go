package miniredis

import "slices"

// T is the part of *testing.T that the checks need.
type T interface {
	Helper()
	Errorf(string, ...interface{})
}

// CheckGet fails the test unless a key holds a string.
func (m *Miniredis) CheckGet(t T, key, expected string) {
	t.Helper()
	switch found, err := m.Get(key); {
	case err != nil:
		t.Errorf("the string %q: %v", key, err)
	case found != expected:
		t.Errorf("the string %q is %q, not %q", key, found, expected)
	}
}

// CheckList fails the test unless a key holds a list of these elements.
func (m *Miniredis) CheckList(t T, key string, expected ...string) {
	t.Helper()
	found, err := m.List(key)
	check(t, "list", key, found, err, expected)
}

// CheckSet fails the test unless a key holds a set of these members, in any order.
func (m *Miniredis) CheckSet(t T, key string, expected ...string) {
	t.Helper()
	found, err := m.Members(key)
	expected = slices.Clone(expected)
	slices.Sort(expected)
	check(t, "set", key, found, err, expected)
}

func check(t T, kind, key string, found []string, err error, expected []string) {
	t.Helper()
	switch {
	case err != nil:
		t.Errorf("the %s %q: %v", kind, key, err)
	case !slices.Equal(found, expected):
		t.Errorf("the %s %q has %q, not %q", kind, key, found, expected)
	}
}
