package value

import (
	"fmt"
	"math"
)

// Kind describes a type.
type Kind struct {
	// Name is what TYPE answers.
	Name string
	// Number is what Redis calls the type in digests.
	Number int
}

// Register adds a type whose values are Foreign. It is for package variables of
// modules: the types are known when the program starts. Two of one name panic.
func Register(k Kind) Type {
	for _, other := range kinds {
		if other.Name == k.Name {
			panic("value: two types are called " + k.Name)
		}
	}
	if len(kinds) > math.MaxUint8-keyspaceKinds {
		panic("value: too many types")
	}
	kinds = append(kinds, k)
	return Type(len(kinds) - 1)
}

// keyspaceKinds is how many numbers the keyspace has for other things than
// values, in the byte that holds the type.
const keyspaceKinds = 16

// Content is what a registered type consists of. It follows the rules of Value.
type Content interface {
	// Encoding returns what OBJECT ENCODING answers.
	Encoding() string
	// Empty reports whether the key must go because nothing is left in it.
	Empty() bool
	// Thaw returns writable content that is the same, in O(1); the receiver is
	// only read, and must not be written from then on.
	Thaw() Content
	// MemoryUse returns about how many bytes the content takes, in time that does
	// not grow with the number of elements.
	MemoryUse() int
	// Digest adds the content to d.
	Digest(d *Digest)
}

// Foreign is a value of a registered type.
type Foreign struct {
	inKeyspace Head
	t          Type
	content    Content
}

// NewForeign returns a value of a registered type. It panics if t is another one.
func NewForeign(t Type, c Content) *Foreign {
	t.mustBeForeign()
	return &Foreign{t: t, content: c}
}

// mustBeForeign panics unless t is a registered type: memory would be read as
// what it is not.
func (t Type) mustBeForeign() {
	if t < typeForeign || int(t) >= len(kinds) {
		panic(fmt.Sprintf("value: type %d is not registered", t))
	}
}

// Content returns what the value consists of. It is nil if f is.
func (f *Foreign) Content() Content {
	if f == nil {
		return nil
	}
	return f.content
}

// Type returns the type that was registered.
func (f *Foreign) Type() Type { return f.t }

// Encoding returns that of the content.
func (f *Foreign) Encoding() string { return f.content.Encoding() }

// Empty reports whether nothing is left.
func (f *Foreign) Empty() bool { return f.content.Empty() }

// Thaw returns a value of the same content, in O(1).
func (f *Foreign) Thaw() Value { return NewForeign(f.t, f.content.Thaw()) }

// MemoryUse returns that of the content.
func (f *Foreign) MemoryUse() int { return f.content.MemoryUse() }

// Digest adds the content.
func (f *Foreign) Digest(d *Digest) { f.content.Digest(d) }
