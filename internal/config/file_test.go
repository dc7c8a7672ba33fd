package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "one.conf"), "port 1\r\n# no\n\n  timeout 3  ")
	write(t, filepath.Join(dir, "two.conf"), "include '"+filepath.ToSlash(one)+"'\ndatabases 2\n")
	lines, err := Read(strings.NewReader("maxclients 7\ninclude \""+filepath.ToSlash(dir)+"/t*.conf\"\n"+
		"include "+filepath.ToSlash(dir)+"/none-*\ndatabases 5"), "top")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range lines {
		got = append(got, l.Text)
	}
	want := []string{"maxclients 7", "port 1", "timeout 3", "databases 2", "databases 5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if l := lines[2]; l.File != filepath.ToSlash(one) || l.Number != 4 {
		t.Errorf("timeout is said to stand at %s:%d", l.File, l.Number)
	}
	c := New()
	if err := c.SetLines(lines); err != nil {
		t.Fatal(err)
	}
	if c.Databases != 5 || c.Port != 1 || !c.Given("timeout") || c.Given("hll-sparse-max-bytes") {
		t.Errorf("databases %d, port %d", c.Databases, c.Port)
	}
}

// TestNoWords: a directive that takes several words may have none.
func TestNoWords(t *testing.T) {
	c := New()
	for _, line := range []string{"save 60 5", "save"} {
		if err := c.SetLine(line); err != nil {
			t.Error(err)
		}
	}
	if len(c.SavePoints) != 0 {
		t.Errorf("save points %v", c.SavePoints)
	}
	if c.SetLine("oom-score-adj-values") == nil || c.SetLine("dir") == nil {
		t.Error("no error without the words that there must be")
	}
}

func TestReadErrors(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.ToSlash(filepath.Join(dir, "loop.conf"))
	write(t, loop, "\ninclude "+loop+"\n")
	bad := write(t, filepath.Join(dir, "bad.conf"), "\nprot 1\n")
	for _, c := range []struct{ text, want string }{
		{"a\nport 'x", "top, line 2, 'port 'x': Unbalanced quotes in configuration line"},
		{"include " + dir + "/none", "top, line 1, 'include " + dir + "/none': open "},
		{"include " + loop, "loop.conf, line 2, 'include " + loop + "': include files are nested too deeply"},
		{"include " + filepath.ToSlash(bad), "bad.conf, line 2, 'prot 1': Bad directive or wrong number of arguments"},
		{"port", "top, line 1, 'port': wrong number of arguments"},
		{"port 1 2", "top, line 1, 'port 1 2': wrong number of arguments"},
		{"PORT abc", "top, line 1, 'PORT abc': argument couldn't be parsed into an integer"},
		{"include", "top, line 1, 'include': Bad directive or wrong number of arguments"},
		{"list-max-ziplist-entries 5\nlist-max-ziplist-value 1 2", "top, line 2"},
	} {
		lines, err := Read(strings.NewReader(c.text), "top")
		if err == nil {
			err = New().SetLines(lines)
		}
		var at *LineError
		if !errors.As(err, &at) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("port 1\nbind 127.0.0.1 ::1\nrequirepass \"a\\x00\"")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			t.Skip("would read files")
		}
		lines, err := Read(strings.NewReader(text), "top")
		if err == nil {
			New().SetLines(lines)
		}
	})
}

// TestLastValueCounts: an unsupported value is no error if a later line replaces
// it, whatever file it comes from.
func TestLastValueCounts(t *testing.T) {
	const on, off = "import-mode yes", "import-mode no"
	for _, c := range []struct {
		text string
		line int // of the error; 0: none
	}{
		{off, 0}, {on + "\n" + off, 0}, {on, 1}, {off + "\n" + on, 2}, {on + "\n" + off + "\n" + on, 3},
		{on + "\nport 1", 1}, {on + "\nport x\n" + off, 2}, {"hz 1\n" + on + "\n# the end", 2},
	} {
		lines, err := Read(strings.NewReader(c.text), "f")
		if err != nil {
			t.Fatal(err)
		}
		var at *LineError
		err = New().SetLines(lines)
		if c.line == 0 && err != nil || c.line > 0 && (!errors.As(err, &at) || at.Number != c.line) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

// TestErrorsHideSecrets: an error shows the line without its passwords, even if the
// line can't be split into words.
func TestErrorsHideSecrets(t *testing.T) {
	lines := []string{
		`requirepass "hunter2`, "requirepass hunter2 hunter2", "\tRequirePass\thunter2 x", "user bob on >hunter2 nosuch",
		`user bob "on >hunter2`, "user bob >hunter2 '(+nosuch)'",
	}
	for p := range All {
		if p.Secret {
			lines = append(lines, p.Name+" hunter2 hunter2", p.Name+` "hunter2`)
		}
	}
	for _, text := range lines {
		read, err := Read(strings.NewReader(text), "f")
		if err == nil {
			err = New().SetLines(read)
		}
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), strings.Fields(text)[0]) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
