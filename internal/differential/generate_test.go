package differential

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/spec"
)

// command is a row of the table that both servers have.
type command struct {
	*spec.Command
	words []string // the name as sent: CONFIG GET
	name  string   // "config|get"
}

// shares say how often a group is chosen. The commands of a group are equally
// frequent, except that those that fill keys are more frequent.
var shares = map[string]int{
	"array": 14, "string": 12, "list": 14, "hash": 14, "set": 12, "sorted-set": 18, "stream": 18, "generic": 12, "geo": 6, "bitmap": 6,
	"hyperloglog": 2, "server": 1, "connection": 2, "transactions": 4, "scripting": 3, "pubsub": 1,
}

var filling = strings.Fields("set mset append rpush lpush hset hmset sadd zadd xadd geoadd setbit pfadd xgroup|create xreadgroup zincrby hincrby arset arinsert armset")

// generator makes commands. The same seed, commands and versions make the same
// commands.
type generator struct {
	*rand.Rand
	version []int
	groups  map[string][]command
	order   []string // group names, each as often as its share

	group   string // of the current command
	name    string
	count   int // announced by a "numkeys"; 0 is none
	lastNum int
	multi   bool
	tiny    bool // the data may contain a denormal number
	scripts bool // EVAL exists
}

func newGenerator(commands []command, version []int) *generator {
	g := &generator{version: version, groups: map[string][]command{}}
	for _, c := range commands {
		g.scripts = g.scripts || c.name == "eval" && !newer("7.2", version) // older versions do not allow blocking in scripts
		n := 1
		if slices.Contains(filling, c.name) {
			n = 6
		}
		for range n {
			g.groups[c.Group] = append(g.groups[c.Group], c)
		}
	}
	for name := range g.groups {
		for range shares[name] {
			g.order = append(g.order, name)
		}
	}
	slices.Sort(g.order)
	return g
}

func (g *generator) seed(n uint64) {
	g.Rand = rand.New(rand.NewPCG(n, 0x9e3779b97f4a7c15))
	g.multi, g.tiny = false, false
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, pool []T) T { return pool[g.IntN(len(pool))] }

// limits of the small encodings, so that few elements already exceed them.
var limits = [][]string{
	{"CONFIG", "SET", "list-max-listpack-size", "4"},
	{"CONFIG", "SET", "hash-max-listpack-entries", "3"},
	{"CONFIG", "SET", "hash-max-listpack-value", "8"},
	{"CONFIG", "SET", "set-max-intset-entries", "3"},
	{"CONFIG", "SET", "set-max-listpack-entries", "4"},
	{"CONFIG", "SET", "set-max-listpack-value", "8"},
	{"CONFIG", "SET", "zset-max-listpack-entries", "3"},
	{"CONFIG", "SET", "zset-max-listpack-value", "8"},
	{"CONFIG", "SET", "stream-node-max-entries", "3"},
	{"CONFIG", "SET", "hll-sparse-max-bytes", "40"},
	{"CONFIG", "SET", "list-compress-depth", "1"},
}

// episode returns n commands, after settings of some limits.
func (g *generator) episode(n int) (steps [][]string) {
	if g.chance(60) {
		for _, l := range limits {
			if g.chance(70) {
				steps = append(steps, l)
			}
		}
	}
	fill := n / 6
	steps = append(steps, []string{"SET", "wrong", "type"})
	for _, k := range keys["lexical"][:2] {
		args := []string{"ZADD", k}
		for range g.IntN(8) {
			args = append(args, "0", pick(g, members))
		}
		steps = append(steps, args)
	}
	for len(steps) < n {
		c := g.choose(fill > 0)
		if fill > 0 {
			fill--
		}
		if args := g.command(c, fill == 0); args != nil {
			steps = append(steps, args)
		}
	}
	return steps
}

