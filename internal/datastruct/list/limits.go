package list

// Limits say how much goes into a node.
type Limits struct {
	// Fill is what list-max-listpack-size says: -1 to -5 for nodes of up to 4, 8, 16, 32 or 64 KB, a positive number
	// for nodes of up to so many elements and 8 KB. The default, for 0, is -2; for a configured 0, which Redis
	// takes to be 1, give 1.
	Fill int

	// Plain is the length in bytes from which on an element gets a plain node. The default, for 0, is to do so when it
	// is longer than the bytes of a node.
	Plain int
}

// entryOverhead is what Redis reckons for the encoding of an element before it has encoded it.
const entryOverhead = 8

// NodeBytes is the most that a pack takes in bytes.
func (m Limits) NodeBytes() int {
	switch {
	case m.Fill < 0:
		return 4096 << min(-m.Fill-1, 4)
	default:
		return 8192
	}
}

// Exceeds reports whether a pack of size bytes and count elements is too large for a node.
func (m Limits) Exceeds(size, count int) bool {
	return size > m.NodeBytes() || m.Fill > 0 && count > m.Fill
}

// Large reports whether an element of n bytes gets a plain node.
func (m Limits) Large(n int) bool {
	if m.Plain > 0 {
		return n >= m.Plain
	}
	return n > m.NodeBytes()
}
