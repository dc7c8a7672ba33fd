package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"

	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/keyspace"
	"github.com/resp-server/resp-server/internal/replication"
	"github.com/resp-server/resp-server/internal/snapshot"
	"github.com/resp-server/resp-server/internal/vfs"
)

// receive loads the snapshot that the master sends, and returns it. The setting
// repl-diskless-load decides whether the old data stay until then. A server without a
// directory loads the new data beside the old ones, since it can't store the file.
func (e *Core) receive(a *attempt, link *masterConn, h *replication.Handshake) (*snapshot.Loaded, error) {
	if h.Answer == replication.OldMaster {
		if _, err := io.WriteString(link.Conn, "SYNC\r\n"); err != nil {
			return nil, fmt.Errorf("I/O error writing to MASTER: %w", err)
		}
	}
	line := ""
	for line == "" {
		var err error
		if line, err = link.line(); err != nil {
			return nil, fmt.Errorf("I/O error reading bulk count from MASTER: %w", err)
		}
	}
	form, err := replication.ParseHeader(line)
	if err != nil {
		return nil, err
	}
	m := &e.repl.master
	m.size.Store(form.Size)
	m.received.Store(0)
	e.engine.interpose()
	how, dir := e.howToLoad(), e.Config.Dir
	e.engine.leave()
	to := "parser"
	if how == config.LoadFromDisk {
		to = "disk"
	}
	if form.Mark != "" {
		e.Log.Info("MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to " + to)
	} else {
		e.Log.Info(fmt.Sprintf("MASTER <-> REPLICA sync: receiving %d bytes from master to %s", form.Size, to))
	}
	c := &copying{Core: e, attempt: a, link: link, history: h.ID, beside: how == config.LoadBeside}
	if how == config.LoadFromDisk {
		return c.receiveFile(form, dir)
	}
	return c.loadLink(form)
}

// copying is the transfer of a master's data.
type copying struct {
	*Core
	attempt *attempt
	link    *masterConn
	history string // the replication id of the data, "" if it is unknown
	beside  bool   // the old data stay until the new ones are loaded
}

// howToLoad returns how the snapshot of a master replaces the data.
func (e *Core) howToLoad() string {
	keys := 0
	for db := range e.Keyspace.Used {
		keys += db.Len()
	}
	switch how := e.Config.Replication.DisklessLoad; {
	case how == config.LoadIfEmpty && keys == 0, how == config.LoadBeside, how == config.FlushBeforeLoad:
		return how
	case e.Config.Dir == "":
		return config.LoadBeside
	}
	return config.LoadFromDisk
}

// loadLink loads a snapshot while it arrives.
func (c *copying) loadLink(form replication.Form) (*snapshot.Loaded, error) {
	src := io.Reader(c.link.in)
	if form.Mark == "" {
		src = io.LimitReader(c.link.in, form.Size)
	}
	loaded, err := c.load(src, form.Size)
	if err == nil {
		err = endOfCopy(c.link, form, src, loaded)
	}
	if err == nil {
		return loaded, nil
	}
	if c.beside {
		c.Log.Info("MASTER <-> REPLICA sync: Discarding temporary DB in background")
	}
	if errors.Is(err, replication.ErrMark) {
		return nil, err
	}
	return nil, fmt.Errorf("Failed trying to load the MASTER synchronization DB from socket, check server logs: %w", err)
}

// endOfCopy reads the rest of a snapshot that was loaded from the link.
func endOfCopy(link *masterConn, form replication.Form, src io.Reader, loaded *snapshot.Loaded) error {
	if form.Mark == "" {
		_, err := io.Copy(io.Discard, src)
		return err
	}
	mark := make([]byte, len(form.Mark))
	if _, err := io.ReadFull(loaded.Tail, mark); err != nil || string(mark) != form.Mark {
		return replication.ErrMark
	}
	link.rest = loaded.Tail
	return nil
}

