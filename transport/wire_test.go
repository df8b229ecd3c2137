package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"parley/actors/protocol"
)

var bothWays = map[string]bool{"plain": false, "TLS": true}

// TestWireLosesNothingWhoeverWaitsForWhom writes and offers frames of all sizes while
// the client reads now fast, now not at all: every frame arrives, whole and in order.
func TestWireLosesNothingWhoeverWaitsForWhom(t *testing.T) {
	t.Parallel()
	for name, secure := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const frames, pause = 40_000, 7_000
			w, client, heard := wired(t, secure)
			felt := make(chan struct{}, 1) // the server has felt that the client does not read
			result, done := make(chan error, 1), make(chan struct{})
			go func() {
				defer close(done)
				r := bufio.NewReader(client)
				for n := uint64(0); n < frames; n += pause {
					<-felt
					if err := readNumbered(r, n, min(n+pause, frames)); err != nil {
						result <- err
						return
					}
				}
				result <- nil
			}()
			wait := func() {
				select {
				case felt <- struct{}{}:
				default:
				}
				awaits(t, "drained, or that all was read", heard.drained, done)
			}
			for n := uint64(0); n < frames+pause; {
				if n%3 == 0 {
					if !w.send(numbered(n, int(n%700))) {
						wait()
					}
					n++
					continue
				}
				var batch []byte
				var ends []int
				for i := range uint64(50) {
					batch = append(batch, numbered(n+i, int((n+i)%700))...)
					ends = append(ends, len(batch))
				}
				taken := w.offer(batch)
				for _, end := range ends {
					if end <= taken {
						n++
					}
				}
				select {
				case err := <-result:
					if err != nil {
						t.Error(err)
					}
					return
				default:
				}
				if taken < len(batch) {
					wait()
				}
			}
			if err := <-result; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWireTakesWhatComesJustAsAFlushEnds writes each frame when the one before was read:
// under TLS that is when its flush comes to its end.
func TestWireTakesWhatComesJustAsAFlushEnds(t *testing.T) {
	t.Parallel()
	const frames = 20_000
	w, client, _ := wired(t, true)
	_ = client.SetReadDeadline(time.Now().Add(listening))
	r := bufio.NewReader(client)
	for n := range uint64(frames) {
		w.send(numbered(n, 1))
		if err := readNumbered(r, n, n+1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWireOutlastsItsOwnPatience writes to a client that was slow once, long after:
// the deadline of then must not break the connection.
func TestWireOutlastsItsOwnPatience(t *testing.T) {
	t.Parallel()
	for name, secure := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, client, heard := wired(t, secure)
			w.patience = 2 * stuck
			n := clog(w, heard)
			r := bufio.NewReader(client)
			if err := readNumbered(r, 0, n); err != nil {
				t.Fatal(err)
			}
			awaits(t, "drained", heard.drained)
			<-time.After(2 * w.patience)
			if !w.send(numbered(n, 10)) {
				t.Error("an idle connection takes no frame")
			}
			if err := readNumbered(r, n, n+1); err != nil {
				t.Error(err)
			}
			if len(heard.tooSlow)+len(heard.interrupted) > 0 {
				t.Error("the client counts as slow though it reads")
			}
		})
	}
}

// stuck is how long nothing goes out before the way counts as clogged: under TLS it is
// found full whenever the flushing goroutine is late.
const stuck = 200 * time.Millisecond

// clog offers frames until the client's not reading is felt, and gives their number.
func clog(w *wire, heard *heardOf) uint64 {
	for n := uint64(0); ; {
		frame := numbered(n, 1000)
		if w.offer(frame) == len(frame) {
			n++
			continue
		}
		select {
		case <-heard.drained:
		case <-time.After(stuck):
			return n
		}
	}
}

// TestWireKeepsLittleOfWhatIsNotRead is the bound on what a stalled client costs here.
func TestWireKeepsLittleOfWhatIsNotRead(t *testing.T) {
	t.Parallel()
	for name, secure := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _, heard := wired(t, secure)
			clog(w, heard)
			for range 10_000 { // what a flood of pings makes gws write
				_, _ = w.Write([]byte{0x8a, 0})
				_, _ = w.Write(append([]byte{0x8a, 125}, make([]byte, 125)...))
			}
			w.mu.Lock()
			kept := cap(w.kept)
			w.mu.Unlock()
			if kept > 64<<10 {
				t.Errorf("%d bytes are kept", kept)
			}
		})
	}
}

// TestWireEndsWithWholeFramesAnd4008 stalls until patience ends: the client that then
// reads sees every frame that was taken, and why it was closed.
func TestWireEndsWithWholeFramesAnd4008(t *testing.T) {
	t.Parallel()
	w, client, heard := wired(t, false)
	n := exhaust(t, w, heard)
	go w.linger()
	r := bufio.NewReader(client)
	if err := readNumbered(r, 0, n); err != nil {
		t.Fatal(err)
	}
	head, payload, err := readFrame(r)
	if err != nil || head != 0x88 || binary.BigEndian.Uint16(payload) != protocol.CloseTooSlow {
		t.Errorf("the frames end with %x %q, %v", head, payload, err)
	}
	if _, _, err := readFrame(r); !errors.Is(err, io.EOF) {
		t.Errorf("after the close frame comes %v", err)
	}
}

// exhaust offers frames to a client that does not read until the wire's patience is at
// its end, and gives their number.
func exhaust(t *testing.T, w *wire, heard *heardOf) uint64 {
	t.Helper()
	w.patience = stuck
	for n := uint64(0); ; {
		frame := numbered(n, 1000)
		if w.offer(frame) == len(frame) {
			n++
			continue
		}
		select {
		case <-heard.drained:
		case <-heard.tooSlow:
			awaits(t, "interrupted", heard.interrupted)
			return n
		case <-time.After(listening):
			t.Fatal("the patience does not end")
		}
	}
}

// TestWireUnderTLSGivesUpOnWhoDoesNotRead without a close frame: what is cut off under
// TLS can't be gone on with.
func TestWireUnderTLSGivesUpOnWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	w, _, heard := wired(t, true)
	exhaust(t, w, heard)
	if _, err := w.Read(make([]byte, 1)); err == nil {
		t.Error("there is something to read")
	}
}

// TestWireThatBreaksBeforeItsConnectionIsThere ends, and takes nothing along.
func TestWireThatBreaksBeforeItsConnectionIsThere(t *testing.T) {
	t.Parallel()
	for name, secure := range bothWays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, client, heard := wired(t, secure)
			clog(w, heard)
			w.serve(nobody{})
			_ = client.Close()
			if _, err := w.Read(make([]byte, 1)); err == nil {
				t.Error("there is something to read")
			}
			eventually(t, "the wire is given up", func() bool {
				w.mu.Lock()
				defer w.mu.Unlock()
				return w.dead && !w.flushing
			})
		})
	}
}
