package engine

import (
	"bytes"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// shuffling puts replies in another order where Redis leaves it open, so that programs
// that rely on one fail early. The order of a reply depends only on the seed and the
// key. So it stays the same until the key changes, and HKEYS and HVALS agree, as in
// Redis.
type shuffling struct {
	on   bool
	seed uint64
}

// Seed returns the seed of all random choices.
func (e *Core) Seed() uint64 { return e.seed }

// Shuffle sets whether replies whose order Redis leaves open get another order from now
// on.
func (e *Core) Shuffle(on bool) {
	e.shuffle = shuffling{on, e.seed}
	e.setObservers()
}

// order is the part of a reply that may come in any order.
type order uint8

const (
	inOrder    order = iota
	anyOrder         // the elements
	pairsOrder       // the elements, two by two if they are no map
	scanOrder        // those behind the cursor
	pairsScan        // likewise, two by two
	geoOrder         // the elements, unless the command sorts them
)

// orderOf returns the part of a reply whose order Redis leaves open. The order of
// COMMAND follows its arguments, whatever the tip says.
func orderOf(c *Command) order {
	switch c.FullName {
	case "hgetall", "phgetall", "config|get":
		return pairsOrder
	case "hscan", "zscan", "phscan":
		return pairsScan
	case "scan", "sscan":
		return scanOrder
	case "pubsub|channels", "pubsub|shardchannels":
		return anyOrder
	case "geosearch", "georadius", "georadius_ro", "georadiusbymember", "georadiusbymember_ro":
		return geoOrder
	}
	if slices.Contains(c.Tips, "nondeterministic_output_order") && !strings.HasPrefix(c.FullName, "command") {
		return anyOrder
	}
	return inOrder
}

// shuffleAfter puts the reply to a command in another order.
func (e *Core) shuffleAfter(c *Ctx) {
	how := c.Cmd.order
	if how == inOrder || c.Outcome.Err != nil || c.Outcome.Blocked || c.w.Full {
		return
	}
	reply := c.Reply()
	pairs := how == pairsOrder || how == pairsScan
	has := func(word string) bool {
		return slices.ContainsFunc(c.Args, func(a []byte) bool { return EqualFold(a, word) })
	}
	switch how {
	case geoOrder:
		if has("asc") || has("desc") || has("count") || has("store") || has("storedist") {
			return
		}
	case pairsScan:
		pairs = !has("novalues")
		fallthrough
	case scanOrder:
		if len(reply) == 0 || reply[0] != '*' {
			return
		}
		reply = reply[lineEnd(reply):]
		reply = reply[replyEnd(reply):] // the cursor
	}
	seed := fnv.New64a()
	if keys, _ := c.Cmd.KeyPositions(nil, c.Args); len(keys) > 0 {
		seed.Write(c.Args[keys[0].Index])
	} else {
		seed.Write(bytes.Join(c.Args[1:], []byte{0}))
	}
	permute(reply, pairs, rand.New(rand.NewPCG(e.shuffle.seed, seed.Sum64())))
}

// permute puts the elements of a reply in another order, in place.
func permute(reply []byte, pairs bool, r *rand.Rand) {
	if len(reply) == 0 {
		return
	}
	n, each := count(reply), 1
	switch reply[0] {
	case '%':
		n, each = 2*n, 2
	case '*', '~':
		if pairs {
			each = 2
		}
	default:
		return
	}
	if n < 2*each || n%each != 0 {
		return
	}
	head := lineEnd(reply)
	elements := make([][]byte, 0, n/each)
	rest := reply[head:]
	for range n / each {
		end := 0
		for range each {
			end += replyEnd(rest[end:])
		}
		elements = append(elements, rest[:end])
		rest = rest[end:]
	}
	r.Shuffle(len(elements), func(i, j int) { elements[i], elements[j] = elements[j], elements[i] })
	copy(reply[head:], bytes.Join(elements, nil))
}

// count returns the number in the first line of a reply, 0 for a null.
func count(reply []byte) int {
	n, _ := strconv.Atoi(string(reply[1 : lineEnd(reply)-len("\r\n")]))
	return max(n, 0)
}

func lineEnd(reply []byte) int { return bytes.IndexByte(reply, '\n') + 1 }

// replyEnd returns the length of the first reply in b.
func replyEnd(b []byte) int {
	end := lineEnd(b)
	n := 0
	switch b[0] {
	case '$', '=', '!':
		if b[1] != '-' {
			end += count(b) + len("\r\n")
		}
		return end
	case '*', '~', '>':
		n = count(b)
	case '%':
		n = 2 * count(b)
	}
	for range n {
		end += replyEnd(b[end:])
	}
	return end
}
