package transcript

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
)

// File is a parsed transcript. It is read-only after Parse, and may run against
// several targets at once.
type File struct {
	name   string
	lines  []string
	blocks []*block
	ids    map[string]bool // clients in <id:b>
}

// block is the part of a file below a title: a subtest.
type block struct {
	title string
	steps []*step
}

type step struct {
	line   int // from 1
	text   string
	client string
	action action
	args   []string // words of the command or the directive
	wait   time.Duration
	gates  []gate
	// replies are the variants for different servers, in order.
	replies []variant
}

type action byte

const (
	send     action = iota // > words: send, read one reply
	sendOnly               // >> words: send with the next command, read nothing
	read                   // b<: read one more reply
	direct                 // @word
)

// variant is an expected reply with its gates.
type variant struct {
	gates    []gate
	from, to int            // its lines, from 0, without to
	want     *notation.Node // nil if not recorded yet
}

// variant returns the reply for a server, or nil: the last variant whose gates let
// the server in, so that exceptions stand below the rule.
func (st *step) variant(s server) *variant {
	for i := len(st.replies) - 1; i >= 0; i-- {
		if _, no := closed(st.replies[i].gates, s); !no {
			return &st.replies[i]
		}
	}
	return nil
}

// Parse parses a transcript. Errors name the file and the line. A file may have
// commands without replies; they can be recorded, but fail in Run.
func Parse(name string, src []byte) (*File, error) {
	f := &File{name: name, lines: strings.Split(string(src), "\n"), ids: map[string]bool{}}
	p := parser{f: f}
	for p.i < len(f.lines) {
		at := p.i
		if err := p.line(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, at+1, err)
		}
	}
	return f, nil
}

type parser struct {
	f       *File
	i       int
	title   string // of the next block
	started bool   // the block of the title has begun
	file    []gate // in force to the end of the file
	para    []gate // in force to the end of the paragraph
	steps   int    // in the paragraph
	cur     *step  // the step that a reply may follow
}

func (p *parser) line() error {
	line := p.f.lines[p.i]
	p.i++
	switch notation.Classify(line) {
	case notation.BlankLine:
		p.cur = nil
		if p.steps == 0 {
			p.file = append(p.file, p.para...)
		}
		p.para, p.steps = nil, 0
	case notation.CommentLine:
		p.cur = nil
		if first := p.i == 1 || notation.Classify(p.f.lines[p.i-2]) == notation.BlankLine; !strings.HasPrefix(line, notation.Recorded) &&
			(first || strings.HasPrefix(p.f.lines[p.i-2], notation.Recorded)) {
			p.title, p.started = strings.TrimRight(strings.TrimLeft(line, "# "), ".: "), false
		}
	case notation.DirectiveLine:
		if isGate(line) {
			return p.gates()
		}
		p.cur = nil
		return p.directive(line)
	case notation.CommandLine:
		return p.command(line)
	case notation.ReplyLine:
		return p.reply(nil)
	}
	return nil
}

// gates parses a group of gates. They are for the reply that follows, or else for
// the rest of the paragraph.
func (p *parser) gates() error {
	var gates []gate
	for p.i--; p.i < len(p.f.lines) && isGate(p.f.lines[p.i]); p.i++ {
		g, err := parseGate(p.f.lines[p.i])
		if err != nil {
			return err
		}
		gates = append(gates, g)
	}
	next := notation.BlankLine
	if p.i < len(p.f.lines) {
		next = notation.Classify(p.f.lines[p.i])
	}
	switch {
	case next == notation.ReplyLine:
		p.i++
		return p.reply(gates)
	case next == notation.BlankLine && p.steps > 0:
		return fmt.Errorf("%s %s stands before nothing; a reply to be recorded is written ?", gates[0].word, gates[0].arg)
	}
	p.para = gates
	return nil
}

