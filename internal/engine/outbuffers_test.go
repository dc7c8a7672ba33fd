package engine

import "testing"

func TestOutBuffers(t *testing.T) {
	var o outBuffers
	if o.get() != nil {
		t.Error("a buffer from nowhere")
	}
	o.put(nil)
	o.put(make([]byte, 10, 100))
	if b := o.get(); len(b) != 0 || cap(b) != 100 {
		t.Errorf("a buffer of %d bytes with room for %d", len(b), cap(b))
	}
	o.put(make([]byte, maxFreeBytes+1))
	for range 2 * maxFreeBuffers {
		o.put(make([]byte, 1<<10))
	}
	o.put(make([]byte, maxFreeBytes))
	if len(o.free) != maxFreeBuffers || o.size != maxFreeBuffers<<10 {
		t.Errorf("%d buffers of %d bytes are kept", len(o.free), o.size)
	}
	for o.get() != nil {
	}
	if o.size != 0 || len(o.free) != 0 {
		t.Errorf("%d bytes are left", o.size)
	}
}
