package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
)

// kind parses and formats the value of a setting.
type kind interface {
	// set parses the value from its words.
	set(c *Config, words []string) error
	// get formats the value as CONFIG GET does.
	get(c *Config) string
}

// whole is the type of a numeric field.
type whole interface{ ~int | ~int64 }

// number gives access to a numeric field of any type.
type number struct {
	read  func(*Config) int64
	write func(*Config, int64)
}

func numberOf[T whole](field func(*Config) *T) number {
	return number{
		func(c *Config) int64 { return int64(*field(c)) },
		func(c *Config, n int64) {
			if int64(T(n)) != n {
				n = math.MaxInt32 // an int may have 32 bits
			}
			*field(c) = T(n)
		},
	}
}

type intKind struct {
	number
	min, max int64
	base     int
	parse    func(string) (int64, error)
	isMemory bool
}

func integer[T whole](field func(*Config) *T, lo, hi int64) kind {
	return intKind{numberOf(field), lo, hi, 10, parseInt, false}
}

func memory[T whole](field func(*Config) *T, lo, hi int64) kind {
	return intKind{numberOf(field), lo, hi, 10, ParseMemory, true}
}

// sizeKind is an unsigned size without bounds: "-1" is the greatest.
type sizeKind func(*Config) *int64

func (k sizeKind) set(c *Config, words []string) error {
	n, err := ParseMemory(words[0])
	if err == nil {
		*k(c) = n
	}
	return err
}

func (k sizeKind) get(c *Config) string { return strconv.FormatUint(uint64(*k(c)), 10) }

// percentMemory parses a size, or a percentage, which it stores as a negative
// number.
func percentMemory(field func(*Config) *int64, lo, hi int64) kind {
	return percentKind{intKind{numberOf(field), lo, hi, 10, ParseMemory, true}}
}

type percentKind struct{ intKind }

func (k percentKind) set(c *Config, words []string) error {
	number, isPercent := strings.CutSuffix(words[0], "%")
	if !isPercent {
		if err := k.intKind.set(c, words); err != nil {
			return errors.New("argument must be a memory or percent value")
		}
		return nil
	}
	n, ok := numfmt.ParseInt([]byte(number))
	if !ok || n < 0 {
		return errors.New("argument must be a memory or percent value")
	}
	if n > 100 {
		return errors.New("percentage argument must be less or equal to 100")
	}
	k.write(c, -n)
	return nil
}

func (k percentKind) get(c *Config) string {
	if n := k.read(c); n < 0 {
		return strconv.FormatInt(-n, 10) + "%"
	}
	return k.intKind.get(c)
}

func octal(field func(*Config) *int64) kind {
	return intKind{numberOf(field), 0, 0o777, 8, parseOctal, false}
}

func (k intKind) set(c *Config, words []string) error {
	n, err := k.parse(words[0])
	if err != nil {
		return err
	}
	if n < k.min || n > k.max {
		return fmt.Errorf("argument must be between %s and %s inclusive", strconv.FormatInt(k.min, k.base), strconv.FormatInt(k.max, k.base))
	}
	k.write(c, n)
	return nil
}

func (k intKind) get(c *Config) string { return strconv.FormatInt(k.read(c), k.base) }

func parseInt(s string) (int64, error) {
	n, ok := numfmt.ParseInt([]byte(s))
	if !ok {
		return 0, errors.New("argument couldn't be parsed into an integer")
	}
	return n, nil
}

// parseOctal parses an octal number like strtoll in C, for which an empty string is
// 0.
func parseOctal(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimLeft(s, " \t\n\v\f\r"), 8, 64)
	if err != nil {
		return 0, errors.New("argument couldn't be parsed as an octal number")
	}
	return n, nil
}

// memoryUnits are the units of sizes.
var memoryUnits = map[string]uint64{"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000 * 1000, "mb": 1 << 20,
	"g": 1000 * 1000 * 1000, "gb": 1 << 30}

// ParseMemory parses "100mb": a number, by default 0, with a unit of 1000 (k, m, g)
// or 1024 (kb, mb, gb). As in Redis, a number that is too large overflows.
func ParseMemory(s string) (int64, error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	unit, ok := memoryUnits[strings.ToLower(s[digits:])]
	if !ok {
		return 0, errors.New("argument must be a memory value")
	}
	if digits == 0 {
		return 0, nil
	}
	n, _ := strconv.ParseUint(s[:digits], 10, 64) // the greatest number if out of range
	return int64(n * unit), nil
}

// checked is an integer that must be consistent with other settings.
func checked[T whole](field func(*Config) *T, lo, hi int64, check func(c *Config, n int64) error) kind {
	return checkedKind{intKind{numberOf(field), lo, hi, 10, parseInt, false}, check}
}

