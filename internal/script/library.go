package script

import (
	"bytes"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/lua"
	"github.com/resp-server/resp-server/internal/resp"
)

// Language is the one that libraries are written in.
const Language = "LUA"

// Library is a set of functions that one source registered. It does not change;
// its functions share variables, which they may change.
type Library struct {
	Name string
	Code string // the source as it came
	// Functions in the order of their registration.
	Functions []*Function
}

// Size returns about how many bytes the library takes, and how many its
// compiled functions.
func (l *Library) Size() (library, compiled int) {
	library = len(l.Code) + objectSize*(1+len(l.Functions))
	for _, f := range l.Functions {
		if p := f.fn.Function().Proto(); p != nil {
			compiled += p.Size()
		}
	}
	return library, compiled
}

// Function is what FCALL calls.
type Function struct {
	Name        string
	Description string
	Described   bool
	Flags       Flags
	library     *Library
	fn          lua.Value
}

// badName is the error for names of libraries and of functions.
const badName = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

const errMetadata resp.Error = "ERR Invalid library metadata"

// ReadLibrary reads the first line of a source, which has the name of the
// library: "#!lua name=mylib". The error is the reply to the client.
func ReadLibrary(code string) (*Library, error) {
	// Redis sees a string of C here, which ends at a zero byte.
	text, _, _ := strings.Cut(code, "\x00")
	if !strings.HasPrefix(text, "#!") {
		return nil, resp.Error("ERR Missing library metadata")
	}
	line, _, ended := strings.Cut(text, "\n")
	words, ok := resp.SplitWords(line)
	if !ended || !ok || len(words) == 0 {
		return nil, errMetadata
	}
	l := &Library{Code: code}
	named := false
	for _, w := range words[1:] {
		const option = "name="
		switch {
		case len(w) < len(option) || !strings.EqualFold(w[:len(option)], option):
			return nil, resp.Errorf("ERR Invalid metadata value given: %s", w)
		case named:
			return nil, resp.Error("ERR Invalid metadata value, name argument was given multiple times")
		}
		l.Name, named = w[len(option):], true
	}
	switch language := words[0][len("#!"):]; {
	case !named:
		return nil, resp.Error("ERR Library name was not given")
	case !isName(l.Name):
		return nil, resp.Error("ERR " + badName)
	case !strings.EqualFold(language, Language):
		return nil, resp.Errorf("ERR Engine '%s' not found", language)
	}
	return l, nil
}

func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && c-'0' > 9 && c|0x20-'a' >= 26 {
			return false
		}
	}
	return s != ""
}

// Libraries is a set of libraries. No two have the same name, and no functions
// of two have names that differ in case only. The zero value is empty.
type Libraries struct {
	list      []*Library
	byName    map[string]*Library
	functions map[string]*Function // by name in lower case
	count     int                  // of functions
	size      int
	compiled  int
}

// Size returns about how many bytes the libraries take, and how many their
// compiled functions.
func (s *Libraries) Size() (libraries, compiled int) { return s.size, s.compiled }

// All returns the libraries in the order in which they came.
func (s *Libraries) All() []*Library { return s.list }

// Len returns how many libraries and functions there are.
func (s *Libraries) Len() (libraries, functions int) { return len(s.list), s.count }

// Find returns a library by its name, or nil.
func (s *Libraries) Find(name string) *Library { return s.byName[name] }

// Function returns a function by its name in any case, or nil.
func (s *Libraries) Function(name []byte) *Function { return s.functions[string(bytes.ToLower(name))] }

func errFunctionExists(name string) error {
	return resp.Errorf("ERR Function %s already exists", name)
}

// Add adds a library, in place of one that has its name. It fails if another
// one has a function of the same name as one of its functions.
func (s *Libraries) Add(l *Library) error {
	for _, f := range l.Functions {
		if g := s.functions[strings.ToLower(f.Name)]; g != nil && g.library.Name != l.Name {
			return errFunctionExists(f.Name)
		}
	}
	s.Remove(l.Name)
	s.add(l)
	return nil
}

func (s *Libraries) add(l *Library) {
	if s.byName == nil {
		s.byName = make(map[string]*Library)
		s.functions = make(map[string]*Function)
	}
	s.list = append(s.list, l)
	s.byName[l.Name] = l
	s.count += len(l.Functions)
	size, compiled := l.Size()
	s.size += size
	s.compiled += compiled
	for _, f := range l.Functions {
		// A library may have names that differ in case; one of them is called.
		if name := strings.ToLower(f.Name); s.functions[name] == nil {
			s.functions[name] = f
		}
	}
}

// Remove removes a library and reports whether it was there.
func (s *Libraries) Remove(name string) bool {
	l := s.byName[name]
	if l == nil {
		return false
	}
	i := slices.Index(s.list, l)
	s.list = slices.Concat(s.list[:i], s.list[i+1:])
	delete(s.byName, name)
	s.count -= len(l.Functions)
	size, compiled := l.Size()
	s.size -= size
	s.compiled -= compiled
	for _, f := range l.Functions {
		delete(s.functions, strings.ToLower(f.Name))
	}
	return true
}

// Join adds all libraries of another set, or none and tells why. With replace,
// they take the place of those that have their names.
func (s *Libraries) Join(from *Libraries, replace bool) error {
	for _, l := range from.list {
		if s.byName[l.Name] != nil && !replace {
			return resp.Errorf("ERR Library %s already exists", l.Name)
		}
	}
	for _, l := range from.list {
		for _, f := range l.Functions {
			if g := s.functions[strings.ToLower(f.Name)]; g != nil && from.byName[g.library.Name] == nil {
				return errFunctionExists(f.Name)
			}
		}
	}
	for _, l := range from.list {
		s.Remove(l.Name)
	}
	for _, l := range from.list {
		s.add(l)
	}
	return nil
}
