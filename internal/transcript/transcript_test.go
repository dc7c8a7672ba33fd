package transcript

import (
	"context"
	"flag"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
)

var redisServer = flag.String("redis-server", "", "server binary to replay against; default: redis-server on PATH")

const testdata = "../../testdata/transcripts"

func parseFiles(t *testing.T) (files []*File) {
	for _, f := range All(t, testdata) {
		files = append(files, f)
	}
	if len(files) == 0 {
		t.Fatal("there are no transcripts")
	}
	return files
}

// Every reply in the files has the form that Record would write.
func TestFilesAreCanonical(t *testing.T) {
	for _, f := range parseFiles(t) {
		if _, ok := f.head(); !ok && !strings.HasPrefix(f.lines[0], "# Not recorded: ") {
			t.Errorf("%s: the first line says neither where it was recorded nor why not", f.Name())
		}
		for _, b := range f.blocks {
			for _, st := range b.steps {
				for _, v := range st.replies {
					if v.want == nil {
						t.Errorf("%s:%d: %s: not recorded", f.Name(), st.line, st.text)
						continue
					}
					if src := strings.Join(f.lines[v.from:v.to], "\n"); v.want.String() != src {
						t.Errorf("%s:%d:\n%s\nis written\n%s", f.Name(), v.from+1, src, v.want)
					}
				}
			}
		}
	}
}

// TestRealServer replays all files against several real servers at once, because
// most of the time is waiting for time to pass.
func TestRealServer(t *testing.T) {
	files := make(chan *File)
	var wg sync.WaitGroup
	for range 6 {
		server := StartForTest(t, *redisServer)
		wg.Go(func() {
			for f := range files {
				t.Run(strings.TrimPrefix(f.Name(), testdata+"/"), func(t *testing.T) { f.Run(t, server, Options{}) })
			}
		})
	}
	for _, f := range parseFiles(t) {
		files <- f
	}
	close(files)
	wg.Wait()
}

func TestRestart(t *testing.T) {
	server := StartForTest(t, *redisServer)
	f, err := Parse("restart", []byte("> SET k v\nOK\n> SAVE\nOK\n> SET k w\nOK\n@restart\n> GET k\n\"v\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	f.Run(t, server, Options{})
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"OK\n", `x:1: "OK" is no reply`},
		{"> PING\nPONG\n\nPONG\n", "x:4: "},
		{">> PING\nPONG\n", "x:2: "},
		{"> \n", "x:1: no command"},
		{"> GET \"k\n", "x:1: unbalanced"},
		{"@nosuch\n", "x:1: @nosuch is no directive"},
		{"@resp 4\n", "x:1: wrong arguments"},
		{"@advance 10\n", "x:1: wrong arguments"},
		{"@since seven\n", "x:1: @since seven is not a version"},
		{"@only self\n> PING\n", "x:1: @only self gives its reason"},
		{"> PING\n@since 7.4\n\n", "x:2: @since 7.4 stands before nothing"},
		{"> X\n1) a\n3) b\n", "x:2: "},
		{"> X\n2) a\n", "x:2: a list starts with 1"},
		{"> X\n1# a\n", "x:2: \"a\" is a key without a value"},
		{"> X\n<match (>\n", "x:2: <match (>"},
		{"> X\n(push)\nOK\n", "x:2: (push) stands before a list"},
		{"raw> PING now\n", "x:1: a raw client"},
		{"> X\nOK\n@only real\nOK\n", ""},
	} {
		_, err := Parse("x", []byte(c.src))
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.src, err, c.want)
		}
	}
}

// fake replies to each command with the bytes in its map.
type fake struct {
	version string
	replies map[string]string
}

