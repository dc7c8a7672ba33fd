//go:build !linux

package transport

import "time"

// NewEventLoop returns nil: event loops need Linux.
func NewEventLoop(NewSession, Executor, func() time.Duration, int) Server { return nil }
