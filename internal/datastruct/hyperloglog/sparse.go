package hyperloglog

import (
	"slices"
	"strconv"
)

const (
	maxSparseValue = 32 // larger ones need dense registers
	maxSparseRun   = 4  // longest run of a value other than 0
	maxShortRun    = 64 // of zeros in one byte
)

// opcode reads the run at b[i]: its value, which may be 0, its length, and its
// size in bytes.
func opcode(b []byte, i int) (value uint8, run, size int) {
	switch c := b[i]; c >> 6 {
	case 0:
		return 0, int(c) + 1, 1
	case 1:
		run = int(c&63) << 8
		if i+1 < len(b) {
			run |= int(b[i+1])
		}
		return 0, run + 1, 2
	default:
		return c>>2&31 + 1, int(c&3) + 1, 1
	}
}

// eachSparse calls set for each register that is not 0. It reports whether the
// runs cover exactly all registers.
func eachSparse(b []byte, set func(index int, value uint8)) bool {
	index := 0
	for i := headerSize; i < len(b); {
		value, run, size := opcode(b, i)
		i += size
		if value == 0 {
			index += run
			continue
		}
		if index+run > registers {
			break // like Redis, ignore what follows the last register
		}
		for ; run > 0; run-- {
			set(index, value)
			index++
		}
	}
	return index == registers
}

func isValue(c byte) bool { return c >= 0x80 }

func valueOp(value uint8, run int) byte { return 0x80 | (value-1)<<2 | byte(run-1) }

// appendRun appends a run, if it is not empty, in the shortest form.
func appendRun(b []byte, value uint8, run int) []byte {
	switch {
	case run == 0:
		return b
	case value != 0:
		return append(b, valueOp(value, run))
	case run <= maxShortRun:
		return append(b, byte(run-1))
	}
	return append(b, 0x40|byte((run-1)>>8), byte(run-1))
}

// setSparse raises a register to a value. It splits the run into up to three,
// and joins equal neighbours. It does no more than Redis does, to give the
// same bytes.
func setSparse(b []byte, index int, rank uint8, sparseMax int) (out []byte, changed bool, err error) {
	if rank > maxSparseValue {
		return promote(b, index, rank)
	}
	var (
		value     uint8
		run, size int
		first     = 0          // register of the run at b[at]
		at        = headerSize // of the run that has the register
		prev      = headerSize // of the run before it
	)
	for at < len(b) {
		value, run, size = opcode(b, at)
		if index < first+run {
			break
		}
		prev, first = at, first+run
		at += size
	}
	switch {
	case at >= len(b):
		return b, false, ErrCorrupt
	case value >= rank:
		return b, false, nil
	case run == 1 && size == 1:
		b[at] = valueOp(rank, 1)
	default:
		var room [5]byte
		runs := appendRun(room[:0], value, index-first)
		runs = append(runs, valueOp(rank, 1))
		runs = appendRun(runs, value, first+run-1-index)
		if more := len(runs) - size; more > 0 && len(b)+more > sparseMax {
			return promote(b, index, rank)
		}
		b = slices.Replace(b, at, min(at+size, len(b)), runs...)
	}
	return join(b, prev), true, nil
}

// join joins runs of the same value among the five runs from b[i] on.
func join(b []byte, i int) []byte {
	for range 5 {
		if i >= len(b) {
			break
		}
		value, run, size := opcode(b, i)
		if value != 0 && i+1 < len(b) && isValue(b[i+1]) {
			if v, r, _ := opcode(b, i+1); v == value && r+run <= maxSparseRun {
				b[i+1] = valueOp(value, r+run)
				b = slices.Delete(b, i, i+1)
				continue // the joined run may be joined with the next one too
			}
		}
		i += size
	}
	return b
}

// promote makes the registers dense and raises one of them.
func promote(b []byte, index int, rank uint8) ([]byte, bool, error) {
	out, err := ToDense(b)
	if err != nil {
		return b, false, err
	}
	return out, setDense(out[headerSize:], index, rank), nil
}

// AppendRuns appends sparse registers as text: z:length for zeros in one byte,
// Z:length for zeros in two, v:value,length for others.
func AppendRuns(dst, b []byte) []byte {
	for i := headerSize; i < len(b); {
		value, run, size := opcode(b, i)
		if i > headerSize {
			dst = append(dst, ' ')
		}
		switch {
		case value != 0:
			dst = append(dst, "v:"...)
			dst = strconv.AppendUint(dst, uint64(value), 10)
			dst = append(dst, ',')
		case size == 2:
			dst = append(dst, "Z:"...)
		default:
			dst = append(dst, "z:"...)
		}
		dst = strconv.AppendInt(dst, int64(run), 10)
		i += size
	}
	return dst
}
