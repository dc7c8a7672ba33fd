package engine

import (
	"sync"
	"sync/atomic"
)

// outBuffers lends sessions the buffers that they answer into. A session has
// one only from its first answer until everything is written: idle ones cost
// nothing, and large ones are not made anew for every batch. It is safe for
// concurrent use; its zero value is ready.
type outBuffers struct {
	mu   sync.Mutex
	free [][]byte
	size int // of free, in bytes
	// kept: sessions keep their buffers instead.
	kept atomic.Bool
}

const (
	maxFreeBuffers = 16
	maxFreeBytes   = 4 << 20
)

// get returns an empty buffer, nil if there is none yet.
func (o *outBuffers) get() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.free) - 1
	if n < 0 {
		return nil
	}
	b := o.free[n]
	o.free[n] = nil
	o.free = o.free[:n]
	o.size -= cap(b)
	return b
}

// put takes a buffer that is not used any more.
func (o *outBuffers) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.free) < maxFreeBuffers && o.size+cap(b) <= maxFreeBytes {
		o.free = append(o.free, b[:0])
		o.size += cap(b)
	}
}
