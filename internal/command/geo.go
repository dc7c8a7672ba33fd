package command

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/datastruct/geohash"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/numfmt"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/value"
)

var geoCommands = engine.Handlers{
	"geoadd":               geoadd,
	"geodist":              geodist,
	"geohash":              geohashes,
	"geopos":               geopos,
	"georadius":            geosearch(geoForm{from: fromArgs, mayStore: true}),
	"georadius_ro":         geosearch(geoForm{from: fromArgs}),
	"georadiusbymember":    geosearch(geoForm{from: fromMember, mayStore: true}),
	"georadiusbymember_ro": geosearch(geoForm{from: fromMember}),
	"geosearch":            geosearch(geoForm{}),
	"geosearchstore":       geosearch(geoForm{stores: true}),
}

// argPoint reads arguments i and i+1 as longitude and latitude.
func argPoint(c *engine.Ctx, i int) (p geohash.Point, err error) {
	if p.Long, err = c.ArgFloat(i); err != nil {
		return p, err
	}
	if p.Lat, err = c.ArgFloat(i + 1); err != nil {
		return p, err
	}
	if !p.Valid() {
		return p, resp.Errorf("ERR invalid longitude,latitude pair %s,%s", sixPlaces(p.Long), sixPlaces(p.Lat))
	}
	return p, nil
}

// sixPlaces formats as C's %f does, which writes infinity as inf.
func sixPlaces(f float64) string {
	if math.IsInf(f, 0) {
		return strings.ToLower(strings.TrimPrefix(fmt.Sprint(f), "+"))
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// argUnit reads an argument as a unit of length, in metres.
func argUnit(c *engine.Ctx, i int) (metres float64, err error) {
	switch {
	case c.ArgIs(i, "m"):
		return 1, nil
	case c.ArgIs(i, "km"):
		return 1000, nil
	case c.ArgIs(i, "ft"):
		return 0.3048, nil
	case c.ArgIs(i, "mi"):
		return 1609.34, nil
	}
	return 0, resp.Error("ERR unsupported unit provided. please use M, KM, FT, MI")
}

// GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]
func geoadd(c *engine.Ctx) error {
	nx, xx := false, false
	i := 2
options:
	for ; i < len(c.Args); i++ {
		switch {
		case c.ArgIs(i, "nx"):
			nx = true
		case c.ArgIs(i, "xx"):
			xx = true
		case !c.ArgIs(i, "ch"):
			break options
		}
	}
	if (len(c.Args)-i)%3 != 0 || nx && xx {
		return resp.ErrSyntax
	}
	// GEOADD is a ZADD with geohashes as scores. It is propagated as ZADD too.
	args := append([][]byte{[]byte("zadd")}, c.Args[1:i]...)
	for ; i < len(c.Args); i += 3 {
		p, err := argPoint(c, i)
		if err != nil {
			return err
		}
		args = append(args, strconv.AppendUint(nil, geohash.Encode(p), 10), c.Args[i+2])
	}
	c.Rewrite(args)
	return zadd(c)
}

// pointOf returns the position of a member.
func pointOf(z *value.ZSet, name []byte) (geohash.Point, bool) {
	score, ok := z.Score(name)
	if !ok {
		return geohash.Point{}, false
	}
	return geohash.Decode(uint64(score)), true
}

// GEOPOS key [member [member ...]]
func geopos(c *engine.Ctx) error {
	return replyPlaces(c, func(p geohash.Point) { replyPoint(c, p) }, c.NullArray)
}

// replyPlaces replies the positions of the members in the arguments.
func replyPlaces(c *engine.Ctx, place func(geohash.Point), none func() error) error {
	z, err := findZSet(c, 1)
	if err != nil {
		return err
	}
	c.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if p, ok := pointOf(z, name); ok {
			place(p)
		} else {
			none()
		}
	}
	return nil
}

// replyPoint replies longitude and latitude with all their digits.
func replyPoint(c *engine.Ctx, p geohash.Point) {
	c.Array(2)
	for _, f := range [...]float64{p.Long, p.Lat} {
		var scratch [64]byte
		text := appendDegrees(scratch[:0], f)
		if c.Proto() == 3 {
			c.Out().DoubleText(text)
		} else {
			c.Bulk(text)
		}
	}
}

// appendDegrees formats with 17 decimals and drops trailing zeros.
func appendDegrees(dst []byte, f float64) []byte {
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', 17, 64)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	if string(dst[n:]) == "-0" {
		dst = append(dst[:n], '0')
	}
	return dst
}

// GEOHASH key [member [member ...]]
func geohashes(c *engine.Ctx) error {
	return replyPlaces(c, func(p geohash.Point) { c.BulkString(geohash.Text(p)) }, c.Null)
}

