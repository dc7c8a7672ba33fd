package strict

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Rule is a rule of strict mode: about something that works in a test and fails in
// production.
type Rule uint8

// The rules, in the order of lists and of checks.
const (
	CrossSlot Rule = iota
	UndeclaredKeys
	LargeReads
	LargeValues
	MissingTTL
	NewerCommands
	DeprecatedCommands
	NewScripts
	MissingPipeline
	Count // the number of rules
)

// limitKind is the kind of limit after the level of a rule.
type limitKind uint8

const (
	noLimit limitKind = iota
	number
	patterns
	version
)

// rules are the rules as data.
var rules = [Count]struct {
	name    string
	summary string
	kind    limitKind
	preset  string // the limit by default, "" if there is none
}{
	CrossSlot:          {"cross-slot", "keys of one command or transaction in different hash slots: a cluster refuses that", noLimit, ""},
	UndeclaredKeys:     {"undeclared-keys", "keys that a script uses but that it was not given as keys", noLimit, ""},
	LargeReads:         {"large-reads", "replies with more elements than the limit, and KEYS where there are more keys", number, "1000"},
	LargeValues:        {"large-values", "values with more bytes than the limit", number, "1048576"},
	MissingTTL:         {"missing-ttl", "writes that leave a key without a TTL whose name matches one of the patterns", patterns, ""},
	NewerCommands:      {"newer-commands", "commands, arguments and options that are newer than a version: 7.0, valkey-8.1", version, ""},
	DeprecatedCommands: {"deprecated-commands", "commands that Redis says are deprecated", noLimit, ""},
	NewScripts:         {"new-scripts", "EVAL with more different texts than the limit: the cache of scripts grows", number, "100"},
	MissingPipeline:    {"missing-pipeline", "so many commands of the same shape in a row, each waiting for its reply", number, "10"},
}

// String returns the name of a rule.
func (r Rule) String() string { return rules[r].name }

// Summary describes a rule.
func (r Rule) Summary() string { return rules[r].summary }

// Level decides what happens when a command breaks a rule.
type Level uint8

// The levels.
const (
	Off   Level = iota
	Warn        // log and count it
	Error       // and reply an error
)

var levels = [...]string{Off: "off", Warn: "warn", Error: "error"}

// String returns the name of a level.
func (l Level) String() string { return levels[l] }

// Rules are a level and a limit for each rule. In the zero value all are off.
type Rules struct {
	settings [Count]setting
}

type setting struct {
	level    Level
	number   int
	patterns []string
	version  Version
}

// On reports whether a rule is on.
func (rs *Rules) On() bool {
	for i := range rs.settings {
		if rs.settings[i].level != Off {
			return true
		}
	}
	return false
}

// Level returns the level of a rule.
func (rs *Rules) Level(r Rule) Level { return rs.settings[r].level }

// Limit returns the limit of a rule in the syntax of Set, "" if it has none.
func (rs *Rules) Limit(r Rule) string {
	s := &rs.settings[r]
	switch rules[r].kind {
	case number:
		if s.number != 0 {
			return strconv.Itoa(s.number)
		}
	case patterns:
		return strings.Join(s.patterns, " ")
	case version:
		return s.version.String()
	}
	return rules[r].preset
}

// Set sets a rule from words: its name, its level, and its limit. Without a limit the
// old one stays, or the default counts. The name "all" stands for every rule that needs
// no limit or has one.
func (rs *Rules) Set(words []string) error {
	if len(words) < 2 {
		return errors.New("a rule needs a level: off, warn or error")
	}
	level, err := levelNamed(words[1])
	if err != nil {
		return err
	}
	if strings.EqualFold(words[0], "all") {
		if len(words) > 2 {
			return errors.New("'all' takes no limit")
		}
		for r := range Count {
			if level == Off || rules[r].kind == noLimit || rs.Limit(r) != "" {
				rs.set(r, level, nil) // it has a limit, so this can't fail
			}
		}
		return nil
	}
	for r := range Count {
		if strings.EqualFold(words[0], rules[r].name) {
			return rs.set(r, level, words[2:])
		}
	}
	return fmt.Errorf("no rule is called '%s'", words[0])
}

func levelNamed(word string) (Level, error) {
	for l, name := range levels {
		if strings.EqualFold(word, name) {
			return Level(l), nil
		}
	}
	return Off, fmt.Errorf("'%s' is no level: off, warn or error", word)
}

func (rs *Rules) set(r Rule, level Level, limit []string) error {
	next := rs.settings[r]
	next.level = level
	kind := rules[r].kind
	switch {
	case len(limit) == 0:
		if level != Off && kind != noLimit && rs.Limit(r) == "" {
			return fmt.Errorf("%s needs %s", r, map[limitKind]string{patterns: "patterns of keys", version: "a version"}[kind])
		}
		if kind == number && next.number == 0 {
			next.number, _ = strconv.Atoi(rules[r].preset)
		}
	case kind == noLimit:
		return fmt.Errorf("%s takes no limit", r)
	case kind != patterns && len(limit) > 1:
		return fmt.Errorf("%s takes one limit", r)
	case kind == number:
		n, err := strconv.ParseInt(limit[0], 10, 64)
		if err != nil || n < 1 || n > 1<<40 {
			return fmt.Errorf("%s needs a number from 1 on", r)
		}
		next.number = int(n)
	case kind == patterns:
		next.patterns = limit
	default:
		v, err := ParseVersion(limit[0])
		if err != nil {
			return err
		}
		next.version = v
	}
	rs.settings[r] = next
	return nil
}

// Version is a version of Redis or Valkey. The zero value is none.
type Version struct {
	valkey bool
	parts  [3]int
}

// lastCommon is the last version of Redis whose commands and options Valkey has, all of
// them.
var lastCommon = Version{parts: [3]int{7, 2, 4}}

// ParseVersion reads "7.0", "6.2.14", "redis-7.4" and "valkey-8.1".
func ParseVersion(text string) (Version, error) {
	var v Version
	digits := strings.TrimPrefix(text, "redis-")
	if rest, is := strings.CutPrefix(text, "valkey-"); is {
		v.valkey, digits = true, rest
	}
	parts := strings.Split(digits, ".")
	if len(parts) > len(v.parts) {
		return Version{}, fmt.Errorf("'%s' is no version", text)
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("'%s' is no version", text)
		}
		v.parts[i] = int(n)
	}
	if v.parts == [3]int{} {
		return Version{}, fmt.Errorf("'%s' is no version", text)
	}
	return v, nil
}

// String returns the version in the syntax of ParseVersion.
func (v Version) String() string {
	if v == (Version{}) {
		return ""
	}
	text := fmt.Sprintf("%d.%d.%d", v.parts[0], v.parts[1], v.parts[2])
	if v.valkey {
		return "valkey-" + text
	}
	return text
}

// has reports whether a version has a thing that came with the version since of Redis,
// and with valkeySince of Valkey if that is not "". An empty since means always.
func (v Version) has(since, valkeySince string) bool {
	if since == "" {
		return true
	}
	came, err := ParseVersion(since)
	if err != nil || !came.after(v) && !v.valkey {
		return true
	}
	if !v.valkey {
		return false
	}
	if valkeySince == "" {
		return !came.after(lastCommon)
	}
	came, err = ParseVersion(valkeySince)
	return err == nil && !came.after(v)
}

func (v Version) after(other Version) bool {
	for i := range v.parts {
		if v.parts[i] != other.parts[i] {
			return v.parts[i] > other.parts[i]
		}
	}
	return false
}
