package acl

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// testdata/transcripts/server/acl-*.txt records what the rules mean.

func args(words ...string) (list [][]byte) {
	for _, w := range words {
		list = append(list, []byte(w))
	}
	return list
}

// change changes or creates a user.
func change(t *testing.T, us *Users, name string, rules ...string) *User {
	t.Helper()
	u, err := us.Changed(name, rules)
	if err != nil {
		t.Fatal(err)
	}
	us.Put(u)
	return us.Get([]byte(name))
}

func (u *User) may(words ...string) bool {
	list := args(words...)
	return new(Judge).Check(u, Lookup(list), list).Reason == Granted
}

// TestChangesAreStaged: a change is invisible before Put, and users keep their
// identity.
func TestChangesAreStaged(t *testing.T) {
	us := NewUsers()
	u := change(t, us, "u", "on", "+get", "~a", ">x", "(+set ~b)")
	before := u.Rules()
	changed, err := us.Changed("u", []string{"+select|1", "-get", "%R~a", "~c", "&d", "<x", ">y", "(+del ~b)", "off"})
	if err != nil {
		t.Fatal(err)
	}
	if u.Rules() != before || u.may("select", "1") || !u.may("get", "a") {
		t.Errorf("changed too early: %s", u)
	}
	us.Put(changed)
	if us.Get([]byte("u")) != u || !u.may("select", "1") || u.may("get", "a") {
		t.Errorf("not changed: %s", u)
	}
	if _, err := us.Changed("u", []string{"+get", "nonsense"}); err == nil || u.may("get", "a") {
		t.Errorf("%v, and then %s", err, u)
	}
}

func TestUnrestricted(t *testing.T) {
	us := NewUsers()
	def := us.Default()
	if !def.Unrestricted || us.PasswordNeeded() {
		t.Error("the default user is restricted")
	}
	for _, step := range []struct {
		rule string
		want bool
	}{
		{"-get", false}, {"+get", false}, // as in Redis
		{"+@all", true}, {"resetkeys", false}, {"%R~*", false}, {"~*", true}, {"resetchannels", false}, {"&*", true},
		{"reset", false}, {"(+@all ~*)", false}, {"(~* &* +@all)", true}, {"clearselectors", false},
		{"nocommands", false}, {"allcommands", false}, {"allkeys", false}, {"allchannels", true},
	} {
		if u := change(t, us, DefaultName, step.rule); u.Unrestricted != step.want || u != def {
			t.Errorf("%s: %t", step.rule, u.Unrestricted)
		}
	}
}

func TestAllButSomeMayStillDoAll(t *testing.T) {
	us := NewUsers()
	u := change(t, us, "u", "+@all", "~*", "&*", "-get", "+get")
	for _, c := range commands().all {
		if !u.Root().allows(c, args("x")) {
			t.Errorf("%s is denied", c.FullName)
		}
	}
}

func TestDeclare(t *testing.T) {
	var list []Declaration
	for _, step := range []struct{ name, rules, err string }{
		{"a", "on +get ( +set ~k )", ""},
		{"b", "", ""},
		{"a", "", "Error in user declaration 'a': Duplicate user found. A user can only be defined once in config files"},
		{"c", "+get nonsense", "Error in user declaration 'nonsense': Syntax error"},
		{"c", "+nosuch", "Error in user declaration '+nosuch': Unknown command or category name in ACL"},
		{"c", "(+get", "Unmatched parenthesis in acl selector starting at '(+get'."},
		{"c d", "", "Error in user declaration 'c d': Spaces not allowed in ACL usernames"},
	} {
		next, err := Declare(list, step.name, strings.Fields(step.rules))
		if err == nil {
			list = next
		}
		if err == nil && step.err != "" || err != nil && err.Error() != step.err {
			t.Errorf("%s: %v\nwant %s", step.name, err, step.err)
		}
	}
	us := NewUsers()
	for _, d := range list {
		if _, err := us.Add(d); err != nil {
			t.Error(err)
		}
	}
	if got, want := us.Text(), "user a on sanitize-payload resetchannels -@all +get (~k resetchannels -@all +set)\n"+
		"user b off sanitize-payload resetchannels -@all\nuser default on nopass sanitize-payload ~* &* +@all\n"; got != want {
		t.Errorf("%s", got)
	}
}

