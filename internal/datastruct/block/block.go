// Package block hands out blocks of bytes in the size classes of Go's allocator, and takes back outgrown blocks. Most
// small values grow by an element at a time. They can thus keep the least spare room that the allocator allows, and
// leave no garbage: the next value that grows reuses the block.
//
// All functions are safe for concurrent use.
package block

import (
	"slices"
	"sync"
	"unsafe"
)

// sizes are the size classes of Go's allocator. A wrong one costs memory but breaks nothing; a test checks them.
var sizes = [...]int{
	8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
	512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864,
	5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760,
	24576, 27264, 28672, 32768,
}

const (
	largest  = 32768 // last of sizes
	pageSize = 8192  // larger blocks are whole pages

	step = 8    // granularity of classOf
	kept = 8192 // largest block that Free keeps: a node of a list
)

// classOf maps a size up to kept, divided by step and rounded up, to its index
// in sizes.
var classOf = func() (of [kept/step + 1]uint8) {
	for i := range of {
		of[i] = uint8(classFor(i * step))
	}
	return of
}()

func classFor(n int) int {
	i, _ := slices.BinarySearch(sizes[:], n)
	return i
}

// Size returns the number of bytes that the allocator takes for n.
func Size(n int) int {
	switch {
	case n <= kept:
		return sizes[classOf[(max(n, 0)+step-1)/step]]
	case n <= largest:
		return sizes[classFor(n)]
	default:
		return (n + pageSize - 1) &^ (pageSize - 1)
	}
}

// freed holds the blocks given to Free, as *byte, by size class up to kept.
var freed [51]sync.Pool

// New returns a block of n bytes with capacity Size(n). Its content is undefined, since the caller will write it.
func New(n int) []byte {
	if n > kept {
		return make([]byte, n, Size(n))
	}
	class := classOf[(n+step-1)/step]
	size := sizes[class]
	if p, ok := freed[class].Get().(*byte); ok {
		return unsafe.Slice(p, size)[:n]
	}
	return make([]byte, n, size)
}

// Free gives back b with all its capacity. Nobody may read or write it afterwards. It need not come from New.
func Free(b []byte) {
	size := cap(b)
	if size < step || size > kept {
		return
	}
	class := classOf[(size+step-1)/step]
	if sizes[class] != size {
		return
	}
	b = b[:size]
	Poison(b)
	freed[class].Put(unsafe.SliceData(b))
}

// Poison overwrites memory that nobody may read any more, so that tests under
// the race detector find a reader. In other builds it does nothing.
func Poison(b []byte) {
	if !Poisons {
		return
	}
	for i := range b {
		b[i] = 0xA5
	}
}
