package spec

// core lists the tables of the groups that every server has.
var core = [][]Command{
	bitmapCommands,
	clusterCommands,
	connectionCommands,
	genericCommands,
	geoCommands,
	hashCommands,
	hyperloglogCommands,
	listCommands,
	pathhashCommands,
	pubsubCommands,
	scriptingCommands,
	serverCommands,
	setCommands,
	sortedSetCommands,
	streamCommands,
	stringCommands,
	transactionsCommands,
}

var modules [][]Command

// Register adds the commands of a module to the table and returns them. Call
// it in package variables, so that the table is complete when the program
// starts.
func Register(rows []Command) []Command {
	modules = append(modules, rows)
	return rows
}
