package main

import (
	"log/slog"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestParseArgs(t *testing.T) {
	for _, c := range []struct {
		args string // separated by "|"
		want string
	}{
		{"", ""},
		{"my.conf", "my.conf:"},
		{"--port|1", `port "1"`},
		{"--port 1|--timeout|2", "port 1\ntimeout \"2\""},
		{"--port=1|--timeout|2", "port \"1\"\ntimeout \"2\""},
		{"-p|1", `port "1"`},
		{"--save=", `save ""`},
		{"--save=900 1", `save "900 1"`},
		{"--requirepass a=b", "requirepass a=b"},
		{"--requirepass=--a=b", `requirepass "--a=b"`},
		{"--requirepass|a=b", `requirepass "a=b"`},
		{"--requirepass|--a=b", `requirepass "--a=b"`},
		{"--requirepass|-p|--port|1", "requirepass \"-p\"\nport \"1\""},
		{"--bind|127.0.0.1|::1|--port|1", "bind \"127.0.0.1\" \"::1\"\nport \"1\""},
		{"--list-max-listpack-size|-2", `list-max-listpack-size "-2"`},
		{"--client-output-buffer-limit|normal|1mb|0|0", `client-output-buffer-limit "normal" "1mb" "0" "0"`},
		{"--requirepass|--x", `requirepass "--x"`},
		{"--requirepass|", `requirepass ""`},
		{"--requirepass|a \"b\\\n", `requirepass "a \"b\\\x0a"`},
		{"--save|--port|1", "save \"\"\nport \"1\""},
		{"--save", `save ""`},
		{"--inspector", "inspector 0"},
		{"--inspector|--testing", "inspector 0\nenable-testing-command yes"},
		{"--inspector|8001", `inspector "8001"`},
		{"--inspector=localhost:8001", `inspector "localhost:8001"`},
		{"--save|900|1|300|10", `save "900" "1" "300" "10"`},
		{"my.conf|--port|1|-", `my.conf:port "1" + stdin`},
		{"-|--port|1", `port "1" + stdin`},
		{"--port|1|-|--timeout|2", "port \"1\" \"-\"\ntimeout \"2\""},
		{"-", " + stdin"},
		{"-x", ` "-x"`},
		{"--ready-file|r|--port|1", `port "1" > r`},
		{"--ready-file=r|--port|1", `port "1" > r`},
		{"--testing|--port|1", "enable-testing-command yes\nport \"1\""},
		{"--exit-with-parent|--port|1", `port "1" !`},
		{"--no-event-loop|--port|1", `port "1" g`},
		{"--requirepass|--exit-with-parent", `requirepass "--exit-with-parent"`},
		{"a|b", `a: "b"`},
		{"--help", " help"},
		{"my.conf|-h", "my.conf: help"},
		{"--port|1|--help", `port "1" help`},
		{"--requirepass|-h", `requirepass "-h"`},
		{"-v", " version"},
		{"--port|1|--version", `port "1" version`},
	} {
		var args []string
		if c.args != "" {
			args = strings.Split(c.args, "|")
		}
		a, err := parseArgs(args)
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
			continue
		}
		got := a.options
		if a.file != "" {
			got = a.file + ":" + got
		}
		if a.stdin {
			got += " + stdin"
		}
		if a.ready != "" {
			got += " > " + string(a.ready)
		}
		if a.exitWithParent {
			got += " !"
		}
		if a.noEventLoop {
			got += " g"
		}
		if a.help {
			got += " help"
		}
		if a.version {
			got += " version"
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.args, got, c.want)
		}
	}
}

// TestQuote parses quoted words and compares them with the originals.
func TestQuote(t *testing.T) {
	for _, word := range []string{"", "a", "a b", `"`, `\`, `\n`, "\n\t\x00\x7f\xff", "'a'", "#", "é"} {
		lines, err := respserver.ReadConfig(strings.NewReader("requirepass "+quote(word)), "")
		if err != nil {
			t.Errorf("%q: %v", word, err)
		} else if got := respserver.Setting(lines, "requirepass"); got != word {
			t.Errorf("%q is %q after parsing %q", word, got, lines)
		}
	}
}

func TestLog(t *testing.T) {
	var b strings.Builder
	log := slog.New(newLogHandler(&b, levelVerbose)).With("a", 1).WithGroup("g")
	log.Debug("no")
	log.Info("yes", "b", "x y")
	if got := b.String(); !strings.Contains(got, ` * yes a=1 g.b="x y"`+"\n") || strings.Contains(got, "no") {
		t.Errorf("got %q", got)
	}
	b.Reset()
	slog.New(newLogHandler(&b, slog.LevelError+1)).Error("no")
	if b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}