// GEODIST key member1 member2 [M | KM | FT | MI]
func geodist(c *engine.Ctx) error {
	unit := 1.0
	switch {
	case len(c.Args) == 5:
		var err error
		if unit, err = argUnit(c, 4); err != nil {
			return err
		}
	case len(c.Args) > 5:
		return resp.ErrSyntax
	}
	z, err := findZSet(c, 1)
	if err != nil {
		return err
	}
	a, ok1 := pointOf(z, c.Args[2])
	b, ok2 := pointOf(z, c.Args[3])
	if !ok1 || !ok2 {
		return c.Null()
	}
	return replyDistance(c, geohash.Distance(a, b)/unit)
}

// replyDistance replies a distance with four decimals.
func replyDistance(c *engine.Ctx, d float64) error {
	n := int64(math.RoundToEven(d * 10000))
	var scratch [32]byte
	text := strconv.AppendInt(scratch[:0], n/10000, 10)
	text = append(text, '.')
	for f := int64(1000); f > 0; f /= 10 {
		text = append(text, byte('0'+n/f%10))
	}
	return c.Bulk(text)
}

// geoFrom is the form of a search's centre and size in the arguments.
type geoFrom uint8

const (
	fromOptions geoFrom = iota // GEOSEARCH
	fromArgs                   // GEORADIUS key longitude latitude radius unit
	fromMember                 // GEORADIUSBYMEMBER key member radius unit
)

// geoForm is one of the search commands.
type geoForm struct {
	from     geoFrom
	mayStore bool // GEORADIUS with STORE
	stores   bool // GEOSEARCHSTORE
}

// geoQuery is what a search command asks for.
type geoQuery struct {
	shape                 geohash.Shape
	unit                  float64
	dist, hash, coord     bool
	any, asc, desc        bool
	count                 int64
	store                 []byte
	storeDist             bool
	center, byRadius, box bool
}

// geoMatch is a member that a search found.
type geoMatch struct {
	value.Scored
	point    geohash.Point
	distance float64 // in metres
}

// GEORADIUS key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]
// GEORADIUSBYMEMBER key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]
// GEORADIUSBYMEMBER_RO key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
// GEORADIUS_RO key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
// GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
// GEOSEARCHSTORE destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]
// geosearch makes GEOSEARCH, GEOSEARCHSTORE and the four GEORADIUS commands.
func geosearch(form geoForm) engine.Handler {
	return func(c *engine.Ctx) error {
		src := 1
		var q geoQuery
		if form.stores {
			src = 2
			q.store = c.Args[1]
		}
		z, err := findZSet(c, src)
		if err != nil {
			return err
		}
		options := src + 1
		switch form.from {
		case fromArgs:
			options = 6
			if q.shape.Center, err = argPoint(c, 2); err != nil {
				return err
			}
			if err := q.argRadius(c, 4); err != nil {
				return err
			}
		case fromMember:
			options = 5
			if z != nil {
				if err := q.argCenter(c, z, 2); err != nil {
					return err
				}
				if err := q.argRadius(c, 3); err != nil {
					return err
				}
			}
		}
		if err := q.argOptions(c, z, form, options); err != nil {
			return err
		}
		switch {
		case q.store != nil && (q.dist || q.hash || q.coord):
			who := "STORE option in GEORADIUS"
			if form.stores {
				who = "GEOSEARCHSTORE"
			}
			return resp.Errorf("ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options", who)
		case form.from == fromOptions && !q.center:
			return resp.Errorf("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %s", c.Args[0])
		case form.from == fromOptions && !q.byRadius && !q.box:
			return resp.Errorf("ERR exactly one of BYRADIUS and BYBOX can be specified for %s", c.Args[0])
		case q.any && q.count == 0:
			return resp.Error("ERR the ANY argument requires COUNT argument")
		}
		found := q.run(z)
		if q.store != nil {
			ev := event.GeoRadiusStore
			if form.stores {
				ev = event.GeoSearchStore
			}
			list := make([]value.Scored, len(found))
			for i, m := range found {
				list[i] = m.Scored
				if q.storeDist {
					list[i].Score = geohash.Distance(q.shape.Center, m.point) / q.unit // to the last digit
				}
			}
			return storeZSet(c, q.store, list, ev)
		}
		return q.reply(c, found)
	}
}

// argCenter reads an argument as the member to search around.
func (q *geoQuery) argCenter(c *engine.Ctx, z *value.ZSet, i int) error {
	p, ok := pointOf(z, c.Args[i])
	if !ok {
		return resp.Error("ERR could not decode requested zset member")
	}
	q.shape.Center = p
	return nil
}

// argRadius reads two arguments as radius and unit.
func (q *geoQuery) argRadius(c *engine.Ctx, i int) error {
	r, ok := numfmt.ParseFloat(c.Args[i])
	switch {
	case !ok:
		return resp.Error("ERR need numeric radius")
	case r < 0:
		return resp.Error("ERR radius cannot be negative")
	}
	var err error
	q.unit, err = argUnit(c, i+1)
	q.shape.Radius = r * q.unit
	return err
}

