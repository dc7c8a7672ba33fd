package engine

// Fieldset is a list of fields that a client has prepared for HIMPORT.
type Fieldset struct {
	// Fields in rising order, and for each the place of its value among those
	// that come with a key.
	Fields []string
	Places []int
}

// Fieldsets are those of a client by their names, those of a script while one
// runs. They are forgotten with the client, by RESET and at the end of the
// script.
type Fieldsets map[string]*Fieldset

// memoryUse is about how many bytes they take.
func (f Fieldsets) memoryUse() (n int) {
	for name, set := range f {
		n += len(name) + 24*len(set.Fields)
		for _, field := range set.Fields {
			n += len(field)
		}
	}
	return n
}

// Fieldsets returns the fieldsets of this client or script, nil if there is
// none.
func (c *Ctx) Fieldsets() Fieldsets { return c.Session.fieldsets }

// SetFieldset names a fieldset, in place of one of that name.
func (c *Ctx) SetFieldset(name []byte, f *Fieldset) {
	if c.Session.fieldsets == nil {
		c.Session.fieldsets = Fieldsets{}
	}
	c.Session.fieldsets[string(name)] = f
}
