package geohash

import "math"

// Shape is the area of a search: a circle, or a rectangle along the meridians.
type Shape struct {
	Center Point
	// Radius of a circle in metres; Width and Height of a rectangle.
	Radius, Width, Height float64
	Box                   bool

	// reach is the maximum extent of a circle to the east or west, in degrees. It
	// is 0 before the first call of Contains.
	reach float64
}

// Contains reports whether a point is in the shape, and its distance from the
// centre in metres. The distance may differ from Distance in the last digits.
// The shape must not change after the first call.
func (s *Shape) Contains(p Point) (distance float64, ok bool) {
	if s.Box {
		if latDistance(p.Lat, s.Center.Lat) > s.Height/2 {
			return 0, false
		}
		if Distance(p, Point{s.Center.Long, p.Lat}) > s.Width/2 {
			return 0, false
		}
		return nearly(s.Center, p), true
	}
	// A distance is at least the difference in latitude. Near the limit, where
	// rounding matters, compute it to the last digit.
	almost := s.Radius * (1 + 1e-9)
	if latDistance(p.Lat, s.Center.Lat) > almost {
		return 0, false
	}
	if s.reach == 0 {
		s.reach = 360
		if edge := math.Abs(s.Center.Lat) + degrees(almost/earthRadius); edge < 89 {
			s.reach = degrees(almost/earthRadius) / math.Cos(radians(edge)) * (1 + 1e-9)
		}
	}
	if d := math.Abs(p.Long - s.Center.Long); d > s.reach && 360-d > s.reach {
		return 0, false
	}
	distance = nearly(s.Center, p)
	if math.Abs(distance-s.Radius) <= s.Radius*1e-9 {
		distance = Distance(s.Center, p)
	}
	return distance, distance <= s.Radius
}

// bounds returns the bounding box of the shape, in degrees.
func (s *Shape) bounds() area {
	height, width := s.Radius, s.Radius
	if s.Box {
		height, width = s.Height/2, s.Width/2
	}
	lat := degrees(height / earthRadius)
	// A degree of longitude is shortest on the edge nearest to a pole.
	edge := s.Center.Lat + lat
	if s.Center.Lat < 0 {
		edge = s.Center.Lat - lat
	}
	long := degrees(width / earthRadius / math.Cos(radians(edge)))
	return area{s.Center.Long - long, s.Center.Lat - lat, s.Center.Long + long, s.Center.Lat + lat}
}

// directions are the offsets of the centre's cell and its neighbours, to the
// east and north, in the order of the search.
var directions = [9][2]int{{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}

// Ranges calls yield for ranges of numbers, lo to hi-1, that cover the points
// of the shape, until yield returns false. They contain other points too.
func (s *Shape) Ranges(yield func(lo, hi uint64) bool) {
	b := s.bounds()
	radius := s.Radius
	if s.Box {
		radius = math.Sqrt(float64(s.Width/2*(s.Width/2)) + float64(s.Height/2*(s.Height/2)))
	}
	step := stepFor(radius, s.Center.Lat)
	c := locate(s.Center, step, MinLat, MaxLat)
	// The cell may be too small if the centre is near its edge.
	if step > 1 && (c.moved(0, 1).area().maxLat < b.maxLat || c.moved(0, -1).area().minLat > b.minLat ||
		c.moved(1, 0).area().maxLong < b.maxLong || c.moved(-1, 0).area().minLong > b.minLong) {
		step--
		c = locate(s.Center, step, MinLat, MaxLat)
	}
	a := c.area()
	var last cell
	for i, d := range directions {
		if step >= 2 && (d[1] < 0 && a.minLat < b.minLat || d[1] > 0 && a.maxLat > b.maxLat ||
			d[0] < 0 && a.minLong < b.minLong || d[0] > 0 && a.maxLong > b.maxLong) {
			continue // the centre's cell covers the shape on this side
		}
		next := c.moved(d[0], d[1])
		if i > 1 && next == last {
			continue // on a coarse grid neighbours may coincide
		}
		if i > 0 {
			last = next
		}
		if lo, hi := next.scores(); !yield(lo, hi) {
			return
		}
	}
}

// stepFor returns the finest grid with cells no smaller than a radius in
// metres, roughly.
func stepFor(radius, lat float64) uint {
	if radius == 0 {
		return maxStep
	}
	step := 1
	for radius < mercatorMax {
		radius *= 2
		step++
	}
	step -= 2
	// Cells are narrower towards the poles.
	if lat > 66 || lat < -66 {
		step--
		if lat > 80 || lat < -80 {
			step--
		}
	}
	return uint(min(max(step, 1), maxStep))
}
