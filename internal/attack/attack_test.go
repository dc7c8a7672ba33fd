package attack

import (
	"context"
	"encoding/binary"
	"flag"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/rdb/crc64"
)

var (
	duration  = flag.Duration("attack", 200*time.Millisecond, "how long each attack takes")
	firstSeed = flag.Uint64("seed", 1, "of the first round of an attack; the next ones count up")
)

// rounds calls attack again and again, each time with another seed, for the time of
// the flag. It stops at the first round that fails.
func rounds(t *testing.T, attack func(rng *rand.Rand)) {
	began, seed := time.Now(), *firstSeed
	defer func() { t.Logf("%d rounds", seed-*firstSeed) }()
	for ; time.Since(began) < effort.Of(*duration); seed++ {
		returned := false
		func() {
			defer func() {
				if t.Failed() || !returned {
					t.Logf("to repeat it: -seed %d", seed)
				}
			}()
			attack(rand.New(rand.NewPCG(seed, 0)))
			returned = true
		}()
		if t.Failed() {
			return
		}
	}
}

// alarm is a log handler that fails the test when a command panics. Otherwise a
// panic is just another error reply.
type alarm struct{ t testing.TB }

func (a alarm) Enabled(context.Context, slog.Level) bool { return true }
func (a alarm) WithAttrs([]slog.Attr) slog.Handler       { return a }
func (a alarm) WithGroup(string) slog.Handler            { return a }

func (a alarm) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "panic") {
		var b strings.Builder
		r.Attrs(func(at slog.Attr) bool { b.WriteString("\n" + at.String()); return true })
		a.t.Error(r.Message, b.String())
	}
	return nil
}

// start starts a server without sockets. The test fails if a command panics.
func start(t testing.TB, config ...string) *respserver.TestServer {
	return respserver.StartTest(t, respserver.Options{
		NoListen: true, Logger: slog.New(alarm{t}), Seed: 1, Check: true, Config: append(config, "enable-debug-command yes"),
	})
}

// extremes are bytes with a meaning in many formats.
var extremes = []byte{0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc1, 0xc2, 0xc3, 0xe0, 0xf0, 0xf1, 0xfa, 0xfd, 0xfe, 0xff}

// damage changes some bytes: single ones, numbers, pieces that are removed,
// doubled, or replaced by pieces of other.
func damage(rng *rand.Rand, b, other []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + rng.IntN(3) {
		if len(b) == 0 {
			return b
		}
		i := rng.IntN(len(b))
		piece := func(of []byte) []byte {
			from := rng.IntN(len(of) + 1)
			return of[from : from+rng.IntN(min(len(of)-from, 40)+1)]
		}
		switch rng.IntN(8) {
		case 0:
			b[i] ^= 1 << rng.IntN(8)
		case 1:
			b[i] = byte(rng.Uint32())
		case 2:
			b[i] = extremes[rng.IntN(len(extremes))]
		case 3:
			b[i] += byte(1 - 2*rng.IntN(2))
		case 4: // a number of some width
			var n [8]byte
			binary.LittleEndian.PutUint64(n[:], uint64(1)<<rng.IntN(64)-uint64(rng.IntN(2)))
			copy(b[i:], n[:1<<rng.IntN(4)])
		case 5:
			b = append(b[:i], b[min(len(b), i+1+rng.IntN(8)):]...)
		case 6:
			b = append(b[:i], append(append([]byte(nil), piece(b)...), b[i:]...)...)
		case 7:
			copy(b[i:], piece(other))
		}
	}
	return b
}

// summed appends the checksum of a payload or file.
func summed(b []byte) []byte { return binary.LittleEndian.AppendUint64(b, crc64.Update(0, b)) }
