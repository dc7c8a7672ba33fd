package spec

// appendByCode finds the keys of the commands whose specs do not tell
// everything, and of command lines that do not fit their specs: GETKEYS shows
// what the key functions of the real server make of these.
func (c *Command) appendByCode(dst []KeyPos, args [][]byte) ([]KeyPos, bool) {
	n := len(dst)
	if c.KeyCode != nil {
		dst = c.KeyCode(dst, args)
	} else {
		dst = c.appendCountedKeys(dst, args)
	}
	return dst, len(dst) > n
}

// SET reads the old value only with GET.
func appendSetKey(dst []KeyPos, args [][]byte) []KeyPos {
	flags := OW | Update
	for i := 3; i < len(args); i++ {
		if isWord(args[i], "GET") {
			flags = RW | Access | Update
			break
		}
	}
	return append(dst, KeyPos{1, flags})
}

// BITFIELD with nothing but GET and OVERFLOW only reads.
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

// SORT stores to the key after the last STORE; the keys that BY and GET
// patterns lead to are unknown.
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
			store = i + 1 // also looked at as a word of its own, next
		}
	}
	if store > 0 {
		dst = append(dst, KeyPos{store, OW | Update})
	}
	return dst
}

// SORT_RO reads its key; those of BY and GET are unknown.
func appendSortROKey(dst []KeyPos, _ [][]byte) []KeyPos {
	return append(dst, KeyPos{1, RO | Access})
}

// MIGRATE names one key as its third argument or, if that is empty, any number after KEYS.
func appendMigrateKeys(dst []KeyPos, args [][]byte) []KeyPos {
	first, end := 3, 4
options:
	for i := 6; i < len(args); i++ {
		switch {
		case isWord(args[i], "KEYS"):
			if len(args[3]) > 0 {
				return dst // both: a syntax error
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

// GEORADIUS with a STORE that lacks its key; of several, the last one counts.
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

// appendCountedKeys finds the keys of numkeys commands whose number is not in
// canonical form: what C's atoi makes of it counts. The destination comes last.
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
