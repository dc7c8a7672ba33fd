package fault

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
)

func rule(t *testing.T, line string) Rule {
	t.Helper()
	r, err := Parse("r", strings.Fields(line))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return r
}

func call(command string, keys ...string) *Call {
	container, _, isSub := strings.Cut(command, "|")
	if !isSub {
		container = ""
	}
	return &Call{
		Command: command, Container: container, ClientName: "worker", ClientAddr: "127.0.0.1:5000", User: "ann", Space: "w1", Now: 1000,
		InCategory: func(name string) bool { return name == "read" },
		Keys: func(yield func([]byte) bool) {
			for _, k := range keys {
				if !yield([]byte(k)) {
					return
				}
			}
		},
	}
}

func TestConditions(t *testing.T) {
	for line, want := range map[string]bool{
		"DO BLACKHOLE":                                    true,
		"COMMAND GET DO BLACKHOLE":                        true,
		"command get do blackhole":                        true,
		"COMMAND SET DO BLACKHOLE":                        false,
		"CATEGORY @read DO BLACKHOLE":                     true,
		"CATEGORY write DO BLACKHOLE":                     false,
		"KEY user:* DO BLACKHOLE":                         true,
		"KEY order:* DO BLACKHOLE":                        false,
		"CLIENT work* DO BLACKHOLE":                       true,
		"CLIENT 127.0.0.1:* DO BLACKHOLE":                 true,
		"CLIENT web DO BLACKHOLE":                         false,
		"USER ann DO BLACKHOLE":                           true,
		"USER ben DO BLACKHOLE":                           false,
		"SPACE w1 DO BLACKHOLE":                           true,
		"SPACE w2 DO BLACKHOLE":                           false,
		"AFTER 1000 BEFORE 1001 DO BLACKHOLE":             true,
		"AFTER 1001 DO BLACKHOLE":                         false,
		"BEFORE 1000 DO BLACKHOLE":                        false,
		"COMMAND GET KEY *:1 USER ann DO BLACKHOLE":       true,
		"COMMAND GET KEY *:1 USER ben DO BLACKHOLE":       false,
		"DO REFUSE":                                       false,
		"DO ENOSPC":                                       false,
		"COMMAND GET FROM 2 DO BLACKHOLE":                 false,
		"COMMAND GET PROBABILITY 1 TIMES 1 DO BLACKHOLE":  true,
		"COMMAND GET KEY other:* KEY user:1 DO BLACKHOLE": true, // the last one counts
	} {
		s := New(1)
		s.Add(rule(t, line))
		if _, hit := s.Command(call("get", "other", "user:1")); hit != want {
			t.Errorf("%s: hit is %v", line, hit)
		}
	}
}

