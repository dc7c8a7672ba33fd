package command

import (
	"fmt"
	"strings"

	"github.com/resp-server/resp-server/internal/datastruct/dict"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// debugTables replies the statistics of a database's hash tables. Expiry times
// are in a tree, which appears as a full table without collisions.
func debugTables(c *engine.Ctx) error {
	n, err := c.ArgInt(2)
	if err != nil {
		return err
	}
	if n < 0 || n >= int64(c.Keyspace.Len()) {
		return resp.Error("ERR Out of range database")
	}
	full := len(c.Args) > 3 && c.ArgIs(3, "full")
	db := c.Keyspace.DB(int(n))
	text := "[Dictionary HT]\n"
	if db.Len() > 0 {
		text += tableText(db.TableStats(), full)
	}
	text += "[Expires HT]\n"
	if n := db.Expires(); n > 0 {
		text += tableText(dict.Stats{Slots: n, Elements: n, Steps: []int{n}}, full)
	}
	c.Out().Verbatim("txt", text)
	return nil
}

// debugTableOf replies the statistics of a value's hash table.
func debugTableOf(c *engine.Ctx) error {
	k, ok := c.Inspect(c.Args[2])
	if !ok {
		return resp.ErrNoSuchKey
	}
	s, ok := value.TableStats(k.Value())
	if !ok {
		return resp.Error("ERR The value stored at the specified key is not represented using an hash table")
	}
	c.Out().Verbatim("txt", tableText(s, len(c.Args) > 3 && c.ArgIs(3, "full")))
	return nil
}

// tableText formats statistics of a table as Redis does. Redis's tables use
// chaining; here a chain's length is the number of groups that a look-up
// probes.
func tableText(s dict.Stats, full bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Hash table 0 stats (main hash table):\n table size: %d\n number of elements: %d\n", s.Slots, s.Elements)
	if !full {
		return b.String()
	}
	sum := 0
	for i, n := range s.Steps {
		sum += (i + 1) * n
	}
	mean := ratio(int64(sum), int64(s.Elements))
	fmt.Fprintf(&b, " different slots: %d\n max chain length: %d\n avg chain length (counted): %.2f\n avg chain length (computed): %.2f\n"+
		" Chain length distribution:\n", s.Elements, len(s.Steps), mean, mean)
	for i, n := range append([]int{s.Slots - s.Elements}, s.Steps...) {
		if n > 0 {
			fmt.Fprintf(&b, "   %d: %d (%.2f%%)\n", i, n, 100*ratio(int64(n), int64(s.Slots)))
		}
	}
	return b.String()
}

// debugReplyBuffer controls when clients give back their reply buffers. By
// default they do so at once, so a reset time changes nothing.
func debugReplyBuffer(c *engine.Ctx) error {
	switch {
	case c.ArgIs(2, "resizing"):
		n, _ := c.ArgInt(3)
		c.ResizeReplies(n != 0)
	case !c.ArgIs(2, "peak-reset-time"):
		return errDebugUsage(c)
	case c.ArgIs(3, "never"):
		c.KeepReplyPeaks(true)
	default:
		if !c.ArgIs(3, "reset") {
			if _, err := c.ArgInt(3); err != nil {
				return err
			}
		}
		c.KeepReplyPeaks(false)
	}
	return c.OK()
}

// debugClientEviction replies the clients that may be evicted, grouped by
// size.
func debugClientEviction(c *engine.Ctx) error {
	shares := c.ClientShares()
	if shares == nil {
		return resp.Error("ERR maxmemory-clients is disabled.")
	}
	var b strings.Builder
	for _, s := range shares {
		to := "+            : "
		if s.To != 0 {
			to = fmt.Sprintf(" - %10d: ", s.To)
		}
		fmt.Fprintf(&b, "bucket %10d%stot-mem: %10d, clients: %d\n", s.From, to, s.Bytes, s.Clients)
	}
	c.Out().Verbatim("txt", b.String())
	return nil
}

// debugScript writes scripts to the log.
func debugScript(c *engine.Ctx) error {
	sha := string(c.Args[2])
	switch {
	case c.ArgIs(2, "list"):
		sha = ""
	case len(sha) != 40:
		return errDebugUsage(c)
	}
	if !c.LogScripts(sha) {
		return resp.ErrNoScript
	}
	return c.OK()
}

// debugStringLength replies the lengths and the memory of a key and its
// string. The spare capacity of both is reported as 0.
func debugStringLength(c *engine.Ctx) error {
	k, ok := c.DB().Get(c.Args[2])
	if !ok {
		return resp.ErrNoSuchKey
	}
	if k.Type() != value.TypeString || k.Encoding() == "int" {
		return resp.Error("ERR Not an sds encoded string.")
	}
	key, text := len(k.Key()), len(k.Bytes(nil))
	return c.Simple(fmt.Sprintf("key_sds_len:%d, key_sds_avail:0, key_zmalloc: %d, val_sds_len:%d, val_sds_avail:0, val_zmalloc: %d",
		key, key, text, max(k.MemoryUse()-key, text)))
}

// debugPatterns tries random patterns on random texts.
func debugPatterns(c *engine.Ctx) error {
	const cases, longest, letters = 20_000, 32, `*?[]\^-ab` + "\x00\xff"
	word := func() []byte {
		b := make([]byte, c.Rand.IntN(longest))
		for i := range b {
			b[i] = letters[c.Rand.IntN(len(letters))]
		}
		return b
	}
	for range cases {
		glob.Match(word(), word(), c.Rand.IntN(2) == 0)
	}
	return c.Simple("Apparently Redis did not crash: test passed")
}
