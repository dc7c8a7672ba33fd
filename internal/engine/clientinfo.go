package engine

import (
	"strconv"

	"github.com/resp-server/resp-server/internal/pubsub"
)

// Age returns for how many seconds the client has been there.
func (s *Session) Age() int64 { return s.e.NowMilli()/1000 - s.Created/1000 }

// AppendInfo appends what CLIENT LIST says about a client, a line without its
// end.
func (s *Session) AppendInfo(b []byte) []byte {
	l := clientLine{b}
	multi, inMulti := s.InMulti()
	if !inMulti {
		multi = -1
	}
	u := s.Usage()
	events, chunks := "r", 0
	if u.Waiting > 0 {
		events, chunks = "rw", 1
	}
	cmd := "NULL"
	if s.LastCmd != nil {
		cmd = s.LastCmd.FullName
	}
	l.int("id=", int64(s.ID))
	l.text(" addr=", s.conn.Addr())
	l.text(" laddr=", s.conn.LocalAddr())
	l.int(" fd=", int64(s.conn.FD()))
	l.text(" name=", s.Name)
	l.int(" age=", s.Age())
	l.int(" idle=", s.e.NowMilli()/1000-s.LastUsed/1000)
	l.text(" flags=", s.Flags())
	l.int(" db=", int64(s.db))
	l.int(" sub=", int64(s.SubscriptionCount(pubsub.Channel)))
	l.int(" psub=", int64(s.SubscriptionCount(pubsub.Pattern)))
	l.int(" ssub=", int64(s.SubscriptionCount(pubsub.Shard)))
	l.int(" multi=", int64(multi))
	l.int(" watch=", int64(s.WatchCount()))
	l.int(" qbuf=", int64(u.Query))
	l.int(" qbuf-free=", int64(u.QueryFree))
	l.int(" argv-mem=", int64(u.Args))
	l.int(" multi-mem=", int64(u.Multi))
	l.int(" rbs=", int64(u.ReplySize))
	l.int(" rbp=", int64(u.Reply))
	l.int(" obl=", int64(u.Reply))
	l.int(" oll=", int64(chunks))
	l.int(" omem=", int64(u.Output))
	l.int(" tot-mem=", int64(u.Total))
	l.text(" events=", events)
	l.text(" cmd=", cmd)
	l.text(" user=", s.user.Name)
	l.int(" redir=", s.Redirection())
	l.int(" resp=", int64(s.Proto()))
	l.text(" lib-name=", s.LibName)
	l.text(" lib-ver=", s.LibVer)
	return l.b
}

type clientLine struct{ b []byte }

func (l *clientLine) text(field, v string) { l.b = append(append(l.b, field...), v...) }

func (l *clientLine) int(field string, n int64) {
	l.b = strconv.AppendInt(append(l.b, field...), n, 10)
}
