package acl

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// User is a user with permissions in selectors: one selector that allows a command
// line is enough.
type User struct {
	Name string
	// Enabled users may log in.
	Enabled bool
	// NoPassword users may log in with any password.
	NoPassword bool
	// SkipSanitize only shows that the user does not want payloads of RESTORE to be
	// checked: the server checks them all the same.
	SkipSanitize bool
	// Unrestricted users may do everything, so no check is necessary.
	Unrestricted bool

	passwords []string    // hashes made by Hash
	selectors []*Selector // the first one is the user's own
}

func (u *User) clone() *User {
	if u == nil {
		return nil
	}
	c := *u
	c.passwords = slices.Clone(u.passwords)
	c.selectors = make([]*Selector, len(u.selectors))
	for i, s := range u.selectors {
		c.selectors[i] = s.clone()
	}
	return &c
}

// update updates Unrestricted.
func (u *User) update() {
	u.Unrestricted = slices.ContainsFunc(u.selectors, func(s *Selector) bool {
		return s.everything && s.allKeys && s.allChannels
	})
}

// Hash returns the stored form of a password: its SHA-256 in hexadecimal.
func Hash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

func isHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

// MayLogIn reports whether a password is right. The time it takes does not depend
// on the password.
func (u *User) MayLogIn(password []byte) bool {
	switch {
	case u == nil || !u.Enabled:
		return false
	case u.NoPassword:
		return true
	}
	hash, ok := []byte(Hash(string(password))), 0
	for _, p := range u.passwords {
		ok |= subtle.ConstantTimeCompare(hash, []byte(p))
	}
	return ok == 1
}

// Flags returns the flags of the user.
func (u *User) Flags() []string {
	flags := make([]string, 0, 3)
	flags = append(flags, either(u.Enabled, "on", "off"))
	if u.NoPassword {
		flags = append(flags, "nopass")
	}
	return append(flags, either(u.SkipSanitize, "skip-sanitize-payload", "sanitize-payload"))
}

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// Passwords returns the hashes of the passwords.
func (u *User) Passwords() []string { return u.passwords }

// Root returns the user's own selector. Selectors returns the others.
func (u *User) Root() *Selector { return u.selectors[0] }

// Selectors returns the selectors other than Root.
func (u *User) Selectors() []*Selector { return u.selectors[1:] }

// Rules returns the rules that recreate the user.
func (u *User) Rules() string {
	words := u.Flags()
	for _, p := range u.passwords {
		words = append(words, "#"+p)
	}
	words = append(words, u.Root().String())
	for _, s := range u.Selectors() {
		words = append(words, "("+s.String()+")")
	}
	return strings.Join(words, " ")
}

// String returns the line of a file for the user.
func (u *User) String() string { return "user " + u.Name + " " + u.Rules() }

// Selector is a set of permissions to run certain commands with certain keys and
// channels.
type Selector struct {
	// The selector allows all commands, or else those in allowed. base says that
	// commands were removed from all rather than added to none, which only matters
	// for the description.
	everything, base bool
	allowed          set
	rules            []string         // rules that led to allowed, with their signs
	firstArgs        map[int][]string // by command id: first arguments with which the command is allowed

	allKeys bool
	keys    []keyPattern

	allChannels bool
	channels    []string
}

// use is a permission for keys.
type use uint8

const (
	reads use = 1 << iota
	writes
)

type keyPattern struct {
	pattern string
	use     use
}

func (p keyPattern) String() string {
	switch p.use {
	case reads:
		return "%R~" + p.pattern
	case writes:
		return "%W~" + p.pattern
	}
	return "~" + p.pattern
}

func (s *Selector) clone() *Selector {
	c := *s
	c.allowed = slices.Clone(s.allowed)
	c.rules = slices.Clone(s.rules)
	c.keys = slices.Clone(s.keys)
	c.channels = slices.Clone(s.channels)
	c.firstArgs = maps.Clone(s.firstArgs)
	for id, args := range c.firstArgs {
		c.firstArgs[id] = slices.Clone(args)
	}
	return &c
}

// Commands returns the rules about commands.
func (s *Selector) Commands() string {
	return strings.Join(append([]string{either(s.base, "+@all", "-@all")}, s.rules...), " ")
}

// Keys returns the patterns of keys.
func (s *Selector) Keys() string {
	if s.allKeys {
		return "~*"
	}
	words := make([]string, len(s.keys))
	for i, p := range s.keys {
		words[i] = p.String()
	}
	return strings.Join(words, " ")
}

// Channels returns the patterns of channels.
func (s *Selector) Channels() string {
	if s.allChannels {
		return "&*"
	}
	words := make([]string, len(s.channels))
	for i, p := range s.channels {
		words[i] = "&" + p
	}
	return strings.Join(words, " ")
}

// String returns the rules that recreate the selector.
func (s *Selector) String() string {
	words := make([]string, 0, 4)
	if keys := s.Keys(); keys != "" {
		words = append(words, keys)
	}
	if !s.allChannels {
		words = append(words, "resetchannels")
	}
	if channels := s.Channels(); channels != "" {
		words = append(words, channels)
	}
	return strings.Join(append(words, s.Commands()), " ")
}
