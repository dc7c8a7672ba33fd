//go:build !linux

package transport

import "time"

// NewEventLoop returns nil: event loops are for Linux.
func NewEventLoop(NewSession, func() time.Duration) Server { return nil }
