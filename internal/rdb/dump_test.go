package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/oracle"
	"github.com/resp-server/resp-server/internal/rdb/crc64"
)

// entries is a Handler that collects the entries.
type entries struct {
	renderer
	list []Entry
}

func (h *entries) Entry(e *Entry) error { h.list = append(h.list, *e); return nil }

func readEntries(t testing.TB, path string) []Entry {
	t.Helper()
	var h entries
	if err := NewReader(bytes.NewReader(readFile(t, path)), Options{}).Read(&h); err != nil {
		t.Fatal(err)
	}
	return h.list
}

// payloads encodes each value of a file.
func payloads(t testing.TB, path string) map[string][]byte {
	t.Helper()
	m := make(map[string][]byte)
	enc := NewEncoder(Encoding{})
	for _, e := range readEntries(t, path) {
		p, err := enc.AppendDump(nil, e.Value)
		if err != nil {
			t.Fatal(err)
		}
		m[string(e.Key)] = p
	}
	return m
}

func TestDumpRoundTrip(t *testing.T) {
	for _, path := range goldenFiles(t) {
		for version := OldestWritten; version <= NewestWritten; version++ {
			for _, raw := range []bool{false, true} {
				enc := NewEncoder(Encoding{Version: version, NoCompression: raw})
				for _, e := range readEntries(t, path) {
					p, err := enc.AppendDump([]byte("before"), e.Value)
					if errors.Is(err, ErrVersion) && version < 12 && string(p) == "before" {
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					v, err := DecodeDump(p[len("before"):])
					if err != nil {
						t.Fatalf("%q: %v", e.Key, err)
					}
					if s, ok := v.(*Stream); ok && version >= 13 && e.Value.(*Stream).Idempotency == nil {
						s.Idempotency = nil // all streams have one there
					}
					want, got := render(&e), render(&Entry{DB: e.DB, Key: e.Key, ExpireAt: e.ExpireAt, Value: v})
					if s, ok := v.(*Stream); ok && version < 11 {
						for _, g := range s.Groups {
							for i := range g.Consumers {
								g.Consumers[i].ActiveAt = 0 // not stored
							}
						}
						continue
					}
					if got != want {
						t.Fatalf("version %d: %s became %s", version, want, got)
					}
				}
			}
		}
	}
}

func TestDumpFooter(t *testing.T) {
	p, err := NewEncoder(Encoding{}).AppendDump(nil, String("value"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range p {
		damaged := bytes.Clone(p)
		damaged[i] ^= 1
		if _, err := DecodeDump(damaged); err != ErrPayload {
			t.Errorf("byte %d: %v", i, err)
		}
		if _, err := DecodeDump(p[:i]); err != ErrPayload {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
	var fe *FormatError
	if _, err := DecodeDump(seal([]byte("\x02\x00"))); !errors.As(err, &fe) {
		t.Errorf("empty set: %v", err)
	}
	if _, err := DecodeDump(seal(nil)); !errors.As(err, &fe) {
		t.Errorf("nothing: %v", err)
	}
}

// TestServerRoundTrip has a real server RESTORE encoded payloads and DUMP them
// again. That must give the same value, which must encode to the same bytes.
func TestServerRoundTrip(t *testing.T) {
	program := *reference
	if program == "" {
		program = oracle.Program(t, "redis-server")
	}
	s := startServer(t, program, t.TempDir(), "--save", "")
	s.do("SET", "probe", "x")
	probe := s.do("DUMP", "probe").(string)
	version := int(probe[len(probe)-10])
	if version < OldestWritten || version > Version {
		t.Skipf("the server's version is %d", version)
	}
	enc := NewEncoder(Encoding{Version: version})
	for _, path := range goldenFiles(t) {
		for _, e := range readEntries(t, path) {
			p, err := enc.AppendDump(nil, e.Value)
			if errors.Is(err, ErrVersion) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			s.do("RESTORE", string(e.Key), "0", string(p), "REPLACE")
			back := s.do("DUMP", string(e.Key)).(string)
			ours, err := DecodeDump(p)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := DecodeDump([]byte(back))
			if err != nil {
				t.Fatalf("%s %q: %v", path, e.Key, err)
			}
			want, got := render(&Entry{Key: e.Key, Value: ours}), render(&Entry{Key: e.Key, Value: theirs})
			if got != want {
				t.Errorf("%s: %s came back as %s", path, want, got)
			}
			again, err := enc.AppendDump(nil, theirs)
			if err != nil || string(again) != back {
				t.Errorf("%s %q: %v\n%q became\n%q", path, e.Key, err, back, again)
			}
		}
	}
}

// TestVersionNeeded encodes values that older versions can't represent.
func TestVersionNeeded(t *testing.T) {
	h := &Hash{Len: 1, Fields: func(yield func(Field) bool) {
		yield(Field{Name: []byte("a"), Value: []byte("b"), ExpireAt: 5})
	}}
	if _, err := NewEncoder(Encoding{Version: 11}).AppendDump(nil, h); err != ErrVersion {
		t.Errorf("got %v", err)
	}
	var out strings.Builder
	w := NewWriter(&out, WriterOptions{Encoding: Encoding{Version: 10}})
	w.Entry(&Entry{Key: []byte("k"), Value: h})
	if err := w.Close(); err != ErrVersion {
		t.Errorf("got %v", err)
	}
}

// TestServerJudgement damages payloads and RESTOREs them on a real server 7.4.
// The package must refuse what the server refuses.
func TestServerJudgement(t *testing.T) {
	if *reference == "" {
		t.Skip("only with -reference")
	}
	s := startServer(t, *reference, t.TempDir(), "--save", "", "--sanitize-dump-payload", "yes")
	rng := rand.New(rand.NewPCG(9, 10))
	bodies := make(map[string][]byte)
	for _, path := range goldenFiles(t) {
		enc := NewEncoder(Encoding{NoCompression: true})
		for _, e := range readEntries(t, path) {
			p, err := enc.AppendDump(nil, e.Value)
			if err != nil {
				t.Fatal(err)
			}
			if len(p) < 3000 {
				bodies[string(e.Key)] = p[:len(p)-10]
			}
		}
	}
	taken, refused, stricter := 0, 0, 0
	for key, body := range bodies {
		for range 400 {
			damaged := bytes.Clone(body)
			for range 1 + rng.IntN(2) {
				damaged[rng.IntN(len(damaged))] = byte(rng.Uint32())
			}
			p := seal(damaged)
			_, theirs := s.try("RESTORE", "k", "0", string(p), "REPLACE").(error)
			v, err := DecodeDump(p)
			if err != nil {
				refused++
				if !theirs {
					stricter++
				}
				continue
			}
			if theirs {
				t.Errorf("%s: accepted here, but refused by the server\n%q", key, damaged)
				continue
			}
			taken++
			if _, ok := v.(*Stream); ok {
				continue // the server sorts groups and consumers
			}
			got := render(&Entry{Key: []byte("k"), Value: v})
			if want := s.content(0, "k"); got != want {
				t.Errorf("%s: %s", key, difference(got, want))
			}
		}
	}
	t.Logf("%d accepted, %d refused, %d of them only here", taken, refused, stricter)
}

// TestNewest: a payload is refused by what reads older versions only, and so is a
// type that is newer, whatever the version behind it says.
func TestNewest(t *testing.T) {
	stream := &Stream{LastID: StreamID{Ms: 1}, EntriesAdded: 1}
	for _, c := range []struct{ version, kind int }{{10, typeStream2}, {11, typeStream3}, {12, typeStream3}, {13, typeStream4}, {14, typeStream5}} {
		p, err := NewEncoder(Encoding{Version: c.version}).AppendDump(nil, stream)
		if err != nil || int(p[0]) != c.kind || int(p[len(p)-10]) != c.version {
			t.Fatalf("version %d: %v, %q", c.version, err, p)
		}
		for newest := OldestWritten; newest <= NewestWritten; newest++ {
			_, err := Payload{Newest: newest}.Decode(p)
			if want := c.version <= newest; (err == nil) != want || err != nil && err != ErrPayload {
				t.Errorf("%d reads %d: %v", newest, c.version, err)
			}
		}
		if _, err := (Payload{Newest: 10}).Decode(resealed(p, 10)); (err == nil) != (c.kind <= typeStream2) {
			t.Errorf("10 reads type %d: %v", c.kind, err)
		}
	}
}

// TestZeroChecksum: where it is allowed, the checksum 0 is that of any payload.
func TestZeroChecksum(t *testing.T) {
	p, _ := NewEncoder(Encoding{}).AppendDump(nil, String("v"))
	for i := range 8 {
		p[len(p)-1-i] = 0
	}
	if _, err := DecodeDump(p); err != ErrPayload {
		t.Error(err)
	}
	if v, err := (Payload{ZeroChecksum: true}).Decode(p); err != nil || string(v.(String)) != "v" {
		t.Error(v, err)
	}
	p[len(p)-1] = 1
	if _, err := (Payload{ZeroChecksum: true}).Decode(p); err != ErrPayload {
		t.Error(err)
	}
}

// resealed returns a payload with another version.
func resealed(p []byte, version byte) []byte {
	p = append(slices.Clone(p[:len(p)-10]), version, 0)
	return binary.LittleEndian.AppendUint64(p, crc64.Update(0, p))
}
