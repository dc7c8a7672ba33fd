package sentinel

import (
	"log/slog"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

// informed takes the answer of INFO.
func (s *Sentinel) informed(i *Instance, r resp.Reply) {
	if r.Kind == resp.Bulk || r.Kind == resp.Verbatim {
		s.readInfo(i, r.Str)
	}
}

const runIDLen = 40

// readInfo takes over what INFO says, and acts upon it.
func (s *Sentinel) readInfo(i *Instance, text string) {
	i.info, i.linkDown = text, 0
	var role Flag
	for line := range strings.SplitSeq(text, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch {
		case name == "run_id" && len(value) >= runIDLen:
			s.readRunID(i, value[:runIDLen])
		case i.Is(Master) && len(name) > 5 && name[:5] == "slave" && '0' <= name[5] && name[5] <= '9':
			s.readReplica(i, value)
		case name == "master_link_down_since_seconds":
			i.linkDown = int64(atoi(value)) * 1000
		case name == "role" && strings.HasPrefix(value, "master"):
			role = Master
		case name == "role" && strings.HasPrefix(value, "slave"):
			role = Replica
		case role == Replica:
			s.readReplicaField(i, name, value)
		}
	}
	i.infoAt = s.now()
	if role != i.role {
		s.noteRole(i, role)
	}
	if s.tilt {
		return
	}
	switch {
	case i.Is(Replica) && role == Master:
		s.replicaLeads(i)
	case i.Is(Replica) && role == Replica:
		s.replicaFollows(i)
	}
}

func (s *Sentinel) readRunID(i *Instance, id string) {
	if i.runID != "" && i.runID != id {
		s.event(slog.LevelInfo, "+reboot", i, "")
		if i.Is(Master) && i.rebootDownAfter != 0 {
			i.flags |= masterReboot
			i.rebootSince = s.now()
		}
	}
	i.runID = id
}

// readReplica takes a line of a master about one of its replicas.
func (s *Sentinel) readReplica(m *Instance, value string) {
	var host string
	var port int
	for word := range strings.SplitSeq(value, ",") {
		switch name, v, _ := strings.Cut(word, "="); name {
		case "ip":
			host = v
		case "port":
			port = atoi(v)
		}
	}
	if at, err := s.newAddr(host, port, false); host == "" || err == nil && m.replicas.named(s.shownAddr(at)) != nil {
		return
	}
	if r, err := s.addReplica(m, host, port); err == nil {
		s.event(slog.LevelInfo, "+slave", r, "")
		s.save()
	}
}

func (s *Sentinel) readReplicaField(i *Instance, name, value string) {
	switch name {
	case "master_host":
		if !strings.EqualFold(value, i.masterHost) {
			i.masterHost, i.masterChange = value, s.now()
		}
	case "master_port":
		if port := atoi(value); port != i.masterPort {
			i.masterPort, i.masterChange = port, s.now()
		}
	case "master_link_status":
		i.masterUp = strings.EqualFold(value, "up")
	case "slave_priority":
		i.priority = atoi(value)
	case "slave_repl_offset":
		i.offset = atou(value)
	case "replica_announced":
		i.announced = atoi(value) != 0
	}
}

func (s *Sentinel) noteRole(i *Instance, role Flag) {
	now := s.now()
	i.role, i.roleSince = role, now
	event, word := "-role-change", "slave"
	if i.Is(role) {
		event = "+role-change"
	}
	if role == Master {
		word = "master"
	} else {
		i.masterChange = now
	}
	s.event(levelVerbose, event, i, " new reported role is %s", word)
}

// looksSane reports whether a master works as one, as far as is known.
func (s *Sentinel) looksSane(m *Instance) bool {
	return m.role == Master && !m.Is(SDown|ODown) && s.now()-m.infoAt < s.times.info*2
}

// replicaLeads is for a replica that says that it is a master: one that this
// sentinel has promoted, or one that has to be told what it is.
func (s *Sentinel) replicaLeads(r *Instance) {
	m, now := r.master, s.now()
	if r.Is(promoted) {
		if m.Is(failoverInProgress) && m.state == waitPromotion {
			s.promotionDone(r)
		}
		return
	}
	// The leader of a failover may be about to say so.
	if wait := s.times.publish * 4; s.looksSane(m) && r.notDownFor(now, wait) && now-r.roleSince > wait {
		if s.sendReplicaOf(r, &m.addr) {
			s.event(slog.LevelInfo, "+convert-to-slave", r, "")
		}
	}
}

// replicaFollows is for a replica: it may follow a server that is not the master,
// or be on the way to its new one.
func (s *Sentinel) replicaFollows(r *Instance) {
	m, now := r.master, s.now()
	if r.masterPort != m.addr.port || !s.isHost(m.addr, r.masterHost) {
		if wait := m.failoverTimeout; s.looksSane(m) && r.notDownFor(now, wait) && now-r.masterChange > wait {
			if s.sendReplicaOf(r, &m.addr) {
				s.event(slog.LevelInfo, "+fix-slave-config", r, "")
			}
		}
	}
	if p := m.promoted; p != nil && r.Is(reconfSent) && r.masterPort == p.addr.port && s.isHost(p.addr, r.masterHost) {
		r.flags = r.flags&^reconfSent | reconfInProgress
		s.event(slog.LevelInfo, "+slave-reconf-inprog", r, "")
	}
	if r.Is(reconfInProgress) && r.masterUp {
		r.flags = r.flags&^reconfInProgress | reconfDone
		s.event(slog.LevelInfo, "+slave-reconf-done", r, "")
	}
}
