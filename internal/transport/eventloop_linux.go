package transport

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/resp-server/resp-server/internal/clock"
)

// EventLoop is the Server for plain TCP and Unix sockets on Linux: a few threads
// wait for many sockets with epoll(7). A connection needs no goroutine and no
// stack, and a request no switch between goroutines. System calls that can't block
// bypass the Go scheduler.
//
// A turn of a thread reads from all sockets that have something, then runs what they
// have sent, and then writes. So a thread takes the executor once in a turn, and all
// else (waiting, reading, taking requests apart, writing) threads do side by side.
type EventLoop struct {
	New      NewSession
	Executor Executor // for Batched sessions
	// Keepalive returns the TCP keep-alive period for a new connection, 0 for none.
	// Nil means none.
	Keepalive func() time.Duration
	// Loops is the number of threads, at least 1.
	Loops int

	mu    sync.Mutex
	loops []*loop
	doors []*door
	done  sync.WaitGroup
}

// door is a listener. Its net.Listener owns the descriptor and may close it at any
// time, so the descriptor is used only inside of Control.
type door struct {
	net.Listener
	fd int32 // identifies its events
	rc syscall.RawConn
}

const epollET = 1 << 31 // syscall.EPOLLET is a negative number

// Limits of the work for one connection before the others get their turn.
const (
	maxEvents   = 128
	maxAccepts  = 64
	maxBatch    = 64 << 10              // bytes of input that are run at once, but for the last socket's
	maxOutput   = 256 << 10             // bytes of output after which a batch is written, so that it stays in the cache
	maxWrite    = 1 << 20               // bytes
	acceptPause = 10 * time.Millisecond // after running out of file descriptors
)

// NewEventLoop returns an EventLoop, or nil on systems without one.
func NewEventLoop(new NewSession, x Executor, keepalive func() time.Duration, loops int) Server {
	return &EventLoop{New: new, Executor: x, Keepalive: keepalive, Loops: loops}
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
	d := &door{Listener: l, rc: rc}
	if err := rc.Control(func(fd uintptr) { d.fd = int32(fd) }); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.doors = append(e.doors, d)
	return e.loops[0].listen(d)
}

// Withdraw implements Server.
func (e *EventLoop) Withdraw(l net.Listener) {
	l.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.doors, func(d *door) bool { return d.Listener == l })
	if i < 0 {
		return
	}
	e.loops[0].forget(e.doors[i])
	e.doors = slices.Delete(e.doors, i, i+1)
}

func (e *EventLoop) start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.loops != nil {
		return nil
	}
	var loops []*loop
	for i := range e.Loops {
		l, err := newLoop(e, i)
		if err != nil {
			for _, l := range loops {
				l.close()
			}
			return err
		}
		loops = append(loops, l)
	}
	e.loops = loops
	for _, l := range loops {
		l.start()
	}
	return nil
}

// Close implements Server.
func (e *EventLoop) Close(waiting func(addrs []string)) {
	e.mu.Lock()
	loops, doors := e.loops, e.doors
	e.mu.Unlock()
	for _, d := range doors {
		d.Close()
	}
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

// pick returns the loop with the fewest connections, for one more.
func (e *EventLoop) pick() (best *loop) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range e.loops {
		if best == nil || l.count.Load() < best.count.Load() {
			best = l
		}
	}
	best.count.Add(1)
	return best
}

// loop is a thread with its epoll instance.
type loop struct {
	e      *EventLoop
	number int // of the loop, from 0
	epfd   int
	count  atomic.Int32 // its connections, and those that it is to take
	wakefd int
	stop   atomic.Bool
	thread *thread
	// asleep is set while the thread may be waiting in epoll_wait. A goroutine that
	// clears it must wake the thread.
	asleep atomic.Bool

	// received are the sockets whose input, of so many bytes in all, is to be run.
	received []*sock
	input    int
	ran      []*sock // alternates with received

	events [maxEvents]syscall.EpollEvent
	spare  []*sock // alternates with woken

	mu    sync.Mutex
	woken []*sock         // sockets to write to or to close
	new   []*sock         // sockets that another loop accepted
	conns map[int32]*sock // by descriptor
	doors map[int32]*door
}

// thread runs a loop until another thread replaces it because a session takes long.
// Only the thread that is not replaced may touch the loop.
type thread struct{ replaced bool }

