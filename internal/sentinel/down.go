package sentinel

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

// checkSubjectively decides whether an instance is down as this sentinel sees it.
func (s *Sentinel) checkSubjectively(i *Instance) {
	l, now := i.link, s.now()
	var silent int64
	switch {
	case l.pingSince != 0:
		silent = now - l.pingSince
	case l.disconnected:
		silent = now - l.lastGood
	}
	// A connection that seems to be open and on which nothing comes is made anew.
	if c := l.commands; c != nil && now-c.since > s.times.reconnectPeriod &&
		l.pingSince != 0 && now-l.pingSince > i.downAfter/2 && now-l.lastAnswer > i.downAfter/2 {
		s.closeConn(l, c)
	}
	if c := l.messages; c != nil && now-c.since > s.times.reconnectPeriod && now-l.lastMessage > s.times.publish*3 {
		s.closeConn(l, c)
	}
	down := silent > i.downAfter ||
		i.Is(Master) && i.role == Replica && now-i.roleSince > i.downAfter+s.times.info*2 ||
		i.Is(masterReboot) && now-i.rebootSince > i.rebootDownAfter
	switch {
	case down && !i.Is(SDown):
		s.event(slog.LevelWarn, "+sdown", i, "")
		i.sdownSince = now
		i.flags |= SDown
	case !down && i.Is(SDown):
		s.event(slog.LevelWarn, "-sdown", i, "")
		i.flags &^= SDown | scriptKillSent
	}
}

// checkObjectively decides whether as many sentinels as the quorum asks for find a
// master down.
func (s *Sentinel) checkObjectively(m *Instance) {
	agree := 0
	if m.Is(SDown) {
		agree = 1
		for _, o := range m.sentinels {
			if o.Is(masterDown) {
				agree++
			}
		}
	}
	switch down := agree > 0 && agree >= m.quorum; {
	case down && !m.Is(ODown):
		s.event(slog.LevelWarn, "+odown", m, " #quorum %d/%d", agree, m.quorum)
		m.flags |= ODown
		m.odownSince = s.now()
	case !down && m.Is(ODown):
		s.event(slog.LevelWarn, "-odown", m, "")
		m.flags &^= ODown
	}
}

// askOthers asks the other sentinels whether they find a master down, which is
// down for this one, and, in a failover, for their votes.
func (s *Sentinel) askOthers(m *Instance, now bool) {
	for _, o := range m.sentinels {
		since := s.now() - o.lastMasterAnswer
		if since > s.times.ask*5 {
			o.flags &^= masterDown
			o.leader = ""
		}
		if !m.Is(SDown) || o.link.disconnected || !now && since < s.times.ask {
			continue
		}
		candidate := "*"
		if m.state != idle {
			candidate = s.id
		}
		s.send(o.link.commands, o, s.masterIsDown, "SENTINEL", "is-master-down-by-addr",
			s.shown(m.addr), strconv.Itoa(m.addr.port), strconv.FormatUint(s.currentEpoch, 10), candidate)
	}
}

// masterIsDown takes what another sentinel answers.
func (s *Sentinel) masterIsDown(o *Instance, r resp.Reply) {
	if r.Kind != resp.Array || len(r.Elems) != 3 || r.Elems[0].Kind != resp.Integer || r.Elems[1].Kind != resp.Bulk || r.Elems[2].Kind != resp.Integer {
		return
	}
	o.lastMasterAnswer = s.now()
	o.flags &^= masterDown
	if r.Elems[0].Integer == 1 {
		o.flags |= masterDown
	}
	if leader, epoch := r.Elems[1].Str, uint64(r.Elems[2].Integer); leader != "*" {
		if o.leaderEpoch != epoch {
			s.log.Info(fmt.Sprintf("%s voted for %s %d", o.Name, leader, epoch))
		}
		o.leader, o.leaderEpoch = leader, epoch
	}
}

// A Vote is what another sentinel is answered that asks about a master.
type Vote struct {
	Down   bool
	Leader string // "" if none was asked for, or none chosen
	Epoch  uint64
}

// MasterDown answers a sentinel that asks whether the master with an address is
// down, and for a vote unless its id is "*".
func (s *Sentinel) MasterDown(host string, port int, epoch uint64, id string) (v Vote) {
	at, err := s.newAddr(host, port, true)
	if err != nil {
		return v
	}
	m := s.masters.find("", &at)
	if m == nil {
		return v
	}
	v.Down = !s.tilt && m.Is(SDown)
	if id != "*" {
		v.Leader, v.Epoch = s.vote(m, epoch, id)
	}
	return v
}

// vote gives the vote of this sentinel for an epoch to a candidate, unless it has
// voted already, and returns whom it has voted for.
func (s *Sentinel) vote(m *Instance, epoch uint64, candidate string) (leader string, at uint64) {
	if epoch > s.currentEpoch {
		s.currentEpoch = epoch
		s.save()
		s.newEpoch(m)
	}
	if m.leaderEpoch < epoch && s.currentEpoch <= epoch {
		m.leader, m.leaderEpoch = candidate, s.currentEpoch
		s.save()
		s.eventText(slog.LevelWarn, "+vote-for-leader", m, fmt.Sprintf("%s %d", m.leader, m.leaderEpoch))
		if !strings.EqualFold(m.leader, s.id) {
			m.failoverStart = s.now() + int64(s.host.IntN(maxDesync)) // it gives the other one time
		}
	}
	return m.leader, m.leaderEpoch
}

// leader returns whom most sentinels, and as many as the quorum asks for, have
// voted for in an epoch; "" is nobody.
func (s *Sentinel) leader(m *Instance, epoch uint64) string {
	votes := map[string]int{}
	winner := ""
	count := func(id string) {
		if votes[id]++; winner == "" || votes[id] > votes[winner] {
			winner = id
		}
	}
	for _, o := range m.sentinels {
		if o.leader != "" && o.leaderEpoch == s.currentEpoch {
			count(o.leader)
		}
	}
	candidate := s.id
	if winner != "" {
		candidate = winner
	}
	if mine, at := s.vote(m, epoch, candidate); mine != "" && at == epoch {
		count(mine)
	}
	if n := votes[winner]; n < (len(m.sentinels)+1)/2+1 || n < m.quorum {
		return ""
	}
	return winner
}
