package sentinel

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// state is how far a failover is.
type state uint8

const (
	idle           state = iota
	waitStart            // for the votes
	selectReplica        // which is to be the master
	sendNoOne            // REPLICAOF NO ONE to the selected one
	waitPromotion        // until it says that it is a master
	reconfReplicas       // the others are told of the new master
	updateConfig         // the new master takes the place of the old one
)

func (s state) String() string {
	return [...]string{"none", "wait_start", "select_slave", "send_slaveof_noone", "wait_promotion", "reconf_slaves", "update_config"}[s]
}

// Failover promotes a replica of a master that works, and asks no other sentinel.
// It reports whether there is one that is fit for it.
func (s *Sentinel) Failover(m *Instance) bool {
	if s.selectReplica(m) == nil {
		return false
	}
	s.log.Info(fmt.Sprintf("Executing user requested FAILOVER of '%s'", m.Name))
	s.startFailover(m)
	m.flags |= forceFailover
	return true
}

func (s *Sentinel) startFailover(m *Instance) {
	now := s.now()
	m.flags |= failoverInProgress
	s.currentEpoch++
	m.failoverEpoch = s.currentEpoch
	s.newEpoch(m)
	s.event(slog.LevelWarn, "+try-failover", m, "")
	m.failoverStart = now + int64(s.host.IntN(maxDesync))
	m.state, m.stateSince = waitStart, now
}

// startFailoverIfNeeded begins a failover of a master that is down, unless one was
// tried a short time ago.
func (s *Sentinel) startFailoverIfNeeded(m *Instance) bool {
	if !m.Is(ODown) || m.Is(failoverInProgress) {
		return false
	}
	if next := m.failoverStart + m.failoverTimeout*2; s.now() < next {
		if m.delayLogged != m.failoverStart {
			m.delayLogged = m.failoverStart
			s.log.Info("Next failover delay: I will not start a failover before " + time.UnixMilli(next).Format(time.ANSIC))
		}
		return false
	}
	s.startFailover(m)
	return true
}

// selectReplica returns the replica that is to be the master: of those that can be
// reached and have heard of the master lately the one with the least priority,
// then the one with most data. It is nil if there is none.
func (s *Sentinel) selectReplica(m *Instance) (best *Instance) {
	now := s.now()
	mostLinkDown := m.downAfter * 10
	infoValid := s.times.info * 3
	if m.Is(SDown) {
		mostLinkDown += now - m.sdownSince
		infoValid = s.times.ping * 5
	}
	for _, r := range m.replicas {
		fit := !r.Is(SDown|ODown) && !r.link.disconnected && now-r.link.lastGood <= s.times.ping*5 &&
			r.priority != 0 && now-r.infoAt <= infoValid && r.linkDown <= mostLinkDown
		if fit && (best == nil || r.isBetter(best)) {
			best = r
		}
	}
	return best
}

func (i *Instance) isBetter(other *Instance) bool {
	switch {
	case i.priority != other.priority:
		return i.priority < other.priority
	case i.offset != other.offset:
		return i.offset > other.offset
	case i.runID == "" || other.runID == "":
		return i.runID != ""
	}
	return strings.ToLower(i.runID) < strings.ToLower(other.runID)
}

// stepFailover does what is due in the failover of a master.
func (s *Sentinel) stepFailover(m *Instance) {
	if !m.Is(failoverInProgress) {
		return
	}
	switch m.state {
	case waitStart:
		s.awaitVotes(m)
	case selectReplica:
		s.chooseReplica(m)
	case sendNoOne:
		s.promote(m)
	case waitPromotion:
		if s.now()-m.stateSince > m.failoverTimeout {
			s.abort(m, "-failover-abort-slave-timeout")
		}
	case reconfReplicas:
		s.reconfigureNext(m)
	}
}

func (s *Sentinel) enter(m *Instance, next state) { m.state, m.stateSince = next, s.now() }

func (s *Sentinel) abort(m *Instance, why string) {
	s.event(slog.LevelWarn, why, m, "")
	m.flags &^= failoverInProgress | forceFailover
	s.enter(m, idle)
	if m.promoted != nil {
		m.promoted.flags &^= promoted
		m.promoted = nil
	}
}

func (s *Sentinel) awaitVotes(m *Instance) {
	if !strings.EqualFold(s.leader(m, m.failoverEpoch), s.id) && !m.Is(forceFailover) {
		if s.now()-m.failoverStart > min(s.times.election, m.failoverTimeout) {
			s.abort(m, "-failover-abort-not-elected")
		}
		return
	}
	s.event(slog.LevelWarn, "+elected-leader", m, "")
	if s.failing&CrashAfterElection != 0 {
		s.crash()
		return
	}
	s.enter(m, selectReplica)
	s.event(slog.LevelWarn, "+failover-state-select-slave", m, "")
}

