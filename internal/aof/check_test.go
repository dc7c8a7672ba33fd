package aof

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/vfs"
)

// TestCheckLikeReal checks, mends and cuts off files, and compares with
// redis-check-aof: what is said, the exit, and what is left.
func TestCheckLikeReal(t *testing.T) {
	t.Parallel()
	real := program(t, "redis-check-aof")
	set := command("SELECT", "0") + command("SET", "k", "v")
	long := command("SET", "big", strings.Repeat("x", 100_000))
	parts := func(base, incr1, incr2 string) map[string]string {
		return map[string]string{
			"m":    "file base seq 1 type b\nfile h seq 1 type h\nfile i1 seq 1 type i\nfile i2 seq 2 type i\n",
			"base": base, "i1": incr1, "i2": incr2,
		}
	}
	old := func(text string) map[string]string { return map[string]string{"m": text} }
	stamped := "#TS:100\r\n" + set + "#TS:200\r\n" + set + "#TS:300\r\n" + set
	for _, c := range []struct {
		name  string
		files map[string]string
		args  string // "", "fix" with the answer, or a time
	}{
		{"all in order", parts(rdbOf("k", "v"), set, long), ""},
		{"commands in the base", parts(set+long, "", command("MULTI")+set+command("EXEC")), ""},
		{"nothing", parts("", "", ""), ""},
		{"an old file", old(set + long), ""},
		{"an old file with a snapshot", old(rdbOf("k", "v") + set), ""},
		{"a bad snapshot", parts(rdbOf("k", "v")[:30], set, set), ""},
		{"cut off in a value", parts(set, set, set+long[:5000]), ""},
		{"cut off in a value, mended", parts(set, set, set+long[:5000]), "fix y"},
		{"cut off in a value, not mended", parts(set, set, set+long[:5000]), "fix n"},
		{"cut off before the last", parts(set, set+long[:5000], set), "fix y"},
		{"a transaction cut off", parts(set, set, set+command("multi")+set), "fix y"},
		{"a transaction cut off in a command", parts(set, set, set+command("MULTI")+set+set[:9]), "fix y"},
		{"MULTI twice", old(set + command("MULTI") + command("MULTI")), ""},
		{"EXEC alone", old(set + command("EXEC") + set), ""},
		{"a format error", old(set + "hello" + set), "fix y"},
		{"a wrong prefix", old(set + "*1\r\n+PING\r\n" + set), "fix y"},
		{"a wrong line end", old(set + "*1\n$4\r\nPING\r\n"), ""},
		{"a wrong end of a value", old(set + "*1\r\n$4\r\nPINGxy" + set), ""},
		{"a negative length", old(set + "*1\r\n$-1\r\n" + set), ""},
		{"an unknown command is none of its business", old(set + command("NOSUCH")), ""},
		{"to a time", parts("", "", stamped), "250"},
		{"to a time after all", parts("", "", stamped), "300"},
		{"to a time before all", parts("", "", stamped), "50"},
		{"to a time in a file before the last", parts("", stamped, stamped), "250"},
		{"to a time in an old file", old(stamped), "100"},
		{"to a time, no number", parts("", "", "#TS:1x\r\n"+set), "100"},
		{"another annotation", parts("", "", "#XY:999\r\n"+set), "100"},
		{"a file that is not there", map[string]string{"m": "file base seq 1 type b\n"}, ""},
		{"a wrong manifest", map[string]string{"m": "file base seq 1 type b\nfile base seq 1 type b\n"}, ""},
		{"nothing in an old file", old(""), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			theirs, ours := t.TempDir(), t.TempDir()
			for name, text := range c.files {
				for _, dir := range []string{theirs, ours} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			path := filepath.Join(theirs, "m")
			args := []string{path}
			var o CheckOptions
			answer, fix := strings.CutPrefix(c.args, "fix ")
			switch {
			case fix:
				o = CheckOptions{Fix: true, Ask: func() bool { return answer == "y" }}
				args = []string{"--fix", path}
			case c.args != "":
				o.To = number([]byte(c.args))
				args = []string{"--truncate-to-timestamp", c.args, path}
			}
			cmd := exec.Command(real, args...)
			cmd.Stdin = strings.NewReader(answer + "\n")
			want, cmdErr := cmd.CombinedOutput()
			var got bytes.Buffer
			err := Check(vfs.OS{}, filepath.Join(ours, "m"), o, &got)
			if (err == nil) != (cmdErr == nil) {
				t.Errorf("%v, the program %v", err, cmdErr)
			}
			a, b := said(got.String(), ours), said(string(want), theirs)
			if a != b {
				t.Errorf("got\n%s\nwant\n%s", a, b)
			}
			if a, b := tree(t, ours), tree(t, theirs); a != b {
				t.Errorf("files %s, want %s", a, b)
			}
		})
	}
}

// rdbLine is what the program says of an RDB file, and the front of its log
// lines.
var rdbLine = regexp.MustCompile(`(?m)^(\x1b\[.*|\[(offset|info|additional info).*|--- .*)\n|^\d+:C [^#*]*[#*] `)

// said makes outputs comparable.
func said(out, dir string) string {
	return strings.TrimSpace(strings.ReplaceAll(rdbLine.ReplaceAllString(out, ""), dir, "DIR"))
}
