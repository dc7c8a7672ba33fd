package value

import (
	"fmt"
	"math"
)

// Kind describes a type.
type Kind struct {
	// Name is the reply of TYPE.
	Name string
	// Number is Redis's number of the type, for digests.
	Number int
}

// Register adds a type with Foreign values. Call it in package variables of
// modules, so that all types are known when the program starts. It panics if
// two types have the same name.
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

// keyspaceKinds is the number of values of the type byte that the keyspace
// uses for entries without a value.
const keyspaceKinds = 16

// Content is the content of a value of a registered type. The rules of Value
// apply.
type Content interface {
	// Encoding returns the reply of OBJECT ENCODING.
	Encoding() string
	// Empty reports whether nothing is left, so that the key must be deleted.
	Empty() bool
	// Thaw returns writable content equal to the receiver, in O(1). It only reads
	// the receiver, which must never be written again.
	Thaw() Content
	// MemoryUse returns the approximate size in bytes. It takes constant time,
	// whatever the number of elements.
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

// NewForeign returns a value of a registered type. It panics if t is not
// registered.
func NewForeign(t Type, c Content) *Foreign {
	t.mustBeForeign()
	return &Foreign{t: t, content: c}
}

// mustBeForeign panics unless t is a registered type: with another type the
// head of the value would be read as part of another struct.
func (t Type) mustBeForeign() {
	if t < typeForeign || int(t) >= len(kinds) {
		panic(fmt.Sprintf("value: type %d is not registered", t))
	}
}

// Content returns the content of the value, nil if f is nil.
func (f *Foreign) Content() Content {
	if f == nil {
		return nil
	}
	return f.content
}

// Type returns the registered type.
func (f *Foreign) Type() Type { return f.t }

// Encoding returns the encoding of the content.
func (f *Foreign) Encoding() string { return f.content.Encoding() }

// Empty reports whether the content is empty.
func (f *Foreign) Empty() bool { return f.content.Empty() }

// Thaw returns a value with the same content, in O(1).
func (f *Foreign) Thaw() Value { return NewForeign(f.t, f.content.Thaw()) }

// MemoryUse returns the size of the content.
func (f *Foreign) MemoryUse() int { return f.content.MemoryUse() }

// Digest adds the content.
func (f *Foreign) Digest(d *Digest) { f.content.Digest(d) }