func newLoop(e *EventLoop, number int) (*loop, error) {
	epfd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	r, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		syscall.Close(epfd)
		return nil, errno
	}
	l := &loop{e: e, number: number, epfd: epfd, wakefd: int(r), conns: make(map[int32]*sock), doors: make(map[int32]*door)}
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

// listen waits for connections unless the listener is closed: its descriptor may
// then belong to another file.
func (l *loop) listen(d *door) (err error) {
	closed := d.rc.Control(func(fd uintptr) {
		l.mu.Lock()
		l.doors[d.fd] = d
		l.mu.Unlock()
		err = l.watch(syscall.EPOLL_CTL_ADD, int(fd), syscall.EPOLLIN)
	})
	return errors.Join(closed, err)
}

// forget undoes listen, after the listener is closed.
func (l *loop) forget(d *door) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doors[d.fd] == d {
		delete(l.doors, d.fd)
	}
}

// signal makes the loop check its lists.
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

// start starts a thread.
func (l *loop) start() {
	t := &thread{}
	l.thread = t
	l.e.done.Go(func() { l.run(t) })
}

// run is the body of the thread. A thread that is replaced may leave events
// unhandled; the next thread gets them again.
func (l *loop) run(t *thread) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		if l.runBatch(); t.replaced { // the thread before may have left something
			return
		}
		n := l.wait()
		for i := range n {
			l.handle(&l.events[i])
			if l.input >= maxBatch {
				l.runBatch()
			}
			if t.replaced {
				return
			}
		}
		if l.runBatch(); t.replaced {
			return
		}
		l.handleWoken()
		if l.stop.Load() && l.empty() {
			l.close()
			return
		}
	}
}

// shut makes the loop end when its last connection is gone.
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

// wait returns the number of events, at least one unless there is other work. It
// first tries a raw call, which does not yield the processor.
func (l *loop) wait() int {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epfd), uintptr(unsafe.Pointer(&l.events)), maxEvents, 0, 0, 0)
	if errno == 0 && n > 0 {
		return int(n)
	}
	l.asleep.Store(true)
	defer l.asleep.Store(false)
	l.mu.Lock()
	busy := len(l.woken)+len(l.new) > 0 || l.stop.Load() && len(l.conns) == 0
	l.mu.Unlock()
	if busy {
		return 0
	}
	n, _, errno = syscall.Syscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epfd), uintptr(unsafe.Pointer(&l.events)), maxEvents, ^uintptr(0), 0, 0)
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
	d := l.doors[ev.Fd]
	l.mu.Unlock()
	if d != nil {
		d.rc.Control(func(fd uintptr) { l.accept(int(fd), d) })
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
		if s.returned.Swap(false) {
			s.detached = false
		}
		if !s.closed {
			s.write()
		}
		woken[i] = nil
	}
	l.spare = woken[:0]
}

// runBatch runs what sockets have received, and writes what they have. If a session
// takes long another thread does the rest.
func (l *loop) runBatch() {
	if len(l.received) == 0 {
		return
	}
	t, batch := l.thread, l.received
	for done := 0; done < len(batch); {
		l.e.Executor.Begin()
		i := done
		for output := 0; i < len(batch) && output < maxOutput; i++ {
			l.received = batch[i+1:]
			output += batch[i].batched.Run()
			if t.replaced {
				l.e.Executor.End()
				batch[i].fed()
				return
			}
		}
		l.e.Executor.End()
		for ; done < i; done++ {
			if s := batch[done]; !s.closed {
				s.write()
			}
			batch[done] = nil
		}
	}
	l.received, l.input, l.ran = l.ran[:0], 0, batch
}

