package transport

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// flush sends what is kept as the client reads it. It runs only while something is
// kept.
func (w *wire) flush() {
	for {
		err := w.flushKept()
		w.mu.Lock()
		if err == nil && len(w.kept) > 0 {
			w.mu.Unlock() // more was kept just as it ended
			continue
		}
		w.flushing = false
		owed, conn := w.owed, w.conn
		w.owed = false
		switch {
		case w.dead:
		case errors.Is(err, os.ErrDeadlineExceeded) && !w.closing:
			w.tooSlowLocked()
		case err != nil:
			w.breakLocked()
		default:
			w.kept = nil
			_ = w.SetWriteDeadline(time.Time{}) // or a later write would come too late
		}
		w.mu.Unlock()
		if err != nil {
			conn.Interrupt()
		} else if owed {
			conn.Drained()
		}
		return
	}
}

func (w *wire) flushKept() error {
	if w.raw != nil {
		return w.flushRaw()
	}
	return w.flushStream()
}

// flushRaw waits for the socket to take more, each time at most patience.
func (w *wire) flushRaw() error {
	w.extend()
	var failed error
	err := w.raw.Write(func(fd uintptr) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for len(w.kept) > 0 {
			n, err := syscall.Write(int(fd), w.kept)
			switch {
			case err == syscall.EINTR:
			case err == syscall.EAGAIN:
				return false
			case err != nil:
				failed = err
				return true
			default:
				w.kept = w.kept[n:]
				w.extend()
			}
		}
		return true
	})
	return errors.Join(err, failed)
}

// flushStream writes chunk by chunk, each within patience.
func (w *wire) flushStream() error {
	for {
		w.mu.Lock()
		chunk := w.kept
		w.mu.Unlock()
		if len(chunk) == 0 {
			return nil
		}
		chunk = chunk[:min(len(chunk), keptWhileDrained)]
		w.extend()
		n, err := w.Conn.Write(chunk)
		w.mu.Lock()
		if !w.dead {
			w.kept = w.kept[n:]
		}
		w.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func (w *wire) extend() { _ = w.SetWriteDeadline(time.Now().Add(w.patience)) }
