package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
)

// A server outside a cluster refuses all of these, HELP too, with an error that
// clients know: they go on as with a single server.
var clusterCommands = engine.Handlers{
	"asking":                        clusterDisabled,
	"cluster|addslots":              clusterDisabled,
	"cluster|addslotsrange":         clusterDisabled,
	"cluster|bumpepoch":             clusterDisabled,
	"cluster|count-failure-reports": clusterDisabled,
	"cluster|countkeysinslot":       clusterDisabled,
	"cluster|delslots":              clusterDisabled,
	"cluster|delslotsrange":         clusterDisabled,
	"cluster|failover":              clusterDisabled,
	"cluster|flushslots":            clusterDisabled,
	"cluster|forget":                clusterDisabled,
	"cluster|getkeysinslot":         clusterDisabled,
	"cluster|help":                  clusterDisabled,
	"cluster|info":                  clusterDisabled,
	"cluster|keyslot":               clusterDisabled,
	"cluster|links":                 clusterDisabled,
	"cluster|meet":                  clusterDisabled,
	"cluster|myid":                  clusterDisabled,
	"cluster|myshardid":             clusterDisabled,
	"cluster|nodes":                 clusterDisabled,
	"cluster|replicas":              clusterDisabled,
	"cluster|replicate":             clusterDisabled,
	"cluster|reset":                 clusterDisabled,
	"cluster|saveconfig":            clusterDisabled,
	"cluster|set-config-epoch":      clusterDisabled,
	"cluster|setslot":               clusterDisabled,
	"cluster|shards":                clusterDisabled,
	"cluster|slaves":                clusterDisabled,
	"cluster|slots":                 clusterDisabled,
	"readonly":                      clusterDisabled,
	"readwrite":                     clusterDisabled,
}

// ASKING
// CLUSTER ADDSLOTS slot [slot ...]
// CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]
// CLUSTER BUMPEPOCH
// CLUSTER COUNT-FAILURE-REPORTS node-id
// CLUSTER COUNTKEYSINSLOT slot
// CLUSTER DELSLOTS slot [slot ...]
// CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]
// CLUSTER FAILOVER [FORCE | TAKEOVER]
// CLUSTER FLUSHSLOTS
// CLUSTER FORGET node-id
// CLUSTER GETKEYSINSLOT slot count
// CLUSTER HELP
// CLUSTER INFO
// CLUSTER KEYSLOT key
// CLUSTER LINKS
// CLUSTER MEET ip port [cluster-bus-port]
// CLUSTER MYID
// CLUSTER MYSHARDID
// CLUSTER NODES
// CLUSTER REPLICAS node-id
// CLUSTER REPLICATE node-id
// CLUSTER RESET [HARD | SOFT]
// CLUSTER SAVECONFIG
// CLUSTER SET-CONFIG-EPOCH config-epoch
// CLUSTER SETSLOT slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>
// CLUSTER SHARDS
// CLUSTER SLAVES node-id
// CLUSTER SLOTS
// READONLY
// READWRITE
func clusterDisabled(*engine.Ctx) error {
	return resp.Error("ERR This instance has cluster support disabled")
}
