// Package strict is a linter for commands: it finds commands that work in a test and
// fail in production.
//
// Rules are the levels and limits of its rules. A Set has the rules of a server and its
// findings; the engine asks it before and after each command. Nothing here knows a
// server, a connection or a clock. A Set is not safe for concurrent use.
package strict

import (
	"crypto/sha1"
	"fmt"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/notation"
	"github.com/resp-server/resp-server/internal/slot"
	"github.com/resp-server/resp-server/internal/spec"
)

// Finding reports that a command has broken a rule, from one place in the program if
// that is known. Its other fields are those of the first time.
type Finding struct {
	Rule    Rule
	Level   Level
	Command string // its full name in lower case
	Message string // what is wrong with the command
	Line    string // the command as redis-cli reads it, cut if it is long
	Client  string // the name or the address
	Origin  string // the place in the program, "" if it is not known
	Count   int
	At      int64 // ms since 1970, the first time
}

// String returns a finding in one line.
func (f *Finding) String() string {
	text := f.Rule.String() + ": " + f.Line + ": " + f.Message
	if f.Origin != "" {
		text = f.Origin + ": " + text
	}
	if f.Count > 1 {
		text += fmt.Sprintf(" (%d times)", f.Count)
	}
	return text
}

// Call is a command as rules see it.
type Call struct {
	Command *spec.Command
	Name    string   // the full name
	Args    [][]byte // all words
	// Keys are the keys, and channels that decide about the slot as keys do. EXEC has
	// those of its commands.
	Keys [][]byte
	// Declared reports whether a script has declared a key. Nil: no script runs.
	Declared func(key []byte) bool
	// KeyCount is the number of keys in the database.
	KeyCount int
	// Queued is set inside MULTI.
	Queued bool
	Client func() string
	Origin func() string
	Now    int64 // ms since 1970

	line  string // of the finding, if Args are gone
	large bool   // an argument is larger than large-values allows
}

// maxFindings bounds the findings that a Set keeps. It only counts further ones.
const maxFindings = 1000

// maxScripts bounds the texts of scripts that a Set remembers.
const maxScripts = 100_000

// Set has the rules of a server and their findings.
type Set struct {
	Rules
	// Log is called with each new finding. It may be nil.
	Log func(*Finding)

	found   []*Finding
	byPlace map[place]*Finding
	counts  [Count]int
	scripts map[[sha1.Size]byte]struct{}
	written []written               // by the unit that runs
	seen    map[writtenKey]struct{} // of them
}

type writtenKey struct {
	db  int
	key string
}

type place struct {
	rule            Rule
	command, origin string
}

// New returns a set with rules.
func New(r Rules) *Set { return &Set{Rules: r} }

// Found yields the findings, in the order of their first times.
func (s *Set) Found(yield func(f *Finding) bool) {
	for _, f := range s.found {
		if !yield(f) {
			return
		}
	}
}

// Broken returns the number of times that commands have broken a rule.
func (s *Set) Broken(r Rule) int { return s.counts[r] }

// Forget discards the findings, and the texts of scripts.
func (s *Set) Forget() { *s = Set{Rules: s.Rules, Log: s.Log} }

// broken notes that a command breaks a rule. It returns the error to reply, "" at level
// warn.
func (s *Set) broken(r Rule, c *Call, format string, args ...any) (refusal string) {
	level := s.settings[r].level
	message := fmt.Sprintf(format, args...)
	s.counts[r]++
	at := place{r, c.Name, c.Origin()}
	f := s.byPlace[at]
	if f == nil && len(s.found) < maxFindings {
		f = &Finding{Rule: r, Level: level, Command: c.Name, Message: message, Line: line(c), Client: c.Client(), Origin: at.origin, At: c.Now}
		if s.byPlace == nil {
			s.byPlace = make(map[place]*Finding)
		}
		s.byPlace[at] = f
		s.found = append(s.found, f)
		if s.Log != nil {
			s.Log(f)
		}
	}
	if f != nil {
		f.Count++
		f.Level = max(f.Level, level)
	}
	if level != Error {
		return ""
	}
	return fmt.Sprintf("STRICT %s: '%s': %s", r, c.Name, message)
}

// maxLine bounds the command line of a finding.
const maxLine = 100

// line shows a command. Commands without keys may contain passwords.
func line(c *Call) string {
	if c.line != "" {
		return c.line
	}
	text := strings.ToUpper(strings.ReplaceAll(c.Name, "|", " "))
	if (c.Command.HasKeys() || c.Command.Flags&spec.ReadOnly != 0) && c.Name != "migrate" {
		var words []string
		n := 0
		for _, a := range c.Args[1+strings.Count(c.Name, "|"):] {
			if n += len(a); n > maxLine {
				words = append(words, string(a[:max(0, len(a)-(n-maxLine))])+"...")
				break
			}
			words = append(words, string(a))
		}
		text += " " + notation.Join(words)
	}
	return text
}