// choose picks a command, if fill is set one that fills keys. It ends an open
// transaction before long.
func (g *generator) choose(fill bool) command {
	if g.multi && g.chance(20) {
		for _, c := range g.groups["transactions"] {
			if c.name == "exec" {
				return c
			}
		}
	}
	for {
		c := pick(g, g.groups[pick(g, g.order)])
		if !fill || slices.Contains(filling, c.name) {
			return c
		}
	}
}

// calling are scripts that run the command in their arguments.
var calling = []string{
	"return redis.call(unpack(ARGV))",
	"return redis.pcall(unpack(ARGV))",
	"redis.setresp(3) return redis.pcall(unpack(ARGV))",
}

// called returns the command that a command runs: itself, or the one that a script
// calls.
func called(args []string) []string {
	if len(args) > 3 && args[0] == "EVAL" && slices.Contains(calling, args[1]) {
		return args[3:]
	}
	return args
}

// command returns a call of a command that is not avoided, or nil.
func (g *generator) command(c command, spoil bool) []string {
	for range 20 {
		if args := g.call(c, spoil); !g.avoids(called(args)) {
			switch strings.ToLower(args[0]) {
			case "multi":
				g.multi = true
			case "exec", "discard", "reset":
				g.multi = false
			}
			g.tiny = g.tiny || slices.Contains(args, tiny)
			return args
		}
	}
	return nil
}

// call returns a call of a command. A container is called alone, or with an unknown
// subcommand.
func (g *generator) call(c command, spoil bool) []string {
	g.group, g.name, g.count, g.lastNum = c.Group, c.name, 0, 1
	if strings.Contains(c.name, "lex") || strings.HasPrefix(c.name, "zrange") && g.chance(20) {
		g.group = "lexical"
	}
	if g.knows("8.6") && c.name == "xadd" && g.chance(20) {
		return g.produce()
	}
	args := g.args(slices.Clone(c.words), c.Args)
	if len(c.Subcommands) > 0 && g.chance(80) {
		args = append(args, pick(g, []string{"", "nosuch", "HELPS", "ENCODIN", "\xff\x00", "a\r\nb"}))
	}
	if c.name == "pfselftest" && !g.chance(1) {
		args = append(args, pick(g, junk)) // it takes seconds
	}
	if spoil && g.chance(15) {
		args = g.spoil(args, len(c.words), c.Args)
	}
	args = g.settle(args)
	if g.group != "lexical" {
		for i, a := range args { // members with different scores have no defined order in lexical ranges
			if strings.EqualFold(a, "bylex") {
				args[i] = "BYSCORE"
			}
		}
	}
	if g.chance(5) {
		for i := range c.words {
			args[i] = strings.ToLower(args[i])
		}
	}
	if g.scripts && g.chance(3) && c.Group != "transactions" && c.Group != "scripting" {
		return slices.Concat([]string{"EVAL", pick(g, calling), "0"}, g.tame(args))
	}
	return g.tame(args)
}

func (g *generator) knows(version string) bool { return !newer(version, g.version) }

// produce makes an XADD to the stream of the future, which need not be there.
func (g *generator) produce() []string {
	args := []string{"XADD", future}
	if g.chance(30) {
		return append(args, pick(g, futureIDs), pick(g, fields), pick(g, values))
	}
	args = append(args, "NOMKSTREAM")
	if g.chance(30) {
		args = append(args, "IDMPAUTO", pick(g, producers))
	} else {
		args = append(args, "IDMP", pick(g, producers), pick(g, messages))
	}
	if g.chance(20) {
		args = append(args, pick(g, []string{"MAXLEN", "MINID"}), pick(g, []string{"0", "1", "2", "10"}))
	}
	args = append(args, "*")
	for range 1 + g.IntN(2) {
		args = append(args, pick(g, fields[:4]), pick(g, values[:4]))
	}
	return args
}

