package aof

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/vfs"
)

// CheckOptions say what Check does about what it finds. The zero value: nothing.
type CheckOptions struct {
	// Fix: true to cut the last file off where it is not in order, if Ask agrees.
	Fix bool
	// To is a time in seconds since 1970: the last file is cut off where what
	// came later begins. It needs annotations. 0: it is not.
	To int64
	// Ask is asked "Continue? [y/N]: ".
	Ask func() bool
}

// ErrCheck is the error of Check if not all is in order; out says what.
var ErrCheck = errors.New("the append-only file is not valid")

// Check does what redis-check-aof does, with its texts: it looks at a manifest
// with its files, or at a file of the time before Redis 7. Nobody may write to the files meanwhile.
func Check(fsys vfs.FS, path string, o CheckOptions, out io.Writer) error {
	c := &checker{fs: fsys, CheckOptions: o, out: out, line: 1}
	isManifest, err := c.isManifest(path)
	switch {
	case err != nil:
		c.print("Cannot open file %s: %s\n", path, vfs.Reason(err))
		return ErrCheck
	case isManifest:
		return c.parts(path)
	}
	snapshot, err := c.isSnapshot(path)
	if err != nil {
		c.print("Cannot open file %s: %s\n", path, vfs.Reason(err))
		return ErrCheck
	}
	c.print("Start checking Old-Style AOF\n")
	return c.file(path, path, "AOF", true, snapshot)
}

// checker is the work of Check. What it says last of an error, and the number
// of lines, go on from file to file, as in redis-check-aof.
type checker struct {
	fs vfs.FS
	CheckOptions
	out io.Writer

	fault string
	line  int64

	r   *bufio.Reader
	pos int64 // in the file
	at  int64 // where what was read last begins
}

