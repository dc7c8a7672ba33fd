package engine

import (
	"bytes"
	"testing"

	"github.com/resp-server/resp-server/internal/resp"
)

// TestOutQueue adds and takes output of all sizes: everything comes out once, in
// order, and what is long is not copied.
func TestOutQueue(t *testing.T) {
	var q outQueue
	if q.take() != nil {
		t.Error("output of nothing")
	}
	var want, got []byte
	for i := range 500 {
		out := bytes.Repeat([]byte{byte(i)}, i*i%(joined+joined/2))
		want = append(want, out...)
		spare := q.add(out)
		if len(out) > joined && spare != nil {
			t.Fatalf("%d bytes were copied", len(out))
		}
		if i%7 == 0 {
			got = append(got, q.take()...)
		}
		if q.size != len(want)-len(got) || q.room() < q.size {
			t.Fatalf("%d bytes with room for %d, want %d", q.size, q.room(), len(want)-len(got))
		}
	}
	for b := q.take(); b != nil; b = q.take() {
		got = append(got, b...)
	}
	if !bytes.Equal(got, want) || q.size != 0 || q.room() != 0 {
		t.Errorf("%d bytes came out, %d went in; %d are left", len(got), len(want), q.size)
	}
}

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

// TestLargeBuffers: a long reply grows into buffers that are used again.
func TestLargeBuffers(t *testing.T) {
	var o outBuffers
	w := resp.Writer{Buffers: &o}
	want := bytes.Repeat([]byte("0123456789"), 1000)
	for range 1000 {
		w.Raw(want)
	}
	if !bytes.Equal(w.Buf, bytes.Repeat(want, 1000)) {
		t.Error("a long reply is another one")
	}
	small := largeOutput[0] / 2
	b := o.Grow(append(make([]byte, 0, 10), "abc"...), small)
	if string(b) != "abc" || cap(b) != largeOutput[0] {
		t.Errorf("%q with room for %d", b, cap(b))
	}
	o.put(b)
	for _, n := range []int{1, largeOutput[2] - 3, 2 * largeOutput[3]} {
		if b := o.Grow([]byte("abc"), n); string(b) != "abc" || cap(b) < 3+n {
			t.Errorf("%q with room for %d in place of %d", b, cap(b), n)
		}
	}
}
