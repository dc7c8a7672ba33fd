package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/datastruct/listpack"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/value"
)

const now = 1_700_000_000_000

var limits = value.Limits{
	ListMaxListpackSize: -2, HashMaxListpackEntries: 128, HashMaxListpackValue: 64,
	SetMaxIntsetEntries: 512, SetMaxListpackEntries: 128, SetMaxListpackValue: 64,
	ZSetMaxListpackEntries: 128, ZSetMaxListpackValue: 64, StreamNodeMaxBytes: 4096, StreamNodeMaxEntries: 100,
	StreamIDMPDuration: 100, StreamIDMPMaxSize: 5,
}

// element returns a random string in one of several encodings.
func element(rng *rand.Rand) []byte {
	switch rng.IntN(8) {
	case 0:
		return nil
	case 1:
		return fmt.Append(nil, rng.Int64()>>rng.IntN(64))
	case 2:
		return bytes.Repeat([]byte("abcdef"), rng.IntN(200)) // compressible
	case 3:
		return make([]byte, rng.IntN(20000))
	default:
		b := make([]byte, rng.IntN(60))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
}

// makers make a random value of each type except strings.
var makers = map[value.Type]func(rng *rand.Rand) value.Value{
	value.TypeList:   randomList,
	value.TypeSet:    randomSet,
	value.TypeZSet:   randomZSet,
	value.TypeHash:   randomHash,
	value.TypeStream: randomStream,
}

func randomSet(rng *rand.Rand) value.Value {
	s := value.NewSet(&limits)
	ints := rng.IntN(2) == 0
	for range rng.IntN(1 << rng.IntN(11)) {
		m := fmt.Append(nil, rng.Int64()>>rng.IntN(64))
		if !ints {
			m = element(rng)
			m = m[:min(len(m), 70)]
		}
		s.Add(&limits, m)
	}
	return s
}

func randomZSet(rng *rand.Rand) value.Value {
	z := value.NewZSet(&limits)
	for range rng.IntN(1 << rng.IntN(9)) {
		score := []float64{float64(rng.IntN(20)), rng.NormFloat64(), math.Inf(1), math.Inf(-1), 1e300}[rng.IntN(5)]
		member := element(rng)
		if rng.IntN(5) != 0 {
			member = member[:min(len(member), 64)]
		}
		z.Set(&limits, member, score)
	}
	return z
}

func randomHash(rng *rand.Rand) value.Value {
	h := value.NewHash(&limits)
	timed := rng.IntN(2) == 0
	for range rng.IntN(1 << rng.IntN(9)) {
		at := int64(0)
		if timed && rng.IntN(3) == 0 {
			at = now + rng.Int64N(1e9)
		}
		v := element(rng)
		if rng.IntN(5) != 0 {
			v = v[:min(len(v), 64)]
		}
		if name := fmt.Append(nil, rng.IntN(1000)); !h.Has(name) { // a hash that was converted for a long element does not convert back
			h.Set(&limits, name, v, at)
		}
	}
	return h
}

func randomList(rng *rand.Rand) value.Value {
	l := value.NewList(&limits)
	for range rng.IntN(1 << rng.IntN(9)) {
		e := element(rng)
		l.Grow(&limits, 1, len(e))
		if rng.IntN(2) == 0 {
			l.PushFront(e)
		} else {
			l.PushBack(e)
		}
	}
	return l
}

func randomStream(rng *rand.Rand) value.Value {
	s := value.NewStream()
	ms := uint64(1)
	var ids []value.StreamID
	for range rng.IntN(300) {
		ms += uint64(rng.IntN(1000))
		id := value.StreamID{Ms: ms, Seq: s.LastID.Seq + 1}
		pairs := [][]byte{[]byte("field"), element(rng)}
		if rng.IntN(3) == 0 {
			pairs = append(pairs, element(rng), element(rng))
		}
		s.Add(&limits, id, pairs)
		ids = append(ids, id)
	}
	for _, id := range ids {
		if rng.IntN(5) == 0 {
			s.Delete(id)
		}
	}
	if rng.IntN(3) == 0 && len(ids) > 0 {
		m := s.Remember(&limits)
		for range 1 + rng.IntN(20) {
			m.Add(fmt.Append(nil, "producer", rng.IntN(3)), element(rng), ids[rng.IntN(len(ids))], 0)
		}
	}
	for i := range rng.IntN(4) {
		g := s.AddGroup(fmt.Append(nil, "group", i), value.StreamID{Ms: ms / 2}, int64(rng.IntN(10))-1)
		for j := range rng.IntN(4) {
			c := g.AddConsumer(fmt.Append(nil, "consumer", j), int64(rng.IntN(1000)))
			c.ActiveAt = int64(rng.IntN(1000)) - 1
			for _, id := range ids {
				if rng.IntN(10) == 0 {
					p := value.Pending{ID: id, DeliveredAt: int64(rng.IntN(1000)), Deliveries: uint64(rng.IntN(5))}
					if g.SetPending(p, c); rng.IntN(5) == 0 {
						g.Release(p)
					}
				}
			}
		}
	}
	return s
}

// randomKeyspace fills some databases with values of all types.
func randomKeyspace(rng *rand.Rand, keys int) *keyspace.Keyspace {
	ks := keyspace.New(16, rng.Uint64())
	types := slices.Sorted(maps.Keys(makers))
	for i := range keys {
		ks.Access = uint32(now/1000) - uint32(rng.IntN(100))
		db := ks.DB(rng.IntN(3) * 7)
		key := append(element(rng), fmt.Append(nil, i)...)
		at := int64(0)
		if rng.IntN(3) == 0 {
			at = now + 1 + rng.Int64N(1e9)
		}
		switch n := rng.IntN(2 + len(types)); {
		case n == 0 && rng.IntN(20) == 0:
			db.SetBytes(key, bytes.Repeat([]byte{1}, 2<<20), at) // too large to be stored beside the key
		case n < 2:
			db.SetBytes(key, element(rng), at)
		default:
			if v := makers[types[n-2]](rng); !v.Empty() {
				db.Set(key, v, at)
			}
		}
	}
	return ks
}

// digest describes the whole content of a keyspace, by database and key.
func digest(t *testing.T, ks *keyspace.Keyspace) map[string]string {
	t.Helper()
	var d Dumper
	all := map[string]string{}
	for db := range ks.Used {
		for e := range db.All {
			payload, err := d.Dump(e)
			if err != nil {
				t.Fatal(err)
			}
			content := []string{string(payload)}
			switch v := fromEntry(e, nil).(type) { // the order of a table does not matter
			case *rdb.Set:
				if v.Members != nil {
					content = nil
					for m := range v.Members {
						content = append(content, string(m))
					}
				}
			case *rdb.Hash:
				if v.Fields != nil {
					content = nil
					for f := range v.Fields {
						content = append(content, fmt.Sprint(f.Name, f.Value, f.ExpireAt))
					}
				}
			}
			slices.Sort(content)
			all[fmt.Sprintf("%d %q", db.Index(), e.Key())] = fmt.Sprintf("%s %s %d %d %q", e.Type(), e.Encoding(), e.ExpireAt(), e.Access(), content)
		}
	}
	return all
}

func load(t *testing.T, file []byte) *Loaded {
	t.Helper()
	l, err := Load(bytes.NewReader(file), LoadOptions{Env: Env{Limits: limits, Now: now}, Databases: 16, Size: int64(len(file))})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func save(t *testing.T, ks *keyspace.Keyspace, o SaveOptions) []byte {
	t.Helper()
	var file bytes.Buffer
	o.Now = now
	if err := Save(&file, ks, o); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestRoundTrip checks that saved and loaded data are the same, with their
// encodings.
func TestRoundTrip(t *testing.T) {
	for seed := range effort.Of(uint64(10)) {
		rng := rand.New(rand.NewPCG(seed, 1))
		ks := randomKeyspace(rng, 40)
		o := SaveOptions{AccessTimes: true, Functions: [][]byte{[]byte("#!lua name=l")}}
		o.NoCompression = seed%2 == 1
		l := load(t, save(t, ks, o))
		want, got := digest(t, ks), digest(t, l.Keyspace)
		if len(got) != len(want) || l.Keys != len(want) {
			t.Errorf("seed %d: %d keys became %d, and Loaded.Keys is %d", seed, len(want), len(got), l.Keys)
		}
		for k, w := range want {
			if got[k] != w {
				t.Fatalf("seed %d: key %s\n was %.200s\nis  %.200s", seed, k, w, got[k])
			}
		}
		if len(l.Functions) != 1 || string(l.Functions[0]) != "#!lua name=l" {
			t.Errorf("functions: %q", l.Functions)
		}
	}
}

// TestSaveClone checks that a clone is saved unchanged while the original is
// written.
func TestSaveClone(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ks := randomKeyspace(rng, 200)
	want := digest(t, ks)
	clone := ks.Clone()
	file := make(chan []byte)
	go func() {
		var b bytes.Buffer
		Save(&b, clone, SaveOptions{Now: now, AccessTimes: true})
		file <- b.Bytes()
	}()
	for db := range ks.Used {
		var keys [][]byte
		for e := range db.All {
			keys = append(keys, e.Key())
		}
		for _, k := range keys {
			switch v := db.Writable(k).(type) {
			case *value.String:
				v.Append([]byte("more"))
			case *value.List:
				v.Set(v.Len()/2, []byte("more"))
				v.DropFront()
			case *value.ZSet:
				v.Set(&limits, []byte("more"), 1)
			case *value.Hash:
				v.Set(&limits, []byte("more"), []byte("more"), now+1)
			case *value.Stream:
				v.Add(&limits, value.StreamID{Ms: 1 << 40}, [][]byte{[]byte("more"), []byte("more")})
			}
			if rng.IntN(3) == 0 {
				db.Delete(k)
			}
		}
	}
	got := digest(t, load(t, <-file).Keyspace)
	for k, w := range want {
		if got[k] != w {
			t.Fatalf("key %s\n was %.200s\nis  %.200s", k, w, got[k])
		}
	}
}

func TestLoadDropsExpired(t *testing.T) {
	ks := keyspace.New(16, 1)
	for i, at := range []int64{0, now - 1, now, now + 1} {
		ks.DB(0).SetBytes(fmt.Append(nil, i), []byte("v"), at)
	}
	l := load(t, save(t, ks, SaveOptions{}))
	if l.Keys != 3 || l.Expired != 1 || l.Keyspace.DB(0).Len() != 3 {
		t.Errorf("%d loaded, %d expired, %d in the database", l.Keys, l.Expired, l.Keyspace.DB(0).Len())
	}
}

// TestLoadKeepsFields checks that an expired field is loaded and expires
// afterwards, as in Redis, so that it counts in the statistics.
func TestLoadKeepsFields(t *testing.T) {
	for _, entries := range []int{0, 128} {
		limits := limits
		limits.HashMaxListpackEntries = entries
		h := value.NewHash(&limits)
		for i, at := range []int64{0, now - 1, now + 1} {
			h.Set(&limits, fmt.Append(nil, i), []byte("v"), at)
		}
		ks := keyspace.New(16, 1)
		ks.DB(0).Set([]byte("h"), h, 0)
		l := load(t, save(t, ks, SaveOptions{}))
		if k, at, ok := l.Keyspace.DB(0).NextElementExpiry(); l.Keys != 1 || !ok || at != now-1 || k.Value().(*value.Hash).Len() != 3 {
			t.Errorf("%d entries: %d keys, %v, the next field expires at %d", entries, l.Keys, ok, at)
		}
	}
}

// TestLoadZipmap checks that the limits of this server determine the encoding
// of hashes from old servers.
func TestLoadZipmap(t *testing.T) {
	body := "\x09\x01k\x0d\x02\x02f1\x02\x00v1\x02f2\x02\x00v2\xff"
	body = strings.Replace(body, "\x0d", string(rune(len(body)-4)), 1)
	for _, c := range []struct {
		entries, size int
		want          string
	}{{128, 64, "listpack"}, {1, 64, "hashtable"}, {128, 1, "hashtable"}} {
		env := Env{Limits: limits, Now: now}
		env.Limits.HashMaxListpackEntries, env.Limits.HashMaxListpackValue = c.entries, c.size
		l, err := Load(strings.NewReader("REDIS0003"+body+"\xff"), LoadOptions{Env: env, Databases: 16})
		if err != nil {
			t.Fatal(err)
		}
		k, _ := l.Keyspace.DB(0).Get([]byte("k"))
		if v, ok := k.Value().(*value.Hash).Get([]byte("f2"), nil); k.Encoding() != c.want || !ok || string(v) != "v2" {
			t.Errorf("%d entries of %d bytes: %s, %q", c.entries, c.size, k.Encoding(), v)
		}
	}
}

// TestLoadRefuses loads well-formed files with content that can't be loaded.
func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"\xfe\x10\x00\x01k\x01v", "database 16, where there are only 16"},
		{"\x00\x01k\x01v\x00\x01k\x01w", `key "k" comes twice in database 0`},
		{"\xfe\x03\x00\x01k\x01v\xfe\x00\x00\x01k\x01v\xfe\x03\x00\x01k\x01w", `key "k" comes twice in database 3`},
	} {
		_, err := Load(strings.NewReader("REDIS0003"+c.body+"\xff"), LoadOptions{Env: Env{Limits: limits, Now: now}, Databases: 16})
		var damaged *rdb.FormatError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), c.want) || damaged.Offset < 10 {
			t.Errorf("%q: %v, want %s", c.body, err, c.want)
		}
	}
}

