package transport

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lxzan/gws"
	"github.com/rs/zerolog"
)

// parkable is a WebSocket of gws on a wire that can be parked, and its client's end.
type parkable struct {
	*wire
	client  net.Conn
	heard   chan string   // what the client said
	ended   chan struct{} // OnClose came
	lingers chan struct{} // and the loop is through
}

// frames hands on what gws reads, as events does.
type frames struct{ *parkable }

func (f frames) OnOpen(*gws.Conn) {}
func (f frames) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer f.framed()
	f.parkable.heard <- m.Data.String()
	_ = m.Close()
}
func (f frames) OnPing(c *gws.Conn, p []byte) { defer f.framed(); _ = c.WritePong(p) }
func (f frames) OnPong(*gws.Conn, []byte)     { defer f.framed(); f.parkable.heard <- "pong" }
func (f frames) OnClose(*gws.Conn, error)     { close(f.ended) }

func newParkable(t *testing.T) *parkable {
	t.Helper()
	lot, err := newLot(zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if lot == nil {
		t.Skip("skipped: nothing is parked on this system")
	}
	t.Cleanup(lot.close)
	w, client, _ := wired(t, false)
	p := &parkable{wire: w, client: client, heard: make(chan string, 1<<16), ended: make(chan struct{}), lingers: make(chan struct{})}
	w.lot, w.in = lot, bufio.NewReaderSize(w, readBuffer)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(name, value)
	}
	ws, err := gws.NewUpgrader(frames{p}, &gws.ServerOption{}).UpgradeFromConn(w, w.in, r)
	if err != nil {
		t.Fatal(err)
	}
	w.loop = func() {
		ws.ReadLoop()
		w.linger()
		close(p.lingers)
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(client, 16), r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	go w.loop()
	return p
}

// say sends a masked frame in one piece.
func (p *parkable) say(t *testing.T, head byte, payload string) {
	t.Helper()
	if _, err := p.client.Write(masked(head, payload)); err != nil {
		t.Fatal(err)
	}
}

func masked(head byte, payload string) []byte {
	frame := []byte{head, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		frame[1] = 0x80 | 126
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(payload)))
	}
	return append(append(frame, 0, 0, 0, 0), payload...)
}

// hears waits for what the client has said.
func (p *parkable) hears(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-p.heard:
		if got != want {
			t.Fatalf("heard %.40q, not %.40q", got, want)
		}
	case <-time.After(listening):
		t.Fatalf("did not hear %.40q in time", want)
	}
}

// park asks for it until it has come about.
func park(t *testing.T, w *wire) {
	t.Helper()
	eventually(t, "parked", func() bool {
		w.rest()
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.parked
	})
}

func TestParkedConnectionHearsAndIsToldAsIfItWereNot(t *testing.T) {
	t.Parallel()
	p := newParkable(t)
	for i := range 20 {
		park(t, p.wire)
		if drained := p.send(numbered(uint64(i), 10)); !drained {
			t.Fatal("the client does not read")
		}
		if err := readNumbered(bufio.NewReader(p.client), uint64(i), uint64(i)+1); err != nil {
			t.Fatal(err)
		}
		p.say(t, 0x81, fmt.Sprint("message ", i))
		p.hears(t, fmt.Sprint("message ", i))
		p.say(t, 0x8a, "")
		p.hears(t, "pong")
	}
}

func TestParkedConnectionEndsWithItsClientOrItsServer(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *parkable){
		"the client says goodbye":  func(p *parkable) { p.say(t, 0x88, "\x03\xe8") },
		"the client is gone":       func(p *parkable) { _ = p.client.Close() },
		"the server hangs up":      func(p *parkable) { p.hangUp(1012, "restart"); p.say(t, 0x88, "\x03\xf4") },
		"nobody answers":           func(p *parkable) { p.drop() },
		"it breaks while one asks": func(p *parkable) { go p.drop(); p.rest() },
	} {
		p := newParkable(t)
		park(t, p.wire)
		end(p)
		awaits(t, name, p.ended)
		_ = p.client.Close() // or the end would wait for it
		awaits(t, name+": all of it", p.lingers)
	}
}

func TestConnectionInTheMiddleOfAFrameIsNotParked(t *testing.T) {
	t.Parallel()
	frame := masked(0x81, "cut anywhere")
	for cut := 1; cut < len(frame); cut++ {
		p := newParkable(t)
		p.say(t, 0x81, "first")
		p.hears(t, "first")
		if _, err := p.client.Write(frame[:cut]); err != nil {
			t.Fatal(err)
		}
		// Read what there is of it, so that the loop waits inside the frame.
		for range 3 {
			p.rest()
		}
		if _, err := p.client.Write(frame[cut:]); err != nil {
			t.Fatal(err)
		}
		p.hears(t, "cut anywhere")
		park(t, p.wire)
	}
}

// TestParkingLosesNothing asks for parking without a pause while frames of all sizes
// come in pieces of all sizes.
func TestParkingLosesNothing(t *testing.T) {
	t.Parallel()
	p := newParkable(t)
	random := rand.New(rand.NewPCG(1, 2))
	const count = 3000
	var said []string
	var stream []byte
	for i := range count {
		said = append(said, fmt.Sprint(i, " ", strings.Repeat("x", random.IntN(300))))
		stream = append(stream, masked(0x81, said[i])...)
	}
	done := make(chan struct{})
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for {
			select {
			case <-done:
				return
			default:
				p.rest()
			}
		}
	}()
	go func() {
		for len(stream) > 0 {
			n := min(len(stream), 1+random.IntN(400))
			if _, err := p.client.Write(stream[:n]); err != nil {
				t.Error(err)
				return
			}
			stream = stream[n:]
		}
	}()
	for _, want := range said {
		p.hears(t, want)
	}
	close(done)
	<-asked
	p.say(t, 0x88, "\x03\xe8")
	awaits(t, "the end", p.ended)
	if _, err := io.Copy(io.Discard, p.client); err != nil {
		t.Error(err)
	}
}
