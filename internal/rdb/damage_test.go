package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/rdb/crc64"
)

// renderer is a Handler that reads all of each value. It panics if a value is
// inconsistent.
type renderer struct{ size int }

func (*renderer) Aux(key, value []byte) error       { return nil }
func (*renderer) DB(n int) error                    { return nil }
func (*renderer) Resize(keys, expires uint64) error { return nil }
func (*renderer) Function(code []byte) error        { return nil }
func (r *renderer) Entry(e *Entry) error            { r.size += len(render(e)); return nil }
func load(file []byte, o Options) error {
	return NewReader(bytes.NewReader(file), o).Read(new(renderer))
}
func readFile(t testing.TB, path string) (f []byte) {
	t.Helper()
	f, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// gap returns the maximum distance of the positions that TestTruncated and
// TestBitFlips try; trying all takes half a minute.
func gap() int { return max(3000/effort.Of(50), 1) }

func TestTruncated(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, path := range goldenFiles(t) {
		file := readFile(t, path)
		for n := 0; n < len(file); n += 1 + rng.IntN(gap()) {
			var fe *FormatError
			err := load(file[:n], Options{})
			if !errors.As(err, &fe) || !errors.Is(err, io.ErrUnexpectedEOF) || fe.Offset != int64(n) {
				t.Fatalf("%s cut at %d: %v", path, n, err)
			}
		}
	}
}

func TestBitFlips(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, path := range goldenFiles(t) {
		file := readFile(t, path)
		summed := file[8] >= '5' || file[7] > '0'
		for i := 9; i < len(file); i += 1 + rng.IntN(gap()) {
			damaged := bytes.Clone(file)
			damaged[i] ^= 1 << rng.IntN(8)
			var fe *FormatError
			if err := load(damaged, Options{}); summed && !errors.As(err, &fe) {
				t.Fatalf("%s with byte %d damaged: %v", path, i, err)
			}
			if err := load(damaged, Options{NoChecksum: true}); err != nil && !errors.As(err, &fe) {
				t.Fatalf("%s with byte %d damaged: %v", path, i, err)
			}
		}
	}
}

func TestSourceErrorsAndTail(t *testing.T) {
	file := readFile(t, "testdata/redis-7.4.1.rdb")
	broken := errors.New("broken disk")
	err := NewReader(io.MultiReader(bytes.NewReader(file[:500]), iotest.ErrReader(broken)), Options{}).Read(new(renderer))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	r := NewReader(iotest.OneByteReader(bytes.NewReader(append(bytes.Clone(file), "*1\r\n"...))), Options{})
	if err := r.Read(new(renderer)); err != nil {
		t.Fatal(err)
	}
	if r.Offset() != int64(len(file)) || r.Version() != 12 {
		t.Errorf("offset %d of %d, version %d", r.Offset(), len(file), r.Version())
	}
	if tail, err := io.ReadAll(r.Tail()); string(tail) != "*1\r\n" || err != nil {
		t.Errorf("tail %q, %v", tail, err)
	}
}

// TestLies announces lengths without the data. Neither may cause a large
// allocation.
func TestLies(t *testing.T) {
	huge := string(binary.BigEndian.AppendUint64([]byte{len64}, 1<<40))
	for name, body := range map[string]string{
		"string":     "\x00\x01k" + huge,
		"compressed": "\x00\x01k\xc3" + huge + huge,
		"inflated":   "\x00\x01k\xc3\x05" + huge,
		"list":       "\x01\x01k" + huge,
		"set":        "\x02\x01k" + huge + "\x01a",
		"zset":       "\x05\x01k" + huge,
		"hash":       "\x04\x01k" + huge,
		"quicklist":  "\x12\x01k" + huge + "\x02",
		"stream":     "\x15\x01k" + huge,
		"groups":     "\x15\x01k\x00" + strings.Repeat("\x00", 8) + huge,
		"key":        "\x00" + huge,
		"aux":        "\xfa" + huge,
		"skipped":    "\xf7\x01\x05" + huge,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := load([]byte("REDIS0012"+body), Options{})
		if dump, ok := strings.CutPrefix(body[1:], "\x01k"); ok && err != nil {
			_, err = DecodeDump(seal([]byte(body[:1] + dump)))
		}
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: allocated %d bytes", name, used)
		}
	}
}

// seal adds version and checksum to the body of a payload.
func seal(body []byte) []byte {
	p := binary.LittleEndian.AppendUint16(bytes.Clone(body), Version)
	return binary.LittleEndian.AppendUint64(p, crc64.Update(0, p))
}

