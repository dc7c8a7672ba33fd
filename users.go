package respserver

import (
	"fmt"
	"strings"

	"github.com/resp-server/resp-server/internal/notation"
)

// User is a user of the access control list, for Options.Users.
type User struct {
	// Name is the user name; "default" is for clients that give none or don't log
	// in.
	Name string
	// Password is the password; if it is empty, any password is right.
	Password string
	Role     Role
	// Keys are globs of the keys that the user may use, by default all.
	Keys []string
}

// Role is a set of permissions for a User.
type Role string

// The roles, as ACL rules.
const (
	// ReadOnly reads data, and listens to channels: "+@read +@connection
	// +@transaction +@pubsub -publish -spublish -@dangerous".
	ReadOnly Role = "read-only"
	// App does what an application does, but nothing that concerns the server as a
	// whole, such as FLUSHALL, KEYS or CONFIG: "+@all -@admin -@dangerous +info
	// +sort +sort_ro".
	App Role = "app"
	// Admin does everything: "+@all".
	Admin Role = "admin"
)

var roles = map[Role]string{
	ReadOnly: "+@read +@connection +@transaction +@pubsub -publish -spublish -@dangerous",
	App:      "+@all -@admin -@dangerous +info +sort +sort_ro",
	Admin:    "+@all",
}

// ParseUser parses "NAME:PASSWORD:ROLE" or "NAME:PASSWORD:ROLE:KEYS", where KEYS is
// a glob. The password may be empty.
func ParseUser(text string) (User, error) {
	parts := strings.SplitN(text, ":", 4)
	if len(parts) < 3 {
		return User{}, fmt.Errorf("respserver: the user %q is not NAME:PASSWORD:ROLE", text)
	}
	u := User{Name: parts[0], Password: parts[1], Role: Role(parts[2])}
	if len(parts) > 3 {
		u.Keys = parts[3:]
	}
	if _, err := u.directive(); err != nil {
		return User{}, fmt.Errorf("respserver: %w", err)
	}
	return u, nil
}

// directive returns the line of redis.conf for the user.
func (u *User) directive() (string, error) {
	rules, ok := roles[u.Role]
	switch {
	case !ok:
		return "", fmt.Errorf("user %s: no role is called %q: read-only, app or admin", u.Name, u.Role)
	case u.Name == "":
		return "", fmt.Errorf("a user with role %s has no name", u.Role)
	}
	words := []string{"user", u.Name, "reset", "on"}
	if u.Password == "" {
		words = append(words, "nopass")
	} else {
		words = append(words, ">"+u.Password)
	}
	for _, glob := range u.Keys {
		words = append(words, "~"+glob)
	}
	if u.Keys == nil {
		words = append(words, "~*")
	}
	words = append(append(words, "&*"), strings.Fields(rules)...)
	return notation.Join(words), nil
}
