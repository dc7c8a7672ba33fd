package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	respserver "github.com/resp-server/resp-server"
)

// readyFile is where the server announces that it accepts connections: the name of
// a file, or the number of an inherited file descriptor. "" is nowhere.
type readyFile string

// ready is the content of the ready file.
type ready struct {
	Addr       string `json:"addr"` // of the first TCP socket; "" if there is none
	Port       int    `json:"port"`
	PID        int    `json:"pid"`
	Version    string `json:"version"`
	UnixSocket string `json:"unixsocket"`
	TLSAddr    string `json:"tls_addr,omitempty"`
	Inspector  string `json:"inspector,omitempty"` // the URL, with its token
	// Nodes are the addresses of all nodes of a cluster, its masters first.
	Nodes []string `json:"nodes,omitempty"`
}

// descriptor returns the number of the file descriptor, if f is one.
func (f readyFile) descriptor() (uintptr, bool) {
	n, err := strconv.ParseUint(string(f), 10, 31)
	return uintptr(n), err == nil
}

// in returns the same file for a process with another working directory: relative
// to dir.
func (f readyFile) in(dir string) readyFile {
	if _, ok := f.descriptor(); ok || f == "" || filepath.IsAbs(string(f)) {
		return f
	}
	return readyFile(filepath.Join(dir, string(f)))
}

// prepare removes the file of an earlier server, so that nobody takes it for ours.
func (f readyFile) prepare() error {
	if _, ok := f.descriptor(); ok || f == "" {
		return nil
	}
	if err := os.Remove(string(f)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// split separates the addresses of a server into TCP and Unix ones.
func split(addrs []string) (tcp []string, unix string) {
	for _, addr := range addrs {
		_, port, err := net.SplitHostPort(addr)
		if _, notPort := strconv.Atoi(port); err != nil || notPort != nil {
			unix = addr
		} else {
			tcp = append(tcp, addr)
		}
	}
	return tcp, unix
}

// announce reports that the server accepts connections on addrs, TLS connections on
// secure, and browsers at the URL of its inspector. A file appears with its complete content; a descriptor is
// closed afterwards.
func (f readyFile) announce(addrs []string, secure, inspector string) error {
	if f == "" {
		return nil
	}
	return f.write(ready{TLSAddr: secure, Inspector: inspector}, addrs)
}

// announceCluster is announce for all nodes of a cluster.
func (f readyFile) announceCluster(nodes []string) error {
	if f == "" {
		return nil
	}
	return f.write(ready{Nodes: nodes}, nodes[:1])
}

func (f readyFile) write(r ready, addrs []string) error {
	r.PID, r.Version = os.Getpid(), respserver.Version
	var tcp []string
	if tcp, r.UnixSocket = split(addrs); len(tcp) > 0 {
		r.Addr = tcp[0]
		_, port, _ := net.SplitHostPort(r.Addr)
		r.Port, _ = strconv.Atoi(port)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if fd, ok := f.descriptor(); ok {
		return writeAndClose(os.NewFile(fd, "file descriptor "+string(f)), text)
	}
	tmp, err := os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*")
	if err != nil {
		return err
	}
	if err = writeAndClose(tmp, text); err == nil {
		err = os.Rename(tmp.Name(), string(f))
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func writeAndClose(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
