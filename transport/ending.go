package transport

import (
	"encoding/binary"
	"time"

	"parley/actors/protocol"
)

// tooSlowLocked ends a connection whose client does not read. What the kernel has
// taken ends within a frame: the rest of it, and then the close frame, go into the
// room that the buffer was spared.
func (w *wire) tooSlowLocked() {
	w.conn.TooSlow()
	w.closing = true
	if tcp, ok := w.Conn.(interface{ SetWriteBuffer(bytes int) error }); ok && w.raw != nil {
		_ = tcp.SetWriteBuffer(lastBuffer)
		_ = w.SetWriteDeadline(time.Time{})
		w.out = append(w.kept, closeFrame(protocol.CloseTooSlow, "too slow")...)
		_ = w.raw.Write(w.try)
	}
	w.kept = nil
	_ = w.SetReadDeadline(time.Now().Add(closePatience))
	w.resumeLocked()
}

// hangUp writes the close frame behind what is kept; the read loop ends when the
// client has answered it, or closePatience is over.
func (w *wire) hangUp(code uint16, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing || w.dead {
		return
	}
	w.hungUp = true
	w.sendLocked(closeFrame(code, reason))
	w.closing = true
	_ = w.SetReadDeadline(time.Now().Add(closePatience))
	w.resumeLocked()
}

// drop ends a connection whose other side is gone.
func (w *wire) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.breakLocked()
}

// wasHungUp says whether we ended the connection: then the client's close frame only
// answers ours.
func (w *wire) wasHungUp() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hungUp
}

// linger ends the connection so that the other side can read what was sent: no
// reset while something of it is still to be received.
func (w *wire) linger() {
	defer w.recovered()
	defer w.Conn.Close()
	defer w.forget()
	if w.shutAfterKept() && !w.closeWrite() {
		return
	}
	_ = w.SetReadDeadline(time.Now().Add(closePatience))
	var scrap [512]byte
	for range maxScraps {
		if _, err := w.Conn.Read(scrap[:]); err != nil {
			return
		}
	}
}

// shutAfterKept has nothing follow what is kept; where that is nothing, the caller is to
// say so to the other side now.
func (w *wire) shutAfterKept() (now bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closing, w.shutting = true, true
	return !w.flushing
}

// closeWrite tells the other side that no more comes, if it can be told.
func (w *wire) closeWrite() (ok bool) {
	half, can := w.Conn.(interface{ CloseWrite() error })
	return !can || half.CloseWrite() == nil
}

// forget takes the connection out of its lot, while its descriptor is known.
func (w *wire) forget() {
	if w.lot != nil && w.raw != nil {
		w.lot.forget(w)
	}
}

// abandon ends a connection of which something panicked: its read loop, parked or not,
// finds it closed. It is called with nothing locked, and never waits: under TLS nothing is
// said of the end, which could take seconds.
func (w *wire) abandon() {
	defer underTLS(w.Conn).Close()
	defer w.forget()
	w.drop()
	w.connection().Interrupt()
}

// maxScraps is how many reads a client that was sent a close frame may still cause.
const maxScraps = 4096

// closeFrame is a WebSocket close frame (RFC 6455 §5.5.1).
func closeFrame(code uint16, reason string) []byte {
	const finClose = 0x88
	frame := []byte{finClose, byte(2 + len(reason))}
	return append(binary.BigEndian.AppendUint16(frame, code), reason...)
}
