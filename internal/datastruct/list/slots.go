package list

import "github.com/resp-server/resp-server/internal/datastruct/block"

// nodes returns the nodes in order. They may be written after ownSlots.
func (l *List) nodes() []slot { return l.slots[l.lo:l.hi] }

// ownSlots makes sure that the list owns its directory.
func (l *List) ownSlots() {
	if l.slotsOwner != l.owner {
		l.respace()
	}
}

// respace centres the nodes in the directory, or in a new one if the list does not own it or it is nearly full or
// nearly empty. The room at each end is then proportional to the number of nodes, which makes respace amortised O(1).
func (l *List) respace() {
	old, n := l.nodes(), l.Nodes()
	if room := len(l.slots) - n; l.slotsOwner != l.owner || room < n/4+4 || room > 8*n+64 {
		l.slots = make([]slot, n+n/2+8)
		l.slotsOwner = l.owner
		l.lo = (len(l.slots) - n) / 2
		l.hi = l.lo + n
		copy(l.nodes(), old)
		return
	}
	from := l.lo
	l.lo = (len(l.slots) - n) / 2
	l.hi = l.lo + n
	copy(l.nodes(), old)
	if from < l.lo {
		clear(l.slots[from:min(l.lo, from+n)])
	} else {
		clear(l.slots[max(l.hi, from) : from+n])
	}
}

// insertNode makes s node i and takes over its memory. It moves the shorter part of the directory.
func (l *List) insertNode(i int, s slot) {
	l.ownSlots()
	n := l.Nodes()
	front := i < n-i
	if front && l.lo == 0 || !front && l.hi == len(l.slots) {
		l.respace()
	}
	if front {
		l.lo--
		copy(l.nodes(), l.slots[l.lo+1:l.lo+1+i])
	} else {
		l.hi++
		copy(l.nodes()[i+1:], l.nodes()[i:n])
	}
	s.owner = l.owner
	l.nodes()[i] = s
	l.bytes += cap(s.buf)
}

// removeNodes removes the nodes in [i, j) and their elements.
func (l *List) removeNodes(i, j int) {
	if i == j {
		return
	}
	l.ownSlots()
	nodes := l.nodes()
	for k := i; k < j; k++ {
		l.bytes -= cap(nodes[k].buf)
		l.count -= int(nodes[k].count)
		if nodes[k].owner == l.owner {
			block.Free(nodes[k].buf)
		}
	}
	if i < len(nodes)-j {
		copy(nodes[j-i:], nodes[:i])
		clear(nodes[:j-i])
		l.lo += j - i
	} else {
		n := copy(nodes[i:], nodes[j:])
		clear(nodes[i+n:])
		l.hi -= j - i
	}
	if len(l.slots) > 8*l.Nodes()+128 {
		l.respace()
	}
}
