package aof

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/oracle"
	"github.com/resp-server/resp-server/internal/vfs"
)

func TestMain(m *testing.M) {
	effort.Waiting()
	os.Exit(m.Run())
}

// program finds a program of Redis.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("RESPSERVER_NEED_REDIS") != "" {
			t.Fatal("no redis-server on PATH")
		}
		t.Skip("no redis-server on PATH")
	}
	return path
}

// real is a real server, or what is left of one that did not start.
type real struct {
	*oracle.Conn
	t       *testing.T
	cmd     *exec.Cmd
	started bool
	log     string // until it was ready, or ended
}

// startReal starts a server on a directory.
func startReal(t *testing.T, dir string, config ...string) *real {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	args := append([]string{"--port", "0", "--unixsocket", socket, "--dir", dir, "--appendonly", "yes"}, config...)
	r := &real{t: t, cmd: exec.Command(program(t, "redis-server"), args...)}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kill)
	var log strings.Builder
	for scan := bufio.NewScanner(out); !r.started && scan.Scan(); {
		log.WriteString(scan.Text() + "\n")
		r.started = strings.Contains(scan.Text(), "eady to accept connections")
	}
	r.log = log.String()
	if r.started {
		go io.Copy(io.Discard, out)
		if r.Conn, err = oracle.DialUnix(socket); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *real) kill() {
	r.cmd.Process.Kill()
	r.cmd.Wait()
}

func (r *real) do(args ...string) any {
	r.t.Helper()
	reply, err := r.Do(args...)
	if err != nil {
		r.t.Fatalf("%q: %v", args, err)
	}
	return reply
}

// show returns its strings as data.String does.
func (r *real) show() string {
	r.t.Helper()
	d := newData()
	for db := range 3 {
		r.do("SELECT", fmt.Sprint(db))
		for _, k := range r.do("KEYS", "*").([]any) {
			d.keys[fmt.Sprint(db, "/", k)] = r.do("GET", k.(string)).(string)
		}
	}
	return d.String()
}