func (s *Sentinel) chooseReplica(m *Instance) {
	r := s.selectReplica(m)
	if r == nil {
		s.abort(m, "-failover-abort-no-good-slave")
		return
	}
	s.event(slog.LevelWarn, "+selected-slave", r, "")
	r.flags |= promoted
	m.promoted = r
	s.enter(m, sendNoOne)
	s.event(slog.LevelInfo, "+failover-state-send-slaveof-noone", r, "")
}

func (s *Sentinel) promote(m *Instance) {
	if m.promoted.link.disconnected {
		if s.now()-m.stateSince > m.failoverTimeout {
			s.abort(m, "-failover-abort-slave-timeout")
		}
		return
	}
	if s.sendReplicaOf(m.promoted, nil) {
		s.event(slog.LevelInfo, "+failover-state-wait-promotion", m.promoted, "")
		s.enter(m, waitPromotion)
	}
}

// promotionDone takes the word of the promoted replica that it is a master. From
// now on the other sentinels hear of a newer configuration.
func (s *Sentinel) promotionDone(r *Instance) {
	m := r.master
	m.configEpoch = m.failoverEpoch
	s.enter(m, reconfReplicas)
	s.save()
	s.event(slog.LevelWarn, "+promoted-slave", r, "")
	if s.failing&CrashAfterPromotion != 0 {
		s.crash()
		return
	}
	s.event(slog.LevelWarn, "+failover-state-reconf-slaves", m, "")
	s.callReconfigure(m, true, m.addr, r.addr)
	s.helloSoon(m)
}

// reconfigureNext tells so many replicas of the new master that no more than
// parallel-syncs are without data at the same time.
func (s *Sentinel) reconfigureNext(m *Instance) {
	busy := 0
	for _, r := range m.replicas {
		if r.Is(reconfSent | reconfInProgress) {
			busy++
		}
	}
	for _, r := range m.replicas {
		if busy >= m.syncs {
			break
		}
		if r.Is(promoted | reconfDone) {
			continue
		}
		if r.Is(reconfSent) && s.now()-r.reconfAt > s.times.reconfTimeout {
			s.event(slog.LevelInfo, "-slave-reconf-sent-timeout", r, "")
			r.flags = r.flags&^reconfSent | reconfDone
		}
		if r.Is(reconfSent|reconfInProgress) || r.link.disconnected {
			continue
		}
		if s.sendReplicaOf(r, &m.promoted.addr) {
			r.flags |= reconfSent
			r.reconfAt = s.now()
			s.event(slog.LevelInfo, "+slave-reconf-sent", r, "")
			busy++
		}
	}
	s.endIfDone(m)
}

// endIfDone ends a failover once all replicas that can be reached follow the new
// master, or when that takes too long.
func (s *Sentinel) endIfDone(m *Instance) {
	if m.promoted == nil || m.promoted.Is(SDown) {
		return
	}
	left := 0
	for _, r := range m.replicas {
		if !r.Is(promoted | reconfDone | SDown) {
			left++
		}
	}
	late := s.now()-m.stateSince > m.failoverTimeout
	if late {
		s.event(slog.LevelWarn, "+failover-end-for-timeout", m, "")
	}
	if left == 0 || late {
		s.event(slog.LevelWarn, "+failover-end", m, "")
		s.enter(m, updateConfig)
	}
	if !late {
		return
	}
	for _, r := range m.replicas {
		if r.Is(promoted|reconfDone|reconfSent) || r.link.disconnected {
			continue
		}
		if s.sendReplicaOf(r, &m.promoted.addr) {
			s.event(slog.LevelInfo, "+slave-reconf-sent-be", r, "")
			r.flags |= reconfSent
		}
	}
}

// switchToPromoted ends a failover: the promoted replica is the master.
func (s *Sentinel) switchToPromoted(m *Instance) {
	to := m.addr
	if m.promoted != nil {
		to = m.promoted.addr
	}
	s.eventText(slog.LevelWarn, "+switch-master", m, fmt.Sprintf("%s %s %d %s %d", m.Name, s.shown(m.addr), m.addr.port, s.shown(to), to.port))
	s.switchAddress(m, to.host, to.port)
}

// sendReplicaOf has an instance follow a master, or, if that is nil, be one. It
// writes its settings, and closes the connections of clients: they come again and
// ask who the master is.
func (s *Sentinel) sendReplicaOf(i *Instance, master *addr) bool {
	host, port := "NO", "ONE"
	if master != nil {
		host, port = s.shown(*master), strconv.Itoa(master.port)
	}
	c := i.link.commands
	return s.send(c, i, nil, "MULTI") &&
		s.send(c, i, nil, "SLAVEOF", host, port) &&
		s.send(c, i, nil, "CONFIG", "REWRITE") &&
		s.send(c, i, nil, "CLIENT", "KILL", "TYPE", "normal") &&
		s.send(c, i, nil, "CLIENT", "KILL", "TYPE", "pubsub") &&
		s.send(c, i, nil, "EXEC")
}
