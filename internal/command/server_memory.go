package command

import (
	"fmt"
	godebug "runtime/debug"
	"runtime/metrics"
	"strings"
	"sync/atomic"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/resp"
)

var memoryCommands = engine.Handlers{
	"memory|doctor":       memoryDoctor,
	"memory|malloc-stats": memoryMallocStats,
	"memory|purge":        memoryPurge,
	"memory|stats":        memoryStats,
	"memory|usage":        memoryUsage,
}

// heap is the memory of the Go program that the server runs in. In an
// embedding program the server's share can't be told apart.
type heap struct {
	objects  int64 // live and not yet collected
	active   int64 // pages with objects
	resident int64 // held from the operating system
}

// readHeap asks the Go runtime for numbers that it keeps anyway: the call
// stops nothing and takes microseconds.
func readHeap() heap {
	s := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(s)
	n := func(i int) int64 { return int64(s[i].Value.Uint64()) }
	return heap{objects: n(0), active: n(0) + n(1), resident: n(2) - n(3)}
}

func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// MEMORY STATS
func memoryStats(c *engine.Ctx) error {
	m, h := c.MeasureMemory(), readHeap()
	peak, keys := c.Stats.PeakMemory, 0
	out := c.Out()
	databases := 0
	for db := range c.Keyspace.Used {
		databases++
		keys += db.Len()
	}
	num := func(name string, n int64) {
		out.BulkString(name)
		out.Integer(n)
	}
	float := func(name string, f float64) {
		out.BulkString(name)
		out.Double(f)
	}
	c.Map(31 + databases)
	num("peak.allocated", peak)
	num("total.allocated", m.Total())
	num("startup.allocated", m.Startup)
	num("replication.backlog", 0)
	num("clients.slaves", 0)
	num("clients.normal", m.Clients)
	num("cluster.links", int64(c.ClusterLinkMemory()))
	num("aof.buffer", c.AppendInfo().BufferLength)
	num("lua.caches", m.Scripts)
	num("functions.caches", m.Functions)
	for db := range c.Keyspace.Used {
		main, expires := db.Tables()
		out.BulkString(fmt.Sprintf("db.%d", db.Index()))
		c.Map(2)
		num("overhead.hashtable.main", main)
		num("overhead.hashtable.expires", expires)
	}
	num("overhead.db.hashtable.lut", m.Tables)
	num("overhead.db.hashtable.rehashing", 0)
	num("overhead.total", m.Overhead())
	num("db.dict.rehashing.count", 0)
	num("keys.count", int64(keys))
	num("keys.bytes-per-key", m.Dataset/max(int64(keys), 1))
	num("dataset.bytes", m.Dataset)
	float("dataset.percentage", 100*ratio(m.Dataset, m.Total()-m.Startup))
	float("peak.percentage", 100*ratio(m.Total(), peak))
	num("allocator.allocated", h.objects)
	num("allocator.active", h.active)
	num("allocator.resident", h.resident)
	num("allocator.muzzy", 0)
	float("allocator-fragmentation.ratio", ratio(h.active, h.objects))
	num("allocator-fragmentation.bytes", h.active-h.objects)
	float("allocator-rss.ratio", ratio(h.resident, h.active))
	num("allocator-rss.bytes", h.resident-h.active)
	float("rss-overhead.ratio", 1)
	num("rss-overhead.bytes", 0)
	float("fragmentation", ratio(h.resident, m.Total()))
	num("fragmentation.bytes", h.resident-m.Total())
	return nil
}

// MEMORY DOCTOR
//
// It reports which parts of the memory are out of proportion. Redis's advice
// about allocators and replicas does not apply here.
func memoryDoctor(c *engine.Ctx) error {
	const small = 5 << 20
	m, h := c.MeasureMemory(), readHeap()
	var found []string
	tell := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	switch used := m.Total(); {
	case used < small:
		tell("The server is empty or uses little memory (%s): there is nothing to say.", humanBytes(used))
	default:
		if peak := c.Stats.PeakMemory; peak > used*3/2 {
			tell("Peak: %s were used once, %s are now. The Go runtime returns the difference to the system in the course of minutes.", humanBytes(peak), humanBytes(used))
		}
		if h.resident > 3*used {
			tell("Resident memory: the process holds %s for %s of data. Garbage that is not yet collected counts (GOGC), and so does the program around the server.", humanBytes(h.resident), humanBytes(used))
		}
		if m.Clients > used/4 {
			tell("Clients: their buffers take %s; CLIENT LIST shows whose.", humanBytes(m.Clients))
		}
		if n := m.Scripts + m.Functions; n > used/4 {
			tell("Scripts: they take %s; pass what varies as arguments.", humanBytes(n))
		}
		if len(found) == 0 {
			tell("Nothing is out of proportion.")
		}
	}
	c.Out().Verbatim("txt", strings.Join(found, "\n"))
	return nil
}

// MEMORY MALLOC-STATS
func memoryMallocStats(c *engine.Ctx) error {
	var b strings.Builder
	for _, d := range metrics.All() {
		if !strings.HasPrefix(d.Name, "/memory/") && !strings.HasPrefix(d.Name, "/gc/heap/") || d.Kind != metrics.KindUint64 {
			continue
		}
		s := []metrics.Sample{{Name: d.Name}}
		metrics.Read(s)
		fmt.Fprintf(&b, "%s %d\n", d.Name, s[0].Value.Uint64())
	}
	c.Out().Verbatim("txt", b.String())
	return nil
}

// purging is set while memory returns to the operating system.
var purging atomic.Bool

// MEMORY PURGE
//
// It makes the Go runtime collect garbage and return memory in the background,
// since that takes long with much data.
func memoryPurge(c *engine.Ctx) error {
	if purging.CompareAndSwap(false, true) {
		go func() {
			godebug.FreeOSMemory()
			purging.Store(false)
		}()
	}
	return c.OK()
}

// MEMORY USAGE key [SAMPLES count]
func memoryUsage(c *engine.Ctx) error {
	for i := 3; i < len(c.Args); i += 2 {
		if !c.ArgIs(i, "samples") || i+1 == len(c.Args) {
			return resp.ErrSyntax
		}
		n, err := c.ArgInt(i + 1)
		if err != nil {
			return err
		}
		if n < 0 {
			return resp.ErrSyntax
		}
		// Values know their size, so there is nothing to sample.
	}
	k, ok := c.DB().Get(c.Args[2]) // finds even an expired key
	if !ok {
		return c.Null()
	}
	return c.Integer(keyMemory(k))
}

// keyMemory returns how many bytes a key and its value take.
func keyMemory(k keyspace.Entry) int {
	const slot = 17 // bytes of an element in the dict
	return k.MemoryUse() + slot
}
