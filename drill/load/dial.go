package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// sources is from how many loopback addresses connections come: each has some 28,000 ephemeral ports, and the kernel
	// finds a free one faster where few are taken.
	sources = 8

	// handshakeTimeout bounds a connection attempt with its upgrade; a server under a storm may need seconds.
	handshakeTimeout = 20 * time.Second

	// handshakeSize holds the server's answer and what comes right behind it; longer first frames follow with later reads.
	handshakeSize = 4 << 10
)

// handshakeKey is the example of RFC 6455: a key only has to be there.
const handshakeKey = "dGhlIHNhbXBsZSBub25jZQ=="

// dial connects and upgrades, and returns a non-blocking descriptor with what the server said behind its answer.
func dial(ctx context.Context, addr, path string, number int) (fd int, rest []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	dialer := net.Dialer{
		LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+number%sources))}, //nolint:mnd // 127.0.0.2 and on
		Control:   bindLate,
		KeepAlive: -1,
	}
	connection, err := dialer.DialContext(ctx, "tcp4", addr)
	if err != nil {
		return 0, nil, fmt.Errorf("failed to connect: %w", err)
	}
	defer connection.Close() // the descriptor that goes on is a duplicate
	if deadline, ok := ctx.Deadline(); ok {
		_ = connection.SetDeadline(deadline) // fails only on a closed connection, which the next line tells
	}
	if rest, err = upgrade(connection, addr, path); err != nil {
		return 0, nil, err
	}
	if fd, err = duplicate(connection); err != nil {
		return 0, nil, err
	}
	return fd, rest, nil
}

func upgrade(connection net.Conn, host, path string) (rest []byte, err error) {
	_, err = fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", path, host, handshakeKey)
	if err != nil {
		return nil, fmt.Errorf("failed to ask for the upgrade: %w", err)
	}
	buf := make([]byte, 0, handshakeSize)
	for {
		n, err := connection.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if end := bytes.Index(buf, []byte("\r\n\r\n")); end >= 0 {
			if !bytes.HasPrefix(buf, []byte("HTTP/1.1 101 ")) {
				return nil, fmt.Errorf("failed to upgrade: the server says %q", buf)
			}
			return buf[end+4:], nil
		}
		if err != nil {
			return nil, fmt.Errorf("failed to read the answer to the upgrade: %w", err)
		}
		if len(buf) == cap(buf) {
			return nil, errors.New("failed to upgrade: the answer has no end")
		}
	}
}

// duplicate takes the socket away from Go's poller: two goroutines with an epoll of their own read ten thousand of them for
// less than ten thousand goroutines would cost.
func duplicate(connection net.Conn) (int, error) {
	raw, err := connection.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("failed to reach the socket: %w", err)
	}
	var fd int
	var failed error
	err = raw.Control(func(original uintptr) {
		fd, failed = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0) // it stays non-blocking: that belongs to the socket
	})
	if err := errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("failed to duplicate the socket: %w", err)
	}
	return fd, nil
}

// bindLate lets the kernel choose the port when the target is known, so that ports are shared between targets.
func bindLate(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	return errors.Join(err, failed)
}