func (f fake) Dial(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		d := notation.NewDecoder(theirs)
		for {
			n, err := d.Reply()
			if err != nil {
				return
			}
			var words []string
			for _, w := range n.Kids {
				words = append(words, bulk(w))
			}
			answer, ok := f.replies[strings.Join(words, " ")]
			switch {
			case ok:
			case words[0] == "INFO":
				answer = "$17\r\nblocked_clients:0\r\n"
			case words[0] == "FLUSHALL":
				answer = "+OK\r\n"
			default:
				answer = "-ERR unknown command\r\n"
			}
			if _, err := theirs.Write([]byte(answer)); err != nil {
				return
			}
		}
	}()
	return ours, nil
}

func (f fake) Advance(time.Duration) error { return nil }
func (f fake) Name() string                { return "fake-server" }
func (f fake) Version() string             { return f.version }

const script = `# Numbers.
> NUM
(integer) <int 1..9>
> LIST
1) <any>
2) old

# Only later.
@since 7.4
> NEW
> NUM
(integer) 8

# By version.
> VER
new
@until 7.2
?
`

const recordedScript = `# Recorded from fake-server 7.4.0.

# Numbers.
> NUM
(integer) <int 1..9>
> LIST
1) <any>
2) b

# Only later.
@since 7.4
> NEW
OK
> NUM
(integer) 7

# By version.
> VER
seven four
@until 7.2
?
`

func TestRecord(t *testing.T) {
	server := fake{"7.4.0", map[string]string{"NUM": ":7\r\n", "LIST": "*2\r\n+a\r\n+b\r\n", "NEW": "+OK\r\n", "VER": "+seven four\r\n"}}
	record := func(src string) string {
		f, err := Parse("x", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		out, err := f.Record(server)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	once := record(script)
	if once != recordedScript {
		t.Errorf("recorded:\n%s", once)
	}
	if again := record(once); again != once {
		t.Errorf("recorded again:\n%s", again)
	}
	// An older server fills in its variant and leaves the rest unchanged.
	server.version = "7.2.5"
	delete(server.replies, "NEW")
	server.replies["VER"] = "+seven two\r\n"
	if got, want := record(once), strings.Replace(once, "?\n", "seven two\n", 1); got != want {
		t.Errorf("recorded from an older server:\n%s", got)
	}
	server.replies["NUM"] = ":10\r\n"
	f, _ := Parse("x", []byte(once))
	if _, err := f.Record(server); err == nil || !strings.Contains(err.Error(), "x:4: > NUM\n- wanted, + got:\n- (integer) <int 1..9>\n+ (integer) 10") {
		t.Errorf("an ungated difference: %v", err)
	}
}

func TestPlay(t *testing.T) {
	server := fake{"7.2.5", map[string]string{"NUM": ":70\r\n", "LIST": "*2\r\n+a\r\n+b\r\n", "VER": "+seven two\r\n"}}
	f, err := Parse("x", []byte(recordedScript))
	if err != nil {
		t.Fatal(err)
	}
	results, err := f.play(server, Options{}, func(st *step, v *variant, got *notation.Node) (string, error) {
		return f.judge(st, v, got), nil
	})
	if err != nil || len(results) != 3 {
		t.Fatal(results, err)
	}
	numbers, later, version := results[0], results[1], results[2]
	want := "x:4: > NUM\n- wanted, + got:\n- (integer) <int 1..9>\n+ (integer) 70\nsession:\n  > NUM\n  (integer) 70"
	if numbers.title != "Numbers" || len(numbers.failures) != 1 || numbers.failures[0] != want {
		t.Errorf("%q", numbers)
	}
	if later.skip != "@since 7.4, and this is fake-server 7.2.5" || len(later.failures) != 0 {
		t.Errorf("%q", later)
	}
	if version.skip != "" || len(version.failures) != 1 || !strings.HasPrefix(version.failures[0], "x:18: > VER\nno reply is recorded") {
		t.Errorf("%q", version)
	}
}

func FuzzParse(f *testing.F) {
	files, err := Files("../../testdata/transcripts")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse("fuzz", []byte(src))
		if err != nil {
			return
		}
		for _, b := range file.blocks {
			for _, st := range b.steps {
				for _, v := range st.replies {
					if v.want != nil {
						_ = v.want.String()
					}
				}
			}
		}
	})
}
