package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/resp-server/resp-server/internal/acl"
	"github.com/resp-server/resp-server/internal/pubsub"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/spec"
	"github.com/resp-server/resp-server/internal/vfs"
)

// accessControl holds the users and the log of refusals.
type accessControl struct {
	Users *acl.Users
	// Denied has the entries of ACL LOG.
	Denied acl.Log

	judge    acl.Judge
	password string // the setting requirepass, as the default user has it or had it
}

func (a *accessControl) check(e *Core) error {
	if a.password != e.Config.RequirePass {
		return errors.New("the default user does not have the password of requirepass")
	}
	return a.Users.Check()
}

const errNoSpace resp.Error = "ERR this connection can't enter a space; see the setting 'spaces'"

// errWrongPass does not tell whether the user or the password is wrong.
const errWrongPass resp.Error = "WRONGPASS invalid username-password pair or user is disabled."

// check decides whether the session may run a command line. The program itself may
// run all.
func (s *Session) check(cmd *Command, args [][]byte) acl.Verdict {
	if s.user.Unrestricted || s.internal {
		return acl.Verdict{}
	}
	return s.e.judge.Check(s.user, cmd.acl, args)
}

// permit is check for the gate: it logs a refusal and returns its error.
func (s *Session) permit(cmd *Command, args [][]byte) error {
	where := acl.TopLevel
	if s.multi != nil {
		where = acl.InMulti
	}
	if why := s.deny(cmd, args, where); why != "" {
		return resp.Error("NOPERM " + why)
	}
	return nil
}

// deny returns why the session may not run a command line, "" if it may. It logs a
// refusal.
func (s *Session) deny(cmd *Command, args [][]byte, where acl.Context) string {
	v := s.check(cmd, args)
	if v.Reason == acl.Granted {
		return ""
	}
	s.noteDenied(cmd, args, where, v)
	switch v.Reason {
	case acl.DeniedKey:
		return "No permissions to access a key"
	case acl.DeniedChannel:
		return "No permissions to access a channel"
	}
	return "User " + s.user.Name + " has no permissions to run the '" + cmd.FullName + "' command"
}

func (s *Session) noteDenied(cmd *Command, args [][]byte, where acl.Context, v acl.Verdict) {
	object := cmd.FullName
	if v.Reason != acl.DeniedCommand {
		object = string(args[v.Arg])
	}
	s.noteDenial(acl.Entry{Reason: v.Reason, Context: where, Object: object, User: s.user.Name})
}

func (s *Session) noteDenial(e acl.Entry) {
	st := &s.e.Stats.Denied
	switch e.Reason {
	case acl.DeniedCommand:
		st.Commands++
	case acl.DeniedKey:
		st.Keys++
	case acl.DeniedChannel:
		st.Channels++
	case acl.DeniedAuth:
		st.Logins++
	}
	e.LastSeen = s.e.NowMilli()
	e.Client = string(s.AppendInfo(nil))
	s.e.Denied.Add(e, int(s.e.Config.ACLLogMaxLen))
}

// permitQueued is permit for a command of a transaction, since permissions
// may have changed after it was queued.
func (c *Ctx) permitQueued(cmd *Command, args [][]byte) error {
	v := c.Session.check(cmd, args)
	if v.Reason == acl.Granted {
		return nil
	}
	c.Session.noteDenied(cmd, args, acl.InMulti, v)
	why := "no permission to execute the command or subcommand"
	switch v.Reason {
	case acl.DeniedKey:
		why = "no permission to touch the specified keys"
	case acl.DeniedChannel:
		why = "no permission to access one of the channels used as arguments"
	}
	return resp.Errorf("NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "+
		"This command is no longer allowed for the following reason: %s", why)
}

// MayReadAllKeys reports whether the command may read keys that its arguments do not
// name.
func (c *Ctx) MayReadAllKeys() bool {
	s := c.Session
	return s.internal || c.judge.CheckAllKeys(s.user, c.Cmd.acl, c.Args, spec.Access)
}

// Login makes the client a user, or returns the error to show, which does not say
// whether the name or the password is wrong.
func (c *Ctx) Login(name, password []byte) error {
	s := c.Session
	if c.Config.Spaces != "no" {
		if space, ok := strings.CutPrefix(string(name), "space:"); ok {
			return c.EnterSpace(space)
		}
		// Some clients decode a URL before they split it: from space%3ANAME:x they get
		// the user space and the password NAME:x.
		if string(name) == "space" {
			space, _, _ := strings.Cut(string(password), ":")
			return c.EnterSpace(space)
		}
	}
	u := c.Users.Get(name)
	if u.MayLogIn(password) {
		s.authenticated, s.user = true, u
		s.applyLimits()
		return nil
	}
	where := acl.TopLevel
	if _, ok := s.InMulti(); ok || c.nested {
		where = acl.InMulti
	}
	s.noteDenial(acl.Entry{Reason: acl.DeniedAuth, Context: where, Object: string(c.Args[0]), User: string(name)})
	return errWrongPass
}

// EnterSpace moves the client to a private server, the space of a name, from the next
// command on. Any password will do there.
func (c *Ctx) EnterSpace(name string) error {
	if name == "" || c.enterSpace == nil || c.Session.internal {
		return errNoSpace
	}
	e, err := c.enterSpace(c.Core, name)
	if err != nil {
		return resp.Errorf("ERR %v", err)
	}
	if e != c.engine {
		c.Session.MoveTo(e)
	}
	c.Session.authenticated = true
	return nil
}

// UserName returns the name of the session's user.
func (s *Session) UserName() string { return s.user.Name }