// receiveFile stores a snapshot on the disk, and loads it from there. If the server
// saves on its own, the file replaces its snapshot.
func (c *copying) receiveFile(form replication.Form, dir string) (*snapshot.Loaded, error) {
	f, err := c.files.CreateTemp(dir, "temp-*.rdb", vfs.FilePerm)
	if err != nil {
		return nil, fmt.Errorf("Opening the temp file needed for MASTER <-> REPLICA synchronization: %s", vfs.Reason(err))
	}
	name := f.Name()
	defer c.files.Remove(name) // unless it has another name by then
	var size int64
	err = vfs.WriteAndClose(f, func(w io.Writer) (err error) {
		size, err = copySnapshot(w, c.link, form)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("I/O error trying to sync with MASTER: %w", err)
	}
	src, err := c.files.Open(name)
	if err != nil {
		return nil, err
	}
	loaded, err := c.load(src, size)
	src.Close()
	if err != nil {
		return nil, fmt.Errorf("Failed trying to load the MASTER synchronization DB from disk, check server logs: %w", err)
	}
	c.engine.interpose()
	keep, path := c.autosaves() && c.Config.Dir == dir, filepath.Join(dir, c.Config.DBFilename)
	c.engine.leave()
	if keep {
		if err := c.files.Rename(name, path); err != nil {
			return nil, fmt.Errorf("Failed trying to rename the temp DB into %s in MASTER <-> REPLICA synchronization: %s", path, vfs.Reason(err))
		}
		if err := c.files.SyncDir(dir); err != nil {
			return nil, fmt.Errorf("Failed trying to sync DB directory %s in MASTER <-> REPLICA synchronization: %s", dir, vfs.Reason(err))
		}
	}
	return loaded, nil
}

// copySnapshot copies a snapshot from the link, without the mark at its end, and
// returns its size.
func copySnapshot(w io.Writer, link *masterConn, form replication.Form) (size int64, err error) {
	if form.Mark == "" {
		return io.CopyN(w, link.in, form.Size)
	}
	// Nothing follows the mark until the replica acknowledges it. Bytes that may be a
	// part of the mark are held back.
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := link.in.Read(buf[kept:])
		if err != nil {
			return size, err
		}
		all := buf[:kept+n]
		if bytes.HasSuffix(all, []byte(form.Mark)) {
			n, err := w.Write(all[:len(all)-len(form.Mark)])
			return size + int64(n), err
		}
		out := max(len(all)-len(form.Mark), 0)
		if _, err := w.Write(all[:out]); err != nil {
			return size, err
		}
		size += int64(out)
		kept = copy(buf, all[out:])
	}
}

// load loads a snapshot of a known or unknown size, and returns it. Unless it is small,
// clients get LOADING, or replies from the old data if these stay beside it.
func (c *copying) load(src io.Reader, size int64) (*snapshot.Loaded, error) {
	c.engine.interpose()
	m := &c.repl.master
	if m.attempt != c.attempt || c.closed {
		c.engine.leave()
		return nil, errStopped
	}
	l := &dataLoading{total: max(size, 0)}
	bySetting := c.Config.Replication.DisklessLoad == config.LoadBeside
	l.async = c.beside && (!bySetting || c.history == c.repl.history.ID)
	m.swaps = c.beside && bySetting
	if !c.beside {
		c.Log.Info("MASTER <-> REPLICA sync: Flushing old data")
	}
	if size < 0 || size >= c.Config.LoadingInterval || c.Config.KeyLoadDelay != 0 {
		if !c.beside {
			c.flushForCopy()
		}
		c.beginLoading(l)
	}
	o := c.loadOptions(size)
	c.engine.leave()
	o.KeepExpired = true // only the master deletes keys
	var over atomic.Bool // the rest of the link is read when the attempt has ended
	stop := func() bool { return !over.Load() && c.attempt.ctx.Err() != nil }
	o.EachKey = func() { c.delayLoad(stop) }
	c.Log.Info("MASTER <-> REPLICA sync: Loading DB in memory")
	defer over.Store(true)
	defer c.keepMaster(c.link.Conn)()
	return snapshot.Load(counted{src, &l.read, stop}, o)
}

// flushForCopy removes the data, and all state that belongs to them.
func (e *Core) flushForCopy() {
	e.finishUnit()
	if b := e.Saving.running; b != nil {
		b.cancel() // its file must not replace that of the new data
	}
	e.repl.master.cached, e.repl.master.flushed = false, true
	e.disconnectReplicas()
	e.stopBacklog()
	e.replace(keyspace.New(e.Keyspace.Len(), e.Rand.Uint64()), &e.Functions.Libraries)
}

// takeSnapshot replaces the data with those of the master.
func (e *Core) takeSnapshot(h *replication.Handshake, loaded *snapshot.Loaded) error {
	m := &e.repl.master
	libraries, err := e.loadLibraries(loaded.Functions)
	if err != nil {
		return fmt.Errorf("function library: %w", err)
	}
	e.finishUnit()
	e.disconnectReplicas()
	e.stopBacklog()
	if m.swaps {
		e.Log.Info("MASTER <-> REPLICA sync: Swapping active DB with loaded DB")
		defer e.Log.Info("MASTER <-> REPLICA sync: Discarding old DB in background")
	}
	e.repl.own.keys, e.repl.own.next = nil, 0
	e.replace(loaded.Keyspace, libraries)
	e.Stats.Changes++
	e.Saving.Loaded, e.Saving.Expired = loaded.Keys, loaded.Expired
	id := h.ID
	if h.Answer == replication.OldMaster {
		id = e.randomHex(replication.IDLen)
	}
	e.repl.history.Begin(id)
	e.startBacklog(h.Offset)
	e.restartLog()
	m.logged, m.db, m.flushed = e.journal.stream.End().Log, loaded.StreamDB, false
	return nil
}