type checkedKind struct {
	intKind
	check func(c *Config, n int64) error
}

func (k checkedKind) set(c *Config, words []string) error {
	was := k.read(c)
	err := k.intKind.set(c, words)
	if err == nil {
		err = k.check(c, k.read(c))
	}
	if err != nil {
		k.write(c, was)
	}
	return err
}

type textKind struct {
	field func(*Config) *string
	check func(string) error
}

func text(field func(*Config) *string, check func(string) error) kind { return textKind{field, check} }

func (k textKind) set(c *Config, words []string) error {
	if k.check != nil {
		if err := k.check(words[0]); err != nil {
			return err
		}
	}
	*k.field(c) = words[0]
	return nil
}

func (k textKind) get(c *Config) string { return *k.field(c) }

// loopback checks an address of this machine: a port, or "host:port".
func loopback(addr string) error {
	if addr == "" {
		return nil
	}
	_, err := LoopbackAddr(addr)
	return err
}

// LoopbackAddr returns an address of this machine as "ip:port". It may be a port
// alone, and the host may be localhost.
func LoopbackAddr(addr string) (string, error) {
	if !strings.Contains(addr, ":") {
		addr = "127.0.0.1:" + addr
	}
	host, port, err := net.SplitHostPort(addr)
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, bad := netip.ParseAddr(host)
	_, notPort := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil || notPort != nil || !ip.IsLoopback() {
		return "", fmt.Errorf("'%s' is no address of the loopback interface, such as 127.0.0.1:8001", addr)
	}
	return net.JoinHostPort(host, port), nil
}

// baseName checks the name of a file or directory, which must not be a path.
func baseName(setting, what string) func(string) error {
	return func(s string) error {
		if strings.ContainsAny(s, "/\\") {
			return fmt.Errorf("%s can't be a path, just a %s", setting, what)
		}
		return nil
	}
}

// partName is baseName for a name that must not be empty.
func partName(setting, what string) func(string) error {
	check := baseName(setting, what)
	return func(s string) error {
		if s == "" {
			return errors.New(setting + " can't be empty")
		}
		return check(s)
	}
}

// directory parses the path of an existing directory, and makes it absolute.
func directory(field func(*Config) *string) kind { return directoryKind{field} }

type directoryKind struct{ field func(*Config) *string }

func (k directoryKind) set(c *Config, words []string) error {
	path := words[0]
	if path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		switch info, err := os.Stat(abs); {
		case errors.Is(err, fs.ErrNotExist):
			return errors.New("No such file or directory")
		case err != nil:
			return err
		case !info.IsDir():
			return errors.New("Not a directory")
		}
		path = abs
	}
	*k.field(c) = path
	return nil
}

func (k directoryKind) get(c *Config) string { return *k.field(c) }

func boolean(field func(*Config) *bool) kind { return booleanKind{field} }

type booleanKind struct{ field func(*Config) *bool }

func (k booleanKind) set(c *Config, words []string) error {
	v, err := yesNo(words[0])
	if err == nil {
		*k.field(c) = v == "yes"
	}
	return err
}

func (k booleanKind) get(c *Config) string {
	if *k.field(c) {
		return "yes"
	}
	return "no"
}

// parseNumber parses an empty word as 0: two blanks in a row make an empty word.
func parseNumber(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	return strconv.ParseInt(s, 10, 64)
}

// oomScoreAdj parses "relative" as its synonym yes.
func oomScoreAdj(s string) (string, error) {
	s, err := oneOf("no", "yes", "relative", "absolute")(s)
	if s == "relative" {
		s = "yes"
	}
	return s, err
}

// oomScores parses three numbers.
type oomScores struct{}

