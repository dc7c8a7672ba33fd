package notation

import (
	"regexp"
	"strings"
)

// LineKind is the kind of a line in a transcript.
type LineKind byte

// The kinds of lines.
const (
	BlankLine LineKind = iota
	CommentLine
	DirectiveLine
	CommandLine
	ReplyLine
)

// CommandRE matches a line that sends or reads. Its groups are the client, the sign
// > or >>, and the words. A line without a sign reads one more reply.
var CommandRE = regexp.MustCompile(`^([a-z][a-z0-9]*)?(?:(>>?)(?: +(.*))?|<)$`)

// Classify returns the kind of a line.
func Classify(line string) LineKind {
	switch {
	case strings.TrimSpace(line) == "":
		return BlankLine
	case line[0] == '#':
		return CommentLine
	case line[0] == '@':
		return DirectiveLine
	case CommandRE.MatchString(line):
		return CommandLine
	}
	return ReplyLine
}

// Recorded is the prefix of the head line in a recorded file.
const Recorded = "# Recorded from "

// Space is the directive in a record for a client in a space.
const Space = "@space"
