package engine

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
	"github.com/resp-server/resp-server/internal/value"
)

// Push returns a writer for a message to a session, which did not ask for it.
// It is sent at the end of the batch; to the session whose command runs, after
// the reply.
func (s *Session) Push() *resp.Writer {
	e := s.e
	e.markDirty(s)
	if s == e.executing {
		return s.following(&e.own)
	}
	if e.busy != nil && s == e.busy.c.Session {
		return s.following(&e.busy.aside.own)
	}
	if len(s.out.Buf) > checkedOutput {
		s.checkOutput()
	}
	if s.killed {
		e.output.lost.Buf = e.output.lost.Buf[:0]
		return &e.output.lost
	}
	return &s.out
}

// following readies the writer for messages that follow the reply of the command
// that runs. They pile up as the reply does.
func (s *Session) following(own *resp.Writer) *resp.Writer {
	own.Proto, own.Limit = s.out.Proto, s.out.Limit
	return own
}

// Messages returns the writer for a reply that is a message: the client gets
// it even if it asked for no replies.
func (c *Ctx) Messages() *resp.Writer {
	if c.Session.ReplyMode != ReplyOn {
		return c.Session.Push()
	}
	return c.w
}

// answered ends a command of the session whose reply begins at mark.
func (s *Session) answered(mark int) {
	if s.fault.Do != 0 && s.wait == nil {
		s.faultReply(mark)
	}
	if s.ReplyMode != ReplyOn && s.wait == nil {
		s.silence(mark)
	}
	if s.replica != nil {
		s.answeredReplica(mark)
	}
	if s.tracking != nil {
		s.usedCaching()
	}
	e := s.e
	if s != e.executing {
		return
	}
	if len(e.invalid) > 0 {
		e.tellOwn(s)
	}
	e.executing = nil
	if len(e.own.Buf) > 0 {
		s.out.Raw(e.own.Buf)
		s.out.Full = s.out.Full || e.own.Full
		if cap(e.own.Buf) > joined {
			e.own.Buf = nil
		}
		e.own.Buf, e.own.Full = e.own.Buf[:0], false
	}
}

// silence takes back the reply to a client that asked for none with CLIENT
// REPLY.
func (s *Session) silence(mark int) {
	switch s.ReplyMode {
	case ReplyOff:
		s.out.Buf = s.out.Buf[:mark]
	case ReplySkip:
		s.out.Buf = s.out.Buf[:mark]
		s.ReplyMode = ReplyOn
	case ReplySkipNext:
		s.ReplyMode = ReplySkip
	}
}

// subscriptions are the names that a session listens to, at least one, by kind.
type subscriptions [3]map[string]struct{}

// checkSubscriptions compares who listens to what with what sessions listen to.
func (e *Core) checkSubscriptions() error {
	if err := e.PubSub.Check(); err != nil {
		return err
	}
	pairs := 0
	for s := range e.all {
		if s.subs == nil {
			continue
		}
		for k, names := range *s.subs {
			for name := range names {
				pairs++
				if !slices.Contains(e.PubSub.Subscribers(pubsub.Kind(k), []byte(name)), s) {
					return fmt.Errorf("client %d listens to %q, which gives it nothing", s.ID, name)
				}
			}
		}
	}
	for _, k := range [...]pubsub.Kind{pubsub.Channel, pubsub.Pattern, pubsub.Shard} {
		e.PubSub.Names(k, func(name string) bool {
			pairs -= len(e.PubSub.Subscribers(k, []byte(name)))
			return true
		})
	}
	if pairs != 0 {
		return fmt.Errorf("%d subscriptions differ between names and clients", pairs)
	}
	return nil
}

// Subscribe adds a subscription and reports whether it is new.
func (s *Session) Subscribe(k pubsub.Kind, name string) bool {
	if s.subs == nil {
		s.subs = new(subscriptions)
	}
	if s.subs[k] == nil {
		s.subs[k] = make(map[string]struct{})
	}
	s.subs[k][name] = struct{}{}
	s.applyLimits() // subscribers have one of their own
	return s.e.PubSub.Subscribe(k, name, s)
}

// Unsubscribe ends a subscription and reports whether there was one.
func (s *Session) Unsubscribe(k pubsub.Kind, name string) bool {
	if s.subs != nil {
		delete(s.subs[k], name)
		if s.Subscriptions() == 0 {
			s.subs = nil
		}
	}
	s.applyLimits()
	return s.e.PubSub.Unsubscribe(k, name, s)
}

// Subscribed returns the names that the session listens to, sorted.
func (s *Session) Subscribed(k pubsub.Kind) []string {
	if s.subs == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.subs[k]))
}

// SubscriptionCount returns the number of subscriptions of a kind.
func (s *Session) SubscriptionCount(k pubsub.Kind) int {
	if s.subs == nil {
		return 0
	}
	return len(s.subs[k])
}

// Subscriptions returns the number of subscriptions of all kinds.
func (s *Session) Subscriptions() int {
	if s.subs == nil {
		return 0
	}
	return len(s.subs[pubsub.Channel]) + len(s.subs[pubsub.Pattern]) + len(s.subs[pubsub.Shard])
}

// Publish sends a message to the subscribers of a channel and of the patterns
// that match it, and returns how many these are.
func (e *Core) Publish(channel, message []byte) int {
	n := 0
	for _, s := range e.PubSub.Subscribers(pubsub.Channel, channel) {
		w := s.Push()
		w.Push(3)
		w.BulkString("message")
		w.Bulk(channel)
		w.Bulk(message)
		n++
	}
	if e.PubSub.Len(pubsub.Pattern) > 0 {
		e.PubSub.Matching(channel, func(pattern string, to []*Session) {
			for _, s := range to {
				w := s.Push()
				w.Push(4)
				w.BulkString("pmessage")
				w.BulkString(pattern)
				w.Bulk(channel)
				w.Bulk(message)
				n++
			}
		})
	}
	return n
}