// shown is a key in a message.
func shown(key []byte) string {
	if len(key) > maxLine {
		return notation.Quote(string(key[:maxLine]) + "...")
	}
	return notation.Quote(key)
}

func (s *Set) on(r Rule) bool { return s.settings[r].level != Off }

// Before looks at a command that is about to run. It returns the error to reply, "" if
// the command may run.
//
// run holds the commands that the client has sent one by one, nil in a script. more
// means that another command has arrived together with this one.
func (s *Set) Before(c *Call, run *Run, more bool) (refusal string) {
	if run != nil {
		defer func() { run.piped = more }()
		run.piped = run.piped || more
	}
	for r := range Count {
		if before[r] == nil || !s.on(r) {
			continue
		}
		if text := before[r](s, c, run); refusal == "" {
			refusal = text
		}
	}
	return refusal
}

// before has the rules that look at commands before they run.
var before = [Count]func(s *Set, c *Call, run *Run) (refusal string){
	CrossSlot:          (*Set).crossSlot,
	UndeclaredKeys:     (*Set).undeclaredKeys,
	LargeReads:         (*Set).allKeys,
	LargeValues:        (*Set).largeValues,
	NewerCommands:      (*Set).newerCommands,
	DeprecatedCommands: (*Set).deprecated,
	NewScripts:         (*Set).newScripts,
	MissingPipeline:    (*Set).missingPipeline,
}

func (s *Set) crossSlot(c *Call, _ *Run) string {
	for _, key := range c.Keys {
		if of, first := slot.Of(key), slot.Of(c.Keys[0]); of != first {
			return s.broken(CrossSlot, c, "%s is in hash slot %d, %s in %d", shown(c.Keys[0]), first, shown(key), of)
		}
	}
	return ""
}

func (s *Set) undeclaredKeys(c *Call, _ *Run) string {
	if c.Declared == nil {
		return ""
	}
	for _, key := range c.Keys {
		if !c.Declared(key) {
			return s.broken(UndeclaredKeys, c, "the script uses %s without having it in KEYS", shown(key))
		}
	}
	return ""
}

// allKeys is large-reads for KEYS, which looks at all keys whatever it replies.
func (s *Set) allKeys(c *Call, _ *Run) string {
	if limit := s.settings[LargeReads].number; c.Name == "keys" && c.KeyCount > limit {
		return s.broken(LargeReads, c, "it looks at all %d keys, more than %d", c.KeyCount, limit)
	}
	return ""
}

func (s *Set) largeValues(c *Call, _ *Run) string {
	if c.Command.Flags&spec.Write == 0 {
		return ""
	}
	if i := s.tooLong(c.Args[1:]); i >= 0 {
		return s.broken(LargeValues, c, "a value has %d bytes, more than %d", len(c.Args[1+i]), s.settings[LargeValues].number)
	}
	return ""
}

// tooLong returns the index of the first word that is longer than large-values allows,
// or -1.
func (s *Set) tooLong(args [][]byte) int {
	return slices.IndexFunc(args, func(a []byte) bool { return len(a) > s.settings[LargeValues].number })
}

func (s *Set) newerCommands(c *Call, _ *Run) string {
	switch c.Name {
	case "client|setinfo", "hello":
		return "" // client libraries try these, and go on if there is an error
	}
	limit := s.settings[NewerCommands].version
	if what, since := limit.missing(c.Command, c.Args[1+strings.Count(c.Name, "|"):]); what != "" {
		return s.broken(NewerCommands, c, "%s came with Redis %s, %s does not have it", what, since, limit)
	}
	return ""
}

func (s *Set) deprecated(c *Call, _ *Run) string {
	if c.Command.Doc&spec.Deprecated == 0 {
		return ""
	}
	instead := strings.NewReplacer("`", "", "!", "").Replace(c.Command.ReplacedBy)
	if instead == "" {
		return s.broken(DeprecatedCommands, c, "deprecated since %s", c.Command.DeprecatedSince)
	}
	return s.broken(DeprecatedCommands, c, "deprecated since %s, instead there is %s", c.Command.DeprecatedSince, instead)
}

func (s *Set) newScripts(c *Call, _ *Run) string {
	if c.Command.Script != spec.ScriptSource {
		return ""
	}
	sha := sha1.Sum(c.Args[1])
	if _, known := s.scripts[sha]; known {
		return ""
	}
	if s.scripts == nil {
		s.scripts = make(map[[sha1.Size]byte]struct{})
	}
	limit := s.settings[NewScripts].number
	over := len(s.scripts) >= limit
	if len(s.scripts) < maxScripts {
		s.scripts[sha] = struct{}{}
	}
	if !over {
		return ""
	}
	return s.broken(NewScripts, c, "more than %d different texts; what varies belongs into KEYS and ARGV", limit)
}

// Run holds the commands that a client has sent one by one. The zero value has none.
type Run struct {
	piped bool // the last command arrived together with the next one
	last  [][]byte
	name  string
	n     int
}

