package keyspace

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/value"
)

// model is a database as a map.
type model map[string]item

type item struct {
	text string
	at   int64
}

func (m model) clone() model {
	c := make(model, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// check compares a database with its model, including the index of expiry
// times.
func check(t *testing.T, db *DB, m model) {
	t.Helper()
	if db.Len() != len(m) {
		t.Fatalf("%d keys, want %d", db.Len(), len(m))
	}
	if err := db.check(); err != nil {
		t.Fatal(err)
	}
	expires := 0
	for k, want := range m {
		e, ok := db.Get([]byte(k))
		if !ok {
			t.Fatalf("key %q is missing", k)
		}
		if got := (item{string(e.Bytes(nil)), e.ExpireAt()}); got != want || string(e.Key()) != k {
			t.Fatalf("key %q: %+v, want %+v", k, got, want)
		}
		if want.at != 0 {
			expires++
		}
	}
	if db.Expires() != expires {
		t.Fatalf("%d keys with an expiry time, want %d", db.Expires(), expires)
	}
	var last int64
	for it := db.expires.Seek(0); ; {
		x, ok := it.Next()
		if !ok {
			break
		}
		e, ok := db.Get(x.entry.Key())
		if !ok || e != x.entry || e.ExpireAt() != x.at || x.at < last {
			t.Fatalf("expiry index has %q at %d", x.entry.Key(), x.at)
		}
		last = x.at
	}
}

func TestModel(t *testing.T) {
	for _, keys := range []int{60, 2000} {
		t.Run(strconv.Itoa(keys), func(t *testing.T) { testModel(t, keys) })
	}
}

func testModel(t *testing.T, keys int) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	type owner struct {
		ks *Keyspace
		m  model
	}
	owners := []owner{{New(2, seed), model{}}}
	key := func() []byte {
		switch rnd.IntN(20) {
		case 0:
			return []byte(strings.Repeat("long", maxFlatKey/4+1) + strconv.Itoa(rnd.IntN(2)))
		case 1:
			return nil
		}
		return strconv.AppendInt(nil, int64(rnd.IntN(keys)), 10)
	}
	text := func() string {
		switch rnd.IntN(8) {
		case 0:
			return strconv.Itoa(rnd.IntN(1000) - 500)
		case 1:
			return strings.Repeat("x", maxEmbstr+rnd.IntN(2))
		case 2:
			return strings.Repeat("y", maxFlatValue+rnd.IntN(2))
		}
		return strings.Repeat("z", rnd.IntN(30))
	}
	at := func() int64 {
		if rnd.IntN(2) == 0 {
			return 0
		}
		return 1 + int64(rnd.IntN(50))
	}
	for step := range effort.Of(3000) {
		o := owners[rnd.IntN(len(owners))]
		db := o.ks.DB(0)
		k := key()
		e, exists := db.Get(k)
		switch rnd.IntN(9) {
		case 0, 1:
			v := item{text(), at()}
			db.SetBytes(k, []byte(v.text), v.at)
			o.m[string(k)] = v
		case 2:
			v := item{text(), at()}
			db.Set(k, value.NewString([]byte(v.text)), v.at)
			o.m[string(k)] = v
		case 3:
			if db.Delete(k) != exists {
				t.Fatalf("Delete(%q) is not %v", k, exists)
			}
			delete(o.m, string(k))
		case 4:
			if v, ok := db.Writable(k).(*value.String); ok {
				v.Append([]byte("+"))
				was := o.m[string(k)]
				o.m[string(k)] = item{was.text + "+", was.at}
			}
		case 5:
			if exists {
				a := at()
				db.SetExpire(k, a)
				o.m[string(k)] = item{o.m[string(k)].text, a}
			}
		case 6:
			if to := key(); exists && string(to) != string(k) {
				a := at()
				v := o.m[string(k)]
				db.Share(db, e, to, a)
				o.m[string(to)] = item{v.text, a}
			}
		case 7:
			if to := key(); exists && string(to) != string(k) {
				db.Move(db, e, to)
				o.m[string(to)] = o.m[string(k)]
				delete(o.m, string(k))
			}
		case 8:
			if len(owners) < 5 && rnd.IntN(20) == 0 {
				owners = append(owners, owner{o.ks.Clone(), o.m.clone()})
			}
		}
		if step%100 == 0 {
			for _, o := range owners {
				check(t, o.ks.DB(0), o.m)
			}
		}
	}
}

func TestEncoding(t *testing.T) {
	db := New(1, 1).DB(0)
	for text, want := range map[string]string{
		"": "embstr", "12": "int", "-9223372036854775808": "int", "012": "embstr", "9223372036854775808": "embstr",
		strings.Repeat("a", 44): "embstr", strings.Repeat("a", 45): "raw",
	} {
		db.SetBytes([]byte("k"), []byte(text), 0)
		e, _ := db.Get([]byte("k"))
		if e.Encoding() != want || string(e.Bytes(nil)) != text || e.StringLen() != len(text) {
			t.Errorf("%q is %s %q, want %s", text, e.Encoding(), e.Bytes(nil), want)
		}
	}
}

func TestSwap(t *testing.T) {
	ks := New(3, 1)
	ks.DB(0).SetBytes([]byte("a"), []byte("1"), 5)
	ks.Swap(0, 2)
	if ks.DB(0).Len() != 0 || ks.DB(2).Len() != 1 || ks.DB(2).Index() != 2 {
		t.Error("the databases were not swapped")
	}
	if e, ok := ks.DB(2).NextExpiry(); !ok || e.ExpireAt() != 5 {
		t.Error("the expiry time was left behind")
	}
}

// TestCloneConcurrently writes two owners of the same data at the same time.
// It is for the race detector.
func TestCloneConcurrently(t *testing.T) {
	a := New(1, 1)
	for i := range 1000 {
		a.DB(0).Set(fmt.Append(nil, i), value.NewString([]byte("v")), int64(i))
	}
	b := a.Clone()
	var done sync.WaitGroup
	for _, ks := range []*Keyspace{a, b} {
		done.Go(func() {
			db := ks.DB(0)
			for i := range 1000 {
				key := fmt.Append(nil, i)
				e, _ := db.Get(key)
				e.SetAccess(uint32(i))
				db.Writable(key).(*value.String).Append([]byte("w"))
				db.SetExpire(key, int64(2*i))
				if i%3 == 0 {
					db.Delete(key)
				}
			}
		})
	}
	done.Wait()
	if a.DB(0).Len() != b.DB(0).Len() {
		t.Error("the owners differ")
	}
}

func BenchmarkSetGet(b *testing.B) {
	for _, n := range []int{1000, 1000000} {
		db := New(1, 1).DB(0)
		keys := make([][]byte, n)
		for i := range keys {
			keys[i] = fmt.Appendf(nil, "key:%012d", i)
			db.SetBytes(keys[i], []byte("xxx"), 0)
		}
		b.Run(fmt.Sprintf("set/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				db.SetBytes(keys[i*7919%n], []byte("yyy"), 0)
			}
		})
		b.Run(fmt.Sprintf("get/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e, _ := db.Get(keys[i*7919%n])
				e.Bytes(nil)
			}
		})
	}
}
