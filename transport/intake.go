package transport

import (
	"errors"
	"io"
	"sync"
	"syscall"
)

// intakeSize is how much is read from a socket at once: dozens of short frames.
const intakeSize = 4 << 10

// intakes are the buffers for it. A connection holds one only while it has bytes to
// handle: ten thousand that are silent hold none.
var intakes = sync.Pool{New: func() any { return new([intakeSize]byte) }}

// errRefused ends a read loop whose client does not speak the protocol.
var errRefused = errors.New("frame that no client may send")

// Read is gws's way in. Only its read loop calls it, and may end in it (mayRest). What no
// client may send does not come this far: once gws has seen to all before it, the
// connection is closed.
func (w *wire) Read(p []byte) (int, error) {
	if w.refused != 0 {
		reason := "protocol error"
		if w.refused == closeTooLarge {
			reason = "message too large"
		}
		w.hangUp(w.refused, reason)
		return 0, errRefused
	}
	n, err := w.take(p)
	good, parts, code := w.framing.scan(p[:n])
	for range parts {
		w.conn.Frame() // a message that there are too many frames for is refused itself
	}
	if code != 0 {
		w.refused = code
		if good == 0 {
			return w.Read(nil)
		}
		return good, nil
	}
	return n, err
}

// take reads what there is.
func (w *wire) take(p []byte) (int, error) {
	for len(w.left) == 0 {
		if w.raw == nil {
			return w.Conn.Read(p) // TLS has buffers of its own
		}
		w.pullErr = nil
		err := w.raw.Read(w.pull)
		if err == nil {
			err = w.pullErr
		}
		if err != nil && !w.mayRest(err) {
			return 0, err
		}
	}
	w.between = false
	n := copy(p, w.left)
	if w.left = w.left[n:]; len(w.left) == 0 {
		w.left = nil
		if w.intake != nil {
			intakes.Put(w.intake)
			w.intake = nil
		}
	}
	return n, nil
}

// pullOnce reads what the kernel has; false if that is nothing, and the runtime is to
// wait for more.
func (w *wire) pullOnce(fd uintptr) bool {
	buffer := intakes.Get().(*[intakeSize]byte)
	for {
		n, err := syscall.Read(int(fd), buffer[:])
		switch {
		case err == syscall.EINTR:
			continue
		case n > 0:
			w.intake, w.left = buffer, buffer[:n]
			return true
		case err == syscall.EAGAIN:
			intakes.Put(buffer)
			return false
		case err == nil:
			err = io.EOF
		}
		intakes.Put(buffer)
		w.pullErr = err
		return true
	}
}
