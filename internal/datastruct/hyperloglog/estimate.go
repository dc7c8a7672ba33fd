package hyperloglog

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// locate returns the register of an element, and one plus the run of zero bits
// in the rest of its hash.
func locate(element []byte) (index int, rank uint8) {
	h := murmur64(element, 0xadc83b19)
	rest := h>>indexBits | 1<<(64-indexBits)
	return int(h & indexMask), uint8(bits.TrailingZeros64(rest)) + 1
}

// murmur64 is MurmurHash64A by Austin Appleby, with little-endian words on any
// machine.
func murmur64(b []byte, seed uint64) uint64 {
	const m, r = 0xc6a4a7935bd1e995, 47
	h := seed ^ uint64(len(b))*m
	for len(b) >= 8 {
		k := binary.LittleEndian.Uint64(b) * m
		k ^= k >> r
		h = (h ^ k*m) * m
		b = b[8:]
	}
	if len(b) > 0 {
		var k uint64
		for i, c := range b {
			k |= uint64(c) << (8 * i)
		}
		h = (h ^ k) * m
	}
	h ^= h >> r
	h *= m
	return h ^ h>>r
}

// histogram counts the registers by value.
type histogram [64]uint32

func (h *histogram) addDense(regs []byte) {
	// Use two sets of counters. Neighbours are often equal, and an increment
	// would wait for the previous one of the same counter.
	var other histogram
	for len(regs) >= 6 {
		w := uint32(regs[0]) | uint32(regs[1])<<8 | uint32(regs[2])<<16
		v := uint32(regs[3]) | uint32(regs[4])<<8 | uint32(regs[5])<<16
		h[w&63]++
		other[v&63]++
		h[w>>6&63]++
		other[v>>6&63]++
		h[w>>12&63]++
		other[v>>12&63]++
		h[w>>18&63]++
		other[v>>18&63]++
		regs = regs[6:]
	}
	for i, n := range other {
		h[i] += n
	}
}

// addSparse counts sparse registers and reports whether they are complete.
func (h *histogram) addSparse(b []byte) bool {
	index := 0
	for i := headerSize; i < len(b); {
		value, run, size := opcode(b, i)
		h[value] += uint32(run)
		index += run
		i += size
	}
	return index == registers
}

// estimate computes the cardinality. The conversions of products prevent the
// compiler from fusing them with sums, which rounds differently on some
// processors.
func (h *histogram) estimate() uint64 {
	const m = registers
	z := m * tau((m-float64(h[maxRank]))/m)
	for i := maxRank - 1; i >= 1; i-- {
		z += float64(h[i])
		z *= 0.5
	}
	z += float64(m * sigma(float64(h[0])/m))
	const alpha = 0.721347520444481703680 // 1 / (2 ln 2)
	return uint64(math.Round(alpha * m * m / z))
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		was := z
		z += float64(x * y)
		y += y
		if z == was {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		was := z
		y *= 0.5
		d := 1 - x
		z -= float64(float64(d*d) * y)
		if z == was {
			return z / 3
		}
	}
}