func TestErrorsNameTheProblem(t *testing.T) {
	// The id of a module type: nine characters of six bits, ten bits of version.
	id := uint64(0)
	for _, c := range "ReJSON-RL" {
		id = id<<6 | uint64(strings.IndexRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c))
	}
	module := string(binary.BigEndian.AppendUint64([]byte{len64}, id<<10|3))
	for body, want := range map[string]string{
		"REDIS0015":                        "rdb: unsupported version 15 at offset 9",
		"REDIS0080":                        "rdb: unsupported version 80 at offset 9",
		"REDIS00x2":                        `rdb: invalid version "00x2" at offset 9`,
		"NODUMP012":                        "rdb: no RDB file at offset 9",
		"REDIS0012\x1d":                    "rdb: unknown opcode or value type 29 at offset 10",
		"REDIS0012\x07\x01k" + module:      `rdb: value of the unknown module type "ReJSON-RL" at offset 21`,
		"REDIS0012\x06\x01k":               "rdb: module value of a release candidate at offset 12",
		"REDIS0012\xf6":                    "rdb: function of a release candidate at offset 10",
		"REDIS0012\x02\x01k\x02a":          "rdb: unexpected end at offset 14",
		"REDIS0012\x02\x01k\x02\x01a\x01a": "rdb: member twice in a collection at offset 17",
		"REDIS0012\xff12345678":            "rdb: CRC error: checksum is",
	} {
		if err := load([]byte(body), Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", body, err, want)
		}
	}
}

// TestSkipped reads the parts of files that the package skips, and leaves out
// empty keys.
func TestSkipped(t *testing.T) {
	file := "REDIS0012\xf7\x05\x02\x01\x01\x41\x00\x02\x42\x00\x03....\x04........\x05\x03abc\x00" +
		"\xf4\x01\x02\x03" + "\x02\x05empty\x00" + "\x10\x01h\x07\x07\x00\x00\x00\x00\x00\xff" +
		"\xfc\x00\x00\x00\x00\x00\x00\x00\x00\xf8\x09\xf9\x07\x00\x01k\x01v\xff" + strings.Repeat("\x00", 8)
	c := new(lastEntry)
	var skipped []string
	r := NewReader(strings.NewReader(file), Options{Skipped: func(key []byte) { skipped = append(skipped, string(key)) }})
	if err := r.Read(c); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(skipped) != "[empty h]" {
		t.Errorf("skipped %q", skipped)
	}
	if e := c.e; r.Empty() != 2 || string(e.Key) != "k" || e.ExpireAt != 1 || e.Idle != 9 || !e.HasIdle || e.Freq != 7 || !e.HasFreq {
		t.Errorf("%d empty, %+v", r.Empty(), c.e)
	}
	// Valkey 9: fields with expiry times, and slots that are being migrated.
	file = "VALKEY080\xf3\x03job\x01\x05\x06" + "\x16\x01h\x02\x01a\x01b\xff\xff\xff\xff\xff\xff\xff\xff" +
		"\x01c\x01d\x05\x00\x00\x00\x00\x00\x00\x00\xff" + strings.Repeat("\x00", 8)
	if err := NewReader(strings.NewReader(file), Options{}).Read(c); err != nil {
		t.Fatal(err)
	}
	if got := render(&c.e); got != "0 \"h\" hash\n  \"a\" \"b\"\n  \"c\" \"d\" expires 5\n" {
		t.Errorf("got %s", got)
	}
}

type lastEntry struct {
	renderer
	e Entry
}

func (l *lastEntry) Entry(e *Entry) error { l.e = *e; return nil }

func FuzzReader(f *testing.F) {
	for _, path := range goldenFiles(f) {
		f.Add(readFile(f, path))
	}
	f.Fuzz(func(t *testing.T, file []byte) { load(file, Options{NoChecksum: true}) })
}

func FuzzDecodeDump(f *testing.F) {
	for _, path := range goldenFiles(f) {
		if strings.Contains(filepath.Base(path), "7.4") {
			for _, p := range payloads(f, path) {
				f.Add(p[:len(p)-10])
			}
		}
	}
	enc := NewEncoder(Encoding{})
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := DecodeDump(seal(body))
		if err != nil {
			return
		}
		want := render(&Entry{Value: v})
		p, err := enc.AppendDump(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeDump(p)
		if err != nil {
			t.Fatalf("%v after encoding %s", err, want)
		}
		if got := render(&Entry{Value: again}); got != want {
			t.Errorf("%s became %s", want, got)
		}
	})
}

func FuzzDecodeFunctions(f *testing.F) {
	e := NewEncoder(Encoding{})
	for _, sources := range [][][]byte{nil, {[]byte("#!lua name=a\nx"), bytes.Repeat([]byte("y"), 100)}} {
		p := e.AppendFunctions(nil, sources)
		var got [][]byte
		if err := (Payload{}).DecodeFunctions(p, func(code []byte) error { got = append(got, code); return nil }); err != nil || !reflect.DeepEqual(got, sources) {
			f.Fatalf("%q became %q, %v", sources, got, err)
		}
		f.Add(p[:len(p)-10])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		(Payload{}).DecodeFunctions(seal(body), func([]byte) error { return nil })
	})
}