func (p *parser) add(st *step) {
	if !p.started || len(p.f.blocks) == 0 {
		if p.title == "" {
			p.title = "start"
		}
		p.f.blocks = append(p.f.blocks, &block{title: p.title})
		p.started = true
	}
	st.line, st.text = p.i, p.f.lines[p.i-1]
	st.gates = slices.Concat(p.file, p.para)
	b := p.f.blocks[len(p.f.blocks)-1]
	b.steps = append(b.steps, st)
	p.steps++
}

func (p *parser) command(line string) error {
	m := notation.CommandRE.FindStringSubmatch(line)
	st := &step{client: m[1]}
	if st.client == "" {
		st.client = "a"
	}
	var err error
	if st.args, err = notation.SplitWords(m[3]); err != nil {
		return err
	}
	switch {
	case m[2] == "":
		st.action = read
	case len(st.args) == 0:
		return fmt.Errorf("no command behind %s", line)
	case m[2] == ">>":
		st.action = sendOnly
	}
	if raw(st.client) && st.action != read && len(st.args) != 1 {
		return fmt.Errorf("a raw client sends one quoted string of bytes")
	}
	for _, m := range idRE.FindAllStringSubmatch(line, -1) {
		p.f.ids[m[1]] = true
	}
	p.add(st)
	if p.cur = st; st.action == sendOnly {
		p.cur = nil
	}
	return nil
}

// raw reports whether a client sends bytes instead of commands, as its name says.
func raw(client string) bool { return strings.HasPrefix(client, "raw") }

func (p *parser) reply(gates []gate) error {
	from := p.i - 1
	for p.i < len(p.f.lines) && notation.Classify(p.f.lines[p.i]) == notation.ReplyLine {
		p.i++
	}
	if p.cur == nil {
		return fmt.Errorf("%q is no reply to a command that waits for one", p.f.lines[from])
	}
	if len(p.cur.replies) > 0 && len(gates) == 0 {
		return fmt.Errorf("a second reply: read it with %s<", p.cur.client)
	}
	v := variant{gates: gates, from: from, to: p.i}
	var err error
	if p.i-from > 1 || p.f.lines[from] != "?" { // to be recorded
		v.want, err = notation.ParseReply(p.f.lines[from:p.i])
	}
	p.cur.replies = append(p.cur.replies, v)
	return err
}

func (p *parser) directive(line string) error {
	words, err := notation.SplitWords(line)
	if err != nil {
		return err
	}
	st := &step{action: direct, args: words}
	n := len(words) - 1
	ok := false
	switch words[0] {
	case "@resp":
		ok = (n == 1 || n == 2) && (words[1] == "2" || words[1] == "3")
	case "@config":
		ok = n == 2
	case "@advance":
		if ok = n == 1; ok {
			st.wait, err = time.ParseDuration(words[1])
			ok = err == nil && st.wait > 0
		}
	case "@restart", "@flush":
		ok = n == 0
	default:
		return fmt.Errorf("%s is no directive", words[0])
	}
	if !ok {
		return fmt.Errorf("wrong arguments: %s", line)
	}
	p.add(st)
	return nil
}

// Name is the name given to Parse.
func (f *File) Name() string { return f.name }

// Commands calls yield with the words and the line of every command, for tests of
// coverage. It leaves out raw bytes.
func (f *File) Commands(yield func(line int, words []string) bool) {
	for _, b := range f.blocks {
		for _, st := range b.steps {
			if st.action <= sendOnly && !raw(st.client) && !yield(st.line, st.args) {
				return
			}
		}
	}
}

// Files returns the paths of all transcripts (*.txt) under dir, sorted.
func Files(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".txt" {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// All returns the transcripts under dir, by their slash-separated paths relative to
// it.
func All(tb testing.TB, dir string) iter.Seq2[string, *File] {
	tb.Helper()
	paths, err := Files(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return func(yield func(string, *File) bool) {
		tb.Helper()
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				tb.Fatal(err)
			}
			f, err := Parse(path, src)
			if err != nil {
				tb.Fatal(err)
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				tb.Fatal(err)
			}
			if !yield(filepath.ToSlash(name), f) {
				return
			}
		}
	}
}