func (c *checker) print(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// head reads the beginning of a file.
func (c *checker) head(path string, n int64) ([]byte, error) {
	f, err := c.fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}

// isManifest says whether the first line of a file that is no comment is one of
// a manifest.
func (c *checker) isManifest(path string) (bool, error) {
	text, err := c.head(path, 1<<20)
	for line := range bytes.Lines(text) {
		if line[0] != '#' {
			return bytes.HasPrefix(line, []byte("file")), err
		}
	}
	return false, err
}

func (c *checker) isSnapshot(path string) (bool, error) {
	magic, err := c.head(path, 8)
	return len(magic) == 8 && bytes.HasPrefix(magic, []byte("REDIS")), err
}

// parts checks a manifest and its files.
func (c *checker) parts(path string) error {
	c.print("Start checking Multi Part AOF\n")
	text, err := c.head(path, 1<<30)
	if err != nil {
		c.print("Cannot open file %s: %s\n", path, vfs.Reason(err))
		return ErrCheck
	}
	m, err := parseManifest(text)
	if err != nil {
		for _, line := range err.(*ManifestError).log() {
			c.print("%s\n", line)
		}
		return ErrCheck
	}
	all := m.parts()
	for i, p := range all {
		file, what := filepath.Join(filepath.Dir(path), p.name), "INCR AOF"
		snapshot := false
		if p.kind == kindBase {
			what = "BASE AOF"
			if snapshot, err = c.isSnapshot(file); err != nil {
				c.print("Cannot open file %s: %s\n", file, vfs.Reason(err))
				return ErrCheck
			}
			c.print("Start to check BASE AOF (%s format).\n", map[bool]string{true: "RDB", false: "RESP"}[snapshot])
		} else if p == m.incr[0] {
			c.print("Start to check INCR files.\n")
		}
		if err := c.file(file, p.name, what, i == len(all)-1, snapshot); err != nil {
			return err
		}
	}
	c.print("All AOF files and manifest are valid\n")
	return nil
}

// Ways in which a file ends early.
var (
	errStop  = errors.New("not in order")
	errAbort = errors.New("aborted") // what to say has been said
	errLater = errors.New("later than it is to be")
)

// file checks a file.
func (c *checker) file(path, name, what string, last, snapshot bool) error {
	f, err := c.fs.Open(path)
	if err != nil {
		c.print("Cannot open file %s: %s, aborting...\n", path, vfs.Reason(err))
		return ErrCheck
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		c.print("Cannot stat file: %s, aborting...\n", name)
		return ErrCheck
	}
	if info.Size() == 0 {
		c.print("%s %s is empty\n", what, name)
		return nil
	}
	c.r, c.pos = bufio.NewReader(f), 0
	if snapshot {
		in := rdb.NewReader(f, rdb.Options{})
		if err := in.Read(nothing{}); err != nil {
			c.print("RDB preamble of AOF file is not sane, aborting.\n")
			return ErrCheck
		}
		c.print("RDB preamble is OK, proceeding with AOF tail...\n")
		c.r, c.pos = bufio.NewReader(in.Tail()), in.Offset()
	}

	ok, multi := c.pos, 0
	for err == nil {
		if multi == 0 {
			ok = c.pos
		}
		var next []byte
		if next, err = c.r.Peek(1); err != nil {
			break
		}
		switch next[0] {
		case '#':
			err = c.annotation(path, last)
		case '*':
			err = c.command(path, &multi)
		default:
			c.print("AOF %s format error\n", name)
			err = errStop
		}
	}
	switch err {
	case errAbort:
		return ErrCheck
	case errLater:
		if e := c.cutOff(path, c.pos); e != nil {
			c.print("Failed to truncate AOF %s to timestamp %d\n", path, c.To)
			return ErrCheck
		}
		c.print("Successfully truncated AOF %s to timestamp %d\n", name, c.To)
		return nil
	case io.EOF:
		if multi != 0 && c.fault == "" {
			c.wrong("Reached EOF before reading EXEC for MULTI")
		}
	case errStop:
	default:
		c.print("Failed to read from AOF %s, aborting...\n", name)
		return ErrCheck
	}
	if c.fault != "" {
		c.print("%s\n", c.fault)
	}
	size := info.Size()
	if size == ok && c.To != 0 {
		c.print("Truncate nothing in AOF %s to timestamp %d\n", name, c.To)
		c.print("%s %s is valid\n", what, name)
		return nil
	}
	c.print("AOF analyzed: filename=%s, size=%d, ok_up_to=%d, ok_up_to_line=%d, diff=%d\n", name, size, ok, c.line, size-ok)
	switch {
	case size == ok:
		c.print("%s %s is valid\n", what, name)
		return nil
	case !c.Fix:
		c.print("AOF %s is not valid. Use the --fix option to try fixing it.\n", name)
		return ErrCheck
	case !last:
		c.print("Failed to truncate AOF %s because it is not the last file\n", name)
		return ErrCheck
	}
	c.print("This will shrink the AOF %s from %d bytes, with %d bytes, to %d bytes\n", name, size, size-ok, ok)
	c.print("Continue? [y/N]: ")
	if c.Ask == nil || !c.Ask() {
		c.print("Aborting...\n")
		return ErrCheck
	}
	if err := c.cutOff(path, ok); err != nil {
		c.print("Failed to truncate AOF %s\n", name)
		return ErrCheck
	}
	c.print("Successfully truncated AOF %s\n", name)
	return nil
}

// cutOff cuts a file off for good.
func (c *checker) cutOff(path string, size int64) error {
	f := files{fs: c.fs, dir: filepath.Dir(path)}
	return f.cutOff(filepath.Base(path), size)
}

// wrong notes what is wrong with what was read last.
func (c *checker) wrong(format string, args ...any) error {
	c.fault = fmt.Sprintf("0x%16x: %s", c.at, fmt.Sprintf(format, args...))
	return errStop
}

// text reads a line of up to n bytes; the end of the file ends it too.
func (c *checker) text(n int) ([]byte, error) {
	c.at = c.pos
	var line []byte
	for len(line) < n {
		b, err := c.r.ReadByte()
		if err != nil {
			if err == io.EOF && len(line) > 0 {
				break
			}
			return line, err
		}
		line = append(line, b)
		if b == '\n' {
			break
		}
	}
	c.pos += int64(len(line))
	return line, nil
}

// newline notes a line end, or that it is not one.
func (c *checker) newline(text []byte) error {
	if !bytes.HasPrefix(text, []byte("\r\n")) {
		text = append(bytes.Clone(text), 0, 0)
		return c.wrong(`Expected \r\n, got: %02x%02x`, text[0], text[1])
	}
	c.line++
	return nil
}

// number reads a line with a number.
func (c *checker) number(prefix byte) (int64, error) {
	line, err := c.text(127)
	if err != nil {
		return 0, err
	}
	if line[0] != prefix {
		return 0, c.wrong("Expected prefix '%c', got: '%c'", prefix, line[0])
	}
	rest := bytes.TrimLeft(line[1:], "-0123456789")
	return number(line[1:]), c.newline(rest)
}

// longestName is up to how many bytes of an argument are looked at: those of
// names that matter.
const longestName = 16

// command checks a command. It counts how deep transactions are.
func (c *checker) command(path string, multi *int) error {
	argc, err := c.number('*')
	if err != nil {
		return err
	}
	for i := range argc {
		n, err := c.number('$')
		if err != nil {
			return err
		}
		if n < 0 {
			return c.wrong("Expected to read string of %d bytes, which is not in the suitable range", n)
		}
		c.at = c.pos
		text := make([]byte, min(n, longestName)+2)
		got, err := c.r.Discard(int(n+2) - len(text))
		if err == nil {
			var more int
			more, err = io.ReadFull(c.r, text)
			got += more
		}
		c.pos += int64(got)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return c.wrong("Expected to read %d bytes, got %d bytes", n+2, got)
		}
		if err != nil {
			return err
		}
		if err := c.newline(text[len(text)-2:]); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		switch strings.ToLower(string(text[:len(text)-2])) {
		case "multi":
			if *multi++; *multi > 1 {
				return c.wrong("Unexpected MULTI in AOF %s", path)
			}
		case "exec":
			if *multi--; *multi != 0 {
				return c.wrong("Unexpected EXEC in AOF %s", path)
			}
		}
	}
	return nil
}

