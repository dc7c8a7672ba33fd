// Package geohash maps positions on earth to 52-bit numbers, so that a sorted
// set of these numbers finds nearby positions.
//
// A number is the index of a cell in a grid of 2^26 by 2^26 cells over
// longitudes of -180 to 180 and latitudes of -85.05112878 to 85.05112878
// degrees (the square of the Web Mercator projection). It interleaves the bits
// of row and column. All numbers of a larger cell are contiguous, so a search
// reads at most nine ranges of a sorted set. Grid, search areas and distances
// are those of Redis, to the last digit.
package geohash

import "math"

// Bounds of positions, in degrees.
const (
	MinLat  = -85.05112878
	MaxLat  = 85.05112878
	MinLong = -180
	MaxLong = 180
)

// maxStep is the number of bits of a row or a column.
const maxStep = 26

// earthRadius in metres, and the half circumference of the projection.
const (
	earthRadius = 6372797.560856
	mercatorMax = 20037726.37
)

// Point is a position, in degrees.
type Point struct{ Long, Lat float64 }

// Valid reports whether the point can be encoded.
func (p Point) Valid() bool {
	return p.Long >= MinLong && p.Long <= MaxLong && p.Lat >= MinLat && p.Lat <= MaxLat
}

// Encode returns the number of the cell that contains p, which must be valid.
func Encode(p Point) uint64 { return locate(p, maxStep, MinLat, MaxLat).bits() }

// Decode returns the centre of a cell.
func Decode(bits uint64) Point {
	a := cellOf(bits).area()
	return Point{
		Long: min(max((a.minLong+a.maxLong)/2, MinLong), MaxLong),
		Lat:  min(max((a.minLat+a.maxLat)/2, MinLat), MaxLat),
	}
}

const alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// Text returns the standard geohash of a point. It has 11 characters, and the
// last is always 0, since 52 bits make only ten.
func Text(p Point) string {
	bits := locate(p, maxStep, -90, 90).bits()
	text := [11]byte{10: '0'}
	for i := range 10 {
		text[i] = alphabet[bits>>(52-5*(i+1))&31]
	}
	return string(text[:])
}

// Distance returns the distance of two points in metres, by the haversine
// formula. It is right to the last digit.
func Distance(a, b Point) float64 { return haversine(a, b, sin, cos, asin) }

// nearly returns a much faster Distance whose last digits may be wrong.
func nearly(a, b Point) float64 { return haversine(a, b, math.Sin, math.Cos, math.Asin) }

func haversine(a, b Point, sin, cos, asin func(float64) float64) float64 {
	v := sin((radians(b.Long) - radians(a.Long)) / 2)
	if v == 0 {
		return latDistance(a.Lat, b.Lat)
	}
	la, lb := radians(a.Lat), radians(b.Lat)
	u := sin((lb - la) / 2)
	return 2 * earthRadius * asin(math.Sqrt(float64(u*u)+float64(cos(la)*cos(lb)*v*v)))
}

func latDistance(a, b float64) float64 { return earthRadius * math.Abs(radians(b)-radians(a)) }

func radians(degrees float64) float64 { return float64(degrees * (math.Pi / 180)) }
func degrees(radians float64) float64 { return radians / (math.Pi / 180) }

// cell is a square of the grid of 2^step rows and columns.
type cell struct {
	row, column uint32
	step        uint
}

// locate returns the cell of a point in a grid between two latitudes.
func locate(p Point, step uint, minLat, maxLat float64) cell {
	size := float64(uint64(1) << step)
	return cell{
		row:    uint32((p.Lat - minLat) / (maxLat - minLat) * size),
		column: uint32((p.Long - MinLong) / (MaxLong - MinLong) * size),
		step:   step,
	}
}

func cellOf(bits uint64) cell {
	return cell{row: squeeze(bits), column: squeeze(bits >> 1), step: maxStep}
}

// bits interleaves the bits of row and column.
func (c cell) bits() uint64 { return spread(c.row) | spread(c.column)<<1 }

// spread puts a zero before each bit.
func spread(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// squeeze undoes spread.
func squeeze(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// area is the rectangle of a cell, in degrees.
type area struct{ minLong, minLat, maxLong, maxLat float64 }

func (c cell) area() area {
	size := float64(uint64(1) << c.step)
	lat := func(n uint32) float64 { return MinLat + float64(float64(n)/size*(MaxLat-MinLat)) }
	long := func(n uint32) float64 { return MinLong + float64(float64(n)/size*(MaxLong-MinLong)) }
	return area{long(c.column), lat(c.row), long(c.column + 1), lat(c.row + 1)}
}

// moved returns the cell that lies east columns and north rows away; the grid
// wraps around. A point at 180 degrees is in a column one beyond the last,
// which moves by 0 without wrapping, as in Redis.
func (c cell) moved(east, north int) cell {
	mask := uint32(1)<<c.step - 1
	if east != 0 {
		c.column = (c.column + uint32(east)) & mask
	}
	if north != 0 {
		c.row = (c.row + uint32(north)) & mask
	}
	return c
}

// scores returns the numbers of the smallest cells within c, lo to hi-1.
func (c cell) scores() (lo, hi uint64) {
	shift := 2 * (maxStep - c.step)
	return c.bits() << shift, (c.bits() + 1) << shift
}