// tree returns all files below a directory, with their sizes.
func tree(t *testing.T, root string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		name, _ := filepath.Rel(root, path)
		all = append(all, fmt.Sprint(name, ":", info.Size()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// rdbOf returns an RDB file with one key.
func rdbOf(key, value string) string {
	d := newData()
	d.keys["0/"+key] = value
	var b strings.Builder
	if err := d.writeRDB(&b); err != nil {
		panic(err)
	}
	return b.String()
}

// TestLoadLikeReal loads files that are not as they should be, and compares
// with a real server: the data, what is left of the files, and each line that
// is logged.
func TestLoadLikeReal(t *testing.T) {
	t.Parallel()
	const (
		manifestName = "appendonlydir/appendonly.aof.manifest"
		baseName     = "appendonlydir/appendonly.aof.1.base.aof"
		incrName     = "appendonlydir/appendonly.aof.1.incr.aof"
		incr2Name    = "appendonlydir/appendonly.aof.2.incr.aof"
		baseLine     = "file appendonly.aof.1.base.aof seq 1 type b\n"
		incrLine     = "file appendonly.aof.1.incr.aof seq 1 type i\n"
		incr2Line    = "file appendonly.aof.2.incr.aof seq 2 type i\n"
	)
	set := command("SELECT", "0") + command("SET", "k", "v")
	more := command("SET", "l", "w")
	long := command("SET", "big", strings.Repeat("x", 100_000))
	incr := func(text string) map[string]string {
		return map[string]string{manifestName: baseLine + incrLine, baseName: "", incrName: text}
	}
	manifest := func(text string) map[string]string {
		return map[string]string{manifestName: text, baseName: set, incrName: more, incr2Name: more}
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		set   string // one setting
		o     LoadOptions
		// other: our own way, with a reason; nothing is compared but that it loads.
		other string
	}{
		{name: "in order", files: incr("#TS:1700000000\r\n" + set + command("MULTI") + more + command("EXEC") + long)},
		{name: "nothing but comments in the manifest", files: manifest("#\n# none\n"),
			other: "the server appends to what it finds under the name of its new file, whoever left that there"},
		{name: "cut off in a value", files: incr(set + more[:len(more)-4])},
		{name: "cut off in a long value", files: incr(set + long[:50_000])},
		{name: "cut off in a length", files: incr(set + "*3\r\n$1")},
		{name: "cut off behind a length", files: incr(set + "*3\r\n")},
		{name: "cut off in the first line", files: incr(set + "*")},
		{name: "cut off in the first line, behind a digit", files: incr(set + "*3")},
		{name: "cut off at the end of a value", files: incr(set + more[:len(more)-1])},
		{name: "cut off, and that is not allowed", files: incr(set + more[:len(more)-4]), set: "no"},
		{name: "cut off in the only command", files: incr(set[:20])},
		{name: "a transaction without its end", files: incr(set + command("MULTI") + more)},
		{name: "a transaction without its end, and that is not allowed", files: incr(set + command("MULTI") + more), set: "no"},
		{name: "a transaction cut off", files: incr(set + command("MULTI") + more + more[:9]),
			other: "the server leaves MULTI in the file: what is appended then is in that transaction, which never ends"},
		{name: "an annotation cut off", files: incr(set + "#TS:17"),
			other: "the server leaves it: what is appended then is behind it on the line"},
		{name: "not a command", files: incr(set + "hello\r\n" + more)},
		{name: "an array of nothing", files: incr(set + "*0\r\n" + more)},
		{name: "no argument", files: incr(set + "*1\r\n+PING\r\n" + more)},
		{name: "zeros", files: incr(set + strings.Repeat("\x00", 100))},
		{name: "an unknown command", files: incr(set + command("NOSUCH", "x") + more)},
		{name: "nothing in the base", files: map[string]string{manifestName: baseLine, baseName: ""}},
		{name: "commands only", files: map[string]string{manifestName: incrLine, incrName: set}},
		{name: "a base only, cut off", files: map[string]string{manifestName: baseLine, baseName: set + more[:9]}},
		{name: "a snapshot as base", files: map[string]string{manifestName: "file b.rdb seq 1 type b\n" + incrLine, "appendonlydir/b.rdb": rdbOf("k", "v"), incrName: command("SELECT", "0") + more}},
		{name: "a snapshot cut off", files: map[string]string{manifestName: "file b.rdb seq 1 type b\n", "appendonlydir/b.rdb": rdbOf("k", "v")[:30]},
			other: "the text of the RDB reader is its own"},
		{name: "a snapshot with commands", files: map[string]string{manifestName: "file b.rdb seq 1 type b\n", "appendonlydir/b.rdb": rdbOf("k", "v") + command("SELECT", "0") + more}},
		{name: "no base", files: map[string]string{manifestName: baseLine + incrLine, incrName: set}},
		{name: "no file with commands", files: map[string]string{manifestName: baseLine + incrLine, baseName: set}},
		{name: "cut off before the last", files: map[string]string{manifestName: incrLine + incr2Line, incrName: set + more[:9], incr2Name: set}},
		{name: "cut off before one that has nothing", files: map[string]string{manifestName: incrLine + incr2Line, incrName: set + more[:9], incr2Name: ""},
			other: "a crash at the beginning of a rewrite leaves this"},
		{name: "several", files: manifest(baseLine + "file h seq 1 type h\n" + incrLine + incr2Line)},
		{name: "an old file", files: map[string]string{"appendonly.aof": set + more}},
		{name: "an old file, cut off", files: map[string]string{"appendonly.aof": set + more[:9]}},
		{name: "an old file with a snapshot", files: map[string]string{"appendonly.aof": rdbOf("k", "v") + command("SELECT", "0") + more}},
		{name: "an old file, and a directory without a manifest", files: map[string]string{"appendonly.aof": set, baseName: more}},
		{name: "an old file, half-way", files: map[string]string{"appendonly.aof": set, manifestName: "file appendonly.aof seq 1 type b\n"}},
		{name: "an old file beside new ones", files: map[string]string{"appendonly.aof": set, manifestName: baseLine, baseName: more}},
		{name: "empty manifest", files: manifest("")},
		{name: "empty line", files: manifest(baseLine + "\n" + incrLine)},
		{name: "no end of the line", files: manifest(baseLine + strings.TrimSpace(incrLine))},
		{name: "a long line", files: manifest("file " + strings.Repeat("x", 1100) + " seq 1 type b\n")},
		{name: "too few words", files: manifest("file x seq 1\n")},
		{name: "an odd word", files: manifest("file x seq 1 type b more\n")},
		{name: "more pairs", files: manifest("type b future \"some thing\" seq 1 FILE appendonly.aof.1.base.aof\n" + "startoffset 7 " + incrLine)},
		{name: "a quote that is not closed", files: manifest("file \"x seq 1 type b\n")},
		{name: "a path", files: manifest("file ../x seq 1 type b\n")},
		{name: "seq 0", files: manifest("file x seq zero type b\n")},
		{name: "seq with something behind", files: manifest("file appendonly.aof.1.base.aof seq 1x type base\n" + incrLine)},
		{name: "two bases", files: manifest(baseLine + baseLine)},
		{name: "not in order", files: manifest(incr2Line + incrLine)},
		{name: "unknown type", files: manifest("file x seq 1 type x\n")},
		{name: "a comment between", files: manifest(baseLine + "# comment\n" + incrLine)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := t.TempDir(), t.TempDir()
			for name, text := range c.files {
				for _, dir := range []string{theirs, ours} {
					path := filepath.Join(dir, name)
					os.MkdirAll(filepath.Dir(path), 0o755)
					if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			c.o.Truncated = c.set != "no"
			s := newServer(Settings{})
			o := s.options(vfs.OS{}, Settings{Commands: true}, nil)
			o.Dir = ours
			var err error
			if s.Log, err = Open(o); err == nil {
				if _, err = s.Load(s.data, c.o); err == nil {
					if err = s.Start(func(w io.Writer) error { return nil }); err != nil {
						t.Fatal(err)
					}
					s.do("0 SET appended 1")
					s.Disable()
				}
			}
			got := fmt.Sprint("started: ", err == nil)
			if err == nil {
				got += "\n" + s.data.String() + "\n" + tree(t, ours)
			}
			if c.other != "" {
				if err == nil {
					// What was appended is found.
					again := newServer(Settings{})
					o.Stream, o.Log = again.stream, slogDiscard
					if again.Log, err = Open(o); err == nil {
						_, err = again.Load(again.data, LoadOptions{})
					}
					if err != nil || again.data.String() != s.data.String() {
						t.Errorf("found %v, %v; want %v", again.data, err, s.data)
					}
				}
				return
			}
			r := startReal(t, theirs, "--aof-load-truncated", map[bool]string{true: "yes", false: "no"}[c.o.Truncated],
				"--aof-use-rdb-preamble", "no", "--appendfsync", "always")
			want := fmt.Sprint("started: ", r.started)
			if r.started {
				r.do("SET", "appended", "1")
				want += "\n" + r.show()
				r.kill()
				want += "\n" + tree(t, theirs)
			}
			if got != want {
				t.Errorf("\ngot  %s\nwant %s\nlogged:\n%s\n%s", got, want, s.logText(), r.log)
			}
			lines := logged(s.logText())
			if err != nil {
				if m, ok := err.(*ManifestError); ok {
					err = fmt.Errorf("%s", m.Reason)
				}
				lines = append(lines, err.Error())
			}
			for _, line := range lines {
				if !strings.Contains(r.log, strings.TrimSpace(line)) && !strings.HasPrefix(line, "DB loaded from") {
					t.Errorf("logged %q; the server:\n%s", line, r.log)
				}
			}
		})
	}
}

// TestRealReads writes files in each form, and has real programs check and load
// them.
func TestRealReads(t *testing.T) {
	t.Parallel()
	check := program(t, "redis-check-aof")
	for _, set := range []Settings{{}, {Commands: true}, {Commands: true, Timestamps: true}, {Timestamps: true, KeepHistory: true}} {
		for _, name := range []string{"appendonly.aof", `with "blanks".aof`} {
			t.Run(fmt.Sprintf("%+v %s", set, name), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s := newServer(set)
				o := s.options(vfs.OS{}, set, nil)
				o.Dir, o.Name = dir, name
				var err error
				if s.Log, err = Open(o); err != nil {
					t.Fatal(err)
				}
				if err := s.Start(s.base(set)); err != nil {
					t.Fatal(err)
				}
				for i := range 20 {
					s.do(fmt.Sprintf("0 APPEND k %d; 2 APPEND k %d; 2 SET k%d %s", i, i, i, strings.Repeat("x", 1+i*500)))
					if i == 10 {
						if err := s.rewriteNow(set); err != nil {
							t.Fatal(err)
						}
					}
				}
				if err := s.Disable(); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command(check, filepath.Join(dir, "appendonlydir", name+".manifest")).CombinedOutput()
				if err != nil || !strings.Contains(string(out), "All AOF files and manifest are valid") {
					t.Errorf("%v: %s", err, out)
				}
				r := startReal(t, dir, "--appendfilename", name)
				if !r.started {
					t.Fatal(r.log)
				}
				if got := r.show(); got != s.data.String() {
					t.Errorf("the server has\n%s\nwant\n%s", got, s.data)
				}
			})
		}
	}
}

// TestReadReal loads what real servers write.
func TestReadReal(t *testing.T) {
	t.Parallel()
	for _, config := range [][]string{
		{"--aof-use-rdb-preamble", "yes"},
		{"--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes"},
		{"--appenddirname", "other dir", "--appendfilename", "file.aof"},
	} {
		t.Run(strings.Join(config, " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := startReal(t, dir, config...)
			if !r.started {
				t.Fatal(r.log)
			}
			write := func(key string) {
				r.do("SELECT", "0")
				r.do("SET", key, strings.Repeat("x", 1000))
				r.do("SELECT", "2")
				r.do("MULTI")
				r.do("APPEND", key, "a")
				r.do("SELECT", "1")
				r.do("APPEND", key, "b")
				r.do("EXEC")
			}
			write("before")
			r.do("BGREWRITEAOF")
			for strings.Contains(r.do("INFO", "persistence").(string), "aof_rewrite_in_progress:1") {
			}
			write("after")
			want := r.show()
			r.Do("SHUTDOWN")
			r.cmd.Wait()

			s := newServer(Settings{})
			o := s.options(vfs.OS{}, Settings{}, nil)
			o.Dir = dir
			if config[0] == "--appenddirname" {
				o.DirName, o.Name = config[1], config[3]
			}
			var err error
			if s.Log, err = Open(o); err != nil {
				t.Fatal(err)
			}
			loaded, err := s.Load(s.data, LoadOptions{})
			if err != nil || loaded.Files != 2 {
				t.Fatalf("%+v, %v", loaded, err)
			}
			if got := s.data.String(); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if err := s.Start(nil); err != nil {
				t.Fatal(err)
			}
			s.do("0 SET and more")
			s.Disable()
			r = startReal(t, dir, config...)
			if got := r.show(); got != s.data.String() {
				t.Errorf("back on the server:\n%s\nwant\n%s", got, s.data)
			}
		})
	}
}
