package command_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/command"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/engine/enginetest"
	"github.com/resp-server/resp-server/internal/journal"
)

// effects collects the operations that a journal gets.
type effects [][][]byte

func (e *effects) Append(unit []journal.Op, _ int64) journal.Position {
	for _, op := range unit {
		line := make([][]byte, len(op.Args))
		for i, a := range op.Args {
			line[i] = append([]byte(nil), a...)
		}
		*e = append(*e, line)
	}
	return journal.Position{}
}

// TestStreamEffects replays the effects of stream commands, later and on a
// server with other node limits, and compares the entries and groups.
func TestStreamEffects(t *testing.T) {
	start := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	open := func(at time.Time, told engine.Journal) (*client, *clock.Manual) {
		m := clock.NewManual(at)
		e := engine.New(engine.Parts{
			Table: engine.NewTable(command.Modules()...), Config: config.New(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
			Clock: m, Seed: 1, Journal: told,
		})
		enginetest.CloseAtEnd(t, e)
		return &client{Session: e.NewInternalSession(enginetest.Conn(""))}, m
	}
	for seed := range effort.Of(uint64(6)) {
		r := rand.New(rand.NewPCG(seed, 3))
		var told effects
		c, now := open(start, &told)
		replica, _ := open(start.Add(time.Hour), nil)
		c.do(words("CONFIG SET stream-node-max-entries 5"))
		ids := []string{"0-1"}
		id := func() string { return ids[r.IntN(len(ids))] }
		pick := func(s ...string) string { return s[r.IntN(len(s))] }
		for step := range 1500 {
			now.Advance(time.Duration(r.IntN(3)) * time.Millisecond)
			consumer := pick("a", "b", "c")
			group := pick("g", "g", "h")
			var line string
			switch r.IntN(16) {
			case 0, 1, 2, 3, 4:
				line = "XADD s " + pick("", "", "", "MAXLEN 20 ", "MAXLEN ~ 20 ", "MINID ~ "+id()+" ", "MAXLEN ~ 10 LIMIT 5 ") + "* f v g w"
			case 5:
				line = "XDEL s " + id() + " " + id()
			case 6:
				line = "XTRIM s " + pick("MAXLEN", "MAXLEN ~") + fmt.Sprint(" ", r.IntN(40))
			case 7, 8, 9:
				line = fmt.Sprintf("XREADGROUP GROUP %s %s COUNT %d %s STREAMS s >", group, consumer, 1+r.IntN(4), pick("", "", "NOACK"))
			case 10:
				line = fmt.Sprintf("XACK s %s %s %s", group, id(), id())
			case 11:
				line = fmt.Sprintf("XCLAIM s %s %s 0 %s %s %s", group, consumer, id(), id(), pick("", "FORCE", "JUSTID", "IDLE 5", "LASTID "+id()))
			case 12:
				line = fmt.Sprintf("XAUTOCLAIM s %s %s %d - COUNT 3", group, consumer, r.IntN(5))
			case 13:
				line = fmt.Sprintf("XGROUP CREATE s %s %s MKSTREAM", group, pick("$", "0", id()))
			case 14:
				line = fmt.Sprintf("XGROUP %s s %s %s", pick("CREATECONSUMER", "DELCONSUMER"), group, consumer)
				if r.IntN(4) == 0 {
					line = fmt.Sprintf("XGROUP SETID s %s %s", group, pick("$", id()))
				}
			case 15:
				line = fmt.Sprintf("XACKDEL s %s %s IDS 1 %s", group, pick("", "ACKED", "DELREF"), id())
			}
			reply := string(c.do(words(line)))
			if strings.HasPrefix(line, "XADD") {
				if _, text, ok := strings.Cut(strings.TrimSpace(reply), "\r\n"); ok {
					ids = append(ids, text)
					ids = ids[max(0, len(ids)-40):]
				}
			}
			for _, args := range told {
				if reply := replica.do(args); reply[0] == '-' {
					t.Fatalf("seed %d, step %d: %s: effect %q got the reply %q", seed, step, line, args, reply)
				}
			}
			told = nil
			for _, question := range []string{"XRANGE s - +", "XPENDING s g", "XPENDING s h", "XINFO GROUPS s", "XLEN s"} {
				want := string(c.do(words(question)))
				if got := string(replica.do(words(question))); withoutConsumers(got) != withoutConsumers(want) {
					t.Fatalf("seed %d, step %d: after %s the copy replies to %s\n%q, want\n%q", seed, step, line, question, got, want)
				}
			}
		}
	}
}

// withoutConsumers hides the number of consumers in XINFO GROUPS: like Redis,
// the server does not propagate a consumer that XREADGROUP creates without a
// delivery.
func withoutConsumers(reply string) string {
	parts := strings.Split(reply, "consumers\r\n:")
	for i := 1; i < len(parts); i++ {
		_, parts[i], _ = strings.Cut(parts[i], "\r\n")
	}
	return strings.Join(parts, "consumers\r\n")
}
