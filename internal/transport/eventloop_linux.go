package transport

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/resp-server/resp-server/internal/clock"
)

// EventLoop is the Server for plain TCP and Unix sockets on Linux: a few
// threads wait for many sockets with epoll(7). A connection costs no goroutine
// and no stack, and a request no switch between goroutines. System calls that
// can't block are made without telling the Go scheduler.
type EventLoop struct {
	New NewSession
	// Keepalive returns the TCP keep-alive period for a new connection, 0 for
	// none. Nil means none.
	Keepalive func() time.Duration
	// Loops is the number of threads; 0 means DefaultLoops.
	Loops int

	mu        sync.Mutex
	loops     []*loop
	listeners []net.Listener
	next      int
	done      sync.WaitGroup
}

// DefaultLoops is the number of threads that measured best: commands run one
// at a time anyway, and a second thread mostly makes both wait for the lock.
const DefaultLoops = 1

const (
	maxEvents   = 128
	maxAccepts  = 64                    // a storm of connections lets the others live
	acceptPause = 10 * time.Millisecond // when file descriptors run out
)

// NewEventLoop returns an EventLoop with its defaults, or nil on systems that
// have none.
func NewEventLoop(new NewSession, keepalive func() time.Duration) Server {
	return &EventLoop{New: new, Keepalive: keepalive}
}

// Serve implements Server.
func (e *EventLoop) Serve(l net.Listener) error {
	sc, ok := l.(syscall.Conn)
	if !ok {
		return errors.New("transport: not a socket")
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	if err := e.start(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.listeners = append(e.listeners, l)
	// The descriptor stays the net.Listener's, which closes it.
	if cerr := rc.Control(func(fd uintptr) { err = e.loops[0].listen(int(fd), l) }); cerr != nil {
		return cerr
	}
	return err
}

func (e *EventLoop) start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.loops != nil {
		return nil
	}
	n := e.Loops
	if n == 0 {
		n = DefaultLoops
	}
	for range n {
		l, err := newLoop(e)
		if err != nil {
			return err
		}
		e.loops = append(e.loops, l)
		e.done.Go(l.run)
	}
	return nil
}

// Close implements Server.
func (e *EventLoop) Close(waiting func(addrs []string)) {
	e.mu.Lock()
	for _, l := range e.listeners {
		l.Close()
	}
	loops := e.loops
	e.mu.Unlock()
	for _, l := range loops {
		l.shut()
	}
	await(&e.done, waiting, func() (addrs []string) {
		for _, l := range loops {
			addrs = append(addrs, l.addrs()...)
		}
		return addrs
	})
}

// pick returns the loop for the next connection.
func (e *EventLoop) pick() *loop {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next++
	return e.loops[e.next%len(e.loops)]
}

// loop is one thread with its epoll instance.
type loop struct {
	e      *EventLoop
	epfd   int
	wakefd int
	stop   atomic.Bool
	// asleep is set while the thread may be waiting in epoll_wait; whoever
	// clears it wakes it.
	asleep atomic.Bool

	mu    sync.Mutex
	woken []*sock         // sockets with something to write, or to close
	new   []*sock         // sockets that another loop accepted
	conns map[int32]*sock // by descriptor
	doors map[int32]net.Listener
	spare []*sock
}

func newLoop(e *EventLoop) (*loop, error) {
	epfd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	r, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		syscall.Close(epfd)
		return nil, errno
	}
	l := &loop{e: e, epfd: epfd, wakefd: int(r), conns: make(map[int32]*sock), doors: make(map[int32]net.Listener)}
	if err := l.watch(syscall.EPOLL_CTL_ADD, l.wakefd, syscall.EPOLLIN); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *loop) close() {
	syscall.Close(l.epfd)
	syscall.Close(l.wakefd)
}

func (l *loop) watch(op, fd int, events uint32) error {
	return syscall.EpollCtl(l.epfd, op, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)})
}

func (l *loop) listen(fd int, nl net.Listener) error {
	l.mu.Lock()
	l.doors[int32(fd)] = nl
	l.mu.Unlock()
	return l.watch(syscall.EPOLL_CTL_ADD, fd, syscall.EPOLLIN)
}

// signal makes the loop look at its lists.
func (l *loop) signal() {
	if l.asleep.CompareAndSwap(true, false) {
		one := [8]byte{1}
		syscall.Write(l.wakefd, one[:])
	}
}

func (l *loop) addrs() (addrs []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.conns {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// run is the thread.
func (l *loop) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer l.close()
	var events [maxEvents]syscall.EpollEvent
	for {
		n := l.wait(&events)
		for i := range n {
			l.handle(&events[i])
		}
		l.handleWoken()
		if l.stop.Load() && l.empty() {
			return
		}
	}
}

// shut makes the loop end when its connections are gone.
func (l *loop) shut() {
	l.mu.Lock()
	l.stop.Store(true)
	clear(l.doors)
	l.mu.Unlock()
	l.signal()
}

func (l *loop) empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)+len(l.new) == 0
}

// wait returns events, at once if there are some; a raw call finds out without
// giving the processor away.
func (l *loop) wait(events *[maxEvents]syscall.EpollEvent) int {
	p := uintptr(unsafe.Pointer(events))
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epfd), p, maxEvents, 0, 0, 0)
	if errno == 0 && n > 0 {
		return int(n)
	}
	l.asleep.Store(true)
	l.mu.Lock()
	busy := len(l.woken)+len(l.new) > 0 || l.stop.Load() && len(l.conns) == 0
	l.mu.Unlock()
	if busy {
		l.asleep.Store(false)
		return 0
	}
	n, _, errno = syscall.Syscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epfd), p, maxEvents, ^uintptr(0), 0, 0)
	l.asleep.Store(false)
	if errno != 0 {
		return 0
	}
	return int(n)
}

