package miniredis

import (
	"fmt"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

// clusterSlots is how many slots the keys of a cluster are spread over.
const clusterSlots = 16384

// cluster answers CLUSTER as the only node of a cluster would, so that clients for
// clusters can be tested. What else they send runs as ever. It is a server.Hook.
func (m *Miniredis) cluster(c *server.Peer, _ string, args ...string) bool {
	a := m.address()
	if len(args) == 0 || a == nil {
		return false
	}
	ip, id := a.IP.String(), fmt.Sprintf("%040x", a.Port)
	switch sub := strings.ToUpper(args[0]); {
	case sub == "SLOTS" && len(args) == 1:
		c.WriteLen(1)
		c.WriteLen(3)
		c.WriteInt(0)
		c.WriteInt(clusterSlots - 1)
		c.WriteLen(3) // Redis 7 has a fourth, for names of hosts, which older clients do not accept
		c.WriteBulk(ip)
		c.WriteInt(a.Port)
		c.WriteBulk(id)
	case sub == "SHARDS" && len(args) == 1:
		c.WriteLen(1)
		c.WriteMapLen(2)
		c.WriteBulk("slots")
		c.WriteLen(2)
		c.WriteInt(0)
		c.WriteInt(clusterSlots - 1)
		c.WriteBulk("nodes")
		c.WriteLen(1)
		c.WriteMapLen(7)
		c.WriteBulk("id")
		c.WriteBulk(id)
		c.WriteBulk("port")
		c.WriteInt(a.Port)
		for _, s := range [...]string{"ip", ip, "endpoint", ip, "role", "master", "health", "online", "replication-offset"} {
			c.WriteBulk(s)
		}
		c.WriteInt(0)
	case sub == "NODES" && len(args) == 1:
		c.WriteBulk(fmt.Sprintf("%s %s:%d@%d myself,master - 0 0 1 connected 0-%d\n", id, ip, a.Port, a.Port+10000, clusterSlots-1))
	case sub == "INFO" && len(args) == 1:
		c.WriteBulk(fmt.Sprintf("cluster_state:ok\r\ncluster_slots_assigned:%d\r\ncluster_slots_ok:%[1]d\r\ncluster_slots_pfail:0\r\n"+
			"cluster_slots_fail:0\r\ncluster_known_nodes:1\r\ncluster_size:1\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n", clusterSlots))
	case sub == "MYID" && len(args) == 1:
		c.WriteBulk(id)
	case sub == "KEYSLOT" && len(args) == 2:
		c.WriteInt(keySlot(args[1]))
	default:
		return false
	}
	return true
}

// keySlot returns the slot of a key: the CRC16 (XMODEM) of it, or of what is in its
// first braces, if that is not empty.
func keySlot(key string) int {
	if _, after, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(after, "}"); ok && tag != "" {
			key = tag
		}
	}
	crc := uint16(0)
	for i := range len(key) {
		crc ^= uint16(key[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc % clusterSlots)
}
