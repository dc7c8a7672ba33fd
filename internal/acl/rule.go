package acl

import (
	"errors"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// Errors of rules.
var (
	ErrUnknown    = errors.New("Unknown command or category name in ACL")
	errSyntax     = errors.New("Syntax error")
	errKeys       = errors.New("Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns")
	errChannels   = errors.New("Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels")
	errNoPassword = errors.New("The password you are trying to remove from the user does not exist")
	errHash       = errors.New("The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters")
	errFirstArg   = errors.New("Allowing first-arg of a subcommand is not supported")
	errDuplicate  = errors.New("Duplicate user found. A user can only be defined once in config files")
)

// RuleError reports which rule is wrong, and why.
type RuleError struct {
	Rule string
	Err  error
}

func (e *RuleError) Error() string {
	return "Error in ACL SETUSER modifier '" + cString(e.Rule) + "': " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *RuleError) Unwrap() error { return e.Err }

// errParenthesis reports a selector that is not closed.
type errParenthesis struct{ rule string }

func (e errParenthesis) Error() string {
	return "Unmatched parenthesis in acl selector starting at '" + cString(e.rule) + "'."
}

// mergeSelectors joins the rules of a selector that is split into several words, as
// by a shell or in a file.
func mergeSelectors(words []string) ([]string, error) {
	rules := make([]string, 0, len(words))
	open := -1 // start of the open selector
	for i, w := range words {
		switch {
		case open < 0 && strings.HasPrefix(w, "(") && !strings.HasSuffix(w, ")"):
			open = i
		case open < 0:
			rules = append(rules, w)
		case strings.HasSuffix(w, ")"):
			merged := words[open]
			for _, w := range words[open+1 : i+1] {
				merged += " " + cString(w)
			}
			rules = append(rules, merged)
			open = -1
		}
	}
	if open >= 0 {
		return nil, errParenthesis{words[open]}
	}
	return rules, nil
}

// apply applies a rule to the user. After an error the state of the user is
// undefined.
func (u *User) apply(rule string, allChannels bool) error {
	if rule == "" {
		return nil
	}
	defer u.update()
	switch lower(cString(rule)) {
	case "on":
		u.Enabled = true
		return nil
	case "off":
		u.Enabled = false
		return nil
	case "sanitize-payload":
		u.SkipSanitize = false
		return nil
	case "skip-sanitize-payload":
		u.SkipSanitize = true
		return nil
	case "nopass":
		u.NoPassword, u.passwords = true, nil
		return nil
	case "resetpass":
		u.NoPassword, u.passwords = false, nil
		return nil
	case "clearselectors":
		u.selectors = u.selectors[:1]
		return nil
	case "reset":
		*u = User{Name: u.Name, selectors: []*Selector{{allChannels: allChannels}}}
		return nil
	}
	switch rule[0] {
	case '>', '#', '<', '!':
		return u.applyPassword(rule[0], rule[1:])
	case '(':
		if rule[len(rule)-1] != ')' {
			return errSyntax
		}
		s := &Selector{allChannels: allChannels}
		words, ok := resp.SplitWords(cString(rule[1 : len(rule)-1]))
		if !ok {
			words = nil // a quote is not closed: as in Redis, the selector is empty
		}
		for _, w := range words {
			if err := s.apply(w); err != nil {
				return err
			}
		}
		u.selectors = append(u.selectors, s)
		return nil
	}
	return u.selectors[0].apply(rule)
}

func (u *User) applyPassword(op byte, text string) error {
	if op == '>' || op == '<' {
		text = Hash(text)
	} else if !isHash(text) {
		return errHash
	}
	i := slices.Index(u.passwords, text)
	switch {
	case op == '<' || op == '!':
		if i < 0 {
			return errNoPassword
		}
		u.passwords = slices.Delete(u.passwords, i, i+1)
		return nil
	case i < 0:
		u.passwords = append(u.passwords, text)
	}
	u.NoPassword = false
	return nil
}

// apply applies a rule to the selector.
func (s *Selector) apply(rule string) error {
	word := cString(rule)
	switch lower(word) {
	case "allkeys", "~*":
		s.allKeys, s.keys = true, nil
		return nil
	case "resetkeys":
		s.allKeys, s.keys = false, nil
		return nil
	case "allchannels", "&*":
		s.allChannels, s.channels = true, nil
		return nil
	case "resetchannels":
		s.allChannels, s.channels = false, nil
		return nil
	case "allcommands", "+@all":
		s.base, s.everything = true, true
		s.allowed, s.rules, s.firstArgs = nil, nil, nil
		return nil
	case "nocommands", "-@all":
		s.base, s.everything = false, false
		s.allowed, s.rules, s.firstArgs = nil, nil, nil
		return nil
	case "":
		return errSyntax
	}
	switch rule[0] {
	case '~', '%':
		return s.addKeys(rule)
	case '&':
		return s.addChannels(rule[1:])
	case '+', '-':
		allow := rule[0] == '+'
		name := lower(word[1:])
		switch {
		case strings.HasPrefix(name, "@"):
			return s.category(name, allow)
		case allow && strings.Contains(name, "|"):
			return s.allowPart(name)
		}
		c := Find(name)
		if c == nil {
			return ErrUnknown
		}
		s.change(c, allow)
		s.note(c.FullName, allow)
		return nil
	}
	return errSyntax
}

// addKeys adds a pattern: ~pattern, %R~pattern, %W~pattern or %RW~pattern.
func (s *Selector) addKeys(rule string) error {
	if s.allKeys {
		return errKeys
	}
	use, pattern := reads|writes, rule[1:]
	if rule[0] == '%' {
		use = 0
		// Redis accepts a rule that ends before its tilde, as one with an empty
		// pattern. A rule that also names no permission is an error here: it would
		// crash Redis when it shows the user.
	letters:
		for ; pattern != ""; pattern = pattern[1:] {
			switch c := pattern[0]; {
			case (c == 'R' || c == 'r') && use&reads == 0:
				use |= reads
			case (c == 'W' || c == 'w') && use&writes == 0:
				use |= writes
			case c == '~' && use != 0:
				pattern = pattern[1:]
				break letters
			default:
				return errSyntax
			}
		}
		if use == 0 {
			return errSyntax
		}
	}
	if hasSpace(pattern) {
		return errSyntax
	}
	for i := range s.keys {
		if s.keys[i].pattern == pattern {
			s.keys[i].use |= use
			return nil
		}
	}
	s.keys = append(s.keys, keyPattern{pattern, use})
	return nil
}

func (s *Selector) addChannels(pattern string) error {
	switch {
	case s.allChannels:
		return errChannels
	case hasSpace(pattern):
		return errSyntax
	case !slices.Contains(s.channels, pattern):
		s.channels = append(s.channels, pattern)
	}
	return nil
}

// allowPart allows a subcommand, or a command with a certain first argument.
func (s *Selector) allowPart(name string) error {
	i := strings.LastIndexByte(name, '|')
	c, arg := Find(name[:i]), name[i+1:]
	switch {
	case c == nil:
		return ErrUnknown
	case c.isSub:
		return errFirstArg
	case arg == "":
		return errSyntax
	case len(c.subs) > 0:
		sub := Find(name)
		if sub == nil {
			return ErrUnknown
		}
		s.change(sub, true)
	default:
		if s.firstArgs == nil {
			s.firstArgs = make(map[int][]string)
		}
		if args := s.firstArgs[c.id]; !slices.Contains(args, arg) {
			s.firstArgs[c.id] = append(args, arg)
		}
	}
	s.note(name, true)
	return nil
}

// category allows or denies the commands of "@name". A container includes all its
// subcommands, whatever their categories.
func (s *Selector) category(name string, allow bool) error {
	category := spec.CategoryNamed(name[1:])
	if category == 0 {
		return ErrUnknown
	}
	s.note(name, allow)
	for _, c := range commands().all {
		if c.Categories&category != 0 {
			s.change(c, allow)
		}
	}
	return nil
}

// change allows or denies a command with its subcommands.
func (s *Selector) change(c *Command, allow bool) {
	if s.allowed == nil && s.everything {
		s.allowed = allCommands()
	}
	s.allowed = s.allowed.with(c, allow)
	if !allow {
		s.everything = false
	}
	delete(s.firstArgs, c.id)
}

// note adds a rule about commands to the description. It drops earlier rules about
// the same command and about parts of it.
func (s *Selector) note(name string, allow bool) {
	sign := "-"
	if allow {
		sign = "+"
	}
	s.rules = slices.DeleteFunc(s.rules, func(r string) bool {
		rest, ok := strings.CutPrefix(r[1:], name)
		return ok && (rest == "" || rest[0] == '|')
	})
	s.rules = append(s.rules, sign+name)
}
