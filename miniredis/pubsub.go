package miniredis

import (
	"bufio"
	"slices"
	"strings"
	"sync"

	"github.com/alicebob/miniredis/v2/internal/direct"
	"github.com/alicebob/miniredis/v2/server"
)

// Publish sends a message to those who have subscribed to a channel, and returns
// how many have got it.
func (m *Miniredis) Publish(channel, message string) int {
	reply, _ := m.behind.Do(0, "PUBLISH", channel, message)
	return int(reply.Int())
}

// PubSubChannels returns the channels that somebody has subscribed to and that
// match a pattern, sorted; nil if there are none. The pattern may be empty for all.
func (m *Miniredis) PubSubChannels(pattern string) []string {
	if pattern == "" {
		pattern = "*"
	}
	reply, _ := m.behind.Do(0, "PUBSUB", "CHANNELS", pattern)
	if len(reply.Array()) == 0 {
		return nil
	}
	return sorted(reply)
}

// PubSubNumSub returns how many have subscribed to each channel.
func (m *Miniredis) PubSubNumSub(channels ...string) map[string]int {
	reply, _ := m.behind.Do(0, words("PUBSUB", "NUMSUB", channels)...)
	counts := make(map[string]int)
	for channel, n := range reply.Map() {
		counts[channel] = int(n.Int())
	}
	return counts
}

// PubSubNumPat returns how many patterns somebody has subscribed to.
func (m *Miniredis) PubSubNumPat() int {
	reply, _ := m.behind.Do(0, "PUBSUB", "NUMPAT")
	return int(reply.Int())
}

// PubsubMessage is a message for those who have subscribed to its channel.
type PubsubMessage struct {
	Channel string
	Message string
}

// PubsubPmessage is a message for those who have subscribed to a pattern.
type PubsubPmessage struct {
	Pattern string
	Channel string
	Message string
}

// Subscriber receives messages in the test. Its methods are safe for concurrent
// use.
type Subscriber struct {
	m         *Miniredis
	messages  feed[PubsubMessage]
	pmessages feed[PubsubPmessage]

	mu       sync.Mutex
	conn     *direct.Conn  // nil: nothing was subscribed to yet
	answered chan struct{} // receives when a subscription has changed
	channels map[string]struct{}
	patterns map[string]struct{}
	stopped  bool
}

// NewSubscriber returns a subscriber, which is to be closed. What it has
// subscribed to is to be read from Messages and Pmessages. It receives nothing any
// more when the server is closed.
func (m *Miniredis) NewSubscriber() *Subscriber {
	s := &Subscriber{
		m: m, answered: make(chan struct{}), channels: make(map[string]struct{}), patterns: make(map[string]struct{}),
	}
	s.messages.open()
	s.pmessages.open()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subscribers[s] = struct{}{}
	return s
}

// Close ends all subscriptions and closes the channels of messages.
func (s *Subscriber) Close() {
	s.stop()
	s.m.mu.Lock()
	delete(s.m.subscribers, s)
	s.m.mu.Unlock()
	close(s.messages.out)
	close(s.pmessages.out)
}

// stop ends the connection, and waits until nobody sends to the channels.
func (s *Subscriber) stop() {
	s.mu.Lock()
	s.stopped = true
	if s.conn != nil {
		s.conn.Close()
	}
	s.mu.Unlock()
	s.messages.stop()
	s.pmessages.stop()
}

// change sends SUBSCRIBE or the like, and returns the count of subscriptions
// when that has happened.
func (s *Subscriber) change(set map[string]struct{}, command, name string, add bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := set[name]; there == add || s.stopped {
		return s.count()
	}
	if s.conn == nil {
		conn, err := s.m.behind.Attach()
		if err != nil {
			return s.count()
		}
		conn.Own = true
		s.conn = conn
		go s.receive(conn)
	}
	if s.conn.Send(command, name) == nil {
		<-s.answered
	}
	if add {
		set[name] = struct{}{}
	} else {
		delete(set, name)
	}
	return s.count()
}

