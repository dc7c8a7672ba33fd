package strict

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/spec"
)

func TestSet(t *testing.T) {
	var r Rules
	for _, line := range []string{"ALL warn", "Large-Reads ERROR 5", "missing-ttl warn a:* b:*", "newer-commands error valkey-8.1", "cross-slot off", "missing-pipeline warn"} {
		if err := r.Set(strings.Fields(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	var got strings.Builder
	for rule := range Count {
		fmt.Fprintf(&got, "%s %s %s\n", rule, r.Level(rule), r.Limit(rule))
	}
	const want = `cross-slot off 
undeclared-keys warn 
large-reads error 5
large-values warn 1048576
missing-ttl warn a:* b:*
newer-commands error valkey-8.1.0
deprecated-commands warn 
new-scripts warn 100
missing-pipeline warn 10
`
	if got.String() != want {
		t.Errorf("got\n%s", &got)
	}
	if err := r.Set([]string{"all", "off"}); err != nil || r.On() || r.Limit(LargeReads) != "5" {
		t.Errorf("%v, %v, limit %s", err, r.On(), r.Limit(LargeReads))
	}
}

func TestSetErrors(t *testing.T) {
	for line, want := range map[string]string{
		"cross-slot":                      "needs a level",
		"cross-slot loud":                 "'loud' is no level",
		"nothing warn":                    "no rule is called 'nothing'",
		"cross-slot warn 3":               "takes no limit",
		"all warn 3":                      "takes no limit",
		"large-reads warn 0":              "a number from 1 on",
		"large-reads warn 1 2":            "takes one limit",
		"missing-ttl warn":                "needs patterns of keys",
		"newer-commands error":            "needs a version",
		"newer-commands error 7.x":        "'7.x' is no version",
		"newer-commands error 7.0.1.2":    "is no version",
		"newer-commands error 0":          "is no version",
		"newer-commands error keydb-6":    "is no version",
		"newer-commands error 99999999.0": "is no version",
	} {
		var r Rules
		if err := r.Set(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) || r.On() {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestMissing finds what versions do not have in command lines.
func TestMissing(t *testing.T) {
	for _, test := range []struct{ version, line, want string }{
		{"7.4", "SET k v", ""},
		{"6.0", "SET k GET", ""}, // it is the value
		{"6.0", "SET k v GET", "GET 6.2.0"},
		{"6.0", "SET k v EX 10 GET", "GET 6.2.0"},
		{"6.0", "SET k v EX GET", ""}, // likewise
		{"2.4", "SET k v EX 10", "EX 2.6.12"},
		{"6.2", "SET k v GET", ""},
		{"6.0", "LPOP k", ""},
		{"6.0", "LPOP k 2", "count 6.2.0"},
		{"6.2", "EXPIRE k 10 NX", "NX 7.0.0"},
		{"6.2", "BITCOUNT k 0 -1", ""},
		{"6.2", "BITCOUNT k 0 -1 byte", "BYTE 7.0.0"},
		{"6.0", "ZADD k 1 GT", ""}, // it is a member
		{"6.0", "ZADD k GT 1 m", "GT 6.2.0"},
		{"6.0", "ZADD k NX CH 1 GT", ""},
		{"6.0", "XADD k NOMKSTREAM * f v", "NOMKSTREAM 6.2.0"},
		{"6.0", "XADD k MAXLEN ~ 5 LIMIT 2 * f v", "LIMIT 6.2.0"},
		{"6.0", "XADD k * LIMIT 2", ""}, // it is a field
		{"6.0", "XTRIM k MAXLEN ~ 5 LIMIT 2", "LIMIT 6.2.0"},
		{"6.0", "XTRIM k MINID 5", "MINID 6.2.0"},
		{"5.0", "RESTORE k 0 x REPLACE", ""},
		{"4.0", "RESTORE k 0 ABSTTL ABSTTL", "ABSTTL 5.0.0"},
		{"7.2", "HEXPIRE k 10 FIELDS 1 f", "the command 7.4.0"},
		{"6.2", "CLIENT NO-TOUCH ON", "the command 7.2.0"},
		{"7.0", "CLIENT KILL MAXAGE 10", "MAXAGE 7.4.0"},
		{"7.4", "ZRANGE k 0 -1 REV", ""},
		{"6.0", "ZRANGE k 0 -1 REV", "REV 6.2.0"},
		{"6.0", "ZRANGE k REV BYLEX", ""}, // these are the bounds
		{"valkey-8.0", "HEXPIRE k 10 FIELDS 1 f", "the command 7.4.0"},
		{"valkey-9.0", "HEXPIRE k 10 FIELDS 1 f", ""},
		{"valkey-8.0", "EXPIRE k 10 NX", ""},
		{"valkey-8.0", "GET k", ""},
	} {
		v, err := ParseVersion(test.version)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(test.line)
		cmd := spec.Find(words[0])
		n := 1
		if sub := cmd.Subcommand(words[1]); sub != nil {
			cmd, n = sub, 2
		}
		var args [][]byte
		for _, w := range words[n:] {
			args = append(args, []byte(w))
		}
		what, since := v.missing(cmd, args)
		if got := strings.TrimSpace(what + " " + since); got != test.want {
			t.Errorf("%s, %s: %q, not %q", test.version, test.line, got, test.want)
		}
	}
}

func TestLargest(t *testing.T) {
	for reply, want := range map[string]int{
		"": 0, "+OK\r\n": 0, ":17\r\n": 0, "$-1\r\n": 0, "*-1\r\n": 0, "*0\r\n": 0,
		"*2\r\n$4\r\n*99\n\r\n:3\r\n":                              2,
		"*1\r\n*2\r\n$1\r\ns\r\n*3\r\n+a\r\n+b\r\n+c\r\n":          3,
		"%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n":                           2,
		"~3\r\n:1\r\n:2\r\n:3\r\n":                                 3,
		"=8\r\ntxt:*9\r\n\r\n":                                     0,
		"*1\r\n!3\r\n*7\r\r\n":                                     1,
		strings.Repeat("*1\r\n", 5) + "*12\r\n":                    12,
		"$3\r\nab":                                                 0,
		"*1000000000\r\n" + strings.Repeat("$1\r\nx\r\n", 1) + "$": 1000000000,
	} {
		if got := largest([]byte(reply)); got != want {
			t.Errorf("%q: %d, not %d", reply, got, want)
		}
	}
}

// TestBounded: what changes with each command takes no memory without end.
func TestBounded(t *testing.T) {
	var r Rules
	for _, line := range []string{"deprecated-commands warn", "missing-ttl error *"} {
		if err := r.Set(strings.Fields(line)); err != nil {
			t.Fatal(err)
		}
	}
	s := New(r)
	logged := 0
	s.Log = func(*Finding) { logged++ }
	cmd := spec.Find("getset")
	for i := range 3 * maxFindings {
		c := &Call{
			Command: cmd, Name: "getset", Args: [][]byte{[]byte("GETSET"), []byte(strings.Repeat("k", 1000)), []byte("v")},
			Client: func() string { return "c" }, Origin: func() string { return fmt.Sprint(i) },
		}
		s.Before(c, new(Run), false)
		s.Wrote(c, 0, c.Args[1:2])
		if s.End(func(int, []byte) Kept { return Kept{Exists: true} }) == "" {
			t.Fatal("not refused")
		}
	}
	found := slices.Collect(s.Found)
	if len(found) != maxFindings || logged != maxFindings || s.Broken(DeprecatedCommands) != 3*maxFindings {
		t.Errorf("%d found, %d logged, %d counted", len(found), logged, s.Broken(DeprecatedCommands))
	}
	if n := len(found[0].Line); n > 2*maxLine {
		t.Errorf("a line of %d bytes", n)
	}
	if s.Forget(); s.Broken(DeprecatedCommands) != 0 || len(slices.Collect(s.Found)) != 0 || !s.On() {
		t.Error("not forgotten, or the rules with it")
	}
}