func TestReplaceKeepsTheDefaultUser(t *testing.T) {
	us := NewUsers()
	def := us.Default()
	change(t, us, "gone")
	next, err := us.Parse("user default on >x\nuser u on", "f")
	if err != nil {
		t.Fatal(err)
	}
	us.Replace(next)
	if us.Default() != def || us.Get([]byte(DefaultName)) != def || !us.PasswordNeeded() || us.Get([]byte("gone")) != nil || us.Len() != 2 {
		t.Errorf("%s", us.Text())
	}
	if next, err = us.Parse("", "f"); err != nil {
		t.Fatal(err)
	}
	us.Replace(next)
	if us.Default() != def || !def.Unrestricted || us.Len() != 1 {
		t.Errorf("%s", us.Text())
	}
}

func TestRevoked(t *testing.T) {
	for _, test := range []struct {
		before, after string
		revoked       bool
		left          string
	}{
		{"&a", "&a &b", false, ""},
		{"&a", "&*", false, ""},
		{"&*", "&*", false, ""},
		{"&*", "&a", true, "a"},
		{"&a &b", "&b &c", true, "b c"},
		{"&a", "(&a)", false, ""},
		{"&a (&b)", "&b", true, "b"},
		{"", "", false, ""},
		{"&a", "", true, ""},
		{"&a*", "&a", true, "a"},
	} {
		us := NewUsers()
		left, revoked := Revoked(change(t, us, "x", strings.Fields(test.before)...), change(t, us, "y", strings.Fields(test.after)...))
		if revoked != test.revoked || strings.Join(left, " ") != test.left {
			t.Errorf("%s, then %s: %q %t", test.before, test.after, left, revoked)
		}
	}
	if c := (Channels{"a*"}); !c.Allow("ab", false) || c.Allow("ab", true) || !c.Allow("a*", true) {
		t.Error("Channels.Allow")
	}
}

func TestKeysOfShortCommands(t *testing.T) {
	u := change(t, NewUsers(), "u", "+@all", "~a")
	for _, c := range commands().all {
		words := strings.Split(c.FullName, "|")
		new(Judge).Check(u, c, args(words...)) // must not look for missing keys
	}
}

