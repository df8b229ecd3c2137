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
	defer w.recovered()
	for {
		err := w.flushKept()
		end, over := w.flushed(err)
		if !over {
			continue // more was kept just as it ended
		}
		if err != nil {
			end.conn.Interrupt()
		} else if end.owed {
			end.conn.Drained()
		}
		if end.shutting {
			w.closeWrite()
		}
		return
	}
}

// flushEnd is what is to be done when nothing is kept any more.
type flushEnd struct {
	conn           connection
	owed, shutting bool
}

// flushed notes how flushing ended; over is false where more was kept meanwhile.
func (w *wire) flushed(err error) (end flushEnd, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && len(w.kept) > 0 {
		return flushEnd{}, false
	}
	w.flushing = false
	end = flushEnd{w.conn, w.owed, w.shutting && !w.dead}
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
	return end, true
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
		chunk := w.flushChunk(0)
		if len(chunk) == 0 {
			return nil
		}
		w.extend()
		n, err := w.Conn.Write(chunk)
		w.flushChunk(n)
		if err != nil {
			return err
		}
	}
}

// flushChunk drops n bytes that were written from what is kept, and gives the next.
func (w *wire) flushChunk(n int) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.dead {
		w.kept = w.kept[n:]
	}
	return w.kept[:min(len(w.kept), keptWhileDrained)]
}

func (w *wire) extend() { _ = w.SetWriteDeadline(time.Now().Add(w.patience)) }