func TestContainers(t *testing.T) {
	for line, want := range map[string]string{
		"COMMAND CONFIG DO BLACKHOLE":      "config|get config|set",
		"COMMAND CONFIG|SET DO BLACKHOLE":  "config|set",
		"COMMAND CONFIG|HELP DO BLACKHOLE": "",
	} {
		s := New(1)
		s.Add(rule(t, line))
		var got []string
		for _, name := range []string{"get", "config|get", "config|set"} {
			if _, hit := s.Command(call(name)); hit {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: hits %v, want %q", line, got, want)
		}
	}
	s := New(1)
	r, err := Parse("r", []string{"COMMAND", "config set", "DO", "EVICT"})
	if s.Add(r); err != nil || r.Command != "config|set" {
		t.Errorf("got %q, %v", r.Command, err)
	}
}

// hits returns which of 12 commands a rule hits.
func hits(s *Set) (ns []int) {
	for n := 1; n <= 12; n++ {
		if _, hit := s.Command(call("get")); hit {
			ns = append(ns, n)
		}
	}
	return ns
}

func TestCounts(t *testing.T) {
	for line, want := range map[string]string{
		"FROM 10 DO EVICT":                "[10 11 12]",
		"EVERY 5 DO EVICT":                "[1 6 11]",
		"FROM 3 EVERY 4 DO EVICT":         "[3 7 11]",
		"TIMES 2 DO EVICT":                "[1 2]",
		"FROM 3 EVERY 4 TIMES 2 DO EVICT": "[3 7]",
	} {
		s := New(1)
		s.Add(rule(t, line))
		got := hits(s)
		if fmt.Sprint(got) != want {
			t.Errorf("%s: hits %v, want %s", line, got, want)
		}
		for _, n := range s.All {
			if n != len(got) {
				t.Errorf("%s: counts %d hits, had %d", line, n, len(got))
			}
		}
	}
}

func TestProbabilityRepeatsFromTheSeed(t *testing.T) {
	run := func(seed uint64) string {
		s := New(seed)
		s.Add(rule(t, "PROBABILITY 0.5 DO EVICT"))
		return fmt.Sprint(hits(s))
	}
	if first, second := run(7), run(7); first != second {
		t.Errorf("the same seed gives two runs: %s, %s", first, second)
	}
	other := false
	for seed := range effort.Of(uint64(20)) {
		other = other || run(seed) != run(7)
	}
	if !other {
		t.Error("all seeds give the same run")
	}
}

// TestOrder: the first rule wins, but all count.
func TestOrder(t *testing.T) {
	s := New(1)
	s.Add(Rule{Name: "a", From: 2, Action: Action{Do: Error, Text: "A"}})
	s.Add(Rule{Name: "b", Action: Action{Do: Error, Text: "B"}})
	for i, want := range []string{"B", "A", "A"} {
		if a, _ := s.Command(call("get")); a.Text != want {
			t.Errorf("command %d: %s, want %s", i, a.Text, want)
		}
	}
	s.Add(Rule{Name: "a", Action: Action{Do: Error, Text: "C"}}) // in the place of the old one
	if a, _ := s.Command(call("get")); a.Text != "C" {
		t.Errorf("got %s", a.Text)
	}
	if !s.Remove("a") || s.Remove("a") || s.Len() != 1 {
		t.Error("Remove")
	}
	if s.Clear(); s.Len() != 0 {
		t.Error("Clear")
	}
}

func TestConnectionsAndFiles(t *testing.T) {
	s := New(1)
	s.Add(rule(t, "CLIENT 10.* DO REFUSE"))
	s.Add(Rule{Name: "disk", Times: 1, Action: Action{Do: IOError}})
	if !s.Connection(&Call{ClientAddr: "10.0.0.1:1"}) || s.Connection(&Call{ClientAddr: "127.0.0.1:1"}) {
		t.Error("Connection")
	}
	if first, second := s.File(0), s.File(0); first != IOError || second != 0 {
		t.Errorf("File: %v, %v", first, second)
	}
}

// TestGuests: of the rules of the server that a space is of, those count that name
// the space.
func TestGuests(t *testing.T) {
	for line, want := range map[string][2]bool{ // asked of its own server, of the space's
		"DO BLACKHOLE":          {true, false},
		"SPACE w1 DO BLACKHOLE": {true, true},
		"SPACE w2 DO BLACKHOLE": {false, false},
	} {
		for i, guest := range []bool{false, true} {
			s := New(1)
			s.Add(rule(t, line))
			c := call("get")
			c.Guest = guest
			if _, hit := s.Command(c); hit != want[i] {
				t.Errorf("%s: guest %v: hit is %v", line, guest, hit)
			}
		}
	}
}

// TestImpossible: a rule that could never hit is an error.
func TestImpossible(t *testing.T) {
	for line, want := range map[string]string{
		"COMMAND get DO ENOSPC":        "ENOSPC is for files, which have no COMMAND",
		"TIMES 2 KEY a SPACE b DO EIO": "EIO is for files, which have no KEY",
		"SPACE w1 DO EIO":              "EIO is for files, which have no SPACE",
		"USER ann DO REFUSE":           "REFUSE is for connections, which have no USER",
		"AFTER 5 BEFORE 5 DO EVICT":    "the time AFTER has to be before BEFORE",
		"DO EVICT COMMAND get":         "wrong number of words after DO EVICT",
		"DO ENOSPC now":                "wrong number of words after DO ENOSPC",
		"DO ERROR OOM now":             "wrong number of words after DO ERROR",
		"DO DELAY":                     "wrong number of words after DO DELAY",
		"DO CLOSE":                     "DO CLOSE needs BEFORE or AFTER",
	} {
		if _, err := Parse("r", strings.Fields(line)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	rule(t, "CLIENT 10.* SPACE w1 FROM 2 EVERY 3 TIMES 4 PROBABILITY 0.5 AFTER 1 BEFORE 2 DO REFUSE")
}

// TestFilesDrawAlone: how often files are written does not change what commands meet.
func TestFilesDrawAlone(t *testing.T) {
	run := func(files int) string {
		s := New(3)
		s.Add(rule(t, "PROBABILITY 0.5 DO EVICT"))
		s.Add(Rule{Name: "disk", Probability: 0.5, Action: Action{Do: IOError}})
		for range files {
			s.File(0)
		}
		return fmt.Sprint(hits(s))
	}
	if a, b := run(0), run(5); a != b {
		t.Errorf("hits %s, and with files %s", a, b)
	}
}

// TestWords: what Words writes Parse reads.
func TestWords(t *testing.T) {
	for _, line := range []string{
		"COMMAND config|set CATEGORY read KEY a* CLIENT c* USER u SPACE s FROM 2 EVERY 3 TIMES 4 PROBABILITY 0.25 AFTER 5 BEFORE 6 DO CLOSE AFTER",
		"DO ERROR OOM", "DO DELAY 5", "DO CLOSE BEFORE", "DO CUT 7", "DO BLACKHOLE", "DO TRICKLE 8", "DO EXPIRE", "DO EVICT",
		"DO REFUSE", "DO ENOSPC", "DO EIO",
	} {
		r := rule(t, line)
		if got := strings.Join(r.Words(), " "); got != line {
			t.Errorf("%s became %s", line, got)
		}
	}
	words := []string{"DO", "ERROR", "LOADING Redis is loading the dataset in memory"}
	if r, err := Parse("r", words); err != nil || !slices.Equal(r.Words(), words) {
		t.Errorf("got %v, %v", r.Words(), err)
	}
}

func TestBadWords(t *testing.T) {
	for line, want := range map[string]string{
		"":                        "needs DO",
		"COMMAND GET":             "needs DO",
		"COMMAND":                 "COMMAND needs a value",
		"DO":                      "needs DO",
		"DO DANCE":                "unknown action DANCE",
		"DO CLOSE":                "DO CLOSE needs BEFORE or AFTER",
		"DO CLOSE SOON":           "unknown action CLOSE SOON",
		"DO ERROR":                "wrong number of words",
		"DO EVICT now":            "wrong number of words",
		"DO DELAY soon":           "DELAY needs a number",
		"DO DELAY -1":             "DELAY needs a number",
		"DO DELAY 99999999999999": "DELAY needs a number",
		"DO CUT -1":               "CUT needs a number",
		"FROM 0 DO EVICT":         "FROM must be a number from 1 on",
		"PROBABILITY 0 DO EVICT":  "PROBABILITY must be",
		"PROBABILITY 2 DO EVICT":  "PROBABILITY must be",
		"PROBABILITY x DO EVICT":  "PROBABILITY must be",
		"SPEED 3 DO EVICT":        "unknown option SPEED",
	} {
		if _, err := Parse("r", strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	if _, err := Parse("r", []string{"DO", "ERROR", "two\r\nlines"}); err == nil {
		t.Error("an error of two lines")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("KEY a* FROM 3 DO ERROR OOM")
	f.Add("DO CLOSE AFTER")
	f.Add("KEY 0 CLIENT 0 USER 0 FROM 1 DO ERROR 000")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := Parse("r", strings.Fields(line))
		if err != nil {
			return
		}
		again, err := Parse("r", r.Words())
		if err != nil || again != r {
			t.Errorf("%q became %q: %+v, %+v, %v", line, r.Words(), r, again, err)
		}
	})
}