// argBox reads three arguments as width, height and unit.
func (q *geoQuery) argBox(c *engine.Ctx, i int) error {
	w, ok := numfmt.ParseFloat(c.Args[i])
	if !ok {
		return resp.Error("ERR need numeric width")
	}
	h, ok := numfmt.ParseFloat(c.Args[i+1])
	switch {
	case !ok:
		return resp.Error("ERR need numeric height")
	case w < 0 || h < 0:
		return resp.Error("ERR height or width cannot be negative")
	}
	var err error
	q.unit, err = argUnit(c, i+2)
	q.shape.Width, q.shape.Height, q.shape.Box = w*q.unit, h*q.unit, true
	return err
}

// argOptions reads the arguments from i on. z is nil if the key is missing;
// then the centre member is not looked up.
func (q *geoQuery) argOptions(c *engine.Ctx, z *value.ZSet, form geoForm, i int) (err error) {
	byOptions := form.from == fromOptions
	member, place := false, false
	for ; i < len(c.Args); i++ {
		left := len(c.Args) - i - 1
		switch {
		case c.ArgIs(i, "withdist"):
			q.dist = true
		case c.ArgIs(i, "withhash"):
			q.hash = true
		case c.ArgIs(i, "withcoord"):
			q.coord = true
		case c.ArgIs(i, "any"):
			q.any = true
		case c.ArgIs(i, "asc"):
			q.asc, q.desc = true, false
		case c.ArgIs(i, "desc"):
			q.asc, q.desc = false, true
		case c.ArgIs(i, "count") && left >= 1:
			i++
			if q.count, err = c.ArgInt(i); err == nil && q.count <= 0 {
				err = errCountPositive
			}
		case form.mayStore && left >= 1 && (c.ArgIs(i, "store") || c.ArgIs(i, "storedist")):
			q.storeDist = c.ArgIs(i, "storedist")
			i++
			q.store = c.Args[i]
		case form.stores && c.ArgIs(i, "storedist"):
			q.storeDist = true
		case byOptions && c.ArgIs(i, "frommember") && left >= 1 && !place:
			i++
			member = true
			if z != nil {
				err = q.argCenter(c, z, i)
			}
		case byOptions && c.ArgIs(i, "fromlonlat") && left >= 2 && !member:
			place = true
			q.shape.Center, err = argPoint(c, i+1)
			i += 2
		case byOptions && c.ArgIs(i, "byradius") && left >= 2 && !q.box:
			q.byRadius = true
			err = q.argRadius(c, i+1)
			i += 2
		case byOptions && c.ArgIs(i, "bybox") && left >= 3 && !q.byRadius:
			q.box = true
			err = q.argBox(c, i+1)
			i += 3
		default:
			err = resp.ErrSyntax
		}
		if err != nil {
			return err
		}
	}
	q.center = member || place
	return nil
}

// run finds the members in the shape, in the requested order.
func (q *geoQuery) run(z *value.ZSet) (found []geoMatch) {
	if z == nil {
		return nil
	}
	var names []byte // of all matches, in one allocation
	enough := func() bool { return q.any && int64(len(found)) >= q.count }
	q.shape.Ranges(func(lo, hi uint64) bool {
		it := z.Seek(z.SearchScore(func(f float64) bool { return f >= float64(lo) }), false)
		for !enough() {
			name, score, ok := it.Next()
			if !ok || score >= float64(hi) {
				break
			}
			p := geohash.Decode(uint64(score))
			if d, ok := q.shape.Contains(p); ok {
				if len(names)+len(name) > cap(names) {
					names = make([]byte, 0, max(2*cap(names), len(name), 512))
				}
				names = append(names, name...)
				found = append(found, geoMatch{value.Scored{Member: names[len(names)-len(name) : len(names) : len(names)], Score: score}, p, d})
			}
		}
		return !enough()
	})
	// COUNT without an order returns the nearest ones.
	if q.count > 0 && !q.desc && !q.any {
		q.asc = true
	}
	switch {
	case q.asc:
		slices.SortStableFunc(found, func(a, b geoMatch) int { return cmp.Compare(a.distance, b.distance) })
	case q.desc:
		slices.SortStableFunc(found, func(a, b geoMatch) int { return cmp.Compare(b.distance, a.distance) })
	}
	if q.count > 0 && int64(len(found)) > q.count {
		found = found[:q.count]
	}
	return found
}

func (q *geoQuery) reply(c *engine.Ctx, found []geoMatch) error {
	c.Array(len(found))
	extras := 0
	for _, with := range [...]bool{q.dist, q.hash, q.coord} {
		if with {
			extras++
		}
	}
	for _, m := range found {
		if extras > 0 {
			c.Array(1 + extras)
		}
		c.Bulk(m.Member)
		if q.dist {
			replyDistance(c, m.distance/q.unit)
		}
		if q.hash {
			c.Integer64(int64(m.Score))
		}
		if q.coord {
			replyPoint(c, m.point)
		}
	}
	return nil
}
