package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/latency"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

// Stats are the counters of INFO. The engine's lock guards them.
type Stats struct {
	Connections         uint64
	RejectedConnections uint64
	Commands            uint64
	Hits, Misses        uint64
	ExpiredKeys         uint64
	ExpiredFields       uint64
	// Those of them that nobody looked at before.
	ExpiredKeysUnasked, ExpiredFieldsUnasked uint64
	UnexpectedErrors                         uint64 // replies on links and to append-only files
	EvictedKeys                              uint64
	EvictedScripts                           uint64
	ExpiryCuts                               uint64        // ticks that left expired keys to the next one
	ExpiryTime                               time.Duration // of the ticks that deleted keys
	OverMemory                               time.Duration // for which the limit of memory could not be kept
	FreedLater                               uint64        // objects whose memory nobody waited for
	EvictedClients                           uint64
	Changes                                  uint64 // since the last save
	InputBytes                               uint64
	ReplicationInput                         uint64 // a part of InputBytes
	FullSyncs                                uint64 // that replicas got
	PartialSyncs                             uint64
	RefusedPartialSyncs                      uint64
	OutputBytes                              uint64
	Reads, Writes                            uint64 // from and to connections
	QueryLimitKills                          uint64
	Saves                                    uint64 // of snapshots, tried
	SaveFailures                             uint64 // of background saves since the last one that succeeded
	Clones                                   uint64 // that were written in the background
	OutputLimitKills                         uint64
	PeakMemory                               int64 // the most that INFO has shown
	PeakTime                                 int64 // when that was, in seconds since 1970
	ErrorReplies                             uint64
	// Slow counts commands that were slow enough for SLOWLOG.
	Slow SlowStats
	// Pipelines counts the commands that arrived together.
	Pipelines PipelineStats
	// InputBatches counts those of Batches in which clients had sent something.
	InputBatches uint64
	// Denied counts what users were denied. CONFIG RESETSTAT leaves it.
	Denied struct{ Logins, Commands, Keys, Channels uint64 }
	// Errors counts error replies by their code.
	Errors map[string]uint64

	errorsOff bool
	commands  []*CommandStats

	// Batches counts the entries into the engine, which INFO shows as the cycles of an
	// event loop. BatchTime and CommandTime are the sums of their times and of the
	// times of the commands in them.
	Batches      uint64
	BatchTime    time.Duration
	CommandTime  time.Duration
	LongestBatch time.Duration
	MostCommands uint64        // in a batch
	TickTime     time.Duration // of the timer's work
	rates        rates
}

// CommandStats are the counters of one command.
type CommandStats struct {
	Calls    uint64
	Rejected uint64 // not run
	Failed   uint64 // run, and answered with an error
	Time     time.Duration
	Slow     SlowStats
	// Latency is how long the calls took, nil if the setting latency-tracking
	// was off.
	Latency *latency.Histogram
}

// SlowStats count slow commands.
type SlowStats struct {
	Count     uint64
	Sum, Most time.Duration
}

func (s *SlowStats) add(d time.Duration) {
	s.Count++
	s.Sum += d
	s.Most = max(s.Most, d)
}

// PipelineStats count commands that arrived together. Redis takes up to 16 of them
// apart at once and counts these as one sample.
type PipelineStats struct{ Sum, Samples uint64 }

const pipelineSample = 16

// add adds what came between two states of another one.
func (p *PipelineStats) add(before, after PipelineStats) {
	p.Sum += after.Sum - before.Sum
	p.Samples += after.Samples - before.Samples
}

// measure counts the time of a call.
func (e *Core) measure(st *CommandStats, d time.Duration) {
	st.Time += d
	if e.Config.LatencyTracking {
		if st.Latency == nil {
			st.Latency = new(latency.Histogram)
		}
		st.Latency.Add(d)
	}
}

func (s *Stats) command(c *Command) *CommandStats {
	if c.id >= len(s.commands) {
		s.commands = append(s.commands, make([]*CommandStats, c.id+1-len(s.commands))...)
	}
	st := s.commands[c.id]
	if st == nil {
		st = &CommandStats{}
		s.commands[c.id] = st
	}
	return st
}

// Of returns the counters of a command, or nil if it was never called.
func (s *Stats) Of(c *Command) *CommandStats {
	if c.id < len(s.commands) {
		return s.commands[c.id]
	}
	return nil
}

