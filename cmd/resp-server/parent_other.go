//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package main

import "errors"

// parentGone is not supported on this system.
func parentGone() (<-chan struct{}, error) { return nil, errors.ErrUnsupported }
