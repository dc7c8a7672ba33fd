package engine

import (
	"cmp"
	"slices"
	"unsafe"
)

// MemoryUse is what the server takes, in bytes, as far as it depends on data
// and clients. The Go program around it is not counted.
type MemoryUse struct {
	Startup   int64 // of an empty server
	Tables    int64 // of keys and expiry times
	Dataset   int64 // keys and values
	Clients   int64
	Scripts   int64 // of EVAL
	Functions int64
	Tracking  int64 // of keys that clients cache
}

// Overhead returns everything but the dataset.
func (m *MemoryUse) Overhead() int64 {
	return m.Startup + m.Tables + m.Clients + m.Scripts + m.Functions + m.Tracking
}

// Total returns the sum.
func (m *MemoryUse) Total() int64 { return m.Overhead() + m.Dataset }

// MeasureMemory counts what the server takes now. It is for handlers that show
// it: it looks at each client.
func (e *Core) MeasureMemory() MemoryUse {
	m := e.memoryBesides()
	m.Clients = 0
	for _, s := range e.sessions {
		m.Clients += int64(s.Usage().Total)
	}
	for db := range e.Keyspace.Used {
		m.Tables += db.Overhead()
		m.Dataset += db.DatasetUse()
	}
	e.Stats.PeakMemory = max(e.Stats.PeakMemory, m.Total())
	return m
}

// memoryBesides is MeasureMemory without the data, in time that depends on
// nothing.
func (e *Core) memoryBesides() MemoryUse {
	const perTracked = 64
	scriptSource, scriptMachine := e.Scripts.Size()
	functionSource, functionMachine := e.Functions.Size()
	_, keys, items, prefixes := e.TrackingUse()
	return MemoryUse{
		Startup:   int64(unsafe.Sizeof(*e)) + int64(len(e.table.all))*int64(unsafe.Sizeof(CommandStats{})),
		Clients:   e.clientMemory,
		Scripts:   int64(scriptSource + scriptMachine),
		Functions: int64(functionSource + functionMachine),
		Tracking:  int64(keys+items+prefixes) * perTracked,
	}
}

// usedMemory returns what counts for maxmemory, while it is set.
func (e *Core) usedMemory() int64 {
	m := e.memoryBesides()
	return m.Overhead() + e.Keyspace.MemoryUse()
}

// countsClients tells whether a setting asks how much memory clients take.
func (e *Core) countsClients() bool {
	return e.Config.MaxMemory != 0 || e.Config.MaxMemoryClients != 0
}

// countClient takes note of the memory of a client.
func (s *Session) countClient() {
	n := 0
	if !s.killed && !s.internal {
		n = s.Usage().Total
	}
	s.e.clientMemory += int64(n - s.counted)
	s.counted = n
}

// countAllClients takes note of what clients have read meanwhile, which only
// their transports know.
func (e *Core) countAllClients() {
	for _, s := range e.sessions {
		s.countClient()
	}
}

// smallestClients is the lowest limit for all clients together: with less, none
// could set a better one.
const smallestClients = 128 << 10

// clientsLimit returns how many bytes clients may take together; 0: any number.
func (e *Core) clientsLimit() int64 {
	n := e.Config.MaxMemoryClients
	if n < 0 { // percent of maxmemory
		n = int64(float64(e.Config.MaxMemory) / 100 * float64(-n))
	}
	if n != 0 {
		n = max(n, smallestClients)
	}
	return n
}

// evictClients closes the clients that take most memory as long as all take
// more than they may. Those who asked for it with CLIENT NO-EVICT may stay.
func (e *Core) evictClients() {
	limit := e.clientsLimit()
	if limit == 0 || e.clientMemory <= limit {
		return
	}
	e.countAllClients()
	if e.clientMemory <= limit {
		return
	}
	var clients []*Session
	for _, s := range e.sessions {
		if !s.NoEvict && !s.internal {
			clients = append(clients, s)
		}
	}
	slices.SortFunc(clients, func(a, b *Session) int { return cmp.Or(cmp.Compare(b.counted, a.counted), cmp.Compare(a.ID, b.ID)) })
	for _, s := range clients {
		if e.clientMemory <= limit {
			break
		}
		e.Log.Info("client closed: clients take too much memory", "client", s.ID, "addr", s.conn.Addr(), "bytes", s.counted)
		e.Stats.EvictedClients++
		s.Kill()
	}
}