// missingPipeline counts commands of the same name and number of words. It leaves out
// commands that can only be sent one by one: those with a cursor, blocking ones, and
// repetitions of the same command, which wait for something.
func (s *Set) missingPipeline(c *Call, run *Run) string {
	if run == nil || c.Declared != nil {
		return ""
	}
	if c.Queued || run.piped || len(c.Keys) == 0 || c.Command.Flags&spec.Blocking != 0 || hasCursor(c.Command) || c.Name == "exec" {
		run.n, run.name = 0, ""
		return ""
	}
	same := run.name == c.Name && len(run.last) == len(c.Args)
	if same && slices.EqualFunc(run.last, c.Args, func(a, b []byte) bool { return string(a) == string(b) }) {
		return ""
	}
	if !same {
		run.n = 0
	}
	run.n++
	run.name = c.Name
	run.last = run.last[:0]
	for _, a := range c.Args {
		run.last = append(run.last, slices.Clone(a))
	}
	if limit := s.settings[MissingPipeline].number; run.n >= limit {
		return s.broken(MissingPipeline, c, "the %s of its kind in a row, each sent after the reply to the one before", ordinal(run.n))
	}
	return ""
}

func hasCursor(cmd *spec.Command) bool {
	return slices.ContainsFunc(cmd.Args, func(a spec.Arg) bool { return a.Name == "cursor" })
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}

// After looks at a command that has run without an error, and at its reply. proto is
// the reply's version of the protocol.
func (s *Set) After(c *Call, reply []byte, proto int) (refusal string) {
	if !s.on(LargeReads) || c.Command.Flags&spec.ReadOnly == 0 {
		return ""
	}
	n := largest(reply)
	if proto == 2 && inPairs(c) {
		n /= 2
	}
	if limit := s.settings[LargeReads].number; n > limit && c.Name != "keys" {
		return s.broken(LargeReads, c, "the reply has %d elements, more than %d", n, limit)
	}
	return ""
}

// inPairs reports whether one element of the reply is two in RESP2.
func inPairs(c *Call) bool {
	return c.Name == "hgetall" || slices.ContainsFunc(c.Args, func(a []byte) bool {
		return strings.EqualFold(string(a), "withscores") || strings.EqualFold(string(a), "withvalues")
	})
}

// largest returns the length of the longest list in a reply.
func largest(reply []byte) (most int) {
	for len(reply) > 0 {
		kind, n, i := reply[0], 0, 1
		for ; i < len(reply) && reply[i] != '\n'; i++ {
			if '0' <= reply[i] && reply[i] <= '9' {
				n = n*10 + int(reply[i]-'0')
			}
		}
		switch kind {
		case '*', '~', '%', '>':
			if len(reply) > 1 && reply[1] != '-' {
				most = max(most, n)
			}
		case '$', '=', '!':
			if len(reply) > 1 && reply[1] != '-' {
				i += n + len("\r\n")
			}
		}
		reply = reply[min(i+1, len(reply)):]
	}
	return most
}

// written is a key that a command of a unit has written.
type written struct {
	db   int
	key  string
	call *Call
}

// Wrote notes that a command has written keys of a database. End looks at them when the
// whole unit has run, since it may give them a TTL later.
func (s *Set) Wrote(c *Call, db int, keys [][]byte) {
	if !s.on(MissingTTL) && !s.on(LargeValues) {
		return
	}
	kept := *c
	kept.line, kept.large = line(c), s.on(LargeValues) && s.tooLong(c.Args[1:]) >= 0
	kept.Args, kept.Keys = nil, nil
	for _, key := range keys {
		of := writtenKey{db, string(key)}
		if _, known := s.seen[of]; known {
			continue
		}
		if s.seen == nil {
			s.seen = make(map[writtenKey]struct{})
		}
		s.seen[of] = struct{}{}
		s.written = append(s.written, written{db, of.key, &kept})
	}
}

// Kept is the state of a key after the unit.
type Kept struct {
	Exists, Expires bool
	Length          int // of a string, in bytes
}

// End looks at the keys that a unit has written.
func (s *Set) End(look func(db int, key []byte) Kept) (refusal string) {
	all := s.written
	s.written, s.seen = nil, nil
	for _, w := range all {
		key := []byte(w.key)
		k := look(w.db, key)
		text, limit := "", s.settings[LargeValues].number
		switch {
		case !k.Exists:
		case s.on(MissingTTL) && !k.Expires && s.wantsTTL(key):
			text = s.broken(MissingTTL, w.call, "%s has no TTL after it", shown(key))
		case s.on(LargeValues) && k.Length > limit && !w.call.large:
			text = s.broken(LargeValues, w.call, "%s has %d bytes after it, more than %d", shown(key), k.Length, limit)
		}
		if refusal == "" {
			refusal = text
		}
	}
	return refusal
}

func (s *Set) wantsTTL(key []byte) bool {
	return slices.ContainsFunc(s.settings[MissingTTL].patterns, func(p string) bool { return glob.Match([]byte(p), key, false) })
}
