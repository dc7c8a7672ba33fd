package acl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Parse parses a file of users: lines of "user name rules", without comments and
// quotes. It returns new users with the settings of us. The error lists every wrong
// line, and refers to the file by the given name.
func (us *Users) Parse(text, file string) (*Users, error) {
	next := &Users{AllChannels: us.AllChannels, byName: make(map[string]*User)}
	var wrong strings.Builder
	for i, line := range strings.Split(cString(text), "\n") {
		line = strings.Trim(line, " \t\r\n")
		if line == "" {
			continue
		}
		words := strings.Split(line, " ")
		switch {
		case words[0] != "user" || len(words) < 2:
			fmt.Fprintf(&wrong, "%s:%d should start with user keyword followed by the username. ", file, i+1)
			continue
		case !ValidName(words[1]):
			fmt.Fprintf(&wrong, "'%s:%d: username '%s' contains invalid characters. ", file, i+1, words[1])
			continue
		case next.byName[words[1]] != nil:
			fmt.Fprintf(&wrong, "WARNING: Duplicate user '%s' found on line %d. ", words[1], i+1)
			continue
		}
		u := next.newUser(words[1])
		next.byName[u.Name] = u
		rules, err := mergeSelectors(words[2:])
		if err != nil {
			fmt.Fprintf(&wrong, "%s:%d: Unmatched parenthesis in selector definition.", file, i+1)
			continue
		}
		told := false
		for _, rule := range rules {
			rule = strings.Trim(rule, "\t\r\n")
			switch err := u.apply(rule, us.AllChannels); {
			case err == nil:
			case errors.Is(err, ErrUnknown):
				fmt.Fprintf(&wrong, "%s:%d: Error in applying operation '%s': %s. ", file, i+1, rule, err)
			case !told:
				fmt.Fprintf(&wrong, "%s:%d: %s. ", file, i+1, err)
				told = true
			}
		}
	}
	if wrong.Len() > 0 {
		return nil, errors.New(wrong.String() + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
	}
	if next.def = next.byName[DefaultName]; next.def == nil {
		next.def = newDefault()
		next.byName[DefaultName] = next.def
	}
	return next, nil
}

// Text returns a file that recreates the users.
func (us *Users) Text() string {
	var b strings.Builder
	for u := range us.All {
		b.WriteString(u.String() + "\n")
	}
	return b.String()
}

// Declaration is a user in a line of redis.conf.
type Declaration struct {
	Name  string
	Rules []string
}

// Declare checks a declaration as far as that is possible without the other
// settings, and appends it to the earlier ones.
func Declare(before []Declaration, name string, rules []string) ([]Declaration, error) {
	wrong := func(word string, err error) ([]Declaration, error) {
		return nil, fmt.Errorf("Error in user declaration '%s': %w", word, err)
	}
	if slices.ContainsFunc(before, func(d Declaration) bool { return d.Name == name }) {
		return wrong(name, errDuplicate)
	}
	if !ValidName(name) {
		return wrong(name, errors.New("Spaces not allowed in ACL usernames"))
	}
	merged, err := mergeSelectors(rules)
	if err != nil {
		return nil, err
	}
	u := (&Users{}).newUser(name)
	for _, rule := range merged {
		if err := u.apply(rule, false); err != nil {
			return wrong(rule, err)
		}
	}
	return append(slices.Clip(before), Declaration{name, merged}), nil
}

// Add creates the user of a declaration. It replaces an existing default user.
func (us *Users) Add(d Declaration) (*User, error) {
	u := us.newUser(d.Name)
	for _, rule := range d.Rules {
		if err := u.apply(rule, us.AllChannels); err != nil {
			return nil, fmt.Errorf("Error loading ACL rule '%s' for the user named '%s': %w", rule, d.Name, err)
		}
	}
	us.Put(u)
	return us.byName[d.Name], nil
}
