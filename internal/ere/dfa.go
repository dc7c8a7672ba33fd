package ere

import (
	"encoding/binary"
	"slices"
)

// dfa caches the state sets of the matcher and their transitions, so that a
// set that occurs again costs one look-up.
type dfa struct {
	sets   []stateSet
	index  map[string]int32
	states int // of all sets
	work   int // steps since the last call of stop

	// Scratch memory for making a set.
	mark  []uint32
	round uint32
	stack []int32
	list  []int32
	key   []byte
}

// stateSet is the state of the matcher between two bytes: its possible places
// in the program, before assertions are evaluated, and the class of the
// previous byte, which assertions need.
type stateSet struct {
	at     []int32
	before byte // one of the constants below
	next   [257]int32
}

const (
	beforeStart byte = iota // there is no byte before
	beforeWord
	beforeOther
)

const (
	endOfText = 256 // index in next
	unknown   = 0   // value in next
	matched   = -1  // value in next
	dead      = -2  // value in next: no match is possible

	maxSets   = 1 << 8
	maxStates = 1 << 15
)

// workStep is the number of steps between two calls of stop.
const workStep = 1 << 16

// Match reports whether any part of b matches.
func (r *Regexp) Match(b []byte) bool {
	m, _ := r.MatchUntil(b, func() error { return nil })
	return m
}

// MatchUntil is Match, but calls stop from time to time. It returns the error
// of stop, if any.
func (r *Regexp) MatchUntil(b []byte, stop func() error) (bool, error) {
	d := &r.dfa
	if d.work += len(b); d.work >= workStep {
		d.work = 0
		if err := stop(); err != nil {
			return false, err
		}
	}
	if d.mark == nil {
		d.mark = make([]uint32, len(r.prog))
	}
	if len(d.sets) == 0 {
		r.intern([]int32{0}, beforeStart)
	}
	at := int32(1) // the initial set
	for i := 0; ; i++ {
		c := endOfText
		if i < len(b) {
			c = int(b[i])
		}
		next := d.sets[at-1].next[c]
		if next == unknown {
			if d.work >= workStep {
				d.work = 0
				if err := stop(); err != nil {
					return false, err
				}
			}
			next = r.advance(at, c)
		}
		switch {
		case next == matched:
			return true, nil
		case next == dead || c == endOfText:
			return false, nil
		}
		at = next
	}
}

// advance computes the transition from a set for a byte.
func (r *Regexp) advance(from int32, c int) int32 {
	d := &r.dfa
	s := &d.sets[from-1]
	list, match := r.enter(s.at, s.before, c)
	d.work += len(list) + 1
	next := int32(matched)
	if !match {
		to := d.list[:0]
		if c != endOfText {
			for _, pc := range list {
				if r.sets[r.prog[pc].x].has(byte(c)) {
					to = append(to, pc+1)
				}
			}
		}
		d.list = to
		if !r.anchored {
			to = append(to, 0)
		}
		before := beforeOther
		if c != endOfText && isWord(byte(c)) {
			before = beforeWord
		}
		switch {
		case len(to) == 0 || c == endOfText:
			next = dead
		default:
			slices.Sort(to)
			to = slices.Compact(to)
			if len(d.sets) >= maxSets || d.states+len(to) > maxStates {
				// The cache is full: start again, which invalidates from.
				to = slices.Clone(to)
				d.sets, d.index, d.states = d.sets[:0], nil, 0
				r.intern([]int32{0}, beforeStart)
				return r.intern(to, before)
			}
			next = r.intern(to, before)
		}
	}
	d.sets[from-1].next[c] = next
	return next
}

// intern returns the number of a set, from 1.
func (r *Regexp) intern(at []int32, before byte) int32 {
	d := &r.dfa
	d.key = append(d.key[:0], before)
	for _, pc := range at {
		d.key = binary.LittleEndian.AppendUint32(d.key, uint32(pc))
	}
	if n := d.index[string(d.key)]; n != 0 {
		return n
	}
	if d.index == nil {
		d.index = make(map[string]int32)
	}
	d.sets = append(d.sets, stateSet{at: slices.Clone(at), before: before})
	d.states += len(at)
	n := int32(len(d.sets))
	d.index[string(d.key)] = n
	return n
}

// enter returns the states that consume c and are reachable from others
// without consuming a byte. match reports whether a match is among them.
func (r *Regexp) enter(from []int32, before byte, c int) (list []int32, match bool) {
	d := &r.dfa
	if d.round++; d.round == 0 {
		clear(d.mark)
		d.round = 1
	}
	d.stack = append(d.stack[:0], from...)
	d.list = d.list[:0]
	for len(d.stack) > 0 {
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.mark[pc] == d.round {
			continue
		}
		d.mark[pc] = d.round
		d.work++
		switch in := &r.prog[pc]; in.op {
		case opMatch:
			return nil, true
		case opByte:
			d.list = append(d.list, pc)
		case opAssert:
			if holds(assertion(in.x), before, c) {
				d.stack = append(d.stack, pc+1)
			}
		case opJump:
			d.stack = append(d.stack, in.x)
		case opSplit:
			d.stack = append(d.stack, in.x, in.y)
		}
	}
	return d.list, false
}

// holds reports whether an assertion holds between the class of the previous
// byte and the byte c. As in TRE, a zero byte counts as the end, and both ends
// are word boundaries.
func holds(a assertion, before byte, c int) bool {
	end := c == endOfText || c == 0
	word := !end && isWord(byte(c))
	switch a {
	case atStart:
		return before == beforeStart
	case atEnd:
		return end
	case atWordStart:
		return before != beforeWord && word
	case atWordEnd:
		return before == beforeWord && !word
	case atBoundary:
		return before == beforeStart || end || (before == beforeWord) != word
	}
	return before != beforeStart && !end && (before == beforeWord) == word
}
