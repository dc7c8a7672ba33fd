package spec

// appendByCode finds the keys of commands with incomplete key specs, and of
// command lines that do not fit their specs. It follows the key functions of
// the real server, as shown by GETKEYS.
func (c *Command) appendByCode(dst []KeyPos, args [][]byte) ([]KeyPos, bool) {
	n := len(dst)
	if c.KeyCode != nil {
		dst = c.KeyCode(dst, args)
	} else {
		dst = c.appendCountedKeys(dst, args)
	}
	return dst, len(dst) > n
}

// SET reads the old value only with GET, or to compare it.
func appendSetKey(dst []KeyPos, args [][]byte) []KeyPos {
	flags := OW | Update
	for i := 3; i < len(args); i++ {
		switch {
		case isWord(args[i], "GET"):
			return append(dst, KeyPos{1, RW | Access | Update})
		case isComparison(args[i]):
			flags = RW | Update
		}
	}
	return append(dst, KeyPos{1, flags})
}

func isComparison(b []byte) bool {
	return isWord(b, "IFEQ") || isWord(b, "IFNE") || isWord(b, "IFDEQ") || isWord(b, "IFDNE")
}

// DELEX looks at the value if it has a condition.
func appendDelexKey(dst []KeyPos, args [][]byte) []KeyPos {
	flags := RM | Delete
	for _, a := range args[min(len(args), 2):] {
		if isComparison(a) {
			flags = RW | Delete
		}
	}
	return append(dst, KeyPos{1, flags})
}

// BITFIELD only reads if its operations are all GET or OVERFLOW.
func appendBitfieldKey(dst []KeyPos, args [][]byte) []KeyPos {
	for i := 2; i < len(args); i++ {
		rest := len(args) - i - 1
		switch {
		case isWord(args[i], "GET") && rest >= 2:
			i += 2
		case isWord(args[i], "OVERFLOW") && rest >= 1:
			i++
		default:
			return append(dst, KeyPos{1, RW | Access | Update})
		}
	}
	return append(dst, KeyPos{1, RO | Access})
}

// SORT stores to the key after the last STORE. The keys from patterns of BY
// and GET are unknown.
func appendSortKeys(dst []KeyPos, args [][]byte) []KeyPos {
	dst = append(dst, KeyPos{1, RO | Access})
	store := 0
	for i := 2; i < len(args); i++ {
		switch {
		case isWord(args[i], "LIMIT"):
			i += 2
		case isWord(args[i], "GET"), isWord(args[i], "BY"):
			i++
		case isWord(args[i], "STORE") && i+1 < len(args):
			store = i + 1 // the value may itself be a STORE
		}
	}
	if store > 0 {
		dst = append(dst, KeyPos{store, OW | Update})
	}
	return dst
}

// SORT_RO reads its key. The keys from patterns of BY and GET are unknown.
func appendSortROKey(dst []KeyPos, _ [][]byte) []KeyPos {
	return append(dst, KeyPos{1, RO | Access})
}

// The key of MIGRATE is its third argument. If that is empty, the keys follow
// KEYS.
func appendMigrateKeys(dst []KeyPos, args [][]byte) []KeyPos {
	first, end := 3, 4
options:
	for i := 6; i < len(args); i++ {
		switch {
		case isWord(args[i], "KEYS"):
			if len(args[3]) > 0 {
				return dst // both forms at once are a syntax error
			}
			first, end = i+1, len(args)
			break options
		case isWord(args[i], "AUTH"):
			i++
		case isWord(args[i], "AUTH2"):
			i += 2
		}
	}
	for i := first; i < end; i++ {
		dst = append(dst, KeyPos{i, RW | Access | Delete})
	}
	return dst
}

// The last STORE of GEORADIUS counts. A STORE at the end, without a key, does
// not.
func appendGeoradiusKeys(dst []KeyPos, args [][]byte) []KeyPos {
	dst = append(dst, KeyPos{Index: 1})
	store := 0
	for i := 5; i+1 < len(args); i++ {
		if isWord(args[i], "STORE") || isWord(args[i], "STOREDIST") {
			i++
			store = i
		}
	}
	if store > 0 {
		dst = append(dst, KeyPos{Index: store})
	}
	return dst
}

// appendCountedKeys finds the keys of numkeys commands with a number that is
// not in canonical form. It reads the number as C's atoi does. The destination
// comes last.
func (c *Command) appendCountedKeys(dst []KeyPos, args [][]byte) []KeyPos {
	store := 0
	for i := range c.Keys {
		k := &c.Keys[i]
		if !k.KeyNum {
			store = k.Index
			continue
		}
		if k.Index+k.KeyNumIdx >= len(args) {
			return dst
		}
		n, first := looseCount(args[k.Index+k.KeyNumIdx]), k.Index+k.FirstKey
		if n < 1 || n > (len(args)-first)/k.Step {
			return dst
		}
		for j := range n {
			dst = append(dst, KeyPos{Index: first + j*k.Step})
		}
		if store > 0 {
			dst = append(dst, KeyPos{Index: store})
		}
	}
	return dst
}