// LockOut makes clients that connect from now on log in once users need a password,
// even if they connected before that.
func (e *Core) LockOut() { e.lockOut = true }

// mustLogIn reports whether the session has to log in before it may do anything.
func (s *Session) mustLogIn() bool { return !s.authenticated && s.e.Users.PasswordNeeded() }

// SetUser changes a user, or makes a new one. It disconnects subscribers to channels
// that the user may not use any more.
func (e *Core) SetUser(name string, rules []string) error {
	changed, err := e.Users.Changed(name, rules)
	if err != nil {
		return err
	}
	if u := e.Users.Get([]byte(name)); u != nil {
		if left, revoked := acl.Revoked(u, changed); revoked {
			for _, s := range e.sessions {
				if s.user == u {
					s.stayWith(left)
				}
			}
		}
	}
	e.Users.Put(changed)
	e.usersChanged()
	return nil
}

// stayWith disconnects the session if it is subscribed to other channels than these,
// and reports whether it stays.
func (s *Session) stayWith(channels acl.Channels) bool {
	if s.subs == nil {
		return true
	}
	for k, names := range *s.subs {
		for name := range names {
			if !channels.Allow(name, pubsub.Kind(k) == pubsub.Pattern) {
				s.expel()
				return false
			}
		}
	}
	return true
}

// expel disconnects a session that lost its user or its rights. If its own command is
// the reason, it gets the reply first.
func (s *Session) expel() {
	s.user, s.authenticated = s.e.Users.Default(), false
	if s == s.e.executing {
		s.CloseAfterReply()
		return
	}
	s.Kill()
}

// DeleteUser removes a user and disconnects its clients. It reports whether there
// was one.
func (e *Core) DeleteUser(name []byte) bool {
	u := e.Users.Delete(name)
	if u == nil {
		return false
	}
	for _, s := range e.sessions {
		if s.user == u {
			s.expel()
		}
	}
	return true
}

// usersChanged follows a change of the users: clients may have to log in now, or not
// any more, and how much they may send depends on it.
func (e *Core) usersChanged() {
	for _, s := range e.sessions {
		s.applyLimits()
	}
}

// applyUserSettings takes over the settings about users. The default user gets the
// password of requirepass only when that setting changes: ACL SETUSER may have given
// it another one.
func (e *Core) applyUserSettings() {
	e.Users.AllChannels = e.Config.ACLPubSubDefault == "allchannels"
	if want := e.Config.RequirePass; want != e.password {
		e.password = want
		e.Users.SetDefaultPassword(want)
	}
}

// setUpUsers makes the users that the settings define.
func (e *Core) setUpUsers() error {
	if e.Config.ACLFile != "" && len(e.Config.Users) > 0 {
		return errors.New("there are users in the configuration and in a file (aclfile): they can only be in one of both")
	}
	for _, d := range e.Config.Users {
		u, err := e.Users.Add(d)
		if err != nil {
			return err
		}
		if !u.Enabled {
			e.Log.Info("a user of the configuration is disabled, since it is not on", "user", u.Name)
		}
	}
	if e.Config.ACLFile == "" {
		return nil
	}
	next, err := e.readUsers()
	if err == nil {
		e.Users.Replace(next)
	}
	return err
}

// usersFile returns the path of the file of users. A relative path begins at the
// directory of the data.
func (e *Core) usersFile() string {
	if name := e.Config.ACLFile; filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Config.Dir, e.Config.ACLFile)
}

func (e *Core) readUsers() (*acl.Users, error) {
	text, err := e.readAll(e.usersFile())
	if err != nil {
		return nil, fmt.Errorf("Error loading ACLs, opening file '%s': %s", e.Config.ACLFile, reason(err))
	}
	return e.Users.Parse(text, e.Config.ACLFile)
}

// reason returns the text of a system error as C words it.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text := errno.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

var errNoUsersFile = resp.Error("ERR This Redis instance is not configured to use an ACL file. You may want to specify users " +
	"via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) " +
	"in order to store users in the Redis configuration.")

// LoadUsers replaces the users with those of the file of users. If any line is wrong
// nothing changes. It disconnects clients whose user is gone, and subscribers to
// channels that their user may not use any more.
func (e *Core) LoadUsers() error {
	if e.Config.ACLFile == "" {
		return errNoUsersFile
	}
	next, err := e.readUsers()
	if err != nil {
		return err
	}
	for _, s := range e.sessions {
		u := next.Get([]byte(s.user.Name))
		if u == nil {
			s.expel()
			continue
		}
		if left, revoked := acl.Revoked(s.user, u); revoked && !s.stayWith(left) {
			continue
		}
		if u != next.Default() {
			s.user = u
		}
	}
	e.Users.Replace(next)
	e.usersChanged()
	return nil
}

// SaveUsers writes the users to their file.
func (e *Core) SaveUsers() error {
	if e.Config.ACLFile == "" {
		return errNoUsersFile
	}
	path := e.usersFile()
	err := vfs.Replace(e.files, path, func(w io.Writer) error {
		_, err := io.WriteString(w, e.Users.Text())
		return err
	})
	if err != nil {
		e.Log.Error("saving the users failed", "file", path, "error", err)
		return resp.Error("ERR There was an error trying to save the ACLs. Please check the server logs for more information")
	}
	return nil
}

// CheckUser decides whether a user may run a command line.
func (e *Core) CheckUser(u *acl.User, cmd *acl.Command, args [][]byte) acl.Verdict {
	return e.judge.Check(u, cmd, args)
}