func (l *loop) handle(ev *syscall.EpollEvent) {
	if int(ev.Fd) == l.wakefd {
		var b [8]byte
		syscall.Read(l.wakefd, b[:])
		return
	}
	if s := l.conns[ev.Fd]; s != nil {
		s.ready(ev.Events)
		return
	}
	l.mu.Lock()
	door := l.doors[ev.Fd]
	l.mu.Unlock()
	if door != nil {
		l.accept(int(ev.Fd), door)
	}
}

func (l *loop) handleWoken() {
	l.mu.Lock()
	if len(l.woken)+len(l.new) == 0 {
		l.mu.Unlock()
		return
	}
	woken, accepted := l.woken, l.new
	l.woken, l.spare = l.spare[:0], nil
	l.new = nil
	l.mu.Unlock()
	for _, s := range accepted {
		l.open(s)
	}
	for i, s := range woken {
		s.waking.Store(false)
		if !s.closed {
			s.write()
		}
		woken[i] = nil
	}
	l.spare = woken[:0]
}

// accept takes the connections that wait at a listener.
func (l *loop) accept(fd int, door net.Listener) {
	for range maxAccepts {
		nfd, sa, err := syscall.Accept4(fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		switch {
		case err == syscall.EAGAIN:
			return
		case err == syscall.EINTR || err == syscall.ECONNABORTED:
			continue
		case err != nil:
			l.pause(fd)
			return
		}
		s := &sock{fd: nfd, remote: sa, door: door}
		if _, ok := door.(*net.TCPListener); ok {
			l.e.tune(nfd)
		}
		if to := l.e.pick(); to == l {
			l.open(s)
		} else {
			to.mu.Lock()
			to.new = append(to.new, s)
			to.mu.Unlock()
			to.signal()
		}
	}
}

// pause stops listening for a moment: file descriptors have run out.
func (l *loop) pause(fd int) {
	l.watch(syscall.EPOLL_CTL_DEL, fd, 0)
	clock.Real{}.AfterFunc(acceptPause, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.doors[int32(fd)] != nil && !l.stop.Load() {
			l.watch(syscall.EPOLL_CTL_ADD, fd, syscall.EPOLLIN)
		}
	})
}

func (e *EventLoop) tune(fd int) {
	syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if e.Keepalive == nil {
		return
	}
	if s := int(e.Keepalive() / time.Second); s > 0 {
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, s)
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, max(s/3, 1))
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 3)
	}
}

// open begins to serve a connection.
func (l *loop) open(s *sock) {
	s.l = l
	l.mu.Lock()
	l.conns[int32(s.fd)] = s
	l.mu.Unlock()
	s.events = syscall.EPOLLIN
	if l.watch(syscall.EPOLL_CTL_ADD, s.fd, s.events) != nil {
		s.close()
		return
	}
	s.session = l.e.New(s)
	s.write()
}

// sock is one connection. Only its loop's thread touches it, but for Wake.
type sock struct {
	l       *loop
	fd      int
	session Session
	events  uint32 // what epoll watches
	out     []byte // of the session, being written
	rest    []byte // of out, not yet written
	waking  atomic.Bool
	closed  bool
	remote  syscall.Sockaddr
	door    net.Listener
}

// ready does what the socket is ready for.
func (s *sock) ready(events uint32) {
	if events&syscall.EPOLLOUT != 0 {
		s.write()
	}
	if events&^syscall.EPOLLOUT != 0 && !s.closed {
		s.read()
	}
}

func (s *sock) read() {
	space := s.session.Space()
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(space))), uintptr(len(space)))
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
	case errno != 0 || n == 0:
		s.close()
	default:
		s.session.Feed(int(n))
		s.write()
	}
}

// write writes what the session has, until the socket takes no more.
func (s *sock) write() {
	for {
		if len(s.rest) == 0 {
			if s.out = s.session.Output(s.out); s.out == nil {
				break
			}
			s.rest = s.out
		}
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(s.rest))), uintptr(len(s.rest)))
		switch {
		case errno == syscall.EINTR:
		case errno == syscall.EAGAIN:
			if s.session.Finished() { // killed for not reading
				s.close()
				return
			}
			s.watch(syscall.EPOLLIN | syscall.EPOLLOUT)
			return
		case errno != 0:
			s.close()
			return
		default:
			s.rest = s.rest[n:]
		}
	}
	if s.session.Finished() {
		s.close()
		return
	}
	s.watch(syscall.EPOLLIN)
}

func (s *sock) watch(events uint32) {
	if s.events != events {
		s.events = events
		s.l.watch(syscall.EPOLL_CTL_MOD, s.fd, events)
	}
}

func (s *sock) close() {
	s.closed = true
	if s.session != nil {
		s.session.Close()
	}
	s.l.mu.Lock()
	delete(s.l.conns, int32(s.fd))
	s.l.mu.Unlock()
	syscall.Close(s.fd)
}

// Wake implements Conn.
func (s *sock) Wake() {
	if s.waking.Swap(true) {
		return
	}
	l := s.l
	l.mu.Lock()
	l.woken = append(l.woken, s)
	l.mu.Unlock()
	l.signal()
}

// Addr implements Conn.
func (s *sock) Addr() string { return s.text(s.remote) }

// LocalAddr implements Conn.
func (s *sock) LocalAddr() string {
	sa, _ := syscall.Getsockname(s.fd)
	return s.text(sa)
}

// text formats an address; that of a Unix socket is its path, as Redis has it.
func (s *sock) text(sa syscall.Sockaddr) string {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)).String()
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port)).String()
	}
	return s.door.Addr().String() + ":0"
}

// FD implements Conn.
func (s *sock) FD() int { return s.fd }
