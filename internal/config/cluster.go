package config

import (
	"math"
	"strings"
)

// Cluster has the settings of a cluster node. Times are in milliseconds.
type Cluster struct {
	Enabled bool
	File    string // where the node stores its view of the cluster, relative to dir
	Port    int64  // of the bus; 0 is the client port plus 10000

	NodeTimeout           int64
	PingInterval          int64 // 0: half of NodeTimeout
	RequireFullCoverage   bool
	AllowReplicaMigration bool
	MigrationBarrier      int64
	NoFailover            bool
	ValidityFactor        int64
	LinkSendLimit         int64
	ReadsWhenDown         bool
	ShardsWhenDown        bool
	TLS                   bool // encrypt the bus
	SlotStats             SlotStats

	// What the node announces to clients and other nodes; "" and 0 mean the real
	// values.
	AnnounceIP, AnnounceHostname, AnnounceName     string
	AnnouncePort, AnnounceTLSPort, AnnounceBusPort int64
	PreferredEndpoint                              string // ip, hostname, or unknown-endpoint
}

// SlotStats is what CLUSTER SLOT-STATS shows beside the number of keys.
type SlotStats uint8

// What can be shown: the time of commands, their bytes, and what the keys take.
const (
	SlotStatsCPU SlotStats = 1 << iota
	SlotStatsNet
	SlotStatsMemory

	slotStatsAll = SlotStatsCPU | SlotStatsNet | SlotStatsMemory
)

// Has reports whether one of them is among those that are shown.
func (s SlotStats) Has(one SlotStats) bool { return s&one != 0 }

// TracksMemory reports whether a setting asks for the memory of keys.
func (c *Config) TracksMemory() bool {
	return c.Cluster.SlotStats.Has(SlotStatsMemory) || c.inert["key-memory-histograms"] == "yes"
}

// slotStats parses words for what CLUSTER SLOT-STATS shows.
type slotStats struct{}

var slotStatsWords = []string{"no", "yes", "cpu", "net", "mem"}

func (slotStats) set(c *Config, words []string) error {
	given := SlotStats(0)
	err := eachOf(words, slotStatsWords, func(i int) {
		given |= [...]SlotStats{0, slotStatsAll, SlotStatsCPU, SlotStatsNet, SlotStatsMemory}[i]
	})
	if err != nil {
		return err
	}
	c.Cluster.SlotStats = given
	return nil
}

func (slotStats) get(c *Config) string {
	switch s := c.Cluster.SlotStats; s {
	case 0:
		return "no"
	case slotStatsAll:
		return "yes"
	default:
		var shown []string
		for i, w := range slotStatsWords[2:] {
			if s.Has(1 << i) {
				shown = append(shown, w)
			}
		}
		return strings.Join(shown, " ")
	}
}

// clusterSettings have an effect only with cluster-enabled.
var clusterSettings = []Param{
	{Name: "cluster-allow-pubsubshard-when-down", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Cluster.ShardsWhenDown })},
	{Name: "cluster-allow-reads-when-down", Default: "no", kind: boolean(func(c *Config) *bool { return &c.Cluster.ReadsWhenDown })},
	{Name: "cluster-allow-replica-migration", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Cluster.AllowReplicaMigration })},
	{Name: "cluster-announce-bus-port", Default: "0", kind: integer(func(c *Config) *int64 { return &c.Cluster.AnnounceBusPort }, 0, 65535)},
	{Name: "cluster-announce-hostname", Default: "", kind: choiceKind{func(c *Config) *string { return &c.Cluster.AnnounceHostname }, hostName}},
	{Name: "cluster-announce-human-nodename", From: "Redis 7.2", Default: "", kind: choiceKind{func(c *Config) *string { return &c.Cluster.AnnounceName }, nodeName}},
	{Name: "cluster-announce-ip", Default: "", kind: text(func(c *Config) *string { return &c.Cluster.AnnounceIP }, nil)},
	{Name: "cluster-announce-port", Default: "0", kind: integer(func(c *Config) *int64 { return &c.Cluster.AnnouncePort }, 0, 65535)},
	{Name: "cluster-announce-tls-port", Default: "0", kind: integer(func(c *Config) *int64 { return &c.Cluster.AnnounceTLSPort }, 0, 65535)},
	{Name: "cluster-config-file", Default: "nodes.conf", Immutable: true, kind: text(func(c *Config) *string { return &c.Cluster.File }, nil)},
	{Name: "cluster-enabled", Default: "no", Immutable: true, kind: boolean(func(c *Config) *bool { return &c.Cluster.Enabled })},
	{Name: "cluster-link-sendbuf-limit", Default: "0", kind: sizeKind(func(c *Config) *int64 { return &c.Cluster.LinkSendLimit })},
	{Name: "cluster-migration-barrier", Default: "1", kind: integer(func(c *Config) *int64 { return &c.Cluster.MigrationBarrier }, 0, math.MaxInt32)},
	{Name: "cluster-node-timeout", Default: "15000", kind: integer(func(c *Config) *int64 { return &c.Cluster.NodeTimeout }, 0, math.MaxInt64)},
	{Name: "cluster-ping-interval", Default: "0", Hidden: true, kind: integer(func(c *Config) *int64 { return &c.Cluster.PingInterval }, 0, math.MaxInt64)},
	{Name: "cluster-port", Default: "0", Immutable: true, kind: integer(func(c *Config) *int64 { return &c.Cluster.Port }, 0, 65535)},
	{Name: "cluster-preferred-endpoint-type", Default: "ip", kind: choice(func(c *Config) *string { return &c.Cluster.PreferredEndpoint }, "ip", "hostname", "unknown-endpoint")},
	{Name: "cluster-replica-no-failover", Alias: "cluster-slave-no-failover", Default: "no", kind: boolean(func(c *Config) *bool { return &c.Cluster.NoFailover })},
	{Name: "cluster-replica-validity-factor", Alias: "cluster-slave-validity-factor", Default: "10", kind: integer(func(c *Config) *int64 { return &c.Cluster.ValidityFactor }, 0, math.MaxInt32)},
	{Name: "cluster-require-full-coverage", Default: "yes", kind: boolean(func(c *Config) *bool { return &c.Cluster.RequireFullCoverage })},
	{Name: "cluster-slot-stats-enabled", From: "Redis 8.2", Default: "no", Multi: true, kind: slotStats{}},
	{Name: "tls-cluster", Default: "no", kind: boolean(func(c *Config) *bool { return &c.Cluster.TLS })},
}
