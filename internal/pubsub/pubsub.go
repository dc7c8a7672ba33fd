// Package pubsub keeps the subscribers of channels and patterns.
//
// It delivers nothing: it names the receivers, and the engine writes to them. A
// Registry belongs to one engine and does not lock.
package pubsub

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/resp-server/resp-server/internal/glob"
)

// Kind is a namespace of subscriptions.
type Kind uint8

// The kinds of subscriptions: SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE.
const (
	Channel Kind = iota
	Pattern
	Shard
	kinds
)

// Registry maps names to subscribers S, which are compared by identity.
type Registry[S comparable] struct {
	names [kinds]map[string]*audience[S]
	begun uint64 // number of audiences ever begun
}

// audience is a set of subscribers in the order of arrival, except that the last
// one takes the place of one that leaves.
type audience[S comparable] struct {
	name  string
	since uint64 // its number among all audiences ever begun
	list  []S
	place map[S]int
}

// Subscribe adds s to a name and reports whether it was new there.
func (r *Registry[S]) Subscribe(k Kind, name string, s S) bool {
	if r.names[k] == nil {
		r.names[k] = make(map[string]*audience[S])
	}
	a := r.names[k][name]
	if a == nil {
		r.begun++
		a = &audience[S]{name: name, since: r.begun, place: make(map[S]int, 1)}
		r.names[k][name] = a
	}
	if _, ok := a.place[s]; ok {
		return false
	}
	a.place[s] = len(a.list)
	a.list = append(a.list, s)
	return true
}

// Unsubscribe removes s from a name and reports whether it was there.
func (r *Registry[S]) Unsubscribe(k Kind, name string, s S) bool {
	a := r.names[k][name]
	if a == nil {
		return false
	}
	i, ok := a.place[s]
	if !ok {
		return false
	}
	last := len(a.list) - 1
	a.list[i] = a.list[last]
	a.place[a.list[i]] = i
	var none S
	a.list[last] = none
	a.list = a.list[:last]
	delete(a.place, s)
	if last == 0 {
		delete(r.names[k], name)
	}
	return true
}

// Subscribers returns the subscribers of exactly this name. The result is valid
// until the next change.
func (r *Registry[S]) Subscribers(k Kind, name []byte) []S {
	if a := r.names[k][string(name)]; a != nil {
		return a.list
	}
	return nil
}

// Matching calls yield for each pattern that matches a channel, in the order in
// which the patterns got their first subscribers.
func (r *Registry[S]) Matching(channel []byte, yield func(pattern string, to []S)) {
	var found []*audience[S]
	for pattern, a := range r.names[Pattern] {
		if glob.Match([]byte(pattern), channel, false) {
			found = append(found, a)
		}
	}
	// A map has no order, but a client with several matching patterns sees the
	// order.
	slices.SortFunc(found, func(a, b *audience[S]) int { return cmp.Compare(a.since, b.since) })
	for _, a := range found {
		yield(a.name, a.list)
	}
}

// Names yields the names of a kind that have subscribers, in no particular order.
func (r *Registry[S]) Names(k Kind, yield func(name string) bool) {
	for name := range r.names[k] {
		if !yield(name) {
			return
		}
	}
}

// Len returns the number of names of a kind that have subscribers.
func (r *Registry[S]) Len(k Kind) int { return len(r.names[k]) }

// Check returns the first broken invariant: a name has subscribers, each once. It
// is for tests.
func (r *Registry[S]) Check() error {
	for k, names := range r.names {
		for name, a := range names {
			if len(a.list) == 0 || len(a.list) != len(a.place) {
				return fmt.Errorf("name %q of kind %d has %d subscribers in %d places", name, k, len(a.list), len(a.place))
			}
			for i, s := range a.list {
				if at, ok := a.place[s]; !ok || at != i {
					return fmt.Errorf("subscriber %d of %q is said to be at %d", i, name, at)
				}
			}
		}
	}
	return nil
}
