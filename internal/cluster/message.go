package cluster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// kind is the type of a message. The numbers are those of the bus.
type kind uint16

const (
	kindPing kind = iota
	kindPong
	kindMeet
	kindFail
	kindPublish
	kindAuthRequest // may I fail over?
	kindAuthAck
	kindUpdate // of what another node serves
	kindManualStart
	kindModule
	kindPublishShard
	kinds
)

var kindNames = [kinds]string{"ping", "pong", "meet", "fail", "publish", "auth-req", "auth-ack", "update", "mfstart", "module", "publishshard"}

// MessageName returns how CLUSTER INFO names messages of the kind i.
func MessageName(i int) string { return kindNames[i] }

// Sizes and offsets of a message, in bytes. Numbers are big-endian.
const (
	idLen        = 40
	ipLen        = 46
	protocol     = 1
	headerLen    = 2256
	gossipLen    = idLen + 4 + 4 + ipLen + 2 + 2 + 2 + 2 + 2
	updateLen    = 8 + idLen + Slots/8
	extensionLen = 8 // of its head

	atLength       = 4
	atVersion      = 8
	atPort         = 10
	atKind         = 12
	atCount        = 14
	atCurrentEpoch = 16
	atConfigEpoch  = 24
	atOffset       = 32
	atSender       = 40
	atSlots        = 80
	atMaster       = 2128
	atIP           = 2168
	atExtensions   = 2214
	atOtherPort    = 2246
	atBusPort      = 2248
	atFlags        = 2250
	atState        = 2252
	atMarks        = 2253
)

// FrameHead is how many bytes of a message say how long it is.
const FrameHead = 8

// MaxMessage is the most bytes that a message may have.
const MaxMessage = 512 << 20

// FrameLen returns the length of a message that begins with these FrameHead
// bytes. Something that is no message is an error.
func FrameLen(head []byte) (int, error) {
	n := binary.BigEndian.Uint32(head[atLength:])
	if string(head[:atLength]) != "RCmb" || n < headerLen || n > MaxMessage {
		return 0, errors.New("bad message length or signature")
	}
	return int(n), nil
}

// marks are flags of a message.
type marks byte

const (
	markPaused     marks = 1 << iota // the master holds back writes for a manual failover
	markForce                        // vote although the master works
	markExtensions                   // there are some
)

// Extensions of ping, pong and meet.
const (
	extHostname uint16 = iota
	extName
	extForgotten
	extShard
)

// message is a message of the bus. Which of the last fields it has depends on
// its kind.
type message struct {
	kind                      kind
	port, otherPort, busPort  int
	currentEpoch, configEpoch uint64
	offset                    int64
	sender                    string
	slots                     *Bitmap
	master                    string // of the sender; "" if it is one
	ip                        string // that the sender announces, or ""
	flags                     Flags
	down                      bool // the cluster, as the sender sees it
	marks                     marks

	gossip     []gossip
	extensions []extension
	about      string // FAIL, UPDATE
	channel    []byte // PUBLISH
	text       []byte
	epoch      uint64 // UPDATE
	claimed    *Bitmap
}

// gossip is what a node says of another. Times are in seconds.
type gossip struct {
	id                       string
	pingSent, pongReceived   uint32
	ip                       string
	port, busPort, otherPort int
	flags                    Flags
}

type extension struct {
	kind uint16
	data []byte
}

var be = binary.BigEndian

// encode returns the message as bytes.
func (m *message) encode() []byte {
	b := make([]byte, headerLen, headerLen+len(m.gossip)*gossipLen+128)
	copy(b, "RCmb")
	be.PutUint16(b[atVersion:], protocol)
	be.PutUint16(b[atPort:], uint16(m.port))
	be.PutUint16(b[atKind:], uint16(m.kind))
	be.PutUint16(b[atCount:], uint16(len(m.gossip)))
	be.PutUint64(b[atCurrentEpoch:], m.currentEpoch)
	be.PutUint64(b[atConfigEpoch:], m.configEpoch)
	be.PutUint64(b[atOffset:], uint64(m.offset))
	copy(b[atSender:][:idLen], m.sender)
	if m.slots != nil {
		copy(b[atSlots:], m.slots[:])
	}
	copy(b[atMaster:][:idLen], m.master)
	copy(b[atIP:][:ipLen-1], m.ip)
	be.PutUint16(b[atExtensions:], uint16(len(m.extensions)))
	be.PutUint16(b[atOtherPort:], uint16(m.otherPort))
	be.PutUint16(b[atBusPort:], uint16(m.busPort))
	be.PutUint16(b[atFlags:], uint16(m.flags))
	if m.down {
		b[atState] = 1
	}
	if len(m.extensions) > 0 {
		m.marks |= markExtensions
	}
	b[atMarks] = byte(m.marks)
	switch m.kind {
	case kindPing, kindPong, kindMeet:
		for _, g := range m.gossip {
			b = g.append(b)
		}
		for _, x := range m.extensions {
			b = be.AppendUint32(b, uint32(extensionLen+align(len(x.data))))
			b = be.AppendUint16(b, x.kind)
			b = append(b, 0, 0)
			b = append(b, x.data...)
			b = append(b, make([]byte, align(len(x.data))-len(x.data))...)
		}
	case kindFail:
		b = appendFixed(b, m.about, idLen)
	case kindPublish, kindPublishShard:
		b = be.AppendUint32(b, uint32(len(m.channel)))
		b = be.AppendUint32(b, uint32(len(m.text)))
		b = append(append(b, m.channel...), m.text...)
	case kindUpdate:
		b = be.AppendUint64(b, m.epoch)
		b = appendFixed(b, m.about, idLen)
		b = append(b, m.claimed[:]...)
	}
	be.PutUint32(b[atLength:], uint32(len(b)))
	return b
}

