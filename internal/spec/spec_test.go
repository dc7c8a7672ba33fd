package spec_test

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	_ "github.com/resp-server/resp-server/internal/module/array"
	. "github.com/resp-server/resp-server/internal/spec"
)

// walk calls f for every row with its full name, "config|get" for a subcommand.
func walk(f func(name string, c *Command)) {
	for _, group := range Groups() {
		for i := range group {
			c := &group[i]
			f(c.Name, c)
			for j := range c.Subcommands {
				f(c.Name+"|"+c.Subcommands[j].Name, &c.Subcommands[j])
			}
		}
	}
}

// readLines returns the lines of a file under testdata without its comments.
func readLines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	s := bufio.NewScanner(f)
	for s.Scan() {
		if !strings.HasPrefix(s.Text(), "#") {
			lines = append(lines, s.Text())
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestRowsAreSortedAndUnique(t *testing.T) {
	byName := func(a, b Command) int { return strings.Compare(a.Name, b.Name) }
	seen := map[string]bool{}
	for _, group := range Groups() {
		if !slices.IsSortedFunc(group, byName) {
			t.Errorf("the table that begins with %s is not sorted", group[0].Name)
		}
	}
	walk(func(name string, c *Command) {
		if seen[name] {
			t.Errorf("%s: two rows", name)
		}
		seen[name] = true
		if name != strings.ToLower(name) {
			t.Errorf("%s: not lower case", name)
		}
		if !slices.IsSortedFunc(c.Subcommands, byName) {
			t.Errorf("%s: subcommands are not sorted", name)
		}
		for i := range c.Subcommands {
			if len(c.Subcommands[i].Subcommands) > 0 || c.Subcommands[i].Group != c.Group {
				t.Errorf("%s|%s: nested or of another group", name, c.Subcommands[i].Name)
			}
		}
		if Find(name) != c {
			t.Errorf("Find(%q) does not find it", name)
		}
	})
	if Find("nosuch") != nil || Find("config|nosuch") != nil || Find("Config Get") != Find("config|get") {
		t.Error("Find: wrong answer")
	}
}

func TestRowsAreComplete(t *testing.T) {
	walk(func(name string, c *Command) {
		if c.Arity == 0 || c.Group == "" || c.Categories == 0 || c.Since == "" && c.ValkeySince == "" {
			t.Errorf("%s: a field is missing", name)
		}
		if c.Summary == "" || !strings.HasSuffix(c.Summary, ".") || strings.TrimSpace(c.Summary) != c.Summary {
			t.Errorf("%s: summary %q is not a sentence", name, c.Summary)
		}
		if (c.Doc&Deprecated != 0) != (c.DeprecatedSince != "") {
			t.Errorf("%s: DeprecatedSince and the Deprecated flag disagree", name)
		}
		for _, h := range c.History {
			if h.Version == "" || h.What == "" {
				t.Errorf("%s: history %q", name, h)
			}
		}
	})
}

func TestImpliedCategories(t *testing.T) {
	for _, implied := range []struct {
		flag Flag
		cat  Category
	}{
		{Write, WriteCategory},
		{Admin, AdminCategory | Dangerous},
		{PubSub, PubSubCategory},
		{Fast, FastCategory},
		{Blocking, BlockingCategory},
	} {
		walk(func(name string, c *Command) {
			if c.Flags&implied.flag != 0 && c.Categories&implied.cat != implied.cat {
				t.Errorf("%s: lacks %v", name, implied.cat.AppendNames(nil))
			}
		})
	}
	walk(func(name string, c *Command) {
		if read := c.Flags&ReadOnly != 0 && c.Categories&Scripting == 0; read != (c.Categories&Read != 0) {
			t.Errorf("%s: @read is %v", name, !read)
		}
		if fast, slow := c.Categories&FastCategory != 0, c.Categories&Slow != 0; fast == slow {
			t.Errorf("%s: @fast is %v, @slow is %v", name, fast, slow)
		}
	})
}

// fewest returns the minimum number of arguments according to the tree.
func fewest(args []Arg) int {
	n := 0
	for i := range args {
		a := &args[i]
		if a.Optional {
			continue
		}
		if a.Token != "" && a.Type != PureToken || a.EmptyToken && a.Type != PureToken {
			n++
		}
		switch a.Type {
		case Block:
			n += fewest(a.Args)
		case OneOf:
			least := fewest(a.Args[:1])
			for j := range a.Args {
				least = min(least, fewest(a.Args[j:j+1]))
			}
			n += least
		default:
			n++
		}
	}
	return n
}

func isFixed(args []Arg) bool {
	for i := range args {
		a := &args[i]
		if a.Optional || a.Multiple || !isFixed(a.Args) {
			return false
		}
		if a.Type == OneOf {
			for j := range a.Args {
				if fewest(a.Args[j:j+1]) != fewest(a.Args[:1]) {
					return false
				}
			}
		}
	}
	return true
}

func TestArityFitsArguments(t *testing.T) {
	// The servers declare another arity for these than the trees imply, or no
	// tree.
	odd := map[string]bool{
		"client|kill": true, "cluster|migrateslots": true, "cluster|migration": true,
		"debug": true, "hotkeys|start": true, "psync": true, "quit": true, "replconf": true,
	}
	walk(func(name string, c *Command) {
		if len(c.Subcommands) > 0 {
			return
		}
		n := 1 + strings.Count(name, "|") + fewest(c.Args)
		want := n
		if !isFixed(c.Args) {
			want = -n
		}
		if odd[name] == (c.Arity == want) {
			t.Errorf("%s: arity %d, but the arguments imply %d", name, c.Arity, want)
		}
	})
}

func TestKeySpecsAreUsed(t *testing.T) {
	var mark func(name string, args []Arg, used []bool)
	mark = func(name string, args []Arg, used []bool) {
		for i := range args {
			a := &args[i]
			if a.KeySpec > len(used) {
				t.Errorf("%s: argument %s refers to a missing key spec", name, a.Name)
			} else if a.KeySpec > 0 {
				used[a.KeySpec-1] = true
			}
			if (a.Type == OneOf || a.Type == Block) != (len(a.Args) > 0) {
				t.Errorf("%s: argument %s: type and members disagree", name, a.Name)
			}
			if a.Type == PureToken && a.Token == "" && !a.EmptyToken {
				t.Errorf("%s: argument %s is a token without a word", name, a.Name)
			}
			mark(name, a.Args, used)
		}
	}
	walk(func(name string, c *Command) {
		used := make([]bool, len(c.Keys))
		mark(name, c.Args, used)
		for i := range c.Keys {
			if !used[i] && c.Keys[i].Flags&NotKey == 0 {
				t.Errorf("%s: no argument refers to key spec %d", name, i)
			}
		}
	})
}

func TestWordsAreThoseOfTheTrees(t *testing.T) {
	used := map[Word]bool{}
	var mark func(args []Arg)
	mark = func(args []Arg) {
		for i := range args {
			if text := args[i].Token; text != "" && text[0] >= 'A' && text[0] <= 'Z' {
				w := WordOf(text)
				if w.String() != text {
					t.Errorf("%s: no word", text)
				}
				used[w] = true
			}
			mark(args[i].Args)
		}
	}
	walk(func(_ string, c *Command) { mark(c.Args) })
	for w := NoWord + 1; w < WordCount; w++ {
		if !used[w] || WordTexts[w-1] >= WordTexts[w] {
			t.Errorf("%s: unused or not in order", w)
		}
	}
	if WordOf("NOSUCH") != NoWord || NoWord.String() != "" || WordCount.String() != "" {
		t.Error("the empty text has a word")
	}
}

func TestOptions(t *testing.T) {
	for name, want := range map[string]string{
		"get":          "",
		"set":          "NX/1 XX/1 IFEQ:1/1 IFNE:1/1 IFDEQ:1/1 IFDNE:1/1 GET EX:1/2 PX:1/2 EXAT:1/2 PXAT:1/2 KEEPTTL/2",
		"getex":        "EX:1/1 PX:1/1 EXAT:1/1 PXAT:1/1 PERSIST/1",
		"zadd":         "NX/1 XX/1 GT/2 LT/2 CH INCR",
		"zrange":       "BYSCORE/1 BYLEX/1 REV LIMIT:2 WITHSCORES",
		"zunionstore":  "WEIGHTS:255 AGGREGATE:1",
		"scan":         "MATCH:1 COUNT:1 TYPE:1",
		"restore":      "REPLACE ABSTTL IDLETIME:1 FREQ:1",
		"hrandfield":   "WITHVALUES",
		"bitcount":     "BYTE/1 BIT/1",
		"migrate":      "COPY REPLACE AUTH:1/1 AUTH2:2/1 KEYS:255",
		"georadius":    "WITHCOORD WITHDIST WITHHASH COUNT:1 ANY ASC/1 DESC/1 STORE:1/2 STOREDIST:1/2",
		"xgroup|setid": "ENTRIESREAD:1",
		"client|list":  "TYPE:1 ID:255",
		"failover":     "TO:2 FORCE ABORT TIMEOUT:1",
	} {
		var got []string
		for _, o := range Find(name).Options() {
			s := o.Text
			if o.Values > 0 {
				s += fmt.Sprint(":", o.Values)
			}
			if o.Group > 0 {
				s += fmt.Sprint("/", o.Group)
			}
			if o.Word.String() != o.Text {
				t.Errorf("%s: word %v for %s", name, o.Word, o.Text)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s:\n got %s\nwant %s", name, s, want)
		}
	}
	for _, o := range Find("set").Options() {
		if o.Text == "KEEPTTL" && o.Since != "6.0.0" || o.Text == "NX" && o.Since != "2.6.12" {
			t.Errorf("SET %s since %s", o.Text, o.Since)
		}
	}
}
