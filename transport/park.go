package transport

import (
	"errors"
	"os"
	"runtime"
	"time"
)

// A connection whose client is silent is parked: its read loop's goroutine ends, and
// with it a stack of 4 KiB, which is a third of what an idle connection would cost. A
// lot watches the sockets of all that are parked, and begins the read loop again where
// something is to be read.
//
// gws knows nothing of this: its loop ends inside Read, between two frames, by
// runtime.Goexit, and is called again on the same connection, whose state is as it was.
// Only a connection of plain TCP can be parked; TLS keeps a record half read.

// parkAfter is how long a client is silent before its connection is parked: those who
// talk keep their goroutine.
const parkAfter = time.Second

// framed notes that a frame was handled: where no part of the next has been read, the
// read loop may end here. Only the read loop calls it.
func (w *wire) framed() { w.between = w.in != nil && w.in.Buffered() == 0 }

// rest asks the read loop to end, if it waits between two frames.
func (w *wire) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lot == nil || w.raw == nil || w.parked || w.closing || w.dead {
		return
	}
	w.resting = true
	_ = w.SetReadDeadline(time.Unix(1, 0)) // wakes the loop, which parks or goes on
}

// mayRest is told with what reading ended. Where that was rest, it parks the connection
// and does not return, or says that reading goes on.
func (w *wire) mayRest(err error) (goesOn bool) {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	parked, goesOn := w.park()
	if parked { // from here on the connection may have another read loop
		runtime.Goexit()
	}
	return goesOn
}

func (w *wire) park() (parked, goesOn bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.resting || w.closing || w.dead {
		return false, false
	}
	w.resting = false
	_ = w.SetReadDeadline(time.Time{})
	w.parked = w.between && w.lot.watch(w)
	return w.parked, true
}

// resumeLocked begins the read loop again where the connection is parked.
func (w *wire) resumeLocked() {
	if w.parked {
		w.parked = false
		go w.loop()
	}
}

// readable is told by the lot that there is something to read, or the end.
func (w *wire) readable() {
	defer w.recovered()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resumeLocked()
}