// TestLoadSplitsHugeNodes checks that a list in one node of many megabytes,
// which no server writes, gets nodes of the usual size.
func TestLoadSplitsHugeNodes(t *testing.T) {
	pack := listpack.New(0)
	for i := range 20_000 {
		pack = pack.Append(fmt.Appendf(nil, "element %d", i))
	}
	l := loadList(&rdb.List{Nodes: []rdb.Node{{Pack: pack}}}, &Env{Limits: limits}).(*value.List)
	nodes := saveList(l).(*rdb.List).Nodes
	if l.Len() != 20_000 || len(nodes) < 20 {
		t.Errorf("%d elements in %d nodes", l.Len(), len(nodes))
	}
	if e, _ := l.At(12_345); string(e.AppendTo(nil)) != "element 12345" {
		t.Errorf("element 12345 is %q", e.AppendTo(nil))
	}
}

// TestReserveHint checks that a file that announces too many keys costs no
// memory.
func TestReserveHint(t *testing.T) {
	file := []byte("REDIS0003\xfe\x00\xfb\x80\xff\xff\xff\xff\x80\xff\xff\xff\xff\x00\x01k\x01v\xff")
	if l := load(t, file); l.Keys != 1 {
		t.Errorf("%d keys", l.Keys)
	}
}

func million(b *testing.B) *keyspace.Keyspace {
	ks := keyspace.New(16, 1)
	db := ks.DB(0)
	db.Reserve(1_000_000)
	for i := range 1_000_000 {
		db.SetBytes(fmt.Appendf(nil, "key:%012d", i), fmt.Appendf(nil, "value of number %d", i), 0)
	}
	b.ResetTimer()
	b.ReportAllocs()
	return ks
}

func BenchmarkSaveMillion(b *testing.B) {
	ks := million(b)
	for b.Loop() {
		var n counter
		if err := Save(&n, ks, SaveOptions{}); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(n))
	}
}

func BenchmarkLoadMillion(b *testing.B) {
	var file bytes.Buffer
	if err := Save(&file, million(b), SaveOptions{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l, err := Load(bytes.NewReader(file.Bytes()), LoadOptions{Databases: 16, Size: int64(file.Len())})
		if err != nil || l.Keys != 1_000_000 {
			b.Fatal(err)
		}
		b.SetBytes(int64(file.Len()))
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
