package engine

import (
	"errors"
	"io"
	"io/fs"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/vfs"
)

// Reconfigure takes over the settings of next, of which changed are new. If one of them
// can't be applied all stay as they were; failed is its index.
func (e *Core) Reconfigure(next *config.Config, changed []*config.Param) (failed int, err error) {
	for i, p := range changed {
		switch {
		case p.Applied && e.apply != nil:
			err = e.apply(p, next)
		case p.Name == "appendonly":
			err = e.enableLog(next)
		case (p.Name == "cluster-slot-stats-enabled" || p.Name == "key-memory-histograms") && next.TracksMemory() && !e.Config.TracksMemory():
			err = errors.New("memory tracking cannot be enabled at runtime")
		}
		if err != nil {
			e.Log.Warn("Failed applying new configuration. Possibly related to new " + p.Name + " setting. Restoring previous settings.")
			for _, p := range changed[:i] {
				switch {
				case p.Applied && e.apply != nil:
					e.apply(p, e.Config) // as it was before, so that it works
				case p.Name == "appendonly":
					e.applyAppending()
				}
			}
			return i, err
		}
	}
	*e.Config = *next
	e.ConfigChanged()
	return 0, nil
}

// RewriteConfig brings the settings' file up to date. With all, it includes the
// settings that have their default.
func (e *Core) RewriteConfig(all bool) error {
	if e.conf == "" {
		return resp.Error("ERR The server is running without a config file")
	}
	if err := e.writeConfig(all); err != nil {
		e.Log.Error("CONFIG REWRITE failed", "file", e.conf, "error", err)
		return resp.Errorf("ERR Rewriting config file: %s", reason(err))
	}
	e.Log.Info("CONFIG REWRITE executed", "file", e.conf)
	return nil
}

func (e *Core) writeConfig(all bool) error {
	old, err := e.readAll(e.conf)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		var users []string
		if e.Config.ACLFile == "" {
			for u := range e.Users.All {
				users = append(users, u.String())
			}
		}
		text := e.Config.Rewrite(old, users, e.keptBySentinel(), all)
		err = vfs.Replace(e.files, e.conf, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	return err
}

// readAll reads a file.
func (e *Core) readAll(name string) (string, error) {
	f, err := e.files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err
}

// ConfigChanged takes over the settings that the engine keeps in another form. It is
// called at the start and by CONFIG SET.
func (e *Core) ConfigChanged() {
	c := e.Config
	limits := c.Limits
	limits.Seed, limits.ListPlainFrom = e.limits.Seed, e.limits.ListPlainFrom
	if !e.Since(compat.ListpackSets) {
		limits.SetMaxListpackEntries = 0
	}
	e.limits = limits
	if e.logLevel != nil {
		e.logLevel.Set(c.SlogLevel())
	}
	e.applyUserSettings()
	for _, s := range e.sessions {
		s.applyLimits()
	}
	if c.Timeout > 0 && len(e.sessions) > 0 {
		e.idleAt(e.NowMilli())
	}
	e.keepalive.Store(c.TCPKeepalive)
	e.checkDisk()
	e.limitTracking()
	e.thresholds = e.thresholdsNow()
	e.slotStats = e.slotStatsNow()
	e.limitMemory()
	e.applyAppending()
	e.configureCluster()
	e.applyReplication()
	e.noteOwnKeys()
	e.hurrySaves()
	e.debug.loadDelay.Store(c.KeyLoadDelay)
	e.setGates()
	e.setObservers()
}

// ConfigFile returns the path of the settings' file, or "".
func (e *Core) ConfigFile() string { return e.conf }
