package spec

// Parts of argument trees that several commands share.
var (
	// geoBy is the shape of the search area.
	geoBy = Arg{Name: "by", Type: OneOf, Args: []Arg{
		{Name: "circle", Type: Block, Args: []Arg{
			{Name: "radius", Type: Double, Token: "BYRADIUS"},
			geoUnit,
		}},
		{Name: "box", Type: Block, Args: []Arg{
			{Name: "width", Type: Double, Token: "BYBOX"},
			{Name: "height", Type: Double},
			geoUnit,
		}},
	}}
	// geoFrom is the centre of the search area.
	geoFrom = Arg{Name: "from", Type: OneOf, Args: []Arg{
		{Name: "member", Token: "FROMMEMBER"},
		{Name: "fromlonlat", Type: Block, Token: "FROMLONLAT", Args: []Arg{
			{Name: "longitude", Type: Double},
			{Name: "latitude", Type: Double},
		}},
	}}
	// geoUnit is a unit of length.
	geoUnit = Arg{Name: "unit", Type: OneOf, Args: []Arg{
		{Name: "m", Type: PureToken, Token: "M"},
		{Name: "km", Type: PureToken, Token: "KM"},
		{Name: "ft", Type: PureToken, Token: "FT"},
		{Name: "mi", Type: PureToken, Token: "MI"},
	}}
	// geoCount limits the results; ANY permits any ones instead of the nearest.
	geoCount = Arg{Name: "count-block", Type: Block, Optional: true, Args: []Arg{
		{Name: "count", Type: Integer, Token: "COUNT"},
		{Name: "any", Type: PureToken, Token: "ANY", Optional: true},
	}}
	// geoCountSince is geoCount for commands that are older than ANY.
	geoCountSince = Arg{Name: "count-block", Type: Block, Optional: true, Args: []Arg{
		{Name: "count", Type: Integer, Token: "COUNT"},
		{Name: "any", Type: PureToken, Token: "ANY", Since: "6.2.0", Optional: true},
	}}
	// geoStore is the destination of the results.
	geoStore = Arg{Name: "store", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "storekey", Type: Key, Display: "key", Token: "STORE", KeySpec: 2},
		{Name: "storedistkey", Type: Key, Display: "key", Token: "STOREDIST", KeySpec: 3},
	}}
	// order is the order of results.
	order = Arg{Name: "order", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "asc", Type: PureToken, Token: "ASC"},
		{Name: "desc", Type: PureToken, Token: "DESC"},
	}}
	// limit selects a part of the results.
	limit = Arg{Name: "limit", Type: Block, Token: "LIMIT", Optional: true, Args: []Arg{
		{Name: "offset", Type: Integer},
		{Name: "count", Type: Integer},
	}}
	// expireCondition is a condition on the present expiry time.
	expireCondition = Arg{Name: "condition", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "nx", Type: PureToken, Token: "NX"},
		{Name: "xx", Type: PureToken, Token: "XX"},
		{Name: "gt", Type: PureToken, Token: "GT"},
		{Name: "lt", Type: PureToken, Token: "LT"},
	}}
	// expireOrPersist sets or removes the expiry time.
	expireOrPersist = Arg{Name: "expiration", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "seconds", Type: Integer, Token: "EX"},
		{Name: "milliseconds", Type: Integer, Token: "PX"},
		{Name: "unix-time-seconds", Type: UnixTime, Token: "EXAT"},
		{Name: "unix-time-milliseconds", Type: UnixTime, Token: "PXAT"},
		{Name: "persist", Type: PureToken, Token: "PERSIST"},
	}}
	// expireOrKeep sets or keeps the expiry time.
	expireOrKeep = Arg{Name: "expiration", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "seconds", Type: Integer, Token: "EX"},
		{Name: "milliseconds", Type: Integer, Token: "PX"},
		{Name: "unix-time-seconds", Type: UnixTime, Token: "EXAT"},
		{Name: "unix-time-milliseconds", Type: UnixTime, Token: "PXAT"},
		{Name: "keepttl", Type: PureToken, Token: "KEEPTTL"},
	}}
	// countedFields is a list of hash fields, preceded by their number.
	countedFields = Arg{Name: "fields", Type: Block, Token: "FIELDS", Args: []Arg{
		{Name: "numfields", Type: Integer},
		{Name: "field", Multiple: true},
	}}
	// countedPairs is a list of fields with values, preceded by their number.
	countedPairs = Arg{Name: "fields", Type: Block, Token: "FIELDS", Args: []Arg{
		{Name: "numfields", Type: Integer},
		{Name: "data", Type: Block, Multiple: true, Args: []Arg{{Name: "field"}, {Name: "value"}}},
	}}
	// fieldCondition is a condition on the present fields.
	fieldCondition = Arg{Name: "condition", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "fnx", Type: PureToken, Token: "FNX"},
		{Name: "fxx", Type: PureToken, Token: "FXX"},
	}}
	// countedMembers is a list of set members, preceded by their number.
	countedMembers = Arg{Name: "members", Type: Block, Token: "MEMBERS", Args: []Arg{
		{Name: "nummembers", Type: Integer},
		{Name: "member", Multiple: true},
	}}
	// countedIDs is a list of stream entry ids, preceded by their number.
	countedIDs = Arg{Name: "ids", Type: Block, Token: "IDS", Args: []Arg{
		{Name: "numids", Type: Integer},
		{Name: "id", Multiple: true},
	}}
	// aggregate is the function that combines scores of the same member.
	aggregate = Arg{Name: "aggregate", Type: OneOf, Token: "AGGREGATE", Optional: true, Args: []Arg{
		{Name: "sum", Type: PureToken, Token: "SUM"},
		{Name: "min", Type: PureToken, Token: "MIN"},
		{Name: "max", Type: PureToken, Token: "MAX"},
		{Name: "count", Type: PureToken, Token: "COUNT", Since: "8.8.0"},
	}}
	// popWhere is an end of a sorted set.
	popWhere = Arg{Name: "where", Type: OneOf, Args: []Arg{
		{Name: "min", Type: PureToken, Token: "MIN"},
		{Name: "max", Type: PureToken, Token: "MAX"},
	}}
	// whereFrom is the end of the source list.
	whereFrom = Arg{Name: "wherefrom", Type: OneOf, Args: []Arg{
		{Name: "left", Type: PureToken, Token: "LEFT"},
		{Name: "right", Type: PureToken, Token: "RIGHT"},
	}}
	// whereTo is the end of the destination list.
	whereTo = Arg{Name: "whereto", Type: OneOf, Args: []Arg{
		{Name: "left", Type: PureToken, Token: "LEFT"},
		{Name: "right", Type: PureToken, Token: "RIGHT"},
	}}
	// listWhere is an end of a list.
	listWhere = Arg{Name: "where", Type: OneOf, Args: []Arg{
		{Name: "left", Type: PureToken, Token: "LEFT"},
		{Name: "right", Type: PureToken, Token: "RIGHT"},
	}}
	// listHowMany is the number of elements and their order.
	listHowMany = Arg{Name: "how-many", Type: Block, Optional: true, Args: []Arg{
		{Name: "selector", Type: OneOf, Args: []Arg{
			{Name: "count", Type: Integer, Token: "COUNT"},
			{Name: "exactly", Type: Integer, Token: "EXACTLY"},
		}},
		{Name: "ordering", Type: OneOf, Args: []Arg{
			{Name: "obo", Type: PureToken, Token: "OBO"},
			{Name: "bulk", Type: PureToken, Token: "BULK"},
		}},
	}}
	// onOff is ON or OFF.
	onOff = Arg{Name: "enabled", Type: OneOf, Args: []Arg{
		{Name: "on", Type: PureToken, Token: "ON"},
		{Name: "off", Type: PureToken, Token: "OFF"},
	}}
	// flushType is SYNC, which waits until the memory is freed, or ASYNC.
	flushType = Arg{Name: "flush-type", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "async", Type: PureToken, Token: "ASYNC"},
		{Name: "sync", Type: PureToken, Token: "SYNC"},
	}}
	// flushTypeSince is flushType for commands that are older than this option.
	flushTypeSince = Arg{Name: "flush-type", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "async", Type: PureToken, Token: "ASYNC", Since: "4.0.0"},
		{Name: "sync", Type: PureToken, Token: "SYNC", Since: "6.2.0"},
	}}
	// hostOrNoOne is the address of a master, or NO ONE.
	hostOrNoOne = Arg{Name: "args", Type: OneOf, Args: []Arg{
		{Name: "host-port", Type: Block, Args: []Arg{{Name: "host"}, {Name: "port", Type: Integer}}},
		{Name: "no-one", Type: Block, Args: []Arg{
			{Name: "no", Type: PureToken, Token: "NO"},
			{Name: "one", Type: PureToken, Token: "ONE"},
		}},
	}}
	// logType is one of the three commandlogs.
	logType = Arg{Name: "type", Type: OneOf, Args: []Arg{
		{Name: "slow", Type: PureToken, Token: "slow"},
		{Name: "large-request", Type: PureToken, Token: "large-request"},
		{Name: "large-reply", Type: PureToken, Token: "large-reply"},
	}}
	// slotRange is a list of ranges of cluster slots.
	slotRange = Arg{Name: "range", Type: Block, Multiple: true, Args: []Arg{
		{Name: "start-slot", Type: Integer},
		{Name: "end-slot", Type: Integer},
	}}
	// keyValues is a list of keys with values.
	keyValues = Arg{Name: "data", Type: Block, Multiple: true, Args: []Arg{
		{Name: "key", Type: Key, KeySpec: 1},
		{Name: "value"},
	}}
	// bitUnit is the unit of a range: bytes or bits.
	bitUnit = Arg{Name: "unit", Type: OneOf, Since: "7.0.0", Optional: true, Args: []Arg{
		{Name: "byte", Type: PureToken, Token: "BYTE"},
		{Name: "bit", Type: PureToken, Token: "BIT"},
	}}
	// refPolicy is the handling of references in consumer groups.
	refPolicy = Arg{Name: "condition", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "keepref", Type: PureToken, Token: "KEEPREF"},
		{Name: "delref", Type: PureToken, Token: "DELREF"},
		{Name: "acked", Type: PureToken, Token: "ACKED"},
	}}
	// trimStrategy is the measure for trimming.
	trimStrategy = Arg{Name: "strategy", Type: OneOf, Args: []Arg{
		{Name: "maxlen", Type: PureToken, Token: "MAXLEN"},
		{Name: "minid", Type: PureToken, Token: "MINID", Since: "6.2.0"},
	}}
	// trimOperator makes trimming exact or approximate.
	trimOperator = Arg{Name: "operator", Type: OneOf, Optional: true, Args: []Arg{
		{Name: "equal", Type: PureToken, Token: "="},
		{Name: "approximately", Type: PureToken, Token: "~"},
	}}
	// streamIDs is a list of streams, followed by an id for each.
	streamIDs = Arg{Name: "streams", Type: Block, Token: "STREAMS", Args: []Arg{
		{Name: "key", Type: Key, Multiple: true, KeySpec: 1},
		{Name: "id", Multiple: true},
	}}
	// idOrNew is an id, or $ for the last one.
	idOrNew = Arg{Name: "id-selector", Type: OneOf, Args: []Arg{
		{Name: "id"},
		{Name: "new-id", Type: PureToken, Token: "$"},
	}}
)

// since returns an argument that is newer than its command.
func since(version string, a Arg) Arg {
	a.Since = version
	return a
}
