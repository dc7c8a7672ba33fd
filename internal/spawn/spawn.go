// Package spawn starts the goroutines of a part of the server and waits for them. A
// network of servers decides when each may start.
package spawn

import "sync"

// Group is a sync.WaitGroup whose goroutines a function may start later.
type Group struct {
	sync.WaitGroup
	// Start runs a function in a goroutine of its own, now or later; nil: now. It
	// is set before the first call of Go.
	Start func(func())
}

// Go runs f in a goroutine that Wait waits for.
func (g *Group) Go(f func()) {
	if g.Start == nil {
		g.WaitGroup.Go(f)
		return
	}
	g.Add(1)
	g.Start(func() {
		defer g.Done()
		f()
	})
}