func (oomScores) set(c *Config, words []string) error {
	var scores [3]int64
	if len(words) != len(scores) {
		return errWords
	}
	for i, w := range words {
		n, err := parseNumber(w)
		if err != nil || n < -2000 || n > 2000 {
			return errors.New("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
		}
		scores[i] = n
	}
	c.OOMScores = scores
	return nil
}

func (oomScores) get(c *Config) string {
	return fmt.Sprintf("%d %d %d", c.OOMScores[0], c.OOMScores[1], c.OOMScores[2])
}

// savePoints parses "seconds changes", repeated.
type savePoints struct{}

func (savePoints) set(c *Config, words []string) error {
	if len(words) == 1 && words[0] == "" {
		words = nil
	}
	var points []SavePoint
	for ; len(words) > 1; words = words[2:] {
		seconds, err1 := parseNumber(words[0])
		changes, err2 := parseNumber(words[1])
		if err1 != nil || err2 != nil || seconds < 1 || changes < 0 {
			break
		}
		points = append(points, SavePoint{seconds, changes})
	}
	if len(words) > 0 {
		return errors.New("Invalid save parameters")
	}
	c.SavePoints = points
	return nil
}

func (savePoints) get(c *Config) string {
	var b []byte
	for _, p := range c.SavePoints {
		b = fmt.Appendf(b, "%d %d ", p.Seconds, p.Changes)
	}
	return strings.TrimSpace(string(b))
}

// logLevel is a choice that has one more value since Redis 7.2.
type logLevel struct{}

var (
	logLevels      = []string{"debug", "verbose", "notice", "warning", "nothing"}
	readLevel      = oneOf(logLevels...)
	readOlderLevel = oneOf(logLevels[:4]...)
)

func (logLevel) set(c *Config, words []string) (err error) {
	read := readLevel
	if c.Edition != nil && !c.Edition.Has(compat.LogNothing) {
		read = readOlderLevel
	}
	v, err := read(words[0])
	if err == nil {
		c.LogLevel = v
	}
	return err
}

func (logLevel) get(c *Config) string { return c.LogLevel }

type editionKind struct{}

var editionName = oneOf(compat.Names()...)

func (editionKind) set(c *Config, words []string) error {
	name, err := editionName(words[0])
	if err == nil {
		c.Edition = compat.Find(name)
	}
	return err
}

func (editionKind) get(c *Config) string { return c.Edition.Name }

func choice(field func(*Config) *string, values ...string) kind {
	return choiceKind{field, oneOf(values...)}
}

type choiceKind struct {
	field func(*Config) *string
	read  reader
}

func (k choiceKind) set(c *Config, words []string) error {
	v, err := k.read(words[0])
	if err == nil {
		*k.field(c) = v
	}
	return err
}

func (k choiceKind) get(c *Config) string { return *k.field(c) }

// evictionPolicy parses the policies, of which the edition may not have all.
type evictionPolicy struct{}

var (
	readPolicy    = oneOf("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction")
	readPolicyLRM = oneOf("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "volatile-lrm", "allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-lrm", "noeviction")
)

func (evictionPolicy) set(c *Config, words []string) error {
	edition := cmp.Or(c.Edition, compat.Latest)
	v, err := readPolicyLRM(words[0])
	if !edition.Has(compat.PolicyLRM) && (err != nil || !edition.Knows("8.6")) {
		v, err = readPolicy(words[0])
	}
	if err == nil {
		c.MaxMemoryPolicy = v
	}
	return err
}

func (evictionPolicy) get(c *Config) string { return c.MaxMemoryPolicy }

func words(field func(*Config) *[]string) kind { return wordsKind{field} }

type wordsKind struct{ field func(*Config) *[]string }

// set drops empty words: they would be lost anyway when the words are shown with
// blanks in between.
func (k wordsKind) set(c *Config, words []string) error {
	const most = 16
	if len(words) > most {
		return errors.New("Too many bind addresses specified.")
	}
	*k.field(c) = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.TrimSpace(w) == "" })
	return nil
}

func (k wordsKind) get(c *Config) string { return strings.Join(*k.field(c), " ") }

// outputLimits parses "class hard soft seconds", repeated.
type outputLimits struct{}