func align(n int) int { return (n + 7) &^ 7 }

func (g *gossip) append(b []byte) []byte {
	b = appendFixed(b, g.id, idLen)
	b = be.AppendUint32(b, g.pingSent)
	b = be.AppendUint32(b, g.pongReceived)
	b = appendFixed(b, g.ip, ipLen)
	for _, n := range [...]uint16{uint16(g.port), uint16(g.busPort), uint16(g.flags), uint16(g.otherPort), 0} {
		b = be.AppendUint16(b, n)
	}
	return b
}

func appendFixed(b []byte, s string, n int) []byte {
	s = s[:min(len(s), n)]
	return append(append(b, s...), make([]byte, n-len(s))...)
}

var errMessage = errors.New("invalid cluster message")

// decode takes a message apart. Nothing in the result refers to b.
func decode(b []byte) (*message, error) {
	if len(b) < headerLen || int(be.Uint32(b[atLength:])) != len(b) || be.Uint16(b[atVersion:]) != protocol {
		return nil, errMessage
	}
	m := &message{
		kind: kind(be.Uint16(b[atKind:])), marks: marks(b[atMarks]), down: b[atState] != 0,
		port: int(be.Uint16(b[atPort:])), otherPort: int(be.Uint16(b[atOtherPort:])), busPort: int(be.Uint16(b[atBusPort:])),
		currentEpoch: be.Uint64(b[atCurrentEpoch:]), configEpoch: be.Uint64(b[atConfigEpoch:]), offset: int64(be.Uint64(b[atOffset:])),
		sender: fixed(b[atSender:][:idLen]), master: fixed(b[atMaster:][:idLen]), ip: word(b[atIP:][:ipLen]),
		flags: Flags(be.Uint16(b[atFlags:])), slots: (*Bitmap)(bytes.Clone(b[atSlots:][:Slots/8])),
	}
	body := b[headerLen:]
	take := func(n int) []byte {
		if n < 0 || n > len(body) {
			return nil
		}
		head := body[:n]
		body = body[n:]
		return head
	}
	switch m.kind {
	case kindPing, kindPong, kindMeet:
		for range be.Uint16(b[atCount:]) {
			g := take(gossipLen)
			if g == nil {
				return nil, errMessage
			}
			m.gossip = append(m.gossip, gossipFrom(g))
		}
		if m.marks&markExtensions == 0 {
			break
		}
		for range be.Uint16(b[atExtensions:]) {
			head := take(extensionLen)
			if head == nil {
				return nil, errMessage
			}
			length := int(be.Uint32(head))
			data := take(length - extensionLen)
			if data == nil || length%8 != 0 {
				return nil, errMessage
			}
			m.extensions = append(m.extensions, extension{be.Uint16(head[4:]), bytes.Clone(data)})
		}
	case kindFail:
		about := take(idLen)
		if about == nil {
			return nil, errMessage
		}
		m.about = fixed(about)
	case kindPublish, kindPublishShard:
		lengths := take(8)
		if lengths == nil {
			return nil, errMessage
		}
		channel := take(int(be.Uint32(lengths)))
		text := take(int(be.Uint32(lengths[4:])))
		if channel == nil || text == nil {
			return nil, errMessage
		}
		m.channel, m.text = bytes.Clone(channel), bytes.Clone(text)
	case kindUpdate:
		u := take(updateLen)
		if u == nil {
			return nil, errMessage
		}
		m.epoch, m.about, m.claimed = be.Uint64(u), fixed(u[8:][:idLen]), (*Bitmap)(bytes.Clone(u[8+idLen:]))
	case kindAuthRequest, kindAuthAck, kindManualStart:
	default: // of modules, or newer than this
		body = nil
	}
	if len(body) != 0 {
		return nil, errMessage
	}
	return m, nil
}

func gossipFrom(b []byte) gossip {
	at := idLen + 8 + ipLen
	return gossip{
		id: fixed(b[:idLen]), pingSent: be.Uint32(b[idLen:]), pongReceived: be.Uint32(b[idLen+4:]), ip: word(b[idLen+8:][:ipLen]),
		port: int(be.Uint16(b[at:])), busPort: int(be.Uint16(b[at+2:])), flags: Flags(be.Uint16(b[at+4:])), otherPort: int(be.Uint16(b[at+6:])),
	}
}

// fixed returns the text of a field that is filled up with zeros.
func fixed(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// word is fixed for what stands in the nodes' file: it returns "" for what would
// not be a word there.
func word(b []byte) string {
	s := fixed(b)
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || c == ',' || c == '=' {
			return ""
		}
	}
	return s
}
