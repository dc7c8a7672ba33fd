//go:build !linux

package transport

import "time"

// NewEventLoop returns nil: event loops need Linux.
func NewEventLoop(NewSession, func() time.Duration) Server { return nil }
