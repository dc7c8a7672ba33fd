package aof

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/vfs"
)

// CheckProgram is the program redis-check-aof: it takes its arguments, but for
// --version, and returns its exit code. It asks by out and reads answers from in.
func CheckProgram(args []string, in io.Reader, out io.Writer) (code int) {
	answers := bufio.NewReader(in)
	o := CheckOptions{Ask: func() bool {
		line, _ := answers.ReadString('\n')
		return strings.HasPrefix(line, "y") || strings.HasPrefix(line, "Y")
	}}
	switch {
	case len(args) == 1:
	case len(args) == 2 && args[0] == "--fix":
		o.Fix = true
	case len(args) == 3 && args[0] == "--truncate-to-timestamp":
		to, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			fmt.Fprintln(out, "Invalid timestamp, aborting...")
			return 1
		}
		o.To = to
	default:
		fmt.Fprintln(out, "Usage: redis-check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>")
		return 1
	}
	if Check(vfs.OS{}, args[len(args)-1], o, out) != nil {
		return 1
	}
	return 0
}
