package cluster

import "fmt"

// AddSlot gives a slot that nobody serves to this node; it does not come from
// elsewhere any more.
func (c *Cluster) AddSlot(slot int) {
	delete(c.importing, slot)
	c.addSlot(c.Me, slot)
	c.todo |= todoState | todoSave
}

// DelSlot takes a slot from whoever serves it.
func (c *Cluster) DelSlot(slot int) {
	delete(c.importing, slot)
	c.delSlot(slot)
	c.todo |= todoState | todoSave
}

// FlushSlots takes all its slots from this node.
func (c *Cluster) FlushSlots() {
	c.release(c.Me)
	c.todo |= todoState | todoSave
}

func (c *Cluster) addSlot(n *Node, slot int) {
	if c.slots[slot] != nil {
		return
	}
	n.Slots.set(slot)
	n.count++
	c.slots[slot] = n
	// Replicas may move to a master that had no slots before, if replicas are
	// what this cluster has.
	if n.count == 1 && c.hasReplicas() {
		n.Flags |= MigrateTo
	}
}

func (c *Cluster) hasReplicas() bool {
	for _, n := range c.nodes {
		if n.Is(Master) && len(n.Replicas) > 0 {
			return true
		}
	}
	return false
}

func (c *Cluster) delSlot(slot int) {
	n := c.slots[slot]
	if n == nil {
		return
	}
	c.host.DropChannels(slot)
	n.Slots.clear(slot)
	n.count--
	c.slots[slot] = nil
	c.unclaimed.clear(slot)
}

// release takes all its slots from a node and returns how many they were.
func (c *Cluster) release(n *Node) (count int) {
	count = n.count
	for slot := range c.slots {
		if c.slots[slot] == n {
			c.delSlot(slot)
		}
	}
	return count
}

// hand gives the slots of a node to another and returns how many they were.
func (c *Cluster) hand(from, to *Node) (count int) {
	for slot := range c.slots {
		if c.slots[slot] == from {
			c.delSlot(slot)
			c.addSlot(to, slot)
			count++
		}
	}
	return count
}

// Migrate says that a slot of this node is going to another.
func (c *Cluster) Migrate(slot int, to *Node) {
	c.migrating[slot] = to
	c.todo |= todoState | todoSave
}

// Import says that this node takes a slot over.
func (c *Cluster) Import(slot int, from *Node) {
	c.importing[slot] = from
	c.todo |= todoState | todoSave
}

// Close ends what Migrate and Import began.
func (c *Cluster) Close(slot int) {
	delete(c.importing, slot)
	delete(c.migrating, slot)
	c.todo |= todoState | todoSave
}

// Assign gives a slot to a node, as the end of a migration. If this node has
// imported it, all others hear of it with a greater epoch.
func (c *Cluster) Assign(slot int, n *Node) {
	if c.host.Keys(slot) == 0 {
		delete(c.migrating, slot)
	}
	mine := c.slots[slot] == c.Me
	c.delSlot(slot)
	c.addSlot(n, slot)
	c.todo |= todoState | todoSave
	// A master that has lost its last slot becomes a replica of who got it.
	if mine && n != c.Me && c.Me.count == 0 && c.settings().AllowReplicaMigration {
		c.reconfigure(n)
		c.todo |= todoSync
	}
	if n == c.Me && c.importing[slot] != nil {
		if c.BumpEpoch() {
			c.log.Info(fmt.Sprintf("configEpoch updated after importing slot %d", slot))
		}
		delete(c.importing, slot)
		c.broadcastPong(nil)
	}
}

func (c *Cluster) reconfigure(n *Node) {
	c.log.Info("Configuration change detected. Reconfiguring myself as a replica of " + n.LogName())
	c.Follow(n)
}

// free reports whether a slot has no owner that claims it.
func (c *Cluster) free(slot int) bool { return c.slots[slot] == nil || c.unclaimed.Has(slot) }

// claim takes over what a master says that it serves, if its epoch is greater
// than that of who served it. If this node, or its master, has lost its last
// slot thereby, this node becomes a replica of the winner.
func (c *Cluster) claim(n *Node, epoch uint64, slots *Bitmap) {
	if n == c.Me {
		c.log.Info("Discarding UPDATE message about myself.")
		return
	}
	mine := c.Me.Primary()
	if c.Me.Is(Replica) && c.Me.Master == nil {
		mine = nil
	}
	var dirty []int // slots lost with keys in them
	claimed, lost := 0, 0
	for slot := range c.slots {
		owner := c.slots[slot]
		if !slots.Has(slot) {
			if owner == n {
				c.unclaimed.set(slot)
			}
			continue
		}
		claimed++
		if owner == n {
			c.unclaimed.clear(slot)
			continue
		}
		// A slot that is being imported changes hands by hand.
		if c.importing[slot] != nil || !c.free(slot) && owner.ConfigEpoch >= epoch {
			continue
		}
		if owner == c.Me && c.host.Keys(slot) > 0 {
			dirty = append(dirty, slot)
		}
		if owner != nil && owner == mine {
			lost++
		}
		c.delSlot(slot)
		c.addSlot(n, slot)
		c.todo |= todoSave | todoState | todoSync
	}
	switch {
	case lost > 0 && mine.count == 0 && (c.settings().AllowReplicaMigration || claimed == lost):
		c.reconfigure(n)
		c.todo |= todoSync
	case c.Me.Master != nil && c.Me.Master.Master != nil && c.Me.Master.Master != c.Me:
		top := c.Me.Master.Master
		c.log.Info("I'm a sub-replica! Reconfiguring myself as a replica of grandmaster " + top.LogName())
		c.Follow(top)
		c.todo |= todoSync
	default:
		for _, slot := range dirty {
			c.host.DropKeys(slot)
		}
	}
}

// Adopt makes slots and keys agree after data were loaded: keys of a slot that
// nobody serves make this node serve it; a slot with keys that another node
// serves is marked as one that is being imported.
func (c *Cluster) Adopt() {
	if c.Me.Is(Replica) {
		return
	}
	for slot := range c.slots {
		owner := c.slots[slot]
		if c.host.Keys(slot) == 0 || owner == c.Me || c.importing[slot] != nil {
			continue
		}
		if owner == nil {
			c.log.Info(fmt.Sprintf("I have keys for unassigned slot %d. Taking responsibility for it.", slot))
			c.addSlot(c.Me, slot)
		} else {
			c.log.Info(fmt.Sprintf("I have keys for slot %d, but the slot is assigned to another node. Setting it to importing state.", slot))
			c.importing[slot] = owner
		}
		c.todo |= todoSave | todoSync
	}
}
