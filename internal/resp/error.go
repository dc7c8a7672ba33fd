package resp

import (
	"bytes"
	"fmt"
	"strings"
)

// Error is an error reply: its line without the leading '-' and the final CRLF, such as "ERR syntax error". Constants
// can be compared with ==.
type Error string

// Errors of commands in several groups.
const (
	ErrWrongType    Error = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrSyntax       Error = "ERR syntax error"
	ErrNoSuchKey    Error = "ERR no such key"
	ErrSameObject   Error = "ERR source and destination objects are the same"
	ErrOutOfRange   Error = "ERR index out of range"
	ErrNotInteger   Error = "ERR value is not an integer or out of range"
	ErrNotFloat     Error = "ERR value is not a valid float"
	ErrPositive     Error = "ERR value is out of range, must be positive"
	ErrValueRange   Error = "ERR value is out of range"
	ErrDBIndex      Error = "ERR DB index is out of range"
	ErrOverflow     Error = "ERR increment or decrement would overflow"
	ErrNaN          Error = "ERR increment would produce NaN or Infinity"
	ErrTooBig       Error = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	ErrTimeoutFloat Error = "ERR timeout is not a float or out of range"
	ErrTimeoutInt   Error = "ERR timeout is not an integer or out of range"
	ErrTimeoutRange Error = "ERR timeout is out of range"
	ErrTimeoutSign  Error = "ERR timeout is negative"

	ErrPayload Error = "ERR DUMP payload version or checksum are wrong"

	ErrNoAuth     Error = "NOAUTH Authentication required."
	ErrNoScript   Error = "NOSCRIPT No matching script. Please use EVAL."
	ErrLoading    Error = "LOADING Redis is loading the dataset in memory"
	ErrMasterDown Error = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
	ErrReadOnly   Error = "READONLY You can't write against a read only replica."
	ErrOOM        Error = "OOM command not allowed when used memory > 'maxmemory'."
	ErrExecAbort  Error = "EXECABORT Transaction discarded because of previous errors."
	ErrNoReplicas Error = "NOREPLICAS Not enough good replicas to write."
	ErrBusyKey    Error = "BUSYKEY Target key name already exists."
)

// WrongArity is the error for a command with too many or too few words. The name is the full one, such as
// "config|get".
func WrongArity(command string) Error {
	return Errorf("ERR wrong number of arguments for '%s' command", command)
}

// Errorf formats an error reply. The format starts with the code. Client data are passed as []byte: they end at the
// first zero byte, as in the C of Redis, and a precision counts bytes.
func Errorf(format string, args ...any) Error {
	for i, a := range args {
		if b, ok := a.([]byte); ok {
			b, _, _ = bytes.Cut(b, []byte{0})
			args[i] = sent(b)
		}
	}
	return Error(fmt.Sprintf(format, args...))
}

// sent is client data. For a string, package fmt would count UTF-8 characters.
type sent []byte

// Format implements fmt.Formatter.
func (b sent) Format(s fmt.State, _ rune) {
	if n, ok := s.Precision(); ok {
		b = b[:min(n, len(b))]
	}
	s.Write(b)
}

func (e Error) Error() string { return string(e) }

// Code returns the first word, which INFO errorstats counts by.
func (e Error) Code() string {
	code, _, _ := strings.Cut(string(e), " ")
	return code
}

// ProtocolError says that a request is not RESP. The server sends Reply and closes the connection.
type ProtocolError string

func (e ProtocolError) Error() string { return "Protocol error: " + string(e) }

// Reply returns the error reply.
func (e ProtocolError) Reply() Error { return Error("ERR " + e.Error()) }

const (
	errInlineSize     ProtocolError = "too big inline request"
	errQuotes         ProtocolError = "unbalanced quotes in request"
	errArrayLine      ProtocolError = "too big mbulk count string"
	errArrayLen       ProtocolError = "invalid multibulk length"
	errArrayLenNoAuth ProtocolError = "unauthenticated multibulk length"
	errBulkLine       ProtocolError = "too big bulk count string"
	errBulkLen        ProtocolError = "invalid bulk length"
	errBulkLenNoAuth  ProtocolError = "unauthenticated bulk length"
)
