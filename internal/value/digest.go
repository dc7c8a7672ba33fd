package value

import (
	"crypto/sha1"
	"strconv"
)

// Digest is a fingerprint of data as in DEBUG DIGEST. It depends neither on
// the encoding nor on the order of unordered data.
//
// The rules are Redis's, so that servers with equal data have equal digests.
// Ordered parts are mixed into the digest, which then depends on their order.
// Unordered parts are added: each is hashed with SHA-1 and combined with
// exclusive or.
type Digest [sha1.Size]byte

// Digester is a value with a fingerprint; every type is one.
type Digester interface {
	// Digest adds the content to d.
	Digest(d *Digest)
}

// Add adds an unordered part.
func (d *Digest) Add(part []byte) {
	for i, b := range sha1.Sum(part) {
		d[i] ^= b
	}
}

// Mix adds a part whose order counts.
func (d *Digest) Mix(part []byte) {
	d.Add(part)
	*d = sha1.Sum(d[:])
}

// AddGroup adds parts in a fixed order, such as a field and its value, as an
// unordered group.
func (d *Digest) AddGroup(parts ...[]byte) {
	var g Digest
	for _, p := range parts {
		g.Mix(p)
	}
	d.Add(g[:])
}

// Digest adds the bytes of the string.
func (s *String) Digest(d *Digest) { d.Mix(s.Bytes()) }

// Digest adds the elements in their order.
func (l *List) Digest(d *Digest) {
	for v := range l.Elements(0, false) {
		d.Mix(v)
	}
}

// Digest adds the entries in their order. As in Redis, consumer groups do not
// count.
func (s *Stream) Digest(d *Digest) {
	var text []byte
	for it := s.Range(StreamID{}, MaxStreamID); it.Next(); {
		text = strconv.AppendUint(text[:0], it.ID.Ms, 10)
		text = append(text, '.')
		d.Mix(strconv.AppendUint(text, it.ID.Seq, 10))
		for range it.Fields {
			name, v := it.Field()
			text = name.AppendTo(text[:0])
			d.Mix(text)
			text = v.AppendTo(text[:0])
			d.Mix(text)
		}
	}
}
