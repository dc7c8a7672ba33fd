package config

import "slices"

// Section is the part of a Config that belongs to a module: a T with the values of
// its settings.
type Section[T any] struct{ index int }

// Setting is a row of a module: a whole number from Min to Max, stored in a field
// of T.
type Setting[T any] struct {
	Param
	Field    func(*T) *int
	Min, Max int64
	// Check returns why the new number, which T already has, does not fit the other
	// settings of the module. It may be nil.
	Check func(*T) error
}

// section is a *sectionOf[T].
type section interface{ clone() section }

type sectionOf[T any] struct{ values T }

func (s *sectionOf[T]) clone() section { c := *s; return &c }

var (
	sections    []section // at the defaults
	tableIsRead bool      // by the first Config
)

func cloneSections(from []section) []section {
	to := make([]section, len(from))
	for i, s := range from {
		to[i] = s.clone()
	}
	return to
}

// Extend adds the settings of a module to the table. It is for package variables of
// modules, so that all settings are known when the program starts. It panics if a
// name is taken.
func Extend[T any](rows ...Setting[T]) Section[T] {
	if tableIsRead {
		panic("config: a module comes late with its settings")
	}
	s := Section[T]{len(sections)}
	sections = append(sections, new(sectionOf[T]))
	for _, r := range rows {
		if _, taken := Find(r.Name); taken {
			panic("config: two settings are called " + r.Name)
		}
		p := r.Param
		p.kind = checked(func(c *Config) *int { return r.Field(s.Of(c)) }, r.Min, r.Max, func(c *Config, _ int64) error {
			if r.Check == nil {
				return nil
			}
			return r.Check(s.Of(c))
		})
		i, _ := slices.BinarySearchFunc(params, &p, byName)
		params = slices.Insert(params, i, &p)
	}
	return s
}

// Of returns the settings of the module in c. The caller must not change them.
func (s Section[T]) Of(c *Config) *T { return &c.sections[s.index].(*sectionOf[T]).values }
