package value

import (
	"math"
	"unsafe"

	"github.com/resp-server/resp-server/internal/datastruct/block"
	"github.com/resp-server/resp-server/internal/datastruct/listpack"
)

// packed is the memory of a small value: a single listpack or intset, whose
// header holds its length. So a small value is a block and an object of 48
// bytes with its head.
type packed struct {
	mem  *byte // nil if the value is not small
	room uint32
	// form distinguishes encodings of a type with the same memory layout.
	form uint8
	// shared means that a frozen value uses mem too, so a write must copy it.
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

// pack returns the content as a listpack, nil if the value is not small.
func (p *packed) pack() listpack.Pack {
	if p.mem == nil {
		return nil
	}
	return listpack.In(p.bytes())
}

// keep makes b the content, in the same form.
func (p *packed) keep(b []byte) {
	p.mem, p.room = unsafe.SliceData(b), uint32(min(cap(b), math.MaxUint32))
}

// own copies b, which is the content, before a write if it is shared.
func (p *packed) own(b []byte) {
	if p.shared {
		c := block.New(len(b))
		copy(c, b)
		p.keep(c)
		p.shared = false
	}
}

// drop frees the memory when the value becomes a large one.
func (p *packed) drop() {
	if p.mem != nil && !p.shared {
		block.Free(p.bytes())
	}
	*p = packed{}
}

// frozen returns a second owner of the content. The first one must not be
// written any more.
func (p *packed) frozen() packed {
	return packed{mem: p.mem, room: p.room, form: p.form, shared: p.mem != nil}
}
