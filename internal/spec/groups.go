package spec

// groups lists the tables of all groups.
var groups = [...][]Command{
	arrayCommands,
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
