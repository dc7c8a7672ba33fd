package script

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/resp-server/resp-server/internal/lua"
	"github.com/resp-server/resp-server/internal/resp"
)

// Language is the language of libraries.
const Language = "LUA"

// Library is a set of functions registered by one source. It is immutable, but
// its functions share variables and may change these.
type Library struct {
	Name string
	Code string // the source as received
	// Functions are in the order of registration.
	Functions []*Function
}

// Size returns the approximate sizes of the library and of its compiled
// functions in bytes.
func (l *Library) Size() (library, compiled int) {
	library = len(l.Code) + objectSize*(1+len(l.Functions))
	for _, f := range l.Functions {
		if p := f.fn.Function().Proto(); p != nil {
			compiled += p.Size()
		}
	}
	return library, compiled
}

// Function is a function for FCALL.
type Function struct {
	Name        string
	Description string
	Described   bool
	Flags       Flags
	library     *Library
	fn          lua.Value
}

// badName is the error for invalid names of libraries and functions.
const badName = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

const errMetadata resp.Error = "ERR Invalid library metadata"

// ReadLibrary parses the first line of a source, which names the library:
// "#!lua name=mylib". The error is the reply to the client.
func ReadLibrary(code string) (*Library, error) {
	// For Redis this is a C string, which ends at a zero byte.
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

// Libraries is a set of libraries with distinct names. The names of functions
// in two libraries differ in more than case. The zero value is empty.
type Libraries struct {
	list      []*Library
	byName    map[string]*Library
	functions map[string]*Function // by name in lower case
	count     int                  // number of functions
	size      int
	compiled  int
}

// Size returns the approximate sizes of the libraries and of their compiled
// functions in bytes.
func (s *Libraries) Size() (libraries, compiled int) { return s.size, s.compiled }

// All returns the libraries in the order in which they were added.
func (s *Libraries) All() []*Library { return s.list }

// Len returns the numbers of libraries and functions.
func (s *Libraries) Len() (libraries, functions int) { return len(s.list), s.count }

// Check returns what does not fit together, nil if all does. It is for tests.
func (s *Libraries) Check() error {
	count, size, compiled, found := 0, 0, 0, 0
	for _, l := range s.list {
		n, code := l.Size()
		count, size, compiled = count+len(l.Functions), size+n, compiled+code
		if s.byName[l.Name] != l {
			return fmt.Errorf("library %q is not found by its name", l.Name)
		}
		names := make(map[string]bool)
		for _, f := range l.Functions {
			name := strings.ToLower(f.Name)
			if g := s.functions[name]; g == nil || g.library != l {
				return fmt.Errorf("function %q of library %q is not found by its name", f.Name, l.Name)
			}
			names[name] = true
		}
		found += len(names)
	}
	if len(s.byName) != len(s.list) || len(s.functions) != found {
		return fmt.Errorf("names lead to %d libraries and %d functions, there are %d and %d", len(s.byName), len(s.functions), len(s.list), found)
	}
	if count != s.count || size != s.size || compiled != s.compiled {
		return fmt.Errorf("there are %d functions of %d and %d bytes, counted are %d of %d and %d", count, size, compiled, s.count, s.size, s.compiled)
	}
	return nil
}

// Find returns the library with a name, or nil.
func (s *Libraries) Find(name string) *Library { return s.byName[name] }

// Function returns the function with a name, ignoring case, or nil.
func (s *Libraries) Function(name []byte) *Function { return s.functions[string(bytes.ToLower(name))] }

func errFunctionExists(name string) error {
	return resp.Errorf("ERR Function %s already exists", name)
}

// Add adds a library and replaces one with the same name. It fails if a
// function of another library has the name of one of its functions.
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
		// A library may have names that differ only in case; only one of them can be
		// called.
		if name := strings.ToLower(f.Name); s.functions[name] == nil {
			s.functions[name] = f
		}
	}
}

// Remove removes a library and reports whether it existed.
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

// Join adds all libraries of another set, or returns an error and adds none.
// With replace, they replace libraries with the same names.
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
