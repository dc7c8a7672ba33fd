package engine

// debugging is what DEBUG changes, for tests of what can't be seen otherwise.
type debugging struct {
	asleep         int64 // until when nobody is served, in milliseconds since 1970
	noChecksum     bool  // payloads and files are not to be compared with theirs
	scriptsCallAll bool
}

// Sleep holds back all commands, and what the present unit has made of blocked
// ones, until a time in milliseconds since 1970. The command that asks for it is
// answered then: alone by Block, in a transaction with that.
func (c *Ctx) Sleep(until int64) error {
	c.Pause(until, true)
	c.debug.asleep = max(c.debug.asleep, until)
	return c.Block(Wait{Deadline: until, Busy: true, TimeOut: (*Ctx).OK})
}

// isAsleep tells whether Sleep lasts.
func (e *Core) isAsleep() bool { return e.debug.asleep > e.NowMilli() }

// holdReply takes back the reply that a transaction or a script with a Sleep has
// written since mark, and answers it when the server is awake again.
func (c *Ctx) holdReply(mark int) error {
	if c.w.Full {
		return nil // there is none, and the session ends
	}
	reply := append([]byte(nil), c.w.Buf[mark:]...)
	c.w.Buf = c.w.Buf[:mark]
	return c.Block(Wait{Deadline: c.debug.asleep, Busy: true, TimeOut: func(c *Ctx) error {
		c.w.Raw(reply)
		return nil
	}})
}

// ChangeReplID begins a new history of the data.
func (e *Core) ChangeReplID() { e.ReplID = e.randomHex(40) }

// SkipChecksums says whether the checksums of payloads and files count.
func (e *Core) SkipChecksums(skip bool) { e.debug.noChecksum = skip }

// LetScriptsCallAll says whether scripts may call what is not for them.
func (e *Core) LetScriptsCallAll(may bool) { e.debug.scriptsCallAll = may }

// SetPlainFrom makes elements from a length on nodes of their own, in lists that
// become long from now on; 0 leaves it to the settings.
func (e *Core) SetPlainFrom(n int) { e.limits.ListPlainFrom = n }