// PublishShard sends a message to the subscribers of a shard channel.
func (e *Core) PublishShard(channel, message []byte) int {
	to := e.PubSub.Subscribers(pubsub.Shard, channel)
	for _, s := range to {
		w := s.Push()
		mark := len(w.Buf)
		w.Push(3)
		w.BulkString("smessage")
		w.Bulk(channel)
		w.Bulk(message)
		if e.slotStats.net {
			e.slotStats.of(slot.Of(channel)).Out += uint64(len(w.Buf) - mark)
		}
	}
	return len(to)
}

// Notify sends a keyspace event beside the one of Changed.
func (c *Ctx) Notify(key []byte, ev event.Event) { c.notify(c.Session.db, key, ev) }

// NotifyIn is Notify for a key of another database.
func (c *Ctx) NotifyIn(db int, key []byte, ev event.Event) { c.notify(db, key, ev) }

// NotifyElements is Notify for an event about some elements of the key's value; see
// ChangedElements.
func (c *Ctx) NotifyElements(key []byte, ev event.Event, elements [][]byte) {
	c.aboutElements(elements)
	c.notify(c.Session.db, key, ev)
}

// aboutElements says what the next event is about.
func (e *Core) aboutElements(elements [][]byte) {
	if e.TellsElements() {
		e.unit.elements = elements
	}
}

// Overwrites sends the events of a key that gets another value, of a type. There are
// none if there is no such key.
func (c *Ctx) Overwrites(key []byte, by value.Type) {
	if o := c.Overwriting(c.Session.db, key, by); o != OverwritesNothing {
		c.NotifyOverwrite(c.Session.db, key, o)
	}
}

// Overwrite is what becomes of a key that gets another value.
type Overwrite uint8

// What becomes of the old value: there is none, or the new one is of the same type, or
// of another.
const (
	OverwritesNothing Overwrite = iota
	OverwritesSame
	OverwritesOther
)

// Overwriting returns what becomes of a key if it gets a value of a type, or
// OverwritesNothing if no event tells.
func (c *Ctx) Overwriting(db int, key []byte, by value.Type) Overwrite {
	if c.Config.NotifyMask&(event.ClassOverwritten|event.ClassTypeChanged) == 0 {
		return OverwritesNothing
	}
	k, ok := c.PeekIn(db, key)
	switch {
	case !ok:
		return OverwritesNothing
	case k.Type() == by:
		return OverwritesSame
	}
	return OverwritesOther
}

// NotifyOverwrite is Overwrites for commands that have changed the key since Overwriting.
func (c *Ctx) NotifyOverwrite(db int, key []byte, o Overwrite) {
	if o != OverwritesNothing {
		c.notify(db, key, event.KeyOverwritten)
	}
	if o == OverwritesOther {
		c.notify(db, key, event.KeyTypeChanged)
	}
}

// TellsElements reports whether events name the elements that they are about, so that
// it matters which these are.
func (e *Core) TellsElements() bool { return e.Config.NotifyMask&event.ToElements != 0 }

// notify sends a keyspace event if the configuration asks for it.
func (e *Core) notify(db int, key []byte, ev event.Event) {
	mask := e.Config.NotifyMask
	if mask == 0 {
		return
	}
	elements := e.unit.elements
	e.unit.elements = nil
	if !ev.In(mask) {
		return
	}
	name := []byte(ev.String())
	if mask&event.Keyspace != 0 {
		e.Publish(eventChannel("__keyspace@", db, key), name)
	}
	if mask&event.Keyevent != 0 {
		e.Publish(eventChannel("__keyevent@", db, name), key)
	}
	if len(elements) > 0 && mask&event.ToElements != 0 {
		e.notifyElements(mask, db, key, name, elements)
	}
}

// notifyElements sends the messages that name elements. Where a separator in the name
// of the key would make them ambiguous there are none.
func (e *Core) notifyElements(mask event.Class, db int, key, name []byte, elements [][]byte) {
	if mask&event.Elementspace != 0 {
		e.Publish(eventChannel("__subkeyspace@", db, key), appendSized(append(slices.Clone(name), '|'), elements...))
	}
	if mask&event.Elementevent != 0 {
		e.Publish(eventChannel("__subkeyevent@", db, name), appendSized(append(appendSized(nil, key), '|'), elements...))
	}
	if mask&event.ElementspaceItem != 0 && !bytes.Contains(key, []byte{'\n'}) {
		channel := append(eventChannel("__subkeyspaceitem@", db, key), '\n')
		for _, element := range elements {
			e.Publish(append(channel, element...), name)
		}
	}
	if mask&event.ElementspaceEvent != 0 {
		e.Publish(append(append(eventChannel("__subkeyspaceevent@", db, name), '|'), key...), appendSized(nil, elements...))
	}
}

// appendSized appends words with commas between them, each behind its length.
func appendSized(b []byte, words ...[]byte) []byte {
	for i, w := range words {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(strconv.AppendInt(b, int64(len(w)), 10), ':'), w...)
	}
	return b
}

func eventChannel(prefix string, db int, name []byte) []byte {
	b := strconv.AppendInt([]byte(prefix), int64(db), 10)
	b = append(b, "__:"...)
	return append(b, name...)
}
