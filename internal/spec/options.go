package spec

// Option is an optional word of a command with its values.
type Option struct {
	Word Word
	// Text is the word in capitals.
	Text string
	// Group is the same number for options that exclude each other. It is 0 if
	// the option excludes none.
	Group uint8
	// Values is the number of arguments that follow the word, or Variadic.
	Values uint8
	// Since is the version that introduced the word, empty if it is as old as the
	// command.
	Since string
}

// Variadic means that the number of values depends on the other arguments.
const Variadic = 255

// Options computes the optional words of the command from its argument tree,
// in the order of the tree. For SET these are the exclusive NX and XX, GET,
// and the exclusive EX, PX, EXAT, PXAT and KEEPTTL. Mandatory words, and words
// that are values of other words, are not included. Each call returns a new
// slice.
func (c *Command) Options() []Option {
	var l optionList
	for i := range c.Args {
		l.addOptional(&c.Args[i])
	}
	return l.options
}

type optionList struct {
	options []Option
	groups  uint8
}

func (l *optionList) addOptional(a *Arg) {
	if a.Optional {
		l.add(a, 0, a.Since)
	}
}

// add adds the words that may begin a, and the optional words inside it.
func (l *optionList) add(a *Arg, group uint8, since string) {
	if a.Since != "" {
		since = a.Since
	}
	switch {
	case a.Type == Block:
		l.addBlock(a, group, since)
	case a.Type == OneOf && a.Token == "":
		if group == 0 {
			l.groups++
			group = l.groups
		}
		for i := range a.Args {
			l.add(&a.Args[i], group, since)
		}
	case a.Type == PureToken:
		l.word(a.Token, group, 0, since)
	case a.Token != "":
		values := uint8(1)
		if a.Multiple && !a.MultipleToken {
			values = Variadic
		}
		l.word(a.Token, group, values, since)
	}
}

// addBlock adds the first word of a block, with the block's plain members as
// values, and the optional words inside it.
func (l *optionList) addBlock(a *Arg, group uint8, since string) {
	members, head := a.Args, len(l.options)
	if a.Token != "" {
		l.word(a.Token, group, 0, since)
	} else if len(members) > 0 {
		if !members[0].Optional {
			l.add(&members[0], group, since)
			members = members[1:]
		}
	}
	heads := l.options[head:len(l.options):len(l.options)]
	values := uint8(0)
	for i := range members {
		if m := &members[i]; m.Optional {
			l.add(m, 0, since)
		} else {
			values = addValues(values, m.width())
		}
	}
	for i := range heads {
		heads[i].Values = addValues(heads[i].Values, values)
	}
	copy(l.options[head:], heads) // the appends may have moved the list
}

func (l *optionList) word(text string, group, values uint8, since string) {
	if w := wordOf(text); w != NoWord {
		l.options = append(l.options, Option{Word: w, Text: text, Group: group, Values: values, Since: since})
	}
}

// width returns the number of arguments of a.
func (a *Arg) width() uint8 {
	if a.Multiple {
		return Variadic
	}
	n := uint8(0)
	if a.Token != "" || a.EmptyToken {
		n++
	}
	switch a.Type {
	case PureToken:
	case Block:
		for i := range a.Args {
			n = addValues(n, a.Args[i].width())
		}
	default:
		n++
	}
	return n
}

func addValues(a, b uint8) uint8 {
	if a == Variadic || b == Variadic {
		return Variadic
	}
	return a + b
}
