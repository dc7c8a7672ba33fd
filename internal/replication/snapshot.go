package replication

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Form is how a snapshot travels: with its length before it, or with a mark after
// it.
type Form struct {
	Size int64  // in bytes; -1 if it is not known
	Mark string // IDLen random characters; "" if the size is known
}

// ErrMark says that a snapshot does not end with its mark.
var ErrMark = errors.New("Replication stream EOF marker is broken")

// Header returns the line before the snapshot.
func (f Form) Header() string {
	if f.Mark != "" {
		return "$EOF:" + f.Mark + "\r\n"
	}
	return "$" + strconv.FormatInt(f.Size, 10) + "\r\n"
}

// ParseHeader reads the line before a snapshot, without its end. An empty line is
// none: the master sends those while it prepares the snapshot.
func ParseHeader(line string) (f Form, err error) {
	if strings.HasPrefix(line, "-") {
		return f, fmt.Errorf("MASTER aborted replication with an error: %s", line[1:])
	}
	text, ok := strings.CutPrefix(line, "$")
	if !ok {
		return f, fmt.Errorf("Bad protocol from MASTER, the first byte is not '$' (we received '%s'), are you sure the host and port are right?", line)
	}
	if mark, ok := strings.CutPrefix(text, "EOF:"); ok && len(mark) >= IDLen {
		return Form{Size: -1, Mark: mark[:IDLen]}, nil
	}
	f.Size, err = strconv.ParseInt(text, 10, 64)
	if err != nil || f.Size < 0 {
		return f, fmt.Errorf("Bad protocol from MASTER, invalid length of the snapshot: '%s'", line)
	}
	return f, nil
}
