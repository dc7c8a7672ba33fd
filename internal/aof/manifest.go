package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/vfs"
)

// kind is what a file of the manifest is for.
type kind byte

const (
	kindBase    kind = 'b' // the data when it was written
	kindIncr    kind = 'i' // the commands after that
	kindHistory kind = 'h' // to be removed
)

// part is a line of the manifest: a file in the directory of the parts.
type part struct {
	name string
	seq  int64
	kind kind
}

// manifest says which files have the data, in which order.
type manifest struct {
	base    *part
	history []part
	incr    []part
	// baseSeq and incrSeq are the numbers of the last files of their kind.
	baseSeq, incrSeq int64
}

// ManifestError says what is wrong with a manifest, in the words of Redis.
type ManifestError struct {
	Line   int
	Text   string // of the line; empty if the line is not to blame
	Reason string
}

func (e *ManifestError) Error() string {
	if e.Text == "" {
		return "AOF manifest: " + e.Reason
	}
	return fmt.Sprintf("AOF manifest, line %d, '%s': %s", e.Line, e.Text, e.Reason)
}

// log returns the lines that Redis logs. The last one is the reason.
func (e *ManifestError) log() []string {
	lines := []string{"\n*** FATAL AOF MANIFEST FILE ERROR ***\n"}
	if e.Text != "" {
		lines = append(lines, fmt.Sprintf("Reading the manifest file, at line %d\n", e.Line), fmt.Sprintf(">>> '%s'\n", e.Text))
	}
	return append(lines, e.Reason+"\n")
}

// maxManifestLine is how long a line may be, with its end.
const maxManifestLine = 1024

// parseManifest reads a manifest. The error is a *ManifestError.
func parseManifest(text []byte) (*manifest, error) {
	m := &manifest{}
	if len(text) == 0 {
		return nil, &ManifestError{Reason: "Found an empty AOF manifest"}
	}
	for n := 1; len(text) > 0; n++ {
		raw := text[:min(len(text), maxManifestLine)]
		end := bytes.IndexByte(raw, '\n')
		if end >= 0 {
			raw = raw[:end+1]
		}
		text = text[len(raw):]
		if raw[0] == '#' {
			continue
		}
		if i := bytes.IndexByte(raw, 0); i >= 0 || end < 0 {
			return nil, &ManifestError{Reason: "The AOF manifest file contains too long line"}
		}
		line := strings.Trim(string(raw), " \t\r\n")
		if err := m.add(line); err != nil {
			return nil, &ManifestError{Line: n, Text: line, Reason: err.Error()}
		}
	}
	return m, nil
}

var (
	errManifestFormat = errors.New("Invalid AOF manifest file format")
	errManifestPath   = errors.New("File can't be a path, just a filename")
	errManifestBase   = errors.New("Found duplicate base file information")
	errManifestOrder  = errors.New("Found a non-monotonic sequence number")
	errManifestKind   = errors.New("Unknown AOF file type")
)

