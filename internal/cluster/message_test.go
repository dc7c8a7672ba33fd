package cluster

import (
	"bytes"
	"log/slog"
	"testing"
)

func FuzzMessage(f *testing.F) {
	for k := range kinds {
		m := message{kind: k, sender: "a", slots: new(Bitmap), claimed: new(Bitmap), about: "b", channel: []byte("c"), text: []byte("d")}
		if k <= kindMeet {
			m.gossip = []gossip{{id: "x", ip: "127.0.0.1", port: 1, busPort: 2, flags: Master}}
			m.extensions = []extension{{extHostname, []byte("host\x00")}, {extForgotten, make([]byte, idLen+8)}}
		}
		f.Add(m.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(m.encode())
		if err != nil {
			t.Fatalf("what was decoded is no message when it is encoded again: %v", err)
		}
		if !bytes.Equal(again.encode(), m.encode()) {
			t.Error("it is another message then")
		}
	})
}

// FuzzReceive: no message harms a node.
func FuzzReceive(f *testing.F) {
	s := simulate(f, 4)
	s.form(3)
	text := s.nodes[0].Text()
	for k := range kinds {
		m := message{kind: k, slots: new(Bitmap), claimed: new(Bitmap), about: s.nodes[1].Me.ID, master: s.nodes[0].Me.ID, currentEpoch: 99}
		f.Add(m.encode(), int(k)%4)
	}
	f.Fuzz(func(t *testing.T, b []byte, from int) {
		if len(b) < headerLen {
			return
		}
		be.PutUint32(b[atLength:], uint32(len(b)))
		if from >= 0 && from < 4 {
			copy(b[atSender:], s.nodes[from].Me.ID)
		}
		n := &simulated{s: s, keys: map[int]int{}, settings: s.nodes[0].settings}
		n.Cluster, _ = Load(side{n}, slog.New(slog.DiscardHandler), text)
		l := n.Accept(&wire{from: n, to: n, gone: true})
		n.Receive(l, b)
		n.Tick()
		if _, err := Load(side{n}, slog.New(slog.DiscardHandler), n.Text()); err != nil {
			t.Errorf("the file can't be read after it: %v\n%s", err, n.Text())
		}
	})
}

// TestFormat: the offsets are those of the format.
func TestFormat(t *testing.T) {
	if gossipLen != 104 || atMaster+idLen != atIP || atIP+ipLen != atExtensions || atMarks+3 != headerLen {
		t.Errorf("gossip of %d bytes", gossipLen)
	}
}
