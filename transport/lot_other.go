//go:build !linux

package transport

// lot parks nothing where there is no epoll: each connection keeps its goroutine.
type lot struct{}

func newLot() (*lot, error) { return nil, nil }

func (*lot) close() {}

func (*lot) watch(*wire) bool { return false }

func (*lot) forget(*wire) {}
