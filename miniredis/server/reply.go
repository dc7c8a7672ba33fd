package server

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

// Simple is a status, such as OK.
type Simple string

// ParseReply reads a reply of RESP2. It returns a Simple, an int, a string, a
// []interface{}, or nil for a null; an error reply is the error.
func ParseReply(rd *bufio.Reader) (interface{}, error) {
	line, err := rd.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 3 {
		return nil, ErrProtocol
	}
	text := line[1 : len(line)-2]
	switch line[0] {
	case '+':
		return Simple(text), nil
	case '-':
		return nil, errors.New(text)
	case ':':
		if text == "" {
			return 0, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, ErrProtocol
		}
		return n, nil
	case '$':
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, ErrProtocol
		}
		if n < 0 {
			return nil, nil
		}
		s := make([]byte, n+2)
		if _, err := io.ReadFull(rd, s); err != nil {
			return nil, err
		}
		return string(s[:n]), nil
	case '*':
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, ErrProtocol
		}
		if n < 0 {
			return nil, nil
		}
		var list []interface{}
		for ; n > 0; n-- {
			x, err := ParseReply(rd)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	}
	return nil, ErrProtocol
}