// annotation checks an annotation. The position is before it if it is of a
// time that is too late.
func (c *checker) annotation(path string, last bool) error {
	line, err := c.text(maxAnnotation)
	if err != nil {
		return err
	}
	stamp, ok := bytes.CutPrefix(line, []byte("#TS:"))
	if c.To == 0 || !ok {
		return nil
	}
	if !bytes.HasPrefix(bytes.TrimLeft(stamp, "0123456789"), []byte("\r")) {
		c.print("Invalid timestamp annotation\n")
		return errAbort
	}
	switch {
	case number(stamp) <= c.To:
		return nil
	case c.at == 0:
		c.print("AOF %s has nothing before timestamp %d, aborting...\n", path, c.To)
		return errAbort
	case !last:
		c.print("Failed to truncate AOF %s to timestamp %d to offset %d because it is not the last file.\n", path, c.To, c.at)
		c.print("If you insist, please delete all files after this file according to the manifest " +
			"file and delete the corresponding records in manifest file manually. Then re-run redis-check-aof.\n")
		return errAbort
	}
	c.pos = c.at
	return errLater
}

// maxAnnotation is how long an annotation may be.
const maxAnnotation = 1023

// nothing takes the content of an RDB file.
type nothing struct{}

func (nothing) Aux(key, value []byte) error       { return nil }
func (nothing) DB(n int) error                    { return nil }
func (nothing) Resize(keys, expires uint64) error { return nil }
func (nothing) Entry(e *rdb.Entry) error          { return nil }
func (nothing) Function(code []byte) error        { return nil }
