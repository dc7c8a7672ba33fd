package spec

import "strconv"

// KeyPos is a key of a command line: its index in the arguments, and how the
// command uses it.
type KeyPos struct {
	Index int
	Flags KeyFlag
}

// HasKeys reports whether the command has keys. Channels that are routed like
// keys do not count.
func (c *Command) HasKeys() bool {
	for i := range c.Keys {
		if c.Keys[i].Flags&NotKey == 0 {
			return true
		}
	}
	return false
}

// KeyPositions appends the keys of a full command line to dst. args[0] is the
// name, and for a subcommand args[1] is its name. The number of arguments must
// fit the arity. It allocates only to grow dst.
//
// It returns false and appends nothing if the arguments do not determine the
// keys: the number of keys is wrong, or a word lacks its value. The order and
// the flags of the keys are those of COMMAND GETKEYSANDFLAGS.
func (c *Command) KeyPositions(dst []KeyPos, args [][]byte) (pos []KeyPos, ok bool) {
	return c.appendKeys(dst, args, false)
}

// RoutingPositions is KeyPositions including the channels of sharded Pub/Sub,
// which determine the cluster slot as keys do.
func (c *Command) RoutingPositions(dst []KeyPos, args [][]byte) (pos []KeyPos, ok bool) {
	return c.appendKeys(dst, args, true)
}

func (c *Command) appendKeys(dst []KeyPos, args [][]byte, notKeys bool) ([]KeyPos, bool) {
	var flags KeyFlag
	for i := range c.Keys {
		flags |= c.Keys[i].Flags
	}
	// Where flags depend on the arguments, the specs have only their union.
	if flags&VariableFlags == 0 {
		if pos, ok := c.appendBySpecs(dst, args, notKeys); ok {
			return pos, true
		}
	}
	return c.appendByCode(dst, args)
}

func (c *Command) appendBySpecs(dst []KeyPos, args [][]byte, notKeys bool) ([]KeyPos, bool) {
	pos := dst
	for i := range c.Keys {
		k := &c.Keys[i]
		if k.Flags&NotKey != 0 && !notKeys {
			continue
		}
		if k.Unknown || k.UnknownKeys {
			return dst, false
		}
		begin := k.begin(args)
		if begin == 0 {
			continue // an optional word is missing
		}
		first, last, ok := k.find(args, begin)
		if !ok || first >= len(args) || last >= len(args) || last < first {
			return dst, false
		}
		for j := first; j <= last; j += k.Step {
			pos = append(pos, KeyPos{j, k.Flags})
		}
		if k.Flags&Incomplete != 0 {
			return dst, false
		}
	}
	return pos, true
}

// begin returns the index of the first key of k, 0 if its word is missing.
// Like Redis it never takes the last argument for the word, nor, when it
// searches backwards, the first.
func (k *KeySpec) begin(args [][]byte) int {
	switch {
	case k.Keyword == "":
		return k.Index
	case k.StartFrom > 0:
		for i := k.StartFrom; i < len(args)-1; i++ {
			if isWord(args[i], k.Keyword) {
				return i + 1
			}
		}
	default:
		for i := len(args) + k.StartFrom; i > 1; i-- {
			if isWord(args[i], k.Keyword) {
				return i + 1
			}
		}
	}
	return 0
}

// find returns the indexes of the first and the last key of k.
func (k *KeySpec) find(args [][]byte, begin int) (first, last int, ok bool) {
	switch {
	case k.KeyNum:
		if begin+k.KeyNumIdx >= len(args) {
			return 0, 0, false
		}
		n, ok := keyCount(args[begin+k.KeyNumIdx])
		if !ok || n > len(args) {
			return 0, 0, false
		}
		first = begin + k.FirstKey
		return first, first + (n-1)*k.Step, true
	case k.LastKey >= 0:
		return begin, begin + k.LastKey, true
	case k.Limit == 0:
		return begin, len(args) + k.LastKey, true
	default:
		return begin, begin + (len(args)-begin)/k.Limit + k.LastKey, true
	}
}

// keyCount parses a number in its canonical form only, as Redis does for key
// specs.
func keyCount(arg []byte) (int, bool) {
	if len(arg) == 0 || len(arg) > 9 || arg[0] == '0' && len(arg) > 1 {
		return 0, false
	}
	n := 0
	for _, c := range arg {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// isWord reports whether arg equals word, which is in capitals, ignoring case.
func isWord(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// looseCount parses a number as C's atoi does: up to the first character that
// is no digit, limited to 64 bits and then cut to 32.
func looseCount(arg []byte) int {
	i := 0
	for i < len(arg) && (arg[i] == ' ' || arg[i] >= '\t' && arg[i] <= '\r') {
		i++
	}
	begin := i
	if i < len(arg) && (arg[i] == '+' || arg[i] == '-') {
		i++
	}
	for i < len(arg) && arg[i] >= '0' && arg[i] <= '9' {
		i++
	}
	n, _ := strconv.ParseInt(string(arg[begin:i]), 10, 64) // 0 without digits
	return int(int32(n))
}
