package command

import (
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/tracking"
)

var trackingCommands = engine.Handlers{
	"client|caching":      clientCaching,
	"client|getredir":     clientGetRedir,
	"client|tracking":     clientTrack,
	"client|trackinginfo": clientTrackingInfo,
}

const (
	errTwoRedirects  resp.Error = "ERR A client can only redirect to a single other client"
	errNoRedirect    resp.Error = "ERR The client ID you want redirect to does not exist"
	errPrefix        resp.Error = "ERR PREFIX option requires BCAST mode to be enabled"
	errSwitchBcast   resp.Error = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."
	errBcastOpt      resp.Error = "ERR OPTIN and OPTOUT are not compatible with BCAST"
	errOptInOut      resp.Error = "ERR You can't specify both OPTIN mode and OPTOUT mode"
	errSwitchOpt     resp.Error = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."
	errNotTracking   resp.Error = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
	errCachingOptIn  resp.Error = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
	errCachingOptOut resp.Error = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
)

// CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
func clientTrack(c *engine.Ctx) error {
	var t engine.Tracking
	for i := 3; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.ArgIs(i, "redirect") && more:
			i++
			if t.Redirect != 0 {
				return errTwoRedirects
			}
			id, err := c.ArgInt(i)
			if err != nil {
				return err
			}
			if c.SessionByID(uint64(id)) == nil {
				return errNoRedirect
			}
			t.Redirect = uint64(id)
		case c.ArgIs(i, "bcast"):
			t.Broadcast = true
		case c.ArgIs(i, "optin"):
			t.OptIn = true
		case c.ArgIs(i, "optout"):
			t.OptOut = true
		case c.ArgIs(i, "noloop"):
			t.NoLoop = true
		case c.ArgIs(i, "prefix") && more:
			i++
			t.Prefixes = append(t.Prefixes, string(c.Args[i]))
		default:
			return resp.ErrSyntax
		}
	}
	on, err := argOnOff(c, 2)
	if err != nil {
		return err
	}
	if !on {
		c.Session.Untrack()
		return c.OK()
	}
	if err := compatible(&t, c.Session.Tracking()); err != nil {
		return err
	}
	if t.Broadcast && len(t.Prefixes) == 0 {
		t.Prefixes = []string{""}
	}
	c.Session.Track(t)
	return c.OK()
}

// compatible checks the options of CLIENT TRACKING against each other and
// against the options in force, nil if tracking is off.
func compatible(t, before *engine.Tracking) error {
	switch {
	case len(t.Prefixes) > 0 && !t.Broadcast:
		return errPrefix
	case before != nil && before.Broadcast != t.Broadcast:
		return errSwitchBcast
	case t.Broadcast && (t.OptIn || t.OptOut):
		return errBcastOpt
	case t.OptIn && t.OptOut:
		return errOptInOut
	case before != nil && (before.OptIn && t.OptOut || before.OptOut && t.OptIn):
		return errSwitchOpt
	}
	for i, p := range t.Prefixes {
		if before != nil {
			for _, q := range before.Prefixes {
				if tracking.Overlap(p, q) {
					return prefixesOverlap(p, "an existing prefix", q)
				}
			}
		}
		for _, q := range t.Prefixes[i+1:] {
			if tracking.Overlap(p, q) {
				return prefixesOverlap(p, "another provided prefix", q)
			}
		}
	}
	return nil
}

func prefixesOverlap(p, what, q string) error {
	return resp.Errorf("ERR Prefix '%s' overlaps with %s '%s'. Prefixes for a single client must not overlap.",
		cString([]byte(p)), what, cString([]byte(q)))
}

// CLIENT CACHING <YES | NO>
func clientCaching(c *engine.Ctx) error {
	t := c.Session.Tracking()
	switch {
	case t == nil:
		return errNotTracking
	case c.ArgIs(2, "yes"):
		if !t.OptIn {
			return errCachingOptIn
		}
	case c.ArgIs(2, "no"):
		if !t.OptOut {
			return errCachingOptOut
		}
	default:
		return resp.ErrSyntax
	}
	t.Caching = true
	return c.OK()
}

// CLIENT GETREDIR
func clientGetRedir(c *engine.Ctx) error { return c.Integer64(c.Session.Redirection()) }

// CLIENT TRACKINGINFO
func clientTrackingInfo(c *engine.Ctx) error {
	flags, prefixes := []string{"off"}, []string(nil)
	if t := c.Session.Tracking(); t != nil {
		flags, prefixes = flags[:0], t.Prefixes
		for _, f := range [...]struct {
			on   bool
			name string
		}{
			{true, "on"},
			{t.Broadcast, "bcast"},
			{t.OptIn, "optin"},
			{t.OptIn && t.Caching, "caching-yes"},
			{t.OptOut, "optout"},
			{t.OptOut && t.Caching, "caching-no"},
			{t.NoLoop, "noloop"},
			{t.Broken, "broken_redirect"},
		} {
			if f.on {
				flags = append(flags, f.name)
			}
		}
	}
	c.Map(3)
	c.BulkString("flags")
	c.Set(len(flags))
	for _, f := range flags {
		c.BulkString(f)
	}
	c.BulkString("redirect")
	c.Integer64(c.Session.Redirection())
	c.BulkString("prefixes")
	c.Array(len(prefixes))
	for _, p := range prefixes {
		c.BulkString(p)
	}
	return nil
}
