package engine

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/latency"
	"github.com/resp-server/resp-server/internal/script"
	"github.com/resp-server/resp-server/internal/slowlog"
	"github.com/resp-server/resp-server/internal/strict"
)

// State is the state of a server without its clients: data, users, scripts, functions,
// settings, rules of strict mode, time, and the state of the random source. Taking and
// restoring one takes no time for the data, whatever their size: servers and States
// share them, and a server copies the parts that it writes. A State is immutable, and
// any number of servers may use it any number of times.
type State struct {
	data      *keyspace.Keyspace
	config    *config.Config
	users     *acl.Users
	functions [][]byte
	scripts   map[string]*script.Script // those that were loaded
	evals     []*script.Script          // least recently used first
	clock     *clock.Steered
	strict    *strict.Rules // nil: nobody has asked for it
	chance    rand.PCG
	seed      uint64
	elements  uint64 // the seed of new collections
	shuffle   shuffling
	times     times
}

// State returns the present state of the server.
func (e *Engine) State() *State {
	e.enter()
	defer e.leave()
	return e.core.State()
}

// State returns the present state of the server.
func (e *Core) State() *State {
	st := &State{
		data: e.Keyspace.Clone(), config: e.Config.Clone(), users: e.Users.Clone(), functions: e.Functions.Sources(),
		scripts: make(map[string]*script.Script), clock: e.clock.Fork(), chance: *e.chance, seed: e.seed, elements: e.limits.Seed, shuffle: e.shuffle, times: e.times,
	}
	for sha, s := range e.Scripts.cache {
		if s.place == nil {
			st.scripts[sha] = s.Script
		}
	}
	if e.strict != nil {
		rules := e.strict.Rules
		st.strict = &rules
	}
	for el := e.Scripts.evals.Front(); el != nil; el = el.Next() {
		st.evals = append(st.evals, el.Value.(*cachedScript).Script)
	}
	return st
}

// Restore brings the server back to a state. Its clients stay; their transactions fail
// as if somebody had written all keys. Statistics, logs and faults begin anew.
func (e *Engine) Restore(st *State) error {
	e.enter()
	defer e.leave()
	return e.core.restore(st)
}

func (e *Core) restore(st *State) error {
	libraries, err := e.loadLibraries(st.functions)
	if err != nil {
		return err
	}
	e.clock.SetLike(st.clock)
	e.times = st.times
	e.readClock()
	e.replace(st.data.Clone(), libraries)
	e.dataReplaced()
	e.takeOver(st)
	e.restartLog()
	e.Stats = Stats{}
	e.Slowlog, e.Requests, e.Replies, e.Latency = slowlog.Log{}, slowlog.Log{}, slowlog.Log{}, latency.Monitor{}
	e.Denied.Reset()
	e.faults = nil
	e.FaultsChanged()
	e.pause = pause{parked: e.pause.parked}
	e.debug, e.timing.lazy, e.timing.cronPaused = debugging{}, false, false
	e.Saving.Failed, e.Saving.scheduled = false, false
	e.ConfigChanged()
	e.serveBlocked()
	return nil
}

// takeOver sets everything but the data.
func (e *Core) takeOver(st *State) {
	next := st.config.Clone()
	next.AOF = e.Config.AOF                                                                   // the file is this server's
	next.Bind, next.Port, next.UnixSocket = e.Config.Bind, e.Config.Port, e.Config.UnixSocket // the sockets are where they are
	next.TLS = e.Config.TLS
	next.Replication.Host, next.Replication.Port = e.Config.Replication.Host, e.Config.Replication.Port
	e.Config = next
	for _, u := range e.Users.Restore(st.users) {
		for _, s := range e.sessions {
			if s.user == u {
				s.expel()
			}
		}
	}
	e.password = next.RequirePass
	e.FlushScripts(false)
	for _, s := range st.scripts {
		e.keepScript(s, true)
	}
	for _, s := range st.evals {
		e.keepScript(s, false)
	}
	e.usersChanged()
	*e.chance, e.seed, e.limits.Seed, e.shuffle = st.chance, st.seed, st.elements, st.shuffle
	if e.strict = nil; st.strict != nil {
		e.useStrict(*st.strict)
	}
	e.StrictChanged()
}

// Fork returns a new engine with the state. It uses those of the parts that a State
// does not hold.
func (st *State) Fork(o Parts) (*Engine, error) {
	o.Config, o.Keyspace, o.Clock = st.config.Clone(), st.data.Clone(), st.clock.Fork()
	o.Config.AOF.On = false          // the file is the original's
	o.Config.Cluster.Enabled = false // a fork is no second node with the same name
	o.Config.Replication.Host = ""   // a fork is on its own
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	e := New(o)
	libraries, err := e.core.loadLibraries(st.functions)
	if err != nil {
		e.Close()
		return nil, err
	}
	e.Run(func(c *Core) {
		c.times = st.times
		c.Functions.Libraries = *libraries
		c.takeOver(st)
	})
	return e, nil
}

// steer returns a clock of the server's own: c if it is one already.
func steer(c clock.Clock) *clock.Steered {
	if s, ok := c.(*clock.Steered); ok {
		return s
	}
	return clock.Steer(c)
}

// Change is the change of a key. Before or After is zero if the key did not or does
// not exist.
type Change struct {
	DB            int
	Key           []byte
	Before, After keyspace.Entry
}

// Changes calls yield for the keys whose value or expiry time differs from a state,
// for at most so many of them, in the order of database and name. n is the number of
// all such keys. The time is proportional to the number of keys; values are compared
// only where somebody wrote.
func (e *Engine) Changes(since *State, most int, yield func(Change)) (n int) {
	e.enter()
	defer e.leave()
	var list []Change
	for i := range max(e.core.Keyspace.Len(), since.data.Len()) {
		before, after := database(since.data, i), database(e.core.Keyspace, i)
		if after != nil {
			for now := range after.All {
				then, _ := get(before, now.Key())
				if !same(then, now) {
					list = append(list, Change{i, now.Key(), then, now})
				}
			}
		}
		if before != nil {
			for then := range before.All {
				if _, ok := get(after, then.Key()); !ok {
					list = append(list, Change{DB: i, Key: then.Key(), Before: then})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return cmp.Or(a.DB-b.DB, bytes.Compare(a.Key, b.Key)) })
	for _, c := range list[:min(most, len(list))] {
		yield(c)
	}
	return len(list)
}

func database(ks *keyspace.Keyspace, i int) *keyspace.DB {
	for db := range ks.Used {
		if db.Index() == i {
			return db
		}
	}
	return nil
}

func get(db *keyspace.DB, key []byte) (keyspace.Entry, bool) {
	if db == nil {
		return keyspace.Entry{}, false
	}
	return db.Get(key)
}

func same(a, b keyspace.Entry) bool {
	switch {
	case a == b:
		return true
	case a.IsZero() || b.IsZero():
		return false
	}
	return a.Type() == b.Type() && a.ExpireAt() == b.ExpireAt() && a.Digest() == b.Digest()
}
