package hyperloglog

// getDense reads a register of 6 bits.
func getDense(regs []byte, index int) uint8 {
	i, shift := index*6>>3, uint(index*6&7)
	v := regs[i] >> shift
	if shift > 2 {
		v |= regs[i+1] << (8 - shift)
	}
	return v & 63
}

// setDense raises a register to a value and reports whether it was lower.
func setDense(regs []byte, index int, value uint8) bool {
	i, shift := index*6>>3, uint(index*6&7)
	if getDense(regs, index) >= value {
		return false
	}
	regs[i] = regs[i]&^(63<<shift) | value<<shift
	if shift > 2 {
		regs[i+1] = regs[i+1]&^(63>>(8-shift)) | value>>(8-shift)
	}
	return true
}
