package ere

// Compile parses a regular expression; with fold it ignores case. It recurses
// for nested groups, so the caller must limit the length of untrusted
// patterns. The error is an Error.
func Compile(pattern []byte, fold bool) (*Regexp, error) {
	p := parser{re: pattern, fold: fold}
	n, err := p.parse()
	if err != nil {
		return nil, err
	}
	c := compiler{r: &Regexp{refs: p.refs}, index: map[byteSet]int32{}}
	c.node(n)
	c.emit(inst{op: opMatch})
	if c.full {
		return nil, errMemory
	}
	c.r.begin()
	return c.r, nil
}

// maxProgram limits the number of states. Nested counted repetitions could ask
// for any number.
const maxProgram = 1 << 16

type compiler struct {
	r     *Regexp
	index map[byteSet]int32 // of sets
	full  bool
}

func (c *compiler) emit(in inst) int32 {
	if len(c.r.prog) >= maxProgram {
		c.full = true
		return 0
	}
	c.r.prog = append(c.r.prog, in)
	return int32(len(c.r.prog) - 1)
}

func (c *compiler) here() int32 { return int32(len(c.r.prog)) }

func (c *compiler) node(n *node) {
	if c.full {
		return
	}
	switch n.kind {
	case empty:
	case set:
		i, ok := c.index[n.set]
		if !ok {
			i = int32(len(c.r.sets))
			c.index[n.set] = i
			c.r.sets = append(c.r.sets, n.set)
		}
		c.emit(inst{op: opByte, x: i})
	case assert:
		c.emit(inst{op: opAssert, x: int32(n.assertion)})
	case concat:
		c.node(n.left)
		c.node(n.right)
	case either:
		split := c.emit(inst{op: opSplit, x: c.here() + 1})
		c.node(n.left)
		jump := c.emit(inst{op: opJump})
		if c.full {
			return
		}
		c.r.prog[split].y = c.here()
		c.node(n.right)
		c.r.prog[jump].x = c.here()
	case repeat:
		for range n.min {
			c.node(n.left)
		}
		if n.max < 0 {
			c.star(n.left)
			return
		}
		var splits []int32
		for range n.max - n.min {
			splits = append(splits, c.emit(inst{op: opSplit, x: c.here() + 1}))
			c.node(n.left)
			if c.full {
				return
			}
		}
		for _, s := range splits {
			c.r.prog[s].y = c.here()
		}
	}
}

// star emits any number of repetitions.
func (c *compiler) star(n *node) {
	split := c.emit(inst{op: opSplit, x: c.here() + 1})
	c.node(n)
	c.emit(inst{op: opJump, x: split})
	if !c.full {
		c.r.prog[split].y = c.here()
	}
}

// begin determines whether a match is possible only at the beginning.
func (r *Regexp) begin() {
	r.anchored = true
	seen := make([]bool, len(r.prog))
	for stack := []int32{0}; len(stack) > 0; {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch in := r.prog[pc]; in.op {
		case opMatch, opByte:
			r.anchored = false
			return
		case opAssert:
			if assertion(in.x) != atStart {
				r.anchored = false
				return
			}
		case opJump:
			stack = append(stack, in.x)
		case opSplit:
			stack = append(stack, in.x, in.y)
		}
	}
}