// accept accepts the pending connections of a listener.
func (l *loop) accept(fd int, d *door) {
	for range maxAccepts {
		nfd, sa, err := syscall.Accept4(fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		switch {
		case err == syscall.EAGAIN:
			return
		case err == syscall.EINTR || err == syscall.ECONNABORTED:
			continue
		case err != nil:
			l.pause(fd, d)
			return
		}
		s := &sock{fd: nfd, remote: sa, door: d}
		if _, ok := d.Listener.(*net.TCPListener); ok {
			l.e.tune(nfd)
		}
		if to := l.e.pick(); to == l {
			l.open(s)
		} else {
			to.take(s)
		}
	}
}

// take makes the loop serve a socket that another loop accepted.
func (l *loop) take(s *sock) {
	l.mu.Lock()
	stopped := l.stop.Load() // the loop may have ended
	if !stopped {
		l.new = append(l.new, s)
	}
	l.mu.Unlock()
	if stopped {
		l.count.Add(-1)
		syscall.Close(s.fd)
		return
	}
	l.signal()
}

// pause stops listening for a moment, after running out of file descriptors.
func (l *loop) pause(fd int, d *door) {
	l.watch(syscall.EPOLL_CTL_DEL, fd, 0)
	clock.Real{}.AfterFunc(acceptPause, func() {
		if !l.stop.Load() {
			l.listen(d)
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

// open starts to serve a connection.
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
	s.batched, _ = s.session.(Batched)
	s.write()
}

// sock is a connection. Only the thread of its loop touches it, except for Wake.
type sock struct {
	l       *loop
	fd      int
	session Session
	batched Batched // the session, if it is one
	events  uint32  // what epoll watches
	out     []byte  // output of the session that is being written
	rest    []byte  // the part of out that is not written yet
	waking  atomic.Bool
	ended   bool // the client has closed its sending side
	closed  bool
	// detached means that another thread is in Feed; returned, that Feed has
	// returned.
	detached bool
	returned atomic.Bool
	remote   syscall.Sockaddr
	door     *door
}

// ready handles the events of the socket.
func (s *sock) ready(events uint32) {
	if events&syscall.EPOLLOUT != 0 {
		s.write()
	}
	switch {
	case s.closed || s.detached:
	case !s.ended && events&^syscall.EPOLLOUT != 0:
		s.read()
	case events&(syscall.EPOLLERR|syscall.EPOLLHUP) != 0:
		s.close()
	}
}

func (s *sock) read() {
	space := s.session.Space()
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(space))), uintptr(len(space)))
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		return
	case errno != 0:
		s.close()
		return
	case n == 0:
		s.ended = true // the client may still read replies
	case s.batched != nil:
		s.batched.Receive(int(n))
		s.l.received = append(s.l.received, s)
		s.l.input += int(n)
		return
	default:
		t := s.l.thread
		s.session.Feed(int(n))
		if t.replaced {
			s.fed()
			return
		}
	}
	s.write()
}

// fed ends a Feed or Run in which the thread was replaced.
func (s *sock) fed() {
	s.returned.Store(true)
	s.Wake()
}

// Detach makes another thread serve the loop. The loop does not read from the
// socket until Feed has returned, but writes the session's output.
func (s *sock) Detach() {
	if s.detached {
		return
	}
	s.detached = true
	s.watch(0)
	s.l.thread.replaced = true
	s.l.start()
}

// write writes the session's output until the socket accepts no more.
func (s *sock) write() {
	for turn := maxWrite; ; {
		if len(s.rest) == 0 {
			if s.out = s.session.Output(s.out); s.out == nil {
				break
			}
			s.rest = s.out
		}
		if turn == 0 {
			s.watchWrite()
			return
		}
		p := s.rest[:min(len(s.rest), turn)]
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch {
		case errno == syscall.EINTR:
		case errno == syscall.EAGAIN:
			s.watchWrite()
			return
		case errno != 0:
			s.close()
			return
		default:
			s.rest = s.rest[n:]
			turn -= int(n)
		}
	}
	if s.ended || s.session.Finished() {
		s.close()
		return
	}
	s.watch(syscall.EPOLLIN)
}

// watchWrite waits until the socket accepts more, unless nothing more is to be
// written: the client may have been killed because it does not read.
func (s *sock) watchWrite() {
	switch {
	case s.session.Finished():
		s.close()
	case s.ended:
		s.watch(syscall.EPOLLOUT)
	default:
		s.watch(syscall.EPOLLIN | syscall.EPOLLOUT)
	}
}

func (s *sock) watch(events uint32) {
	if s.detached {
		// epoll always reports that the client is gone; with epollET it does so
		// only once.
		events = events&^syscall.EPOLLIN | epollET
	}
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
	s.l.count.Add(-1)
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

// text formats an address. As in Redis, the address of a Unix socket is its path.
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

// Loop returns the number of the loop that serves the connection, from 0.
func (s *sock) Loop() int { return s.l.number }