// settle keeps commands from giving the stream of the future an id of now, and
// other streams messages that are forgotten at once.
func (g *generator) settle(args []string) []string {
	at := slices.Index(args, future)
	switch {
	case strings.EqualFold(args[0], "xidmprecord"):
		if len(args) > 1 && slices.Contains(keys["stream"], args[1]) {
			args[1] = future
		}
	case at < 0:
	case strings.EqualFold(args[0], "xadd"), strings.EqualFold(args[0], "xsetid"), slices.ContainsFunc(args, func(s string) bool { return strings.EqualFold(s, "mkstream") }):
		args[at] = "x1"
	}
	return args
}

// args appends words for a list of arguments. Consecutive options sometimes come in
// another order.
func (g *generator) args(out []string, list []spec.Arg) []string {
	for i := 0; i < len(list); i++ {
		run := i
		for run < len(list) && list[run].Optional && hasWord(&list[run]) {
			run++
		}
		if run-i > 1 && g.chance(40) {
			for _, j := range g.Perm(run - i) {
				out = g.optional(out, &list[i+j])
			}
			i = run - 1
			continue
		}
		a := &list[i]
		if promises(list, i) {
			g.count = 1 + g.IntN(3)
			if g.chance(15) {
				g.count = 1
			}
			g.lastNum = g.count
			if a.Token != "" {
				out = append(out, a.Token)
			}
			if g.chance(5) {
				out = append(out, g.fromPool([][]string{smallInts, edgeInts, notInts}))
			} else {
				out = append(out, strconv.Itoa(g.count))
			}
			continue
		}
		out = g.optional(out, a)
	}
	return out
}

// promises reports whether argument i says how many of the next one follow.
func promises(list []spec.Arg, i int) bool {
	return list[i].Type == spec.Integer && strings.HasPrefix(list[i].Name, "num") && i+1 < len(list) && list[i+1].Multiple
}

func hasWord(a *spec.Arg) bool {
	switch {
	case a.Token != "":
		return true
	case a.Type == spec.OneOf:
		return !slices.ContainsFunc(a.Args, func(a spec.Arg) bool { return !hasWord(&a) })
	case a.Type == spec.Block:
		return hasWord(&a.Args[0])
	}
	return false
}

func (g *generator) known(a *spec.Arg) bool { return a.Since == "" || !newer(a.Since, g.version) }

func (g *generator) optional(out []string, a *spec.Arg) []string {
	if a.Optional && (!g.known(a) || g.count == 0 && !g.chance(35)) {
		return out
	}
	n := 1
	if a.Multiple {
		switch {
		case g.count > 0:
			n, g.count = g.count, 0
		case a.Name == "weight" && g.chance(90):
			n = g.lastNum
		default:
			for n = 1; n < 4 && g.chance(45); n++ {
			}
		}
	}
	token := a.Token != "" && a.Type != spec.PureToken
	if a.Name == "streams" { // as many ids as keys
		out = append(out, a.Token)
		n = 1
		if g.chance(30) {
			n = 2
		}
		for i := range a.Args {
			g.count = n
			out = g.optional(out, &a.Args[i])
		}
		return out
	}
	for i := range n {
		if token && (i == 0 || a.MultipleToken) {
			out = append(out, g.word(a.Token))
		}
		out = g.value(out, a)
	}
	return out
}

// word returns a token in random case.
func (g *generator) word(token string) string {
	if g.chance(10) {
		return strings.ToLower(token)
	}
	return token
}

func (g *generator) value(out []string, a *spec.Arg) []string {
	switch a.Type {
	case spec.PureToken:
		return append(out, g.word(a.Token))
	case spec.OneOf:
		for {
			if alt := &a.Args[g.IntN(len(a.Args))]; g.known(alt) {
				required := *alt
				required.Optional = false
				return g.optional(out, &required)
			}
		}
	case spec.Block:
		return g.args(out, a.Args)
	case spec.Key:
		return append(out, g.key())
	}
	if p := pools[g.name+"/"+a.Name]; p != nil {
		return append(out, g.fromPool(p))
	}
	if p := pools[a.Name]; p != nil {
		return append(out, g.fromPool(p))
	}
	switch a.Type {
	case spec.Integer:
		return append(out, g.integer())
	case spec.Double:
		return append(out, g.fromPool([][]string{doubles, doubles, edgeFloat}))
	case spec.UnixTime:
		return append(out, pick(g, unixMs))
	case spec.Pattern:
		return append(out, pick(g, patterns))
	}
	return append(out, pick(g, values))
}

