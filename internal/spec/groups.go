package spec

// groups lists the tables of all groups.
var groups = [...][]Command{
	bitmapCommands,
	clusterCommands,
	connectionCommands,
	genericCommands,
	geoCommands,
	hashCommands,
	hyperloglogCommands,
	listCommands,
	pubsubCommands,
	scriptingCommands,
	serverCommands,
	setCommands,
	sortedSetCommands,
	streamCommands,
	stringCommands,
	transactionsCommands,
}
