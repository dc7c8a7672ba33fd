package respserver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/rdb/crc64"
	"github.com/resp-server/resp-server/internal/snapshot"
)

// recordedFiles returns the paths of the files that eight servers wrote.
func recordedFiles(t *testing.T) []string {
	files, err := filepath.Glob("internal/rdb/testdata/*.rdb")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	return files
}

// TestGoldenFiles loads the files of eight servers and compares the replies with
// the recorded ones.
func TestGoldenFiles(t *testing.T) {
	for _, path := range recordedFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			recorded, err := os.ReadFile(strings.TrimSuffix(path, "rdb") + "txt")
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			file, left := loadable(t, file)
			if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o600); err != nil {
				t.Fatal(err)
			}
			s := start(t, Options{Dir: dir})
			keys := strings.Split("\n"+string(recorded), "\n0 ")[1:]
			checked := 0
			for _, k := range keys {
				k, _, _ = strings.Cut(k, "\n3 ") // a single key of another database
				lines := strings.Split(strings.TrimSuffix(k, "\n"), "\n")
				name, kind := recordedKey(t, lines[0])
				if left[kind] {
					continue
				}
				got, ok := contents(t, s, name, kind)
				if !ok {
					continue
				}
				checked++
				want := lines[1:]
				if kind == "stream" {
					want = slices.DeleteFunc(want, func(l string) bool {
						return strings.HasPrefix(l, "  length") || strings.HasPrefix(l, "  group") ||
							strings.HasPrefix(l, "  pending") || strings.HasPrefix(l, "  consumer")
					})
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s %q:\n got %q\nwant %q", kind, name, got, want)
				}
			}
			t.Logf("%d of %d keys checked", checked, len(keys))
		})
	}
}

// loadable removes values of types that are not supported yet, and returns these
// types.
func loadable(t *testing.T, file []byte) ([]byte, map[string]bool) {
	t.Helper()
	var out bytes.Buffer
	f := &filter{w: rdb.NewWriter(&out, rdb.WriterOptions{}), encoder: rdb.NewEncoder(rdb.Encoding{}), left: map[string]bool{}}
	if err := rdb.NewReader(bytes.NewReader(file), rdb.Options{}).Read(f); err != nil {
		t.Fatal(err)
	}
	if err := f.w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(f.left) == 0 {
		return file, nil
	}
	return out.Bytes(), f.left
}

type filter struct {
	w       *rdb.Writer
	encoder *rdb.Encoder
	left    map[string]bool
}

func (f *filter) Aux(key, value []byte) error       { return f.w.Aux(string(key), string(value)) }
func (f *filter) DB(n int) error                    { return f.w.DB(n) }
func (f *filter) Resize(keys, expires uint64) error { return nil }
func (f *filter) Function(code []byte) error        { return f.w.Function(code) }

func (f *filter) Entry(e *rdb.Entry) error {
	payload, err := f.encoder.AppendDump(nil, e.Value)
	if err != nil {
		return err
	}
	if _, _, err := snapshot.Undump(payload, &snapshot.Env{}); err != nil {
		kind, _, _ := strings.Cut(err.Error(), " ")
		f.left[kind] = true
		return nil
	}
	return f.w.Entry(e)
}

// recordedKey parses `"key" type`, which more text may follow.
func recordedKey(t *testing.T, line string) (name, kind string) {
	t.Helper()
	quoted, err := strconv.QuotedPrefix(line)
	if err != nil {
		t.Fatal(line, err)
	}
	name, _ = strconv.Unquote(quoted)
	return name, strings.Fields(line[len(quoted):])[0]
}

// contents reads a value by the command of its type and formats it like the record.
// It returns false if there is no such command.
func contents(t *testing.T, s *Server, key, kind string) (lines []string, ok bool) {
	t.Helper()
	command := map[string][]any{
		"string": {"GET", key}, "list": {"LRANGE", key, 0, -1}, "set": {"SMEMBERS", key},
		"zset": {"ZRANGE", key, 0, -1, "WITHSCORES"}, "hash": {"HGETALL", key}, "stream": {"XRANGE", key, "-", "+"},
	}[kind]
	r, err := s.Do(context.Background(), command...)
	if err != nil {
		if strings.HasPrefix(err.Error(), "ERR unknown command") {
			return nil, false
		}
		t.Fatal(key, err)
	}
	line := func(words ...string) { lines = append(lines, "  "+strings.Join(words, " ")) }
	switch kind {
	case "string":
		line(quote(r.Str))
	case "list", "set":
		for _, e := range r.Elems {
			line(quote(e.Str))
		}
	case "zset":
		for _, e := range r.Elems {
			line(quote(e.Elems[0].Str), strconv.FormatFloat(e.Elems[1].Float(), 'g', -1, 64))
		}
	case "hash":
		for p := range slices.Chunk(r.Elems, 2) {
			words := []string{quote(p[0].Str), quote(p[1].Str)}
			if at, err := s.Do(context.Background(), "HPEXPIRETIME", key, "FIELDS", 1, p[0].Str); err == nil && at.Elems[0].Int() > 0 {
				words = append(words, fmt.Sprint("expires ", at.Elems[0].Int()))
			}
			line(words...)
		}
	case "stream":
		for _, e := range r.Elems {
			words := []string{e.Elems[0].Str}
			for _, w := range e.Elems[1].Elems {
				words = append(words, quote(w.Str))
			}
			line(words...)
		}
	}
	if kind != "list" && kind != "stream" {
		slices.Sort(lines)
	}
	if lines == nil {
		lines = []string{}
	}
	return lines, true
}

func quote(s string) string {
	if len(s) > 500 {
		return fmt.Sprintf("%q... %d bytes, checksum %016x", s[:20], len(s), crc64.Update(0, []byte(s)))
	}
	return strconv.Quote(s)
}