// add takes a line of the manifest.
func (m *manifest) add(line string) error {
	words, ok := resp.SplitWords(line)
	// Newer versions may have more than three pairs.
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return errManifestFormat
	}
	var p part
	for i := 0; i < len(words); i += 2 {
		switch value := words[i+1]; strings.ToLower(words[i]) {
		case "file":
			if strings.ContainsAny(value, `/\`) {
				return errManifestPath
			}
			p.name = value
		case "seq":
			p.seq = leadingInt(value)
		case "type":
			if value != "" {
				p.kind = kind(value[0])
			}
		}
	}
	switch {
	case p.name == "" || p.seq == 0 || p.kind == 0:
		return errManifestFormat
	case p.kind == kindBase:
		if m.base != nil {
			return errManifestBase
		}
		m.base, m.baseSeq = &p, p.seq
	case p.kind == kindHistory:
		m.history = append(m.history, p)
	case p.kind == kindIncr:
		if p.seq <= m.incrSeq {
			return errManifestOrder
		}
		m.incr, m.incrSeq = append(m.incr, p), p.seq
	default:
		return errManifestKind
	}
	return nil
}

// leadingInt returns the number at the beginning of a text, as atoll does.
func leadingInt(s string) int64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[end] == '-' || s[end] == '+')) {
		end++
	}
	n, _ := strconv.ParseInt(s[:end], 10, 64) // the nearest one if it is out of range
	return n
}

// parts returns the files to load, in their order.
func (m *manifest) parts() []part {
	if m.base == nil {
		return m.incr
	}
	return append([]part{*m.base}, m.incr...)
}

// empty says whether there is nothing to load.
func (m *manifest) empty() bool { return m.base == nil && len(m.incr) == 0 }

func (m *manifest) clone() *manifest {
	c := *m
	if m.base != nil {
		base := *m.base
		c.base = &base
	}
	c.history, c.incr = slices.Clone(m.history), slices.Clone(m.incr)
	return &c
}

// String returns the content of the manifest.
func (m *manifest) String() string {
	var b strings.Builder
	write := func(p part) {
		fmt.Fprintf(&b, "file %s seq %d type %c\n", quoteName(p.name), p.seq, p.kind)
	}
	if m.base != nil {
		write(*m.base)
	}
	for _, p := range m.history {
		write(p)
	}
	for _, p := range m.incr {
		write(p)
	}
	return b.String()
}

// quoteName quotes a name that would not be one word otherwise.
func quoteName(name string) string {
	plain := func(c byte) bool { return c > ' ' && c < 0x7f && c != '\\' && c != '"' && c != '\'' }
	escapes := map[byte]string{'\\': `\\`, '"': `\"`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\a': `\a`, '\b': `\b`}
	quote := name == ""
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(name) {
		quote = quote || !plain(c)
		switch escape := escapes[c]; {
		case escape != "":
			b.WriteString(escape)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	if !quote {
		return name
	}
	return b.String() + `"`
}

// newBase puts a file for a new base in the place of the old one, which
// becomes history.
func (m *manifest) newBase(file string, rdb bool) part {
	if m.base != nil {
		old := *m.base
		old.kind = kindHistory
		m.history = append([]part{old}, m.history...)
	}
	format := "aof"
	if rdb {
		format = "rdb"
	}
	m.baseSeq++
	m.base = &part{fmt.Sprintf("%s.%d.base.%s", file, m.baseSeq, format), m.baseSeq, kindBase}
	return *m.base
}

// newIncr adds a file for the commands that come.
func (m *manifest) newIncr(file string) part {
	m.incrSeq++
	m.incr = append(m.incr, part{fmt.Sprintf("%s.%d.incr.aof", file, m.incrSeq), m.incrSeq, kindIncr})
	return m.incr[len(m.incr)-1]
}

// retire makes history of the files with commands, but for the last keep.
func (m *manifest) retire(keep int) {
	n := len(m.incr) - keep
	for _, p := range m.incr[:max(n, 0)] {
		p.kind = kindHistory
		m.history = append([]part{p}, m.history...)
	}
	m.incr = m.incr[max(n, 0):]
}

// readManifest reads the manifest from its directory. Without one it is empty.
func (f *files) readManifest() (*manifest, error) {
	path := f.part(f.manifestName())
	file, err := f.fs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &manifest{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("Fatal error: can't open the AOF manifest file %s for reading: %s", path, vfs.Reason(err))
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, &ManifestError{Reason: "Read AOF manifest failed"}
	}
	return parseManifest(text)
}

// writeManifest puts a manifest in place of the one there is. The files that
// it lists are there by then, whatever happens: their names become safe before
// that of the manifest. After an error maybe is true if nobody knows which of
// the two manifests a restart would find: the files of neither may go, nor
// their names be used for others.
func (f *files) writeManifest(m *manifest) (maybe bool, err error) {
	name := f.manifestName()
	temp := "temp-" + name
	syncDir := func() error {
		if err := f.fs.SyncDir(f.part("")); err != nil {
			return f.report("Fail to fsync AOF directory %s: %s.", f.part(name), vfs.Reason(err))
		}
		return nil
	}
	if err := syncDir(); err != nil {
		return false, err
	}
	file, err := f.fs.Create(f.part(temp))
	if err != nil {
		return false, f.report("Can't open the AOF manifest file %s: %s", temp, vfs.Reason(err))
	}
	err = vfs.WriteAndClose(file, func(w io.Writer) error {
		_, err := io.WriteString(w, m.String())
		return err
	})
	if err != nil {
		return false, f.report("Error trying to write the temporary AOF manifest file %s: %s", temp, vfs.Reason(err))
	}
	if err := f.fs.Rename(f.part(temp), f.part(name)); err != nil {
		return false, f.report("Error trying to rename the temporary AOF manifest file %s into %s: %s", temp, name, vfs.Reason(err))
	}
	return true, syncDir()
}