func TestLog(t *testing.T) {
	var l Log
	add := func(object string, at int64, most int) {
		l.Add(Entry{Reason: DeniedKey, Object: object, User: "u", LastSeen: at, Client: object}, most)
	}
	show := func() (s string) {
		for e := range l.Last(100) {
			s += e.Object + strings.Repeat("'", int(e.Count-1)) + " "
		}
		return strings.TrimSpace(s)
	}
	expect := func(want string) {
		t.Helper()
		if got := show(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	add("a", 0, 3)
	add("b", 1, 3)
	add("a", 60_000, 3)
	expect("a' b")
	add("a", 120_001, 3) // too late
	expect("a a' b")
	add("c", 120_002, 3)
	expect("c a a'")
	add("a", 120_003, 3) // repeats the newest equal entry
	expect("a' c a'")
	l.Add(Entry{Reason: DeniedCommand, Object: "a", User: "u", LastSeen: 120_003}, 10)
	l.Add(Entry{Reason: DeniedKey, Object: "a", User: "v", LastSeen: 120_003}, 10)
	l.Add(Entry{Reason: DeniedKey, Object: "a", User: "u", Context: InScript, LastSeen: 120_003}, 10)
	expect("a a a a' c a'")
	for i := range 8 {
		add(string(rune('p'+i)), 120_004, 20)
	}
	add("c", 120_004, 20) // only the newest entries are compared
	if got := show(); !strings.HasPrefix(got, "c w v") {
		t.Errorf("%s", got)
	}
	n := 0
	for range l.Last(2) {
		n++
	}
	if n != 2 {
		t.Errorf("the last two are %d", n)
	}
	add("x", 120_005, 0)
	expect("")
	add("x", 120_006, 5)
	for e := range l.Last(1) {
		if e.ID != 16 || e.Created != 120_006 {
			t.Errorf("%+v", e)
		}
	}
	l.Reset()
	expect("")
}

// survives reports whether the description of a user can be parsed again: as in
// Redis, it can't with quotes, parentheses and spaces in patterns and arguments.
func survives(u *User) bool {
	for i, s := range u.selectors {
		bad := func(w string) bool { return hasSpace(w) || i > 0 && strings.ContainsAny(w, "\"'\\()") }
		if slices.ContainsFunc(s.channels, bad) || slices.ContainsFunc(s.rules, bad) ||
			slices.ContainsFunc(s.keys, func(p keyPattern) bool { return bad(p.pattern) }) {
			return false
		}
	}
	return true
}

// FuzzRules: the description of a user, in both forms, can be parsed again and
// makes an equal user.
func FuzzRules(f *testing.F) {
	for _, s := range []string{
		"on >x +get -set +config|get ~a* %R~b &c (+@all ~k -config|set +select|1)", "reset nopass allkeys", "( +get ) (%W~x",
		"#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b skip-sanitize-payload", "%RW %r +@read -@all (\"~'\")",
	} {
		f.Add(s)
	}
	sample := [][]string{{"get", "a"}, {"set", "b", "v"}, {"config", "get", "x"}, {"select", "1"}, {"publish", "c", "m"}, {"psubscribe", "c"}, {"ping"}}
	f.Fuzz(func(t *testing.T, text string) {
		us := NewUsers()
		u, err := us.Changed("u", strings.Split(text, " "))
		if err != nil {
			var wrong *RuleError
			if err.Error() == "" || errors.As(err, &wrong) && wrong.Err == nil {
				t.Fatalf("%#v", err)
			}
			return
		}
		us.Put(u)
		if !survives(u) {
			return
		}
		again, err := us.Changed("v", strings.Split(u.Rules(), " "))
		if err != nil {
			t.Fatalf("%q made %q: %v", text, u, err)
		}
		if again.Rules() != u.Rules() || again.Unrestricted != u.Unrestricted {
			t.Errorf("%q made %q, and that %q", text, u, again)
		}
		for _, words := range sample {
			if a, b := u.may(words...), again.may(words...); a != b {
				t.Errorf("%q made %q, which may %q: %t, and then %t", text, u, words, a, b)
			}
		}
		loaded, err := us.Parse(us.Text(), "f")
		if err != nil {
			t.Fatalf("%q made %q: %v", text, us.Text(), err)
		}
		if loaded.Text() != us.Text() {
			t.Errorf("%q made %q, and that %q", text, us.Text(), loaded.Text())
		}
	})
}

// FuzzParse: no file makes Parse panic.
func FuzzParse(f *testing.F) {
	f.Add("user a on >x ~* +@all\nuser b (+get ~x)\n\n")
	f.Add("user  a\tb\nuser default nopass\nuser a (")
	f.Fuzz(func(t *testing.T, text string) {
		us, err := NewUsers().Parse(text, "f")
		if err == nil && (us.Default() == nil || us.Get([]byte(DefaultName)) != us.Default()) {
			t.Error("there is no default user")
		}
	})
}

// TestCheckDoesNotAllocate: rules cost time, but no garbage.
func TestCheckDoesNotAllocate(t *testing.T) {
	u := change(t, NewUsers(), "u", "+@all", "-config", "~a-long-pattern-that-has-no-room-on-the-stack:*", "~b*", "&c*", "(+@read ~c)")
	var j Judge
	for _, words := range [][]string{{"mget", "b1", "b2"}, {"get", "c"}, {"publish", "c", "m"}, {"set", "d", "v"}, {"config", "get", "x"}} {
		list := args(words...)
		c := Lookup(list)
		if n := testing.AllocsPerRun(100, func() { j.Check(u, c, list) }); n != 0 {
			t.Errorf("%q: %v allocations", words, n)
		}
	}
}
