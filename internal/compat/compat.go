// Package compat knows the versions of Redis that a server can be, and what changed
// between them.
//
// Commands, options and settings have the version that brought them in their own
// tables. All else that a client notices is a Change, with its version, in the one
// table of this package. Handlers ask for a Change by its name, never for a version.
package compat

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a version of Redis.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads a version such as "7.2" or "7.4.1".
func ParseVersion(s string) (v Version, ok bool) {
	for i, field := range strings.Split(s, ".") {
		n, err := strconv.Atoi(field)
		if err != nil || i > 2 {
			return Version{}, false
		}
		*[...]*int{&v.Major, &v.Minor, &v.Patch}[i] = n
	}
	return v, true
}

// mustParse is ParseVersion for what the program itself says.
func mustParse(s string) Version {
	v, ok := ParseVersion(s)
	if !ok {
		panic("compat: no version: " + s)
	}
	return v
}

// Compare orders versions.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// Number returns the version as one number, 0x070401 for 7.4.1.
func (v Version) Number() int { return v.Major<<16 | v.Minor<<8 | v.Patch }

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// Edition is a version that a server can be. It is immutable, and all servers share
// one of each.
type Edition struct {
	// Name is the value of the setting compat.
	Name string
	// Version is the version that the server says it is.
	Version Version
	// RDB is the version of the RDB format that the server writes.
	RDB int

	open bool // it has the commands and settings of all other versions too
	has  [changes]bool
}

// editions are all of them, the oldest first.
var editions = []*Edition{
	{Name: "redis-7.0", Version: Version{7, 0, 15}, RDB: 10},
	{Name: "redis-7.2", Version: Version{7, 2, 6}, RDB: 11},
	{Name: "redis-7.4", Version: Version{7, 4, 1}, RDB: 12},
	{Name: "redis-8.0", Version: Version{8, 0, 6}, RDB: 12},
	{Name: "redis-8.2", Version: Version{8, 2, 6}, RDB: 12},
	{Name: "redis-8.4", Version: Version{8, 4, 3}, RDB: 12},
	{Name: "redis-8.6", Version: Version{8, 6, 3}, RDB: 13},
	{Name: "redis-8.8", Version: Version{8, 8, 0}, RDB: 14},
	{Name: "latest", Version: Version{7, 4, 1}, RDB: 12, open: true},
}

// Latest is the edition of a server whose settings do not name one: it behaves as the
// newest version that is complete, and has the commands and settings of later ones too.
var Latest = editions[len(editions)-1]

func init() {
	for _, e := range editions {
		for c, row := range table {
			e.has[c] = e.Version.Compare(mustParse(row.Since)) >= 0
		}
	}
}

// Find returns an edition by its name in any case, or nil.
func Find(name string) *Edition {
	for _, e := range editions {
		if strings.EqualFold(e.Name, name) {
			return e
		}
	}
	return nil
}

// Names returns the names of all editions, the oldest first.
func Names() []string {
	names := make([]string, len(editions))
	for i, e := range editions {
		names[i] = e.Name
	}
	return names
}

// ReadsRDB returns the newest version of the RDB format that the server reads; 0: all
// that are known.
func (e *Edition) ReadsRDB() int {
	if e.open {
		return 0
	}
	return e.RDB
}

// Has reports whether a change came with the edition's version or before.
func (e *Edition) Has(c Change) bool { return e.has[c] }

// Is reports whether the version that the edition says it is, is a version or a later
// one.
func (e *Edition) Is(since string) bool { return e.Version.Compare(mustParse(since)) >= 0 }

// Knows reports whether the edition has what came with a version of Redis, such as a
// command. "" stands for what no version of Redis has.
func (e *Edition) Knows(since string) bool {
	if e.open {
		return true
	}
	v, ok := ParseVersion(since)
	return ok && e.Version.Compare(v) >= 0
}
