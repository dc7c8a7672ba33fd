// Package proto writes and reads the protocol of Redis, RESP2 and RESP3, as
// strings. It is for tests that compare raw replies.
package proto

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

var (
	// ErrProtocol is returned for what is no reply.
	ErrProtocol = errors.New("unsupported protocol")
	// ErrUnexpected is returned for a reply of another kind than was asked for.
	ErrUnexpected = errors.New("not what you asked for")
)

// The nulls: of a string, of RESP3, and of an array.
const (
	Nil      = "$-1\r\n"
	NilResp3 = "_\r\n"
	NilList  = "*-1\r\n"
)

// String returns a bulk string.
func String(s string) string { return header('$', len(s)) + s + "\r\n" }

// Inline returns a status, such as OK.
func Inline(s string) string { return "+" + s + "\r\n" }

// Error returns an error reply.
func Error(s string) string { return "-" + s + "\r\n" }

// Int returns an integer.
func Int(n int) string { return header(':', n) }

// Float returns a double of RESP3.
func Float(n float64) string { return fmt.Sprintf(",%g\r\n", n) }

// Array returns an array of replies.
func Array(args ...string) string { return header('*', len(args)) + strings.Join(args, "") }

// Push returns a push message of replies, of RESP3.
func Push(args ...string) string { return header('>', len(args)) + strings.Join(args, "") }

// Set returns a set of replies, of RESP3.
func Set(args ...string) string { return header('~', len(args)) + strings.Join(args, "") }

// Map returns a map of RESP3: of keys and values in turn, which are replies.
func Map(args ...string) string { return header('%', len(args)/2) + strings.Join(args, "") }

// Strings returns an array of bulk strings.
func Strings(args ...string) string { return Array(each(String, args)...) }

// StringSet returns a set of bulk strings.
func StringSet(args ...string) string { return Set(each(String, args)...) }

// StringMap returns a map of bulk strings.
func StringMap(args ...string) string { return Map(each(String, args)...) }

// Ints returns an array of integers.
func Ints(args ...int) string { return Array(each(Int, args)...) }

func header(kind byte, n int) string { return string(kind) + strconv.Itoa(n) + "\r\n" }

func each[T any](f func(T) string, list []T) []string {
	replies := make([]string, len(list))
	for i, x := range list {
		replies[i] = f(x)
	}
	return replies
}

// Write writes a command.
func Write(w io.Writer, cmd []string) error {
	_, err := io.WriteString(w, Strings(cmd...))
	return err
}

// Read reads one reply, with all that is in it, and returns its bytes.
func Read(r *bufio.Reader) (string, error) {
	var b strings.Builder
	if err := copyReply(&b, r); err != nil {
		return "", err
	}
	return b.String(), nil
}

func copyReply(b *strings.Builder, r *bufio.Reader) error {
	kind, text, err := readHeader(r)
	if err != nil {
		return err
	}
	b.WriteString(string(kind) + text + "\r\n")
	elements := 0
	switch kind {
	case '+', '-', ':', ',', '_', '#', '(':
		return nil
	case '$', '=', '!':
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return err
		}
		_, err = io.CopyN(b, r, int64(n)+2)
		return err
	case '*', '>', '~':
		elements, err = strconv.Atoi(text)
	case '%':
		elements, err = strconv.Atoi(text)
		elements *= 2
	default:
		return ErrProtocol
	}
	for ; err == nil && elements > 0; elements-- {
		err = copyReply(b, r)
	}
	return err
}

// readHeader reads the first line of a reply.
func readHeader(r *bufio.Reader) (kind byte, text string, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, "", err
	}
	if len(line) < 3 {
		return 0, "", ErrProtocol
	}
	return line[0], line[1 : len(line)-2], nil
}

// ReadArray returns the elements of an array, set or push message, and keys and
// values of a map in turn, as raw replies.
func ReadArray(b string) ([]string, error) {
	r := bufio.NewReader(strings.NewReader(b))
	kind, text, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	if !strings.ContainsRune("*>~%", rune(kind)) {
		return nil, ErrUnexpected
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	if kind == '%' {
		n *= 2
	}
	var elements []string
	for ; n > 0; n-- {
		e, err := Read(r)
		if err != nil {
			return nil, err
		}
		elements = append(elements, e)
	}
	return elements, nil
}

// ReadString returns the text of a bulk string. A null is returned as it came.
func ReadString(b string) (string, error) {
	r := bufio.NewReader(strings.NewReader(b))
	kind, text, err := readHeader(r)
	if err != nil {
		return "", err
	}
	if kind != '$' {
		return "", ErrUnexpected
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return "", err
	}
	if n < 0 {
		return header('$', n), nil
	}
	s := make([]byte, n+2)
	if _, err := io.ReadFull(r, s); err != nil {
		return "", err
	}
	return string(s[:n]), nil
}

// ReadStrings returns the texts of an array of bulk strings.
func ReadStrings(b string) ([]string, error) {
	elements, err := ReadArray(b)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, e := range elements {
		s, err := ReadString(e)
		if err != nil {
			return nil, err
		}
		texts = append(texts, s)
	}
	return texts, nil
}

// ReadError returns the text of an error reply.
func ReadError(b string) (string, error) {
	if len(b) < 3 || b[0] != '-' {
		return "", ErrUnexpected
	}
	return b[1 : len(b)-2], nil
}

// Parse returns a reply as a Go value: string, int, error, []interface{} or
// map[interface{}]interface{}.
func Parse(b string) (interface{}, error) {
	if b == "" {
		return nil, ErrUnexpected
	}
	switch b[0] {
	case '$':
		return ReadString(b)
	case '*':
		elements, err := ReadArray(b)
		if err != nil {
			return nil, err
		}
		return parseAll(elements)
	case '%':
		elements, err := ReadArray(b)
		if err != nil {
			return nil, err
		}
		list, err := parseAll(elements)
		if err != nil {
			return nil, err
		}
		m := make(map[interface{}]interface{}, len(list)/2)
		for i := 0; i < len(list); i += 2 {
			m[list[i]] = list[i+1]
		}
		return m, nil
	}
	if len(b) < 3 {
		return nil, ErrUnexpected
	}
	switch text := b[1 : len(b)-2]; b[0] {
	case '+':
		return text, nil
	case '-':
		return errors.New(text), nil
	case ':':
		return strconv.Atoi(text)
	}
	return "", ErrProtocol
}

func parseAll(replies []string) ([]interface{}, error) {
	var list []interface{}
	for _, r := range replies {
		x, err := Parse(r)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}
