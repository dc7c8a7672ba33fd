package config

import (
	"errors"
	"maps"
	"strings"
)

func splitDefault(p *Param) []string {
	if p.Multi {
		return strings.Fields(p.Default)
	}
	return []string{p.Default}
}

// Find returns the row of a directive, by its name or its alias in any case.
func Find(name string) (*Param, bool) {
	name = strings.ToLower(name)
	for i := range params {
		if p := &params[i]; p.Name == name || p.Alias != "" && p.Alias == name {
			return p, true
		}
	}
	return nil, false
}

// All yields the rows in alphabetical order.
func All(yield func(*Param) bool) {
	for i := range params {
		if !yield(&params[i]) {
			return
		}
	}
}

// Get shows the value of a setting.
func (c *Config) Get(p *Param) string { return p.kind.get(c) }

// Set changes a setting; the error says what is wrong with the value. It does
// not ask whether the setting is Immutable.
func (c *Config) Set(p *Param, words []string) error {
	if !p.Multi && len(words) != 1 {
		return errWords
	}
	if p.Multi && len(words) == 1 {
		words = strings.Fields(words[0])
	}
	if err := p.kind.set(c, words); err != nil {
		return err
	}
	c.given[p.Name] = true
	return nil
}

// Given tells whether a setting was set at all.
func (c *Config) Given(name string) bool { return c.given[name] }

// Clone returns an independent copy.
func (c *Config) Clone() *Config {
	d := *c
	d.given = maps.Clone(c.given)
	d.inert = maps.Clone(c.inert)
	return &d
}

var errWords = errors.New("wrong number of arguments")

// Names returns the name of the setting and its alias, if it has one.
func (p *Param) Names() []string {
	if p.Alias == "" {
		return []string{p.Name}
	}
	return []string{p.Name, p.Alias}
}
