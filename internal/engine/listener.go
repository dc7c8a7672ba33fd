package engine

import "strconv"

// Listener is what listens on the sockets of one kind.
type Listener struct {
	Kind ListenerKind
	Bind []string // addresses or a path
	Port int      // 0: they have none
}

// ListenerKind is a kind of sockets, by its number in INFO.
type ListenerKind int

// The kinds of sockets.
const (
	ListenTCP ListenerKind = iota
	ListenUnix
	ListenTLS
)

// String returns the name of the kind.
func (k ListenerKind) String() string { return [...]string{"tcp", "unix", "tls"}[k] }

// String returns the listener as INFO shows it.
func (l *Listener) String() string {
	s := "name=" + l.Kind.String()
	for _, b := range l.Bind {
		s += ",bind=" + b
	}
	if l.Port != 0 {
		s += ",port=" + strconv.Itoa(l.Port)
	}
	return s
}

// Listeners returns the sockets that clients can come to.
func (e *Core) Listeners() []Listener {
	if e.listeners == nil {
		return nil
	}
	return e.listeners()
}