func (s *Subscriber) receive(conn *direct.Conn) {
	defer close(s.answered)
	for {
		raw, err := conn.Read()
		if err != nil {
			return
		}
		switch m := texts(raw); m[0] {
		case "message":
			s.messages.put(PubsubMessage{m[1], m[2]})
		case "pmessage":
			s.pmessages.put(PubsubPmessage{m[1], m[2], m[3]})
		default:
			s.answered <- struct{}{}
		}
	}
}

// texts returns the texts of a message: its kind first.
func texts(raw string) []string {
	reply, err := server.ParseReply(bufio.NewReader(strings.NewReader(raw)))
	list, _ := reply.([]interface{})
	if err != nil || len(list) == 0 {
		return []string{""}
	}
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i], _ = x.(string)
	}
	return texts
}

// Subscribe subscribes to a channel and returns how many subscriptions there are.
func (s *Subscriber) Subscribe(c string) int { return s.change(s.channels, "SUBSCRIBE", c, true) }

// Unsubscribe is the reverse of Subscribe.
func (s *Subscriber) Unsubscribe(c string) int {
	return s.change(s.channels, "UNSUBSCRIBE", c, false)
}

// Psubscribe subscribes to a pattern and returns how many subscriptions there are.
func (s *Subscriber) Psubscribe(pat string) int {
	return s.change(s.patterns, "PSUBSCRIBE", pat, true)
}

// Punsubscribe is the reverse of Psubscribe.
func (s *Subscriber) Punsubscribe(pat string) int {
	return s.change(s.patterns, "PUNSUBSCRIBE", pat, false)
}

// Count returns how many subscriptions there are.
func (s *Subscriber) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count()
}

func (s *Subscriber) count() int { return len(s.channels) + len(s.patterns) }

// Channels returns the channels that were subscribed to, sorted.
func (s *Subscriber) Channels() []string { return s.names(s.channels) }

// Patterns returns the patterns that were subscribed to, sorted.
func (s *Subscriber) Patterns() []string { return s.names(s.patterns) }

func (s *Subscriber) names(set map[string]struct{}) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Publish sends a message to this subscriber alone, if it has subscribed to the
// channel or a pattern of it. It returns how often.
func (s *Subscriber) Publish(c, msg string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	if _, ok := s.channels[c]; ok {
		s.messages.put(PubsubMessage{c, msg})
		n++
	}
	for pattern := range s.patterns {
		if match(pattern, c) {
			s.pmessages.put(PubsubPmessage{pattern, c, msg})
			n++
		}
	}
	return n
}

// Messages returns the messages of channels.
func (s *Subscriber) Messages() <-chan PubsubMessage { return s.messages.out }

// Pmessages returns the messages of patterns.
func (s *Subscriber) Pmessages() <-chan PubsubPmessage { return s.pmessages.out }

// feed sends to a channel what was put into it, in a goroutine that runs while
// there is something.
type feed[T any] struct {
	out  chan T
	over chan struct{}

	mu      sync.Mutex
	list    []T
	stopped bool
	sender  sync.WaitGroup
}

func (f *feed[T]) open() { f.out, f.over = make(chan T), make(chan struct{}) }

func (f *feed[T]) put(x T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return
	}
	f.list = append(f.list, x)
	if len(f.list) == 1 {
		f.sender.Go(f.send)
	}
}

func (f *feed[T]) send() {
	for {
		f.mu.Lock()
		x := f.list[0]
		f.mu.Unlock()
		select {
		case f.out <- x:
		case <-f.over:
			return
		}
		f.mu.Lock()
		f.list = f.list[1:]
		empty := len(f.list) == 0
		f.mu.Unlock()
		if empty {
			return
		}
	}
}

// stop waits until nothing is sent any more.
func (f *feed[T]) stop() {
	f.mu.Lock()
	if !f.stopped {
		f.stopped = true
		close(f.over)
	}
	f.mu.Unlock()
	f.sender.Wait()
}
