package array

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/value"
)

// TestRoundTrip saves random arrays to a file and loads it. The contents and
// the insertion cursors must be the same.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	cfg := config.New()
	l := settings.Of(cfg)
	ks := keyspace.New(1, 1)
	for i := range 200 {
		a := newSparse(l)
		for range 1 + rng.IntN(300) {
			text := []byte("text of more than seven bytes")
			if rng.IntN(2) == 0 {
				text = text[:rng.IntN(9)]
			} else if rng.IntN(2) == 0 {
				text = []byte("-12.5")
			}
			a.Set(l, rng.Uint64()>>rng.IntN(64)>>1, text)
		}
		if rng.IntN(2) == 0 {
			a.Seek(rng.Uint64() >> rng.IntN(64))
		}
		ks.DB(0).Set([]byte{byte(i)}, value.NewForeign(kind, a), 0)
	}
	var file bytes.Buffer
	if err := snapshot.Save(&file, ks, snapshot.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := snapshot.Load(&file, snapshot.LoadOptions{Env: snapshot.Env{Config: cfg}, Databases: 1})
	if err != nil {
		t.Fatal(err)
	}
	for k := range ks.DB(0).All {
		g, ok := got.Keyspace.DB(0).Get(k.Key())
		if !ok || g.Digest() != k.Digest() {
			t.Fatalf("key %x: missing or other content", k.Key())
		}
		was, is := content(k), content(g)
		if err := is.Check(); err != nil {
			t.Errorf("key %x: %v", k.Key(), err)
		}
		if was.last != is.last {
			t.Errorf("key %x: the last insertion was at %d, but is loaded as %d", k.Key(), was.last, is.last)
		}
	}
}

func content(k keyspace.Entry) *sparse { return k.Value().(*value.Foreign).Content().(*sparse) }
