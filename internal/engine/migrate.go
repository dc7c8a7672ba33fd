package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/event"
	"github.com/resp-server/resp-server/internal/rdb"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/snapshot"
)

// MigrateOptions say where keys go, and how.
type MigrateOptions struct {
	Host           string
	Port           int
	DB             int64
	Timeout        time.Duration // of each step
	Copy           bool          // the keys stay here too
	Replace        bool          // what the target has of that name goes
	User, Password []byte        // Password is nil if none is given
}

// target is a connection to a server that keys were moved to. It stays open for a
// while, since clients move one key after the other.
type target struct {
	net.Conn
	in      *bufio.Reader
	db      int64 // the selected database; -1: unknown
	used    int64 // ms
	version int   // of the format of payloads that the server knows
}

const (
	maxTargets     = 64
	targetLifetime = 10_000 // ms without use
)

const (
	errTarget      resp.Error = "IOERR error or timeout connecting to the client"
	errTargetWrite resp.Error = "IOERR error or timeout writing to target instance"
	errTargetRead  resp.Error = "IOERR error or timeout reading to target instance"
)

// Migrate moves existing keys to another server, and replies. All clients wait
// meanwhile: nobody sees a key in both places, or in none.
func (c *Ctx) Migrate(keys [][]byte, o MigrateOptions) error {
	for attempt := 0; ; attempt++ {
		t, fresh, err := c.targetOf(o)
		if err != nil {
			return err
		}
		moved, err := c.migrateTo(t, keys, o)
		if !o.Copy {
			c.migrated(moved)
		}
		var refused resp.Error
		switch {
		case err == nil:
			t.db = o.DB
			return c.OK()
		case errors.As(err, &refused):
			t.db = -1
			if refused == resp.ErrPayload && t.version > rdb.OldestWritten && len(moved) == 0 {
				t.version-- // it is an older server
				continue
			}
			return resp.Error("ERR Target instance replied with error: " + string(refused))
		}
		c.dropTarget(o)
		if fresh || len(moved) > 0 || errors.Is(err, os.ErrDeadlineExceeded) || attempt > 2 {
			if errors.Is(err, errMigrateWrite) {
				return errTargetWrite
			}
			return errTargetRead
		}
		// The server may have closed a connection that was kept open.
	}
}

// migrated removes keys that the target has now.
func (c *Ctx) migrated(keys [][]byte) {
	effect := [][]byte{[]byte("DEL")}
	for _, key := range keys {
		if c.Delete(key) {
			c.Changed(key, event.Del)
			effect = append(effect, key)
		}
	}
	if len(effect) > 1 {
		c.Propagate(effect...)
	}
	c.PropagateNothing() // beside that
}

func (o *MigrateOptions) addr() string { return fmt.Sprint(o.Host, ":", o.Port) }

// targetOf returns the connection to a server, and whether it is new.
func (c *Ctx) targetOf(o MigrateOptions) (t *target, fresh bool, err error) {
	if t = c.repl.targets[o.addr()]; t != nil {
		t.used = c.NowMilli()
		return t, false, nil
	}
	if c.repl.dial == nil {
		return nil, false, errTarget
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.Timeout)
	defer cancel()
	nc, err := c.repl.dial(ctx, DialOptions{Host: o.Host, Port: o.Port, Locked: true})
	switch {
	case errors.Is(err, syscall.ECONNREFUSED): // Redis notices when it writes
		return nil, false, errTargetWrite
	case err != nil:
		return nil, false, errTarget
	}
	if c.repl.targets == nil {
		c.repl.targets = make(map[string]*target)
	}
	for addr := range c.repl.targets {
		if len(c.repl.targets) < maxTargets {
			break
		}
		c.closeTarget(addr)
	}
	t = &target{nc, bufio.NewReader(nc), -1, c.NowMilli(), c.Config.Edition.RDB}
	c.repl.targets[o.addr()] = t
	c.watchReplication()
	return t, true, nil
}

func (c *Ctx) dropTarget(o MigrateOptions) { c.closeTarget(o.addr()) }

func (e *Core) closeTarget(addr string) {
	if t := e.repl.targets[addr]; t != nil {
		t.Close()
		delete(e.repl.targets, addr)
	}
}

// closeTargets closes the connections that nobody has used for long, or all.
func (e *Core) closeTargets(all bool) {
	for addr, t := range e.repl.targets {
		if all || e.NowMilli()-t.used > targetLifetime {
			e.closeTarget(addr)
		}
	}
}

// Targets returns the number of connections that are kept for MIGRATE.
func (e *Core) Targets() int { return len(e.repl.targets) }

var errMigrateWrite = errors.New("writing")

// migrateTo sends keys, and returns those that the target has accepted. An error reply
// is a resp.Error.
func (c *Ctx) migrateTo(t *target, keys [][]byte, o MigrateOptions) (moved [][]byte, err error) {
	var w resp.Writer
	before := 0
	if o.Password != nil {
		words := [][]byte{[]byte("AUTH")}
		if o.User != nil {
			words = append(words, o.User)
		}
		appendCommand(&w, append(words, o.Password)...)
		before++
	}
	if t.db != o.DB {
		w.Array(2)
		w.BulkString("SELECT")
		w.BulkInt(o.DB)
		before++
	}
	dumper := snapshot.Dumper{Encoding: rdb.Encoding{Version: t.version}}
	restore := "RESTORE"
	if c.cluster.node != nil {
		restore = "RESTORE-ASKING" // the slot is still on its way to the target
	}
	var sent [][]byte
	for _, key := range keys {
		k, ok := c.Peek(key)
		if !ok {
			continue
		}
		ttl := int64(0)
		if at := k.ExpireAt(); at != 0 {
			ttl = max(at-c.ExpiryMilli(), 1)
		}
		payload, err := dumper.Dump(k)
		if err != nil {
			return nil, resp.ErrPayload
		}
		words := [][]byte{[]byte(restore), key, fmt.Append(nil, ttl), payload}
		if o.Replace {
			words = append(words, []byte("REPLACE"))
		}
		appendCommand(&w, words...)
		sent = append(sent, slices.Clone(key))
	}
	t.SetDeadline(clock.Real{}.Now().Add(o.Timeout))
	if _, err := t.Write(w.Buf); err != nil {
		return nil, errors.Join(errMigrateWrite, err)
	}
	var refused error
	for i := range before + len(sent) {
		t.SetDeadline(clock.Real{}.Now().Add(o.Timeout))
		line, err := t.in.ReadSlice('\n')
		if err != nil {
			if refused != nil {
				return moved, refused
			}
			return moved, err
		}
		switch {
		case line[0] == '-' && refused == nil:
			refused = resp.Error(bytes.TrimRight(line[1:], "\r\n"))
		case line[0] != '-' && i >= before && (refused == nil || i > before):
			moved = append(moved, sent[i-before])
		}
	}
	return moved, refused
}

func appendCommand(w *resp.Writer, words ...[]byte) {
	w.Array(len(words))
	for _, word := range words {
		w.Bulk(word)
	}
}