func (outputLimits) set(c *Config, words []string) error {
	if len(words)%4 != 0 {
		return errors.New("Wrong number of arguments in buffer limit configuration.")
	}
	next := c.OutputLimits
	for ; len(words) > 0; words = words[4:] {
		var l *OutputLimit
		switch strings.ToLower(words[0]) {
		case "normal":
			l = &next.Normal
		case "slave", "replica":
			l = &next.Replica
		case "pubsub":
			l = &next.PubSub
		default:
			return errors.New("Invalid client class specified in buffer limit configuration.")
		}
		hard, err1 := ParseMemory(words[1])
		soft, err2 := ParseMemory(words[2])
		seconds, err3 := strconv.ParseInt(words[3], 10, 32)
		if err1 != nil || err2 != nil || err3 != nil || hard < 0 || soft < 0 || seconds < 0 {
			return errors.New("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
		}
		*l = OutputLimit{hard, soft, seconds}
	}
	c.OutputLimits = next
	return nil
}

func (outputLimits) get(c *Config) string {
	var b []byte
	for _, l := range []struct {
		name string
		OutputLimit
	}{{"normal", c.OutputLimits.Normal}, {"slave", c.OutputLimits.Replica}, {"pubsub", c.OutputLimits.PubSub}} {
		b = fmt.Appendf(b, "%s %d %d %d ", l.name, l.Hard, l.Soft, l.SoftSeconds)
	}
	return strings.TrimSpace(string(b))
}

// shutdownFlags parses options of SHUTDOWN; "default" means none.
func shutdownFlags(field func(*Config) *string) kind { return shutdownKind{field} }

type shutdownKind struct{ field func(*Config) *string }

func (k shutdownKind) set(c *Config, words []string) error {
	flags := []string{"save", "nosave", "now", "force"} // in the order in which they are shown
	given := make([]bool, len(flags))
	err := eachOf(words, append([]string{"default"}, flags...), func(i int) {
		if i > 0 {
			given[i-1] = true
		}
	})
	if err != nil {
		return err
	}
	if given[0] && given[1] {
		return errors.New("shutdown options SAVE and NOSAVE can't be used simultaneously")
	}
	var shown []string
	for i, f := range flags {
		if given[i] {
			shown = append(shown, f)
		}
	}
	if shown == nil {
		shown = []string{"default"}
	}
	*k.field(c) = strings.Join(shown, " ")
	return nil
}

// eachOf calls f with the place of each word among those that are allowed.
func eachOf(words, allowed []string, f func(i int)) error {
	read := oneOf(allowed...)
	if len(words) == 0 {
		words = []string{""}
	}
	for _, w := range words {
		v, err := read(w)
		if err != nil {
			return err
		}
		f(slices.Index(allowed, v))
	}
	return nil
}

func (k shutdownKind) get(c *Config) string { return *k.field(c) }

// percentiles parses numbers from 0 to 100.
type percentiles struct{}

func (percentiles) set(c *Config, words []string) error {
	if len(words) == 1 && words[0] == "" {
		words = nil
	}
	list := make([]float64, len(words))
	for i, w := range words {
		p, ok := numfmt.ParseFloat([]byte(w))
		if !ok {
			return errors.New("Invalid latency-tracking-info-percentiles parameters")
		}
		if p < 0 || p > 100 {
			return errors.New("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
		}
		list[i] = p
	}
	c.LatencyPercentiles = list
	return nil
}

func (percentiles) get(c *Config) string {
	list := make([]string, len(c.LatencyPercentiles))
	for i, p := range c.LatencyPercentiles {
		list[i] = FormatPercentile(p)
	}
	return strings.Join(list, " ")
}

// FormatPercentile formats a number with at most six decimals.
func FormatPercentile(p float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(p, 'f', 6, 64), "0"), ".")
}

// events parses the classes of notify-keyspace-events.
type events struct{}

// allEvents are the classes that the letter A stands for in Redis 7.4. A also
// stands for later classes. All of allEvents together mean the same, and are shown
// as A; from Redis 8.8 on only together with laterEvents.
const (
	allEvents   = "g$lshzxetd"
	laterEvents = "a"
)

// eventsSince has the classes that are newer than Redis 7.4, with their versions.
var eventsSince = map[rune]string{'o': "8.2", 'c': "8.2", 'a': "8.8", 'S': "8.8", 'T': "8.8", 'I': "8.8", 'V': "8.8"}

func (events) set(c *Config, words []string) error {
	var mask event.Class
	edition := cmp.Or(c.Edition, compat.Latest)
	for _, f := range words[0] {
		if f == 'A' {
			mask |= eventMask(allEvents + laterEvents)
			continue
		}
		i := strings.IndexRune(event.Letters, f)
		if since := eventsSince[f]; i < 0 || since != "" && !edition.Knows(since) {
			letters := "Ag$lshzxeKEtmdn"
			if edition.Has(compat.EventsOfElements) {
				letters += "ocaSTIV"
			}
			return fmt.Errorf("Invalid event class character. Use '%s'.", letters)
		}
		mask |= 1 << i
	}
	if all := eventMask(allEvents); mask&all == all && !edition.Has(compat.EventsOfElements) {
		mask |= eventMask(laterEvents)
	}
	c.NotifyMask = mask
	return nil
}

func (events) get(c *Config) string {
	mask := c.NotifyMask
	var b []byte
	if all := eventMask(allEvents + laterEvents); mask&all == all {
		b = append(b, 'A')
		mask &^= all | eventMask("noc") // Redis does not show the n of "An"
	}
	// The order of the letters is that of Redis, and differs from the order of the
	// bits.
	for _, f := range "g$lshzxetdanocKEmSTIV" {
		if mask&eventMask(string(f)) != 0 {
			b = append(b, byte(f))
		}
	}
	return string(b)
}

func eventMask(letters string) (mask event.Class) {
	for _, f := range letters {
		mask |= 1 << strings.IndexRune(event.Letters, f)
	}
	return mask
}
