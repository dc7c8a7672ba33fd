package value

import (
	"math"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// packed is the memory of a small value, all of which is a listpack or an
// intset. How long that is stands in its own header, so that a small value is
// an object of 48 bytes with its head, and a block.
type packed struct {
	mem  *byte // nil if the value is not small
	room uint32
	// form tells the encodings of a type apart that have the same memory.
	form uint8
	// shared tells that mem belongs to a frozen value too: it must be copied
	// before it is written.
	shared bool
}

// newPacked returns a packed that takes b over.
func newPacked(b []byte, form uint8) packed {
	p := packed{form: form}
	p.keep(b)
	return p
}

// bytes returns all the memory.
func (p *packed) bytes() []byte { return unsafe.Slice(p.mem, p.room) }

// pack returns the content if it is a listpack; nil if the value is not small.
func (p *packed) pack() listpack.Pack {
	if p.mem == nil {
		return nil
	}
	return listpack.In(p.bytes())
}

// keep makes b the content, which is of the same form.
func (p *packed) keep(b []byte) {
	p.mem, p.room = unsafe.SliceData(b), uint32(min(cap(b), math.MaxUint32))
}

// own copies b, which is the content, before it is written, if it is shared.
func (p *packed) own(b []byte) {
	if p.shared {
		c := block.New(len(b))
		copy(c, b)
		p.keep(c)
		p.shared = false
	}
}

// drop gives the memory back, of a value that becomes a large one.
func (p *packed) drop() {
	if p.mem != nil && !p.shared {
		block.Free(p.bytes())
	}
	*p = packed{}
}

// frozen returns a second owner of the content, whose first one is not written
// any more.
func (p *packed) frozen() packed {
	return packed{mem: p.mem, room: p.room, form: p.form, shared: p.mem != nil}
}
