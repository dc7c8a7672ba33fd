package command

import (
	"slices"

	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/glob"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/sentinel"
)

var pubsubCommands = engine.Handlers{
	"psubscribe":           subscribe(pubsub.Pattern, "psubscribe"),
	"publish":              publish,
	"pubsub|channels":      pubsubChannels(pubsub.Channel),
	"pubsub|numpat":        pubsubNumPat,
	"pubsub|numsub":        pubsubNumSub(pubsub.Channel),
	"pubsub|shardchannels": pubsubChannels(pubsub.Shard),
	"pubsub|shardnumsub":   pubsubNumSub(pubsub.Shard),
	"punsubscribe":         unsubscribe(pubsub.Pattern, "punsubscribe"),
	"spublish":             spublish,
	"ssubscribe":           subscribe(pubsub.Shard, "ssubscribe"),
	"subscribe":            subscribe(pubsub.Channel, "subscribe"),
	"sunsubscribe":         unsubscribe(pubsub.Shard, "sunsubscribe"),
	"unsubscribe":          unsubscribe(pubsub.Channel, "unsubscribe"),
}

// PSUBSCRIBE pattern [pattern ...]
// SSUBSCRIBE shardchannel [shardchannel ...]
// SUBSCRIBE channel [channel ...]
// subscribe makes SUBSCRIBE, PSUBSCRIBE and SSUBSCRIBE.
func subscribe(k pubsub.Kind, word string) engine.Handler {
	return func(c *engine.Ctx) error {
		if k == pubsub.Shard && !c.MayBlock() {
			return resp.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
		}
		for _, name := range c.Args[1:] {
			c.Session.Subscribe(k, string(name))
			confirm(c, k, word, name)
		}
		return nil
	}
}

// PUNSUBSCRIBE [pattern [pattern ...]]
// SUNSUBSCRIBE [shardchannel [shardchannel ...]]
// UNSUBSCRIBE [channel [channel ...]]
// unsubscribe makes UNSUBSCRIBE, PUNSUBSCRIBE and SUNSUBSCRIBE.
func unsubscribe(k pubsub.Kind, word string) engine.Handler {
	return func(c *engine.Ctx) error {
		for _, name := range c.Args[1:] {
			c.Session.Unsubscribe(k, string(name))
			confirm(c, k, word, name)
		}
		if len(c.Args) > 1 {
			return nil
		}
		names := c.Session.Subscribed(k)
		for _, name := range names {
			c.Session.Unsubscribe(k, name)
			confirm(c, k, word, []byte(name))
		}
		if len(names) == 0 {
			confirm(c, k, word, nil)
		}
		return nil
	}
}

// confirm replies to one step of SUBSCRIBE and its like. The reply is a
// message: a push in RESP3, and CLIENT REPLY OFF does not suppress it. Shard
// channels have a count of their own.
func confirm(c *engine.Ctx, k pubsub.Kind, word string, name []byte) {
	n := c.Session.SubscriptionCount(pubsub.Shard)
	if k != pubsub.Shard {
		n = c.Session.Subscriptions() - n
	}
	w := c.Messages()
	w.Push(3)
	w.BulkString(word)
	if name == nil {
		w.Null()
	} else {
		w.Bulk(name)
	}
	w.Integer(int64(n))
}

// PUBLISH channel message
func publish(c *engine.Ctx) error {
	if s := c.Sentinel(); s != nil {
		if string(c.Args[1]) != sentinel.HelloChannel {
			return resp.Error("ERR Only HELLO messages are accepted by Sentinel instances.")
		}
		s.Hello(string(c.Args[2]))
		return c.Integer(1)
	}
	n := c.Publish(c.Args[1], c.Args[2])
	if node := c.Cluster(); node != nil {
		node.Publish(c.Args[1], c.Args[2], false)
	} else {
		c.PropagateToReplicas(c.Args...)
	}
	return c.Integer(n)
}

// SPUBLISH shardchannel message
func spublish(c *engine.Ctx) error {
	n := c.PublishShard(c.Args[1], c.Args[2])
	if node := c.Cluster(); node != nil {
		node.Publish(c.Args[1], c.Args[2], true)
	} else {
		c.PropagateToReplicas(c.Args...)
	}
	return c.Integer(n)
}

// PUBSUB CHANNELS [pattern]
// PUBSUB SHARDCHANNELS [pattern]
// pubsubChannels makes PUBSUB CHANNELS and PUBSUB SHARDCHANNELS.
func pubsubChannels(k pubsub.Kind) engine.Handler {
	return func(c *engine.Ctx) error {
		if len(c.Args) > 3 {
			return subcommandSyntax(c)
		}
		var names []string
		for name := range namesOf(c, k) {
			if len(c.Args) == 2 || glob.Match(c.Args[2], []byte(name), false) {
				names = append(names, name)
			}
		}
		slices.Sort(names) // Redis replies them in the order of a hash table
		c.Array(len(names))
		for _, name := range names {
			c.BulkString(name)
		}
		return nil
	}
}

func namesOf(c *engine.Ctx, k pubsub.Kind) func(func(string) bool) {
	return func(yield func(string) bool) { c.PubSub.Names(k, yield) }
}

// PUBSUB NUMSUB [channel [channel ...]]
// PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]
// pubsubNumSub makes PUBSUB NUMSUB and PUBSUB SHARDNUMSUB.
func pubsubNumSub(k pubsub.Kind) engine.Handler {
	return func(c *engine.Ctx) error {
		names := c.Args[2:]
		c.Array(2 * len(names))
		for _, name := range names {
			c.Bulk(name)
			c.Integer(len(c.PubSub.Subscribers(k, name)))
		}
		return nil
	}
}

// PUBSUB NUMPAT
func pubsubNumPat(c *engine.Ctx) error { return c.Integer(c.PubSub.Len(pubsub.Pattern)) }
