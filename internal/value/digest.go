package value

import "crypto/sha1"

// Digest is a fingerprint of data as DEBUG DIGEST computes it. It depends on
// what the data are, not on how they are encoded, nor on the order of what has
// none.
//
// The rules are Redis's, so that digests of equal data are equal across
// servers: ordered parts are mixed into a digest, which then depends on the
// order, and parts without order are added to it, each as the SHA-1 of its
// bytes by exclusive or.
type Digest [sha1.Size]byte

// Digester is a value that can be fingerprinted: every type is one.
type Digester interface {
	// Digest adds the content to d.
	Digest(d *Digest)
}

// Add adds a part regardless of the order of parts.
func (d *Digest) Add(part []byte) {
	for i, b := range sha1.Sum(part) {
		d[i] ^= b
	}
}

// Mix adds a part that comes after the previous ones.
func (d *Digest) Mix(part []byte) {
	d.Add(part)
	*d = sha1.Sum(d[:])
}

// AddGroup adds parts that belong together in this order, such as a field and
// its value, regardless of the order of groups.
func (d *Digest) AddGroup(parts ...[]byte) {
	var g Digest
	for _, p := range parts {
		g.Mix(p)
	}
	d.Add(g[:])
}

// Digest adds the bytes of the string.
func (s *String) Digest(d *Digest) { d.Mix(s.Bytes()) }
