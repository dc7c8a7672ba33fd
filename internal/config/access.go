package config

import (
	"errors"
	"maps"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

func splitDefault(p *Param) []string {
	if p.Multi {
		return strings.Fields(p.Default)
	}
	return []string{p.Default}
}

// Find returns the row of a directive by its name or alias, in any case.
func Find(name string) (*Param, bool) {
	name = strings.ToLower(name)
	for _, p := range params {
		if p.Name == name || name != "" && (p.Alias == name || p.Later == name) {
			return p, true
		}
	}
	return nil, false
}

// All yields the rows in alphabetical order.
func All(yield func(*Param) bool) {
	for _, p := range params {
		if !yield(p) {
			return
		}
	}
}

// Find returns the row of a directive, if the edition has the directive.
func (c *Config) Find(name string) (*Param, bool) {
	p, ok := Find(name)
	ok = ok && (c.knows(p) || strings.EqualFold(name, p.Alias))
	return p, ok
}

// knows reports whether the edition has the setting by its present name.
func (c *Config) knows(p *Param) bool {
	if p.Until != "" && c.Edition.Knows(p.Until) {
		return false
	}
	if p.From == "" || p.From == "ours" {
		return true
	}
	since, _ := strings.CutPrefix(p.From, "Redis ")
	return c.Edition.Knows(since)
}

// All yields the rows of the settings that the edition has, in alphabetical order.
func (c *Config) All(yield func(*Param) bool) {
	for _, p := range params {
		if (c.knows(p) || p.Alias != "") && !yield(p) {
			return
		}
	}
}

// Names returns the name of a setting and its alias, if it has one: those that the
// edition has.
func (c *Config) Names(p *Param) []string {
	names := p.Names()
	if !c.knows(p) {
		names = names[1:]
	}
	return names
}

// Get returns the value of a setting as CONFIG GET shows it.
func (c *Config) Get(p *Param) string { return p.kind.get(c) }

// Set changes a setting as CONFIG SET does. The error describes what is wrong with
// the value. It does not check whether the setting is Immutable.
func (c *Config) Set(p *Param, value string) error {
	words := []string{value}
	if p.Multi {
		words = strings.Split(value, " ")
		if value == "" {
			words = nil
		}
	}
	return c.set(p, words)
}

// setWords sets a setting from the words of a line.
func (c *Config) setWords(p *Param, words []string) error {
	switch {
	case !p.Multi && len(words) != 1:
		return errWords
	case p.Multi && len(words) == 1 && words[0] != "":
		var ok bool
		if words, ok = resp.SplitWords(words[0]); !ok {
			return errQuotes
		}
	}
	if p.Repeats && c.given[p.Name] && len(words) > 0 && words[0] != "" {
		words = append(strings.Fields(c.Get(p)), words...)
	}
	return c.set(p, words)
}

func (c *Config) set(p *Param, words []string) error {
	if err := p.kind.set(c, words); err != nil {
		return err
	}
	c.given[p.Name] = true
	return nil
}

// Given reports whether a setting was set at all.
func (c *Config) Given(name string) bool { return c.given[name] }

// Clone returns an independent copy.
func (c *Config) Clone() *Config {
	d := *c
	d.given = maps.Clone(c.given)
	d.inert = maps.Clone(c.inert)
	d.sections = cloneSections(c.sections)
	return &d
}

var errWords = errors.New("wrong number of arguments")

// IsForeign reports whether no version of Redis since 7.0 has the setting.
func (p *Param) IsForeign() bool {
	since, ok := strings.CutPrefix(p.From, "Redis ")
	return p.From != "" && (!ok || strings.HasPrefix(since, "until"))
}

// OneValue reports whether a setting has only one value, because other values would
// need a feature that the server lacks.
func (p *Param) OneValue() bool {
	_, fixed := p.kind.(fixedKind)
	return fixed
}

// Names returns the name of the setting and its alias, if it has one.
func (p *Param) Names() []string {
	if p.Alias == "" {
		return []string{p.Name}
	}
	return []string{p.Name, p.Alias}
}
