// Package acl has the access control list: users with passwords, and rules about
// the commands, keys and channels that they may use.
//
// The rules are those of ACL SETUSER in Redis 7.4, word for word, and the
// descriptions in ACL LIST, GETUSER and SAVE consist of the same words. They may
// name every command of package spec, even those that a server lacks, so that the
// users of any server can be loaded.
//
// The package neither locks nor knows a server: the owner of a Users asks whether a
// user may run a command line, and acts on the verdict.
package acl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// DefaultName is the user of new connections.
const DefaultName = "default"

// Users is the set of all users, by name.
type Users struct {
	// AllChannels allows all channels to new users and selectors, as the setting
	// acl-pubsub-default says.
	AllChannels bool

	def    *User
	byName map[string]*User
}

// NewUsers returns only the default user, which may do everything without a
// password.
func NewUsers() *Users {
	us := &Users{def: newDefault()}
	us.byName = map[string]*User{DefaultName: us.def}
	return us
}

func newDefault() *User {
	return &User{Name: DefaultName, Enabled: true, NoPassword: true, Unrestricted: true,
		selectors: []*Selector{{everything: true, base: true, allKeys: true, allChannels: true}}}
}

// Default returns the default user. It is always the same pointer.
func (us *Users) Default() *User { return us.def }

// Get returns the user with a name, or nil.
func (us *Users) Get(name []byte) *User { return us.byName[string(name)] }

// Len returns the number of users.
func (us *Users) Len() int { return len(us.byName) }

// All yields the users sorted by name.
func (us *Users) All(yield func(*User) bool) {
	for _, name := range slices.Sorted(maps.Keys(us.byName)) {
		if !yield(us.byName[name]) {
			return
		}
	}
}

// PasswordNeeded reports whether a client must log in to act as the default user.
func (us *Users) PasswordNeeded() bool { return !us.def.NoPassword || !us.def.Enabled }

// SetDefaultPassword replaces all passwords of the default user, as the setting
// requirepass does. An empty password lets it in without one.
func (us *Users) SetDefaultPassword(password string) {
	us.def.passwords = nil
	us.def.NoPassword = password == ""
	if password != "" {
		us.def.passwords = []string{Hash(password)}
	}
}

// Changed returns the user with a name, or a new user, after applying rules.
// Nothing changes until Put. The error is the text of the reply.
func (us *Users) Changed(name string, rules []string) (*User, error) {
	merged, err := mergeSelectors(rules)
	if err != nil {
		return nil, err
	}
	u := us.byName[name].clone()
	if u == nil {
		u = us.newUser(name)
	}
	for _, rule := range merged {
		if err := u.apply(rule, us.AllChannels); err != nil {
			return nil, &RuleError{rule, err}
		}
	}
	return u, nil
}

// Put puts the result of Changed into effect. An existing user keeps its *User with
// new contents.
func (us *Users) Put(changed *User) {
	if u := us.byName[changed.Name]; u != nil {
		*u = *changed
		return
	}
	us.byName[changed.Name] = changed
}

// Delete removes a user and returns it, or nil if there was none. The default user
// can't be removed.
func (us *Users) Delete(name []byte) *User {
	u := us.byName[string(name)]
	if u == us.def {
		return nil
	}
	delete(us.byName, string(name))
	return u
}

// Replace takes all users from another Users. The default user keeps its *User with
// new contents.
func (us *Users) Replace(by *Users) {
	*us.def = *by.def
	us.byName = by.byName
	us.byName[DefaultName] = us.def
}

// Clone returns independent copies of the users.
func (us *Users) Clone() *Users {
	c := &Users{AllChannels: us.AllChannels, byName: make(map[string]*User, len(us.byName))}
	for name, u := range us.byName {
		c.byName[name] = u.clone()
	}
	c.def = c.byName[DefaultName]
	return c
}

// Restore makes us equal to another Users, and returns the users that no longer
// exist. Users in both keep their *User with new contents.
func (us *Users) Restore(to *Users) (gone []*User) {
	us.AllChannels = to.AllChannels
	for name, u := range us.byName {
		if to.byName[name] == nil {
			gone = append(gone, u)
			delete(us.byName, name)
		}
	}
	for _, u := range to.byName {
		us.Put(u.clone())
	}
	return gone
}

// Check returns what does not fit together, nil if all does. It is for tests.
func (us *Users) Check() error {
	if us.byName[DefaultName] != us.def {
		return errors.New("the default user is not found by its name")
	}
	for name, u := range us.byName {
		right := *u
		right.update()
		switch {
		case u.Name != name:
			return fmt.Errorf("user %q is found as %q", u.Name, name)
		case u.Unrestricted != right.Unrestricted:
			return fmt.Errorf("user %q may do everything: %v, its selectors: %v", name, u.Unrestricted, right.Unrestricted)
		case slices.ContainsFunc(u.passwords, func(p string) bool { return !isHash(p) }):
			return fmt.Errorf("user %q has a password that is no hash", name)
		}
	}
	return nil
}

func (us *Users) newUser(name string) *User {
	return &User{Name: name, selectors: []*Selector{{allChannels: us.AllChannels}}}
}

// ValidName reports whether a name is valid: spaces would not survive a file.
func ValidName(name string) bool { return !hasSpace(name) }

// hasSpace reports whether s contains white space or a zero byte.
func hasSpace(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == ' ' || c == 0 || c >= '\t' && c <= '\r' {
			return true
		}
	}
	return false
}
