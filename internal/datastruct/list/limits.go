package list

// Limits bound the size of a node.
type Limits struct {
	// Fill is list-max-listpack-size: -1 to -5 for nodes of up to 4, 8, 16, 32 or 64 KB, a positive number for nodes of up
	// to that many elements and 8 KB. The default, for 0, is -2. For a configured 0, which Redis treats as 1, use 1.
	Fill int

	// Plain is the length in bytes from which an element gets a plain node. The default, for 0, is the size limit of a
	// node.
	Plain int
}

// entryOverhead is Redis's estimate for the encoding of an element that it has not encoded yet.
const entryOverhead = 8

// NodeBytes returns the maximum size of a pack in bytes.
func (m Limits) NodeBytes() int {
	switch {
	case m.Fill < 0:
		return 4096 << min(-m.Fill-1, 4)
	default:
		return 8192
	}
}

// Exceeds reports whether a pack of size bytes and count elements is too big
// for a node.
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