// Up to freedFew objects count as freed at once, even in commands that free later.
const freedFew = 64

// freedLater counts objects that the garbage collector will free. The real server
// leaves them to a thread unless they are few.
func (e *Core) freedLater(n int) {
	if n > freedFew {
		e.Stats.FreedLater += uint64(n)
	}
}

// freeLater counts a value that is about to be removed, if Redis would leave it to a
// thread.
func (e *Core) freeLater(k keyspace.Entry) {
	if k.Type() != value.TypeString && value.Pieces(k.Value()) > freedFew {
		e.Stats.FreedLater++
	}
}

// ReplyDone counts a result that a command made only to reply it, of so many
// pieces: Redis frees it as it frees the values of keys.
func (c *Ctx) ReplyDone(pieces int) {
	if c.Config.LazyServerDel && pieces > freedFew {
		c.Stats.FreedLater++
	}
}

// maxErrorCodes bounds the number of counters by error code, since scripts can make up
// codes. One more discards all, and no code is counted until CONFIG RESETSTAT.
const maxErrorCodes = 128

// errorsDisabled is the only code shown then.
const errorsDisabled = "ERRORSTATS_DISABLED"

func (e *Core) countError(err resp.Error) {
	s := &e.Stats
	s.ErrorReplies++
	code := err.Code()
	if _, ok := s.Errors[code]; !ok {
		if s.errorsOff {
			return
		}
		if len(s.Errors) >= maxErrorCodes {
			e.Log.Warn("Errorstats stopped adding new errors until CONFIG RESETSTAT: there are too many codes, maybe those of scripts")
			e.Log.Warn("Current errors code list: " + strings.Join(slices.Sorted(maps.Keys(s.Errors)), ", "))
			s.Errors = map[string]uint64{errorsDisabled: 1}
			s.errorsOff = true
			return
		}
		if s.Errors == nil {
			s.Errors = make(map[string]uint64)
		}
	}
	s.Errors[code]++
}

// Reset sets the counters to zero, as CONFIG RESETSTAT does.
func (s *Stats) Reset() {
	*s = Stats{Changes: s.Changes, PeakMemory: s.PeakMemory, PeakTime: s.PeakTime, Denied: s.Denied}
}

const (
	rateStep  = 100 * time.Millisecond
	rateSteps = 16
)

// rates remembers the counters at some moments, to compute how fast they grow. It
// needs no timer: a server that nobody asks does nothing.
type rates struct {
	next  time.Duration // monotonic, when the next moment is due
	count int
	last  [rateSteps]moment
}

type moment struct {
	at            time.Duration
	commands      uint64
	input, output uint64
	batches       uint64
	busy          time.Duration
}

// note remembers the counters as they are.
func (s *Stats) note(now time.Duration) {
	r := &s.rates
	r.last[r.count%rateSteps] = moment{now, s.Commands, s.InputBytes, s.OutputBytes, s.Batches, s.BatchTime}
	r.count++
	r.next = now + rateStep
}

// Rates are the growth of counters per second, over the last one or two seconds.
type Rates struct {
	Commands, InputBytes, OutputBytes, Batches float64
	// BatchTime is the mean time of a batch.
	BatchTime time.Duration
}

// Rates returns how fast the counters grow now.
func (e *Core) Rates() (r Rates) {
	s := &e.Stats.rates
	n := min(s.count, rateSteps)
	if n < 2 {
		return r
	}
	newest := s.last[(s.count-1)%rateSteps]
	oldest := s.last[(s.count-2)%rateSteps]
	for i := 3; i <= n; i++ {
		m := s.last[(s.count-i)%rateSteps]
		if newest.at-m.at > 2*rateSteps*rateStep {
			break
		}
		oldest = m
	}
	seconds := (newest.at - oldest.at).Seconds()
	if seconds <= 0 {
		return r
	}
	r.Commands = float64(newest.commands-oldest.commands) / seconds
	r.InputBytes = float64(newest.input-oldest.input) / seconds
	r.OutputBytes = float64(newest.output-oldest.output) / seconds
	batches := newest.batches - oldest.batches
	r.Batches = float64(batches) / seconds
	if batches > 0 {
		r.BatchTime = (newest.busy - oldest.busy) / time.Duration(batches)
	}
	return r
}
