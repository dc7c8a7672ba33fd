package proto

import (
	"bufio"
	"crypto/tls"
	"net"
)

// Client is a connection to a server that works with raw replies.
type Client struct {
	conn net.Conn
	in   *bufio.Reader
}

// NewClient makes a client of a connection.
func NewClient(c net.Conn) *Client { return &Client{conn: c, in: bufio.NewReader(c)} }

// Dial connects to a server.
func Dial(addr string) (*Client, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return NewClient(c), nil
}

// DialTLS connects to a server with TLS.
func DialTLS(addr string, cfg *tls.Config) (*Client, error) {
	c, err := tls.Dial("tcp", addr, cfg)
	if err != nil {
		return nil, err
	}
	return NewClient(c), nil
}

// Close closes the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Do sends a command and returns its raw reply.
func (c *Client) Do(cmd ...string) (string, error) {
	if err := Write(c.conn, cmd); err != nil {
		return "", err
	}
	return c.Read()
}

// Read reads another raw reply, such as a message.
func (c *Client) Read() (string, error) { return Read(c.in) }

// DoStrings is Do for commands that answer an array of strings.
func (c *Client) DoStrings(cmd ...string) ([]string, error) {
	reply, err := c.Do(cmd...)
	if err != nil {
		return nil, err
	}
	return ReadStrings(reply)
}
