package list

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"testing"
)

// edit makes one change of a reproducible sequence to the list and returns the equivalent command.
func edit(l *List, r *rand.Rand, step int) (command []string) {
	n := r.IntN(300)
	if r.IntN(60) == 0 {
		n = l.limits.NodeBytes() - 30 + r.IntN(60)
	}
	v := bytes.Repeat([]byte{byte('a' + r.IntN(26))}, n)
	i := r.IntN(l.Len() + 1)
	kind := r.IntN(8)
	switch {
	case step == 0: // makes Redis choose a quicklist at once
		v = bytes.Repeat([]byte{'x'}, l.limits.NodeBytes()+1)
		l.PushBack(v)
		return []string{"RPUSH", "k", string(v)}
	case step < 100 || kind == 0:
		l.PushBack(v)
		return []string{"RPUSH", "k", string(v)}
	case step < 200 || kind == 1:
		l.PushFront(v)
		return []string{"LPUSH", "k", string(v)}
	case kind < 5: // LINSERT beside the first element that is equal to element i
		e, ok := l.Index(i)
		if !ok {
			return nil
		}
		pivot := e.AppendTo(nil)
		it := l.Seek(0, false)
		for e, _ = it.Next(); !e.Equal(pivot); e, _ = it.Next() {
		}
		if kind == 2 {
			it.InsertBefore(v)
			return []string{"LINSERT", "k", "BEFORE", string(pivot), string(v)}
		}
		it.InsertAfter(v)
		return []string{"LINSERT", "k", "AFTER", string(pivot), string(v)}
	case kind == 5:
		if !l.Set(i, v) {
			return nil
		}
		return []string{"LSET", "k", strconv.Itoa(i), string(v)}
	case kind == 6: // LREM of the first two elements that are equal to element i
		e, ok := l.Index(i)
		if !ok {
			return nil
		}
		value := e.AppendTo(nil)
		it, removed := l.Seek(0, false), 0
		for e, ok = it.Next(); ok && removed < 2; e, ok = it.Next() {
			if e.Equal(value) {
				it.Remove()
				removed++
			}
		}
		return []string{"LREM", "k", "2", string(value)}
	default:
		l.DeleteRange(0, 2)
		l.DeleteRange(-1, 1)
		return []string{"LTRIM", "k", "2", "-2"}
	}
}

// digest hashes the nodes as DUMP writes them, but with fixed-size lengths.
func digest(l *List) string {
	h := sha256.New()
	for i := range l.Nodes() {
		data, plain := l.Node(i)
		kind := byte(2)
		if plain {
			kind = 1
		}
		h.Write(binary.LittleEndian.AppendUint32([]byte{kind}, uint32(len(data))))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// The digests are of DUMP payloads of redis-server 7.4.1 after the same
// commands.
func TestNodesAreThoseOfRedis(t *testing.T) {
	for _, c := range []struct {
		seed        uint64
		fill, nodes int
		digest      string
	}{
		{0, -2, 14, "52daefc1140dc4d22c39c242d6d261daa6e1647fb0ca1f2fb24a8b0f6e2f4062"},
		{1, -1, 23, "92a5dfc0cfe51e51e9215e1d925aa0e76e0730c7d3cca9732e83ed9ceb4477d1"},
		{2, 16, 43, "ae034b0bf4f30be8413887bdb25d9e31c59aa1552b0a07b38a73528a60a4d7a9"},
		{3, 3, 179, "5f23a568f31b9cddd257ad52cc87b10f6cfe37b720bcad039741bf17b4edb3e6"},
		{4, -3, 15, "50ad3f9b7e94d833b05fbde6751dd5d0442db2b9619684e3d5a472b8419ad301"},
		{5, 1, 306, "7d9e79d1ce237777836b688840ed5152da4c98125283cdcf39684df19a29fb84"},
	} {
		l := New(Limits{Fill: c.fill})
		r := rand.New(rand.NewPCG(c.seed, 7))
		for step := range 1500 {
			edit(l, r, step)
		}
		if l.Nodes() != c.nodes || digest(l) != c.digest {
			t.Errorf("fill %d: %d nodes with digest %s, want %d with %s", c.fill, l.Nodes(), digest(l), c.nodes, c.digest)
		}
	}
}
