// Package slot computes the hash slots of a cluster: keys in one slot live on the
// same node, so one command may use them together.
//
// The algorithm is that of the Redis cluster specification: CRC-16/XMODEM of the
// key, or of its hash tag, modulo 16384.
package slot

import "bytes"

// Count is the number of slots.
const Count = 16384

// Of returns the slot of a key, from 0 to Count-1.
func Of(key []byte) int { return int(crc16(Tag(key)) % Count) }

// Tag returns the part of a key that determines its slot: the text between the
// first "{" and the next "}", or the whole key if that is empty or missing.
func Tag(key []byte) []byte {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		if n := bytes.IndexByte(key[open+1:], '}'); n > 0 {
			return key[open+1 : open+1+n]
		}
	}
	return key
}

// polynomial is that of CRC-16/XMODEM: x¹⁶ + x¹² + x⁵ + 1.
const polynomial = 0x1021

var table = func() (t [256]uint16) {
	for i := range t {
		sum := uint16(i) << 8
		for range 8 {
			carry := sum&0x8000 != 0
			sum <<= 1
			if carry {
				sum ^= polynomial
			}
		}
		t[i] = sum
	}
	return t
}()

func crc16(b []byte) (sum uint16) {
	for _, c := range b {
		sum = sum<<8 ^ table[byte(sum>>8)^c]
	}
	return sum
}
