package rdb

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

const (
	packHeader = 6       // total bytes, number of elements
	packMax    = 1 << 30 // Redis lets no listpack grow larger
	packEnd    = 0xff
	// manyElements in the header means that the number does not fit.
	manyElements = math.MaxUint16
)

// element is one element of a listpack, ziplist or zipmap.
type element struct {
	str   []byte // part of the structure
	num   int64
	isNum bool
}

// text returns the element as a string, in dst if it is a number.
func (e element) text(dst []byte) []byte {
	if e.isNum {
		return strconv.AppendInt(dst[:0], e.num, 10)
	}
	return e.str
}

// integer reads b as the one decimal form of a 64-bit number.
func integer(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 || b[0] == '+' {
		return 0, false
	}
	digits := b
	if b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// packCursor walks a listpack from untrusted hands.
type packCursor struct {
	p       []byte
	at      int
	damaged bool
	count   int // elements so far
}

// openPack checks the header of a listpack.
func openPack(p []byte) (c packCursor, ok bool) {
	if len(p) < packHeader+1 || uint64(binary.LittleEndian.Uint32(p)) != uint64(len(p)) || p[len(p)-1] != packEnd {
		return c, false
	}
	return packCursor{p: p, at: packHeader}, true
}

// next returns the next element, or false at the end and where the listpack
// is damaged.
func (c *packCursor) next() (e element, ok bool) {
	p := c.p[c.at:]
	if c.damaged || p[0] == packEnd {
		return e, false
	}
	head, size := 1, 0 // bytes of the encoding, bytes of the element after it
	switch b := p[0]; {
	case b < 0x80:
		e = element{num: int64(b), isNum: true}
	case b < 0xc0:
		size = int(b & 0x3f)
	case b < 0xe0:
		head = 2
	case b < 0xf0:
		head = 2
	case b == 0xf0:
		head = 5
	case b <= 0xf4:
		size, e.isNum = [...]int{2, 3, 4, 8}[b-0xf1], true
	default:
		c.damaged = true
		return element{}, false
	}
	if len(p) <= head {
		c.damaged = true
		return element{}, false
	}
	switch b := p[0]; {
	case b >= 0xc0 && b < 0xe0:
		e = element{num: int64(int16(uint16(b)<<11|uint16(p[1])<<3) >> 3), isNum: true}
	case b >= 0xe0 && b < 0xf0:
		size = int(b&0x0f)<<8 | int(p[1])
	case b == 0xf0:
		n := binary.LittleEndian.Uint32(p[1:])
		if uint64(n) > uint64(len(p)) {
			c.damaged = true
			return element{}, false
		}
		size = int(n)
	}
	whole := head + size
	var tail [5]byte
	back := appendBackLength(tail[:0], whole)
	if len(p) <= whole+len(back) || string(p[whole:whole+len(back)]) != string(back) {
		c.damaged = true
		return element{}, false
	}
	if !e.isNum {
		e.str = p[head:whole:whole]
	} else if size > 0 {
		e.num = littleEndian(p[1 : 1+size])
	}
	c.at += whole + len(back)
	c.count++
	return e, true
}

// intact says, after the last element, whether the listpack was in order.
func (c *packCursor) intact() bool {
	n := int(binary.LittleEndian.Uint16(c.p[4:]))
	return !c.damaged && c.at == len(c.p)-1 && (n == manyElements || n == c.count)
}

// checkPack walks a listpack and says whether it is in order and each
// element pleases the caller. Elements share its memory.
func checkPack(p []byte, each func(i int, e element) bool) bool {
	c, ok := openPack(p)
	if !ok {
		return false
	}
	for {
		e, ok := c.next()
		if !ok {
			return c.intact()
		}
		if !each(c.count-1, e) {
			return false
		}
	}
}

// littleEndian reads a signed number of 1 to 8 bytes.
func littleEndian(p []byte) int64 {
	var n uint64
	for i, b := range p {
		n |= uint64(b) << (8 * i)
	}
	unused := 64 - 8*len(p)
	return int64(n<<unused) >> unused
}

// appendBackLength appends the length of an element in the form that is read
// from its end, with Redis's own thresholds.
func appendBackLength(dst []byte, n int) []byte {
	switch {
	case n <= 127:
		return append(dst, byte(n))
	case n < 1<<14-1:
		return append(dst, byte(n>>7), byte(n&127|128))
	case n < 1<<21-1:
		return append(dst, byte(n>>14), byte(n>>7&127|128), byte(n&127|128))
	case n < 1<<28-1:
		return append(dst, byte(n>>21), byte(n>>14&127|128), byte(n>>7&127|128), byte(n&127|128))
	}
	return append(dst, byte(n>>28), byte(n>>21&127|128), byte(n>>14&127|128), byte(n>>7&127|128), byte(n&127|128))
}

// packBuilder makes a listpack from elements.
type packBuilder struct {
	p     []byte // without the end
	count int
}

func (b *packBuilder) begin() {
	if b.p == nil {
		b.p = make([]byte, packHeader, 64)
	}
}

// text appends a string, as a number if it reads like one.
func (b *packBuilder) text(s []byte) {
	if n, ok := integer(s); ok {
		b.number(n)
		return
	}
	b.begin()
	start := len(b.p)
	switch n := len(s); {
	case n < 1<<6:
		b.p = append(b.p, 0x80|byte(n))
	case n < 1<<12:
		b.p = append(b.p, 0xe0|byte(n>>8), byte(n))
	default:
		b.p = binary.LittleEndian.AppendUint32(append(b.p, 0xf0), uint32(n))
	}
	b.p = append(b.p, s...)
	b.close(start)
}

func (b *packBuilder) number(n int64) {
	b.begin()
	start := len(b.p)
	switch {
	case n >= 0 && n < 1<<7:
		b.p = append(b.p, byte(n))
	case n >= -1<<12 && n < 1<<12:
		b.p = append(b.p, 0xc0|byte(n>>8)&0x1f, byte(n))
	case n >= -1<<15 && n < 1<<15:
		b.p = append(b.p, 0xf1, byte(n), byte(n>>8))
	case n >= -1<<23 && n < 1<<23:
		b.p = append(b.p, 0xf2, byte(n), byte(n>>8), byte(n>>16))
	case n >= -1<<31 && n < 1<<31:
		b.p = binary.LittleEndian.AppendUint32(append(b.p, 0xf3), uint32(n))
	default:
		b.p = binary.LittleEndian.AppendUint64(append(b.p, 0xf4), uint64(n))
	}
	b.close(start)
}

func (b *packBuilder) add(e element) {
	if e.isNum {
		b.number(e.num)
	} else {
		b.text(e.str)
	}
}

func (b *packBuilder) close(start int) {
	b.p = appendBackLength(b.p, len(b.p)-start)
	b.count++
}

// size is the number of bytes so far.
func (b *packBuilder) size() int { return len(b.p) }

// pack returns the listpack and starts another one.
func (b *packBuilder) pack() []byte {
	b.begin()
	p := slices.Clip(append(b.p, packEnd))
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	binary.LittleEndian.PutUint16(p[4:], uint16(min(b.count, manyElements)))
	*b = packBuilder{}
	return p
}

// dupes finds elements that come twice.
type dupes struct{ seen map[string]struct{} }

// reset starts a new collection.
func (d *dupes) reset() {
	if d.seen == nil || len(d.seen) > 1024 {
		d.seen = make(map[string]struct{})
	}
	clear(d.seen)
}

// add says whether b is new.
func (d *dupes) add(b []byte) bool {
	n := len(d.seen)
	d.seen[string(b)] = struct{}{}
	return len(d.seen) > n
}
