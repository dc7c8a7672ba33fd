package engine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/slot"
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

// notify sends a keyspace event if the configuration asks for it.
func (e *Core) notify(db int, key []byte, ev event.Event) {
	mask := e.Config.NotifyMask
	if mask == 0 || !ev.In(mask) {
		return
	}
	name := []byte(ev.String())
	if mask&event.Keyspace != 0 {
		e.Publish(eventChannel("__keyspace@", db, key), name)
	}
	if mask&event.Keyevent != 0 {
		e.Publish(eventChannel("__keyevent@", db, name), key)
	}
}

func eventChannel(prefix string, db int, name []byte) []byte {
	b := strconv.AppendInt([]byte(prefix), int64(db), 10)
	b = append(b, "__:"...)
	return append(b, name...)
}
