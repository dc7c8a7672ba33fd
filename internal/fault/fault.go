// Package fault decides which commands go wrong, and how.
//
// A Rule has conditions and an action. A Set has the rules of a server; the engine asks
// it about each command. It counts hits, and draws probabilities from a seed, so the
// same commands meet the same faults in each run. The engine carries out the actions:
// nothing here knows a server, a connection or a clock. A Set is safe for concurrent
// use, since files are written beside the commands.
package fault

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/resp-server/resp-server/internal/glob"
)

// Rule is a fault. The zero value of a condition matches everything.
type Rule struct {
	Name string

	// Command is a full name in lower case: "get", "config|set". The name of a
	// container matches its subcommands.
	Command string
	// Category is an ACL category in lower case, without its @.
	Category string
	// Key is a glob; one of the keys must match it.
	Key string
	// Client is a glob; the client's name or its address must match it.
	Client string
	User   string
	Space  string

	// Of the calls that match, From skips all before the nth, Every takes each nth from
	// there, and Times bounds their number. Probability, in (0, 1], is that of a hit for
	// each of them. 0 means 1, and no bound for Times.
	From, Every, Times int
	Probability        float64
	// The rule holds between two times, in milliseconds since 1970 on the
	// server's clock; 0 means no bound.
	After, Before int64

	Action
}

// Action is the action of a rule.
type Action struct {
	Do Do
	// Text is the error of Error, without its "-".
	Text string
	// Milli is the time in ms that Delay waits, and Trickle before each byte.
	Milli int64
	// Bytes is the number of bytes of the reply that Cut sends.
	Bytes int
}

// Do is a kind of action.
type Do uint8

// The actions. Those up to Refuse are for commands, Refuse is for connections,
// and NoSpace and IOError are for files.
const (
	Error       Do = 1 + iota // the reply is an error, nothing is executed
	Delay                     // executed later
	CloseBefore               // nothing is executed, the connection closes
	CloseAfter                // executed, but the connection closes without the reply
	Cut                       // executed, but the connection closes after some bytes of the reply
	Blackhole                 // nothing is executed, nothing is answered
	Trickle                   // the reply comes byte by byte
	Expire                    // the keys expire before
	Evict                     // the keys are evicted before
	Refuse                    // new connections are closed at once
	NoSpace                   // an operation on a file fails: no space left on device
	IOError                   // an operation on a file fails: input/output error
)

// Call is a command as rules see it.
type Call struct {
	// Command is its full name, Container that of its container or "".
	Command, Container string
	// InCategory reports whether the command is in an ACL category.
	InCategory func(name string) bool
	// Keys yields the keys. It is called only if a rule asks for keys.
	Keys func(yield func([]byte) bool)
	// Client has the name and the address of the client.
	ClientName, ClientAddr string
	User, Space            string
	// Guest is true if the client is in a space and the rules are those of the server
	// around it: then only rules that name the space count.
	Guest bool
	Now   int64 // ms since 1970
}

// Set is the rules of a server, in the order in which they were added.
type Set struct {
	mu    sync.Mutex
	rules []*entry
	// Draws for files must not change those for commands, since files are written
	// whenever the disk is ready.
	rand, files *rand.Rand
}

// entry is a rule with its counters.
type entry struct {
	Rule
	seen, hits int
}

// New returns an empty set that draws from a seed.
func New(seed uint64) *Set {
	return &Set{rand: rand.New(rand.NewPCG(seed, 1)), files: rand.New(rand.NewPCG(seed, 2))}
}

// Add adds a rule, or replaces the one of the same name in its place.
func (s *Set) Add(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.rules {
		if e.Name == r.Name {
			s.rules[i] = &entry{Rule: r}
			return
		}
	}
	s.rules = append(s.rules, &entry{Rule: r})
}

// Remove removes a rule and reports whether it was there.
func (s *Set) Remove(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.rules)
	s.rules = slices.DeleteFunc(s.rules, func(e *entry) bool { return e.Name == name })
	return len(s.rules) < n
}

// Clear removes all rules.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// Len returns the number of rules.
func (s *Set) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rules)
}

// All yields the rules at the time of the call, with the numbers of their hits.
func (s *Set) All(yield func(r Rule, hits int) bool) {
	s.mu.Lock()
	rules := make([]entry, len(s.rules))
	for i, e := range s.rules {
		rules[i] = *e
	}
	s.mu.Unlock()
	for _, e := range rules {
		if !yield(e.Rule, e.hits) {
			return
		}
	}
}

// Command returns the action for a command: that of the first rule that hits. Every
// rule that matches counts the command, even if another one hits it.
func (s *Set) Command(c *Call) (a Action, hit bool) {
	return s.first(c, s.rand, func(d Do) bool { return d < Refuse })
}

// Connection reports whether a rule refuses a new connection.
func (s *Set) Connection(c *Call) bool {
	_, hit := s.first(c, s.rand, func(d Do) bool { return d == Refuse })
	return hit
}

// File returns the action for an operation on a file: 0, NoSpace or IOError.
func (s *Set) File(now int64) Do {
	a, _ := s.first(&Call{Now: now}, s.files, Do.onFiles)
	return a.Do
}

// first returns the action of the first rule that hits, among the rules whose actions
// kind accepts.
func (s *Set) first(c *Call, rng *rand.Rand, kind func(Do) bool) (a Action, hit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.rules {
		if kind(e.Do) && e.matches(c) && e.takes(rng) && !hit {
			a, hit = e.Action, true
		}
	}
	return a, hit
}

func (d Do) onFiles() bool { return d == NoSpace || d == IOError }

// SetCommand sets Command to a name in any case; "config set" is "config|set".
func (r *Rule) SetCommand(name string) {
	r.Command = strings.ToLower(strings.ReplaceAll(name, " ", "|"))
}

// SetCategory sets Category to a name in any case, with or without its @.
func (r *Rule) SetCategory(name string) { r.Category = strings.ToLower(strings.TrimPrefix(name, "@")) }

// DiskError returns the action for a system error.
func DiskError(err error) Do {
	if errors.Is(err, syscall.ENOSPC) {
		return NoSpace
	}
	return IOError
}

// matches reports whether a command meets the conditions of a rule.
func (r *Rule) matches(c *Call) bool {
	switch {
	case r.Command != "" && r.Command != c.Command && r.Command != c.Container,
		r.User != "" && r.User != c.User,
		r.Space != "" && r.Space != c.Space,
		r.Space == "" && c.Guest,
		r.After != 0 && c.Now < r.After,
		r.Before != 0 && c.Now >= r.Before,
		r.Client != "" && !like(r.Client, c.ClientName) && !like(r.Client, c.ClientAddr),
		r.Category != "" && (c.InCategory == nil || !c.InCategory(r.Category)):
		return false
	}
	return r.Key == "" || r.matchesKey(c)
}

func (r *Rule) matchesKey(c *Call) bool {
	if c.Keys == nil {
		return false
	}
	for key := range c.Keys {
		if glob.Match([]byte(r.Key), key, false) {
			return true
		}
	}
	return false
}

func like(pattern, text string) bool { return glob.Match([]byte(pattern), []byte(text), false) }

// takes counts a command that matches, and reports whether it is hit.
func (e *entry) takes(rng *rand.Rand) bool {
	e.seen++
	n := e.seen - max(e.From, 1)
	switch {
	case n < 0, n%max(e.Every, 1) != 0, e.Times > 0 && e.hits >= e.Times:
		return false
	case e.Probability > 0 && rng.Float64() >= e.Probability:
		return false
	}
	e.hits++
	return true
}
