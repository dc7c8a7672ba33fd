package cluster

// Access is what a command wants of a slot.
type Access struct {
	Slot  int
	Write bool
	// Asking: the client was sent here by ASK, or the command is part of a
	// migration.
	Asking bool
	// ReadOnly: the client is content with what a replica has.
	ReadOnly bool
	Sharded  bool // it is about shard channels
	Migrate  bool // it is MIGRATE
	// Of its keys, counted only if the slot is Open.
	Missing, Existing int
	Several           bool // different ones
}

// Verdict says where a command is to run.
type Verdict uint8

const (
	Here Verdict = iota
	Moved
	Ask
	TryAgain
	Down
	DownReadOnly // it takes only reads
	Unserved
)

// Open reports whether the keys of a slot are moving, from this node or to it.
func (c *Cluster) Open(slot int) bool { return c.migrates(slot) || c.importing[slot] != nil }

func (c *Cluster) migrates(slot int) bool {
	return c.slots[slot] == c.Me && c.migrating[slot] != nil
}

// WhenDown is what the settings allow while the cluster is down:
// cluster-allow-reads-when-down and cluster-allow-pubsubshard-when-down.
type WhenDown struct{ Reads, Shards bool }

// Route says where a command is to run, and for Moved and Ask on which node.
func (c *Cluster) Route(a Access, down WhenDown) (*Node, Verdict) {
	owner := c.slots[a.Slot]
	if owner == nil {
		return nil, Unserved
	}
	if !c.up {
		switch {
		case a.Sharded:
			if !down.Shards {
				return nil, Down
			}
		case !down.Reads:
			return nil, Down
		case a.Write:
			return nil, DownReadOnly
		}
	}
	migrates := c.migrates(a.Slot)
	imports := !migrates && c.importing[a.Slot] != nil
	switch {
	case (migrates || imports) && a.Migrate:
		return nil, Here
	case migrates && a.Missing > 0 && a.Existing > 0:
		return nil, TryAgain
	case migrates && a.Missing > 0:
		return c.migrating[a.Slot], Ask
	case imports && a.Asking && a.Several && a.Missing > 0:
		return nil, TryAgain
	case imports && a.Asking, owner == c.Me:
		return nil, Here
	case (a.ReadOnly || a.Sharded) && !a.Write && c.Me.Is(Replica) && c.Me.Master == owner:
		return nil, Here
	}
	return owner, Moved
}

// Waits says where a client is to go that waits for keys of a slot: Here if it
// may go on waiting.
func (c *Cluster) Waits(slot int, readOnly bool) (*Node, Verdict) {
	owner := c.slots[slot]
	switch {
	case !c.up:
		return nil, Down
	case owner == c.Me, c.importing[slot] != nil, readOnly && owner != nil && c.Me.Master == owner:
		return nil, Here
	case owner == nil:
		return nil, Unserved
	}
	return owner, Moved
}
