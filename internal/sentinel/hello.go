package sentinel

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/resp"
)

// sendHello says who this sentinel is, and what it knows of a master, to whom
// subscribes at an instance, or to a sentinel.
func (s *Sentinel) sendHello(i *Instance) {
	c := i.link.commands
	ip, port := s.settings.announceIP, s.settings.announcePort
	if ip == "" {
		if c.wire != nil {
			ip = c.wire.LocalIP()
		}
		if ip == "" {
			return
		}
	}
	if port == 0 {
		port = s.host.Port()
	}
	m := i.owner()
	at := m.current()
	s.send(c, i, s.published, "PUBLISH", HelloChannel, fmt.Sprintf("%s,%d,%s,%d,%s,%s,%d,%d",
		ip, port, s.id, s.currentEpoch, m.Name, s.shown(at), at.port, m.configEpoch))
}

func (s *Sentinel) published(i *Instance, r resp.Reply) {
	if r.Kind != resp.ErrorReply {
		i.lastPublished = s.now()
	}
}

// helloSoon has hello be said as soon as possible to all that belong to a master.
func (s *Sentinel) helloSoon(m *Instance) {
	for _, list := range []instances{{m}, m.sentinels, m.replicas} {
		for _, i := range list {
			i.lastPublished -= s.times.publish + 1
		}
	}
}

// receiveHello takes a message that was published at an instance.
func (s *Sentinel) receiveHello(l *link, r resp.Reply) {
	l.lastMessage = s.now()
	if (r.Kind == resp.Array || r.Kind == resp.Push) && len(r.Elems) == 3 && r.Elems[0].Str == "message" && !strings.Contains(r.Elems[2].Str, s.id) {
		s.Hello(r.Elems[2].Str)
	}
}

// Hello takes what another sentinel says of itself and of a master.
func (s *Sentinel) Hello(text string) {
	words := strings.Split(text, ",")
	if len(words) != 8 {
		return
	}
	ip, port, id, epoch := words[0], atoi(words[1]), words[2], atou(words[3])
	m, host, masterPort, configEpoch := s.masters.named(words[4]), words[5], atoi(words[6]), atou(words[7])
	if m == nil {
		return
	}
	from := s.meet(m, id, ip, port)
	if epoch > s.currentEpoch {
		s.currentEpoch = epoch
		s.save()
		s.newEpoch(m)
	}
	if from != nil && m.configEpoch < configEpoch {
		m.configEpoch = configEpoch
		if masterPort != m.addr.port || !s.isHost(m.addr, host) {
			s.event(slog.LevelWarn, "+config-update-from", from, "")
			s.eventText(slog.LevelWarn, "+switch-master", m, fmt.Sprintf("%s %s %d %s %d", m.Name, s.shown(m.addr), m.addr.port, host, masterPort))
			before := m.addr
			s.switchAddress(m, host, masterPort)
			s.callReconfigure(m, false, before, m.addr)
		}
	}
	if from != nil {
		from.lastHello = s.now()
	}
}

func (s *Sentinel) newEpoch(m *Instance) {
	s.eventText(slog.LevelWarn, "+new-epoch", m, strconv.FormatUint(s.currentEpoch, 10))
}

// meet returns the sentinel that says hello, which may be new or have moved.
func (s *Sentinel) meet(m *Instance, id, ip string, port int) *Instance {
	at, err := s.newAddr(ip, port, true)
	if err == nil {
		if known := m.sentinels.find(id, &at); known != nil {
			return known
		}
	}
	moved := s.removeSentinel(m, id)
	if moved {
		s.event(slog.LevelInfo, "+sentinel-address-switch", m, " ip %s port %d for %s", ip, port, id)
	} else if err == nil {
		if other := m.sentinels.find("", &at); other != nil {
			s.event(slog.LevelInfo, "+sentinel-invalid-addr", other, "")
			for _, each := range s.masters {
				s.removeSentinel(each, other.runID)
			}
		}
	}
	o, err := s.addSentinel(m, id, ip, port)
	if err != nil {
		return nil
	}
	if !moved {
		s.event(slog.LevelInfo, "+sentinel", o, "")
	} else {
		s.spreadAddress(o)
	}
	s.save()
	return o
}

// spreadAddress has a sentinel that has moved be found for all masters.
func (s *Sentinel) spreadAddress(o *Instance) {
	others := 0
	for _, m := range s.masters {
		same := m.sentinels.find(o.runID, nil)
		if same == nil {
			continue
		}
		s.closeConn(same.link, same.link.commands)
		if same != o {
			same.addr = o.addr
			others++
		}
	}
	if others > 0 {
		s.event(slog.LevelInfo, "+sentinel-address-update", o, " %d additional matching instances", others)
	}
}

// hasPrefix reports whether a text begins with one of some words.
func hasPrefix(text string, words ...string) bool {
	for _, w := range words {
		if strings.HasPrefix(text, w) {
			return true
		}
	}
	return false
}

// atoi reads the number that a text begins with, 0 if there is none.
func atoi(text string) int {
	end := 0
	if strings.HasPrefix(text, "-") {
		end = 1
	}
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(text[:end])
	return n
}

// atou is atoi for large numbers that are not negative.
func atou(text string) uint64 {
	end := 0
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseUint(text[:end], 10, 64)
	return n
}
