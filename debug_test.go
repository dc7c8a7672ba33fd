package respserver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/config"
)

// number returns the number that a pattern captures in a text.
func number(t *testing.T, text, pattern string) int {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in %q", pattern, text)
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// TestTableResizing: DICT-RESIZING 0 keeps a table of keys at its size, and 1 lets
// it shrink.
func TestTableResizing(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"enable-debug-command yes"}})
	const keys = 20_000
	s.Must("DEBUG", "POPULATE", keys)
	size := func() int { return number(t, s.Must("DEBUG", "HTSTATS", 0).Text(), `table size: (\d+)`) }
	full := size()
	if text := s.Must("DEBUG", "HTSTATS", 0, "FULL").Text(); number(t, text, `number of elements: (\d+)`) != keys || number(t, text, `different slots: (\d+)`) != keys {
		t.Error(text)
	}
	s.Must("DEBUG", "DICT-RESIZING", 0)
	for i := 10; i < keys; i++ {
		s.Must("DEL", fmt.Sprint("key:", i))
	}
	if got := size(); got != full {
		t.Errorf("%d slots, want %d as before", got, full)
	}
	s.Must("DEBUG", "DICT-RESIZING", 1)
	if got := size(); got > 128 {
		t.Errorf("%d slots for 10 keys", got)
	}
	for i := range 10 {
		if s.Must("EXISTS", fmt.Sprint("key:", i)).Int() != 1 {
			t.Errorf("key:%d is lost", i)
		}
	}
}

// TestReplyBuffers: DEBUG REPLYBUFFER makes clients keep their reply buffers.
func TestReplyBuffers(t *testing.T) {
	t.Parallel()
	s := respserver.StartTest(t, respserver.Options{Config: []string{"enable-debug-command yes"}})
	conn, err := s.Dial(t.Context())
	client := ask(t, conn, err)
	size := func() int {
		client("ECHO", strings.Repeat("x", 5000))
		return number(t, s.Must("CLIENT", "LIST").Text(), `rbs=(\d+)`)
	}
	for _, modes := range [][2]string{{"RESIZING 0", "RESIZING 1"}, {"PEAK-RESET-TIME NEVER", "PEAK-RESET-TIME RESET"}} {
		set := func(mode string) {
			name, value, _ := strings.Cut(mode, " ")
			s.Must("DEBUG", "REPLYBUFFER", name, value)
		}
		if n := size(); n != 0 {
			t.Errorf("before %s: %d bytes", modes[0], n)
		}
		set(modes[0])
		if n := size(); n < 5000 {
			t.Errorf("%s: %d bytes", modes[0], n)
		}
		set(modes[1])
		if n := size(); n != 0 {
			t.Errorf("%s: %d bytes", modes[1], n)
		}
	}
}

// TestRewriteForceAll: the rewritten file has all settings except for the missing
// master, and a server starts with it.
func TestRewriteForceAll(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "redis.conf")
	s := respserver.StartTest(t, respserver.Options{ConfigFile: file, Config: []string{"enable-debug-command yes", "maxclients 77"}})
	s.Must("DEBUG", "CONFIG-REWRITE-FORCE-ALL")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for p := range config.All {
		if p.Name != "replicaof" && p.Until == "" && !strings.Contains("\n"+string(text), "\n"+p.Name+" ") {
			t.Errorf("the file lacks %s", p.Name)
		}
	}
	lines, err := respserver.ReadConfig(strings.NewReader(string(text)), file)
	if err != nil {
		t.Fatal(err)
	}
	two := respserver.StartTest(t, respserver.Options{Config: lines, NoListen: true})
	if got := two.Must("CONFIG", "GET", "maxclients").Map()["maxclients"].Text(); got != "77" {
		t.Errorf("maxclients %s", got)
	}
}