func (g *generator) integer() string {
	switch n := g.IntN(100); {
	case n < 80:
		return pick(g, smallInts)
	case n < 90:
		return pick(g, edgeInts)
	}
	return pick(g, notInts)
}

// fromPool picks from the first pool most of the time.
func (g *generator) fromPool(p [][]string) string {
	if g.chance(70) {
		return pick(g, p[0])
	}
	return pick(g, pick(g, p))
}

func (g *generator) key() string {
	own := keys[g.group]
	if g.chance(1) {
		return pick(g, oddKeys)
	}
	if own == nil || g.chance(10) && g.group != "lexical" && g.group != "geo" {
		return pick(g, anyKey)
	}
	return pick(g, own)
}

// spoil makes a command malformed, or at least unusual: it drops, doubles, swaps,
// replaces or adds words.
func (g *generator) spoil(args []string, from int, tree []spec.Arg) []string {
	for range 1 + g.IntN(2) {
		if len(args) <= from {
			return append(args, pick(g, junk))
		}
		i := from + g.IntN(len(args)-from)
		switch g.IntN(7) {
		case 0:
			args = slices.Delete(args, i, i+1)
		case 1:
			args = slices.Insert(args, i, args[i])
		case 2:
			args[i] = pick(g, junk)
		case 3:
			args = append(args, pick(g, junk))
		case 4:
			j := from + g.IntN(len(args)-from)
			args[i], args[j] = args[j], args[i]
		case 5:
			args = args[:i]
		case 6:
			args = slices.Insert(args, i, g.args(nil, tree)...) // its options once more
		}
	}
	return args
}

// tame keeps commands from waiting long: a timeout in seconds or milliseconds is
// short, invalid, or out of range (before 7.2 nothing is). And nothing may expire
// during the comparison.
func (g *generator) tame(args []string) []string {
	short := func(i int, s string) {
		if i < 0 || i >= len(args) {
			return
		}
		f, err := strconv.ParseFloat(args[i], 64)
		limit, _ := strconv.ParseFloat(s, 64)
		if err == nil && (f == 0 || f > limit && (f < 1e16 || newer("7.2", g.version))) || strings.HasPrefix(strings.ToLower(args[i]), "0x") {
			args[i] = s
		}
	}
	long := func(i int) { // time until it expires
		if i < len(args) {
			if n, err := strconv.Atoi(args[i]); err == nil && n > 0 && n < 1e6 {
				args[i] = "10000000"
			}
		}
	}
	switch strings.ToLower(args[0]) {
	case "expire", "pexpire", "setex", "psetex", "hexpire", "hpexpire":
		long(2)
	case "set", "getex", "hgetex", "hsetex", "increx", "msetex":
		for i, a := range args {
			if strings.EqualFold(a, "ex") || strings.EqualFold(a, "px") {
				long(i + 1)
			}
		}
	case "blpop", "brpop", "brpoplpush", "blmove", "bzpopmin", "bzpopmax":
		short(len(args)-1, "0.01")
	case "blmpop", "bzmpop":
		short(1, "0.01")
	case "wait":
		short(2, "5")
	case "waitaof":
		short(3, "5")
	case "xread", "xreadgroup":
		for i, a := range args {
			if strings.EqualFold(a, "block") {
				short(i+1, "5")
			}
		}
	}
	return args
}

// newer reports whether a version, "7.4.0", is newer than v.
func newer(version string, v []int) bool {
	for i, part := range strings.Split(version, ".") {
		n, _ := strconv.Atoi(part)
		if i >= len(v) || n != v[i] {
			return i >= len(v) && n > 0 || i < len(v) && n > v[i]
		}
	}
	return false
}
