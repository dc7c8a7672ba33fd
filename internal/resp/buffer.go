package resp

import (
	"sync"
	"unsafe"
)

const (
	pageArgs  = 4 * ParseBatch
	pageBytes = 16<<10 - pageArgs*24 - ParseBatch*8 - 8 // so that a page takes 16 KB with the allocator's overhead

	minSpace = 8 << 10  // the least that Space returns
	keepBig  = 1 << 20  // a larger buffer is freed as soon as it is empty
	bigStep  = 64 << 10 // limits the trust in an announced length, beyond twice what has been received
	maxArgs  = 1 << 14  // a larger slice of arguments is freed with its request
	maxSmall = 16       // a big buffer is freed after this many uses in a row of less than a quarter of it
)

// page is the ordinary buffer of a Reader, with the slice of arguments.
type page struct {
	args     [pageArgs][]byte
	requests [ParseBatch]request
	data     [pageBytes]byte
}

// Pool provides the buffers of Readers, so that connections that wake up briefly do not allocate. It is safe for
// concurrent use; its zero value is ready.
type Pool struct {
	pages sync.Pool
	big   sync.Pool // of *[]byte, up to keepBig bytes, for long arguments that arrive one at a time
}

func (p *Pool) get() *page {
	if p != nil {
		if pg, ok := p.pages.Get().(*page); ok {
			return pg
		}
	}
	return new(page)
}

func (p *Pool) put(pg *page) {
	if p != nil && pg != nil {
		p.pages.Put(pg)
	}
}

// room returns an empty buffer of at least n bytes.
func (p *Pool) room(n int) []byte {
	if p != nil && n <= keepBig {
		if b, ok := p.big.Get().(*[]byte); ok {
			if cap(*b) >= n {
				return (*b)[:0]
			}
			p.big.Put(b) // for a smaller request
		}
	}
	return make([]byte, 0, n)
}

// putBig takes back a buffer of room.
func (p *Pool) putBig(b []byte) {
	if p != nil && cap(b) <= keepBig {
		p.big.Put(&b)
	}
}

// Buffered returns the number of bytes that were fed and not yet returned as
// requests.
func (r *Reader) Buffered() int { return len(r.buf) - r.start }

// Size returns the memory of the buffer in bytes.
func (r *Reader) Size() int {
	n := 0
	if r.page != nil {
		n = int(unsafe.Sizeof(page{}))
	}
	if r.big() {
		n += cap(r.buf)
	}
	return n
}

// Space returns room to read bytes into, at least 8 KB. The caller then passes the number of bytes to Fed.
//
// For a long argument the room grows to the announced length, but never beyond about twice the bytes received.
func (r *Reader) Space() []byte {
	if r.start == len(r.buf) {
		r.rewind()
	}
	if free := cap(r.buf) - len(r.buf); free < minSpace || free < r.wanted() {
		r.makeRoom()
	}
	return r.buf[len(r.buf):cap(r.buf)]
}

// Fed adds the n bytes that were read into the last Space.
func (r *Reader) Fed(n int) { r.buf = r.buf[:len(r.buf)+n] }

// Feed adds a copy of p.
func (r *Reader) Feed(p []byte) {
	for len(p) > 0 {
		n := copy(r.Space(), p)
		r.Fed(n)
		p = p[n:]
	}
}

// Release gives the buffer back if it is fully consumed, for connections that go idle. The next bytes get a new
// buffer.
func (r *Reader) Release() {
	if r.start != len(r.buf) {
		return
	}
	if r.page != nil {
		if r.big() {
			clear(r.page.args[:]) // otherwise they would keep the big buffer alive
			r.Pool.putBig(r.buf)
		}
		r.Pool.put(r.page)
	}
	r.page, r.buf, r.args = nil, nil, nil
	r.start, r.pos, r.small = 0, 0, 0
	r.parsed, r.taken = 0, 0
}

func (r *Reader) big() bool { return cap(r.buf) > pageBytes }

// rewind resets the empty buffer, and frees a big one that is no longer worth its memory.
func (r *Reader) rewind() {
	if r.big() {
		if len(r.buf) < cap(r.buf)/4 {
			r.small++
		} else {
			r.small = 0
		}
		if r.small > maxSmall || cap(r.buf) > keepBig {
			r.small = 0
			r.usePage()
		}
	}
	if r.page == nil {
		r.page = r.Pool.get()
		r.usePage()
	}
	r.buf = r.buf[:0]
	r.start, r.pos = 0, 0
}

func (r *Reader) usePage() {
	clear(r.page.args[:])
	r.buf, r.args = r.page.data[:0], r.page.args[:0]
}

// needArgs returns to the page's slice of arguments after a request with very many.
func (r *Reader) needArgs() {
	if cap(r.args) > maxArgs {
		r.args = r.page.args[:0]
	}
}

// wanted returns how many bytes of the argument at pos are missing.
func (r *Reader) wanted() int {
	if r.bulk == 0 {
		return 0
	}
	return r.pos + r.bulk + 1 - len(r.buf)
}

// makeRoom moves the unconsumed bytes to the front of the buffer, or to a larger
// one.
func (r *Reader) makeRoom() {
	r.unparse()
	used := len(r.buf) - r.start
	need := used + min(max(0, r.wanted())+minSpace, used+bigStep)
	old := r.buf[r.start:]
	switch {
	case need > cap(r.buf) || used > cap(r.buf)/2:
		r.buf = append(r.Pool.room(max(need, used+used/2+minSpace)), old...)
	case r.start > 0:
		r.buf = r.buf[:copy(r.buf, old)]
	default:
		return
	}
	r.rebase(old)
	r.pos -= r.start
	r.start = 0
}

// rebase makes the arguments of the incomplete request, which alias old, alias the same bytes in buf. Only their
// addresses show where they are. The cost is low: moving is rare, and copies the bytes anyway.
func (r *Reader) rebase(old []byte) {
	if r.missing == 0 {
		return
	}
	base := uintptr(unsafe.Pointer(unsafe.SliceData(old)))
	for i, arg := range r.args {
		if len(arg) > 0 { // an empty slice may point anywhere
			at := int(uintptr(unsafe.Pointer(unsafe.SliceData(arg))) - base)
			r.args[i] = r.buf[at : at+len(arg) : at+len(arg)]
		}
	}
}
