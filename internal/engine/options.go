package engine

import (
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
)

// maxOptions bounds how many different options one call can have.
const maxOptions = 24

// Options are the options of one call: which words came, and where.
type Options struct {
	words [maxOptions]spec.Word
	at    [maxOptions]uint16
	n     int
}

// Has tells whether an option was given.
func (o *Options) Has(w spec.Word) bool { return o.find(w) >= 0 }

// At returns the index of the first value of an option in Args, 0 if the
// option was not given.
func (o *Options) At(w spec.Word) int {
	if i := o.find(w); i >= 0 {
		return int(o.at[i]) + 1
	}
	return 0
}

func (o *Options) find(w spec.Word) int {
	for i := range o.n {
		if o.words[i] == w {
			return i
		}
	}
	return -1
}

// Options reads the arguments from the given one to the end as options of the
// command table. An unknown word, a missing value and two options that exclude
// each other are syntax errors; values are read by the handler, so that it
// decides about their order. An option may be repeated: the last one counts.
func (c *Ctx) Options(from int) (o Options, err error) {
next:
	for i := from; i < len(c.Args); i++ {
		for k := range c.Cmd.Options {
			opt := &c.Cmd.Options[k]
			if !EqualFold(c.Args[i], opt.Text) {
				continue
			}
			if i+int(opt.Values) >= len(c.Args) || o.excludes(c.Cmd.Options, opt) {
				return o, resp.ErrSyntax
			}
			o.put(opt.Word, i)
			i += int(opt.Values)
			continue next
		}
		return o, resp.ErrSyntax
	}
	return o, nil
}

func (o *Options) put(w spec.Word, at int) {
	i := o.find(w)
	if i < 0 {
		i = o.n
		o.n++
	}
	o.words[i], o.at[i] = w, uint16(at)
}

// excludes tells whether an option was given that excludes opt.
func (o *Options) excludes(all []spec.Option, opt *spec.Option) bool {
	if opt.Group == 0 {
		return false
	}
	for k := range all {
		if all[k].Group == opt.Group && all[k].Word != opt.Word && o.Has(all[k].Word) {
			return true
		}
	}
	return false
}
