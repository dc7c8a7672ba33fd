package hyperloglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// selfTestElements is the number of elements that SelfTest adds: enough for an
// estimate in each decade, in a tenth of a second.
const selfTestElements = 1_000_000

// SelfTest checks the registers and the estimates with random numbers. It takes
// about a tenth of a second.
func SelfTest(random func() uint64, sparseMax int) error {
	var regs [denseSize - headerSize]byte
	var want [registers]uint8
	for i := range want {
		want[i] = uint8(random() & 63)
		setDense(regs[:], i, want[i])
	}
	for i, v := range want {
		if got := getDense(regs[:], i); got != v {
			return fmt.Errorf("Register %d should be %d but is %d", i, v, got)
		}
	}
	full, err := ToDense(New())
	if err != nil {
		return err
	}
	small, seed := New(), random()
	const standardError = 1.04 / 128
	for i, checkpoint := uint64(1), uint64(1); i <= selfTestElements; i++ {
		var element [8]byte
		binary.LittleEndian.PutUint64(element[:], i^seed)
		if full, _, err = Add(full, element[:], sparseMax); err != nil {
			return err
		}
		if small, _, err = Add(small, element[:], sparseMax); err != nil {
			return err
		}
		if i < checkpoint {
			continue
		}
		if i < uint64(sparseMax)/2 && IsDense(small) {
			return errors.New("sparse encoding not used")
		}
		a, _ := Count(full)
		if b, err := Count(small); err != nil || a != b {
			return errors.New("dense/sparse disagree")
		}
		if diff := math.Abs(float64(a) - float64(i)); diff > math.Ceil(standardError*6*float64(i)) {
			return fmt.Errorf("Too big error. card:%d abserr:%.0f", i, diff)
		}
		checkpoint *= 10
	}
	return nil
}
