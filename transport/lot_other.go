//go:build !linux

package transport

import "github.com/rs/zerolog"

// lot parks nothing where there is no epoll: each connection keeps its goroutine.
type lot struct{}

func newLot(zerolog.Logger) (*lot, error) { return nil, nil }

func (*lot) close() {}

func (*lot) watch(*wire) bool { return false }

func (*lot) forget(*wire) {}
