//go:build !unix

package transport

import "net"

// rawWriter returns nil: there is no portable way to write without blocking.
func rawWriter(net.Conn) tryWriter { return nil }

func descriptor(net.Conn) int { return -1 }
