package transport

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// reading is what RFC 6455 makes of a client's bytes after the handshake, for a server
// that takes text of at most 16 KiB and no extensions.
type reading struct {
	messages, pongs []string
	frames          int   // pings, pongs, and fragments but the last
	codes           []int // one of which the server closes with; nil: it does not close
	anyway          bool  // or it need not, since the head of the last frame is not whole
	clean           bool  // the client closes with 1000
}

const noCode = 1005 // RFC 6455 §7.1.5

// readAsWritten is a parser for tests, made from the RFC alone: §5.2 frames, §5.4 fragments,
// §5.5 control frames, §7.4 close codes, §8.1 text.
func readAsWritten(b []byte) (r reading) {
	var message []byte
	begun, text := false, false
	for len(b) > 0 {
		if len(b) < 2 {
			r.anyway, r.codes = true, []int{1002, 1009}
			return r
		}
		fin, rsv, opcode := b[0]>>7 == 1, b[0]>>4&7, b[0]&15
		hasMask, length, head := b[1]>>7 == 1, uint64(b[1]&127), 2
		form := length
		switch {
		case form == 126 && len(b) >= 4:
			length, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
		case form == 127 && len(b) >= 10:
			length, head = binary.BigEndian.Uint64(b[2:]), 10
		case form > 125:
			r.anyway, r.codes = true, []int{1002, 1009}
			return r
		}
		control := opcode >= 8
		minimal := form <= 125 || form == 126 && length > 125 || form == 127 && length > 0xffff
		switch {
		case rsv != 0, !hasMask, !minimal, length>>63 == 1,
			opcode > 2 && opcode < 8, opcode > 10,
			control && (!fin || length > 125),
			!control && (opcode == 0) != begun:
			r.codes = []int{1002}
			return r
		case !control && length+uint64(len(message)) > 16<<10:
			r.codes = []int{1009}
			return r
		}
		if !control && !fin {
			r.frames++
		}
		b = b[head:]
		if uint64(len(b)) < 4+length {
			return r // the rest never comes
		}
		mask, payload := b[:4], bytes.Clone(b[4:4+length])
		b = b[4+length:]
		for i := range payload {
			payload[i] ^= mask[i%4]
		}
		switch opcode {
		case 8:
			r.codes, r.clean = closedAsWritten(payload)
			return r
		case 9:
			r.frames++
			r.pongs = append(r.pongs, string(payload))
			continue
		case 10:
			r.frames++
			continue
		case 1, 2:
			message, text = nil, opcode == 1
		}
		message = append(message, payload...)
		begun = !fin
		switch {
		case !fin:
		case !text:
			r.codes = []int{1003}
			return r
		case !utf8.Valid(message):
			r.codes = []int{1007}
			return r
		default:
			r.messages = append(r.messages, string(message))
			message = nil
		}
	}
	return r
}

// closedAsWritten gives the codes that answer a close frame.
func closedAsWritten(payload []byte) (codes []int, clean bool) {
	if len(payload) == 0 {
		return []int{noCode}, false
	}
	if len(payload) == 1 {
		return []int{1002}, false
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	known := code >= 1000 && code <= 1003 || code >= 1007 && code <= 1011 || code >= 3000 && code <= 4999
	later := code >= 1012 && code <= 1014 // registered after the RFC
	switch {
	case !utf8.Valid(reason) && known:
		return []int{1007}, code == 1000
	case !utf8.Valid(reason):
		return []int{1007, 1002}, false
	case later:
		return []int{code, 1000, 1002}, false
	case known:
		return []int{code, 1000}, code == 1000
	}
	return []int{1002}, false
}

// answered is what a client is told, as far as a reading says it.
type answered struct {
	mu    sync.Mutex
	pongs []string
	code  int // 0: none
	other []byte
	over  chan struct{}
}

// listen notes what s is sent until it is closed.
func (a *answered) listen(s *served) {
	defer close(a.over)
	for {
		head, payload, err := readFrame(s.answers)
		if err != nil {
			return
		}
		a.mu.Lock()
		switch head {
		case 0x8a:
			a.pongs = append(a.pongs, string(payload))
		case 0x88:
			if a.code = noCode; len(payload) >= 2 {
				a.code = int(binary.BigEndian.Uint16(payload))
			}
		default:
			a.other = append(a.other, head)
		}
		closed := a.code != 0
		a.mu.Unlock()
		if closed {
			return
		}
	}
}

func (a *answered) all() (pongs []string, code int, other []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pongs, a.code, a.other
}

// FuzzReading sends bytes to a connection, in pieces, and holds what comes of them to what
// the RFC says: from the socket through wire and gws to the session.
func FuzzReading(f *testing.F) {
	for _, seed := range nastyBytes() {
		for way := range byte(3) {
			f.Add([]byte(seed), uint64(len(seed)), way)
		}
	}
	e := newEdge(f)
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, way byte) {
		if len(stream) > 64<<10 {
			t.Skip("skipped: longer than any fault needs")
		}
		want := readAsWritten(stream)
		var w *wire
		var client net.Conn
		if way%3 > 0 {
			w, client, _ = wired(t, false)
			_ = client.(*net.TCPConn).SetLinger(0) // or the fuzzer runs out of ports
		} else { // each piece is read for itself, as a record of TLS is
			var server net.Conn
			client, server = net.Pipe()
			w = newWire(server, nil)
		}
		s := e.serve(t, w, client, nil)
		heard := &answered{over: make(chan struct{})}
		go heard.listen(s)
		for random, rest := rand.New(rand.NewPCG(seed, 0)), stream; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(1+random.IntN(40)))
			if way%3 == 2 {
				w.rest()
			}
			if _, err := client.Write(rest[:n]); err != nil {
				break // it was closed
			}
			rest = rest[n:]
		}
		if want.codes != nil && !want.anyway {
			awaits(t, "it is closed", heard.over)
		} else {
			eventually(t, "all is heard and answered", func() bool {
				pongs, code, _ := heard.all()
				return code != 0 || len(pongs) >= len(want.pongs) && look(s.noted, func() bool {
					return len(s.heard) >= len(want.messages) && s.frames >= want.frames
				})
			})
		}
		_ = client.Close()
		awaits(t, "its place is free", s.released)
		awaits(t, "it is over", heard.over)
		pongs, code, other := heard.all()
		if !slices.Equal(pongs, want.pongs) || len(other) > 0 {
			t.Errorf("pongs %q, frames %x; want pongs %q", pongs, other, want.pongs)
		}
		must := want.codes != nil && !want.anyway
		if must && !slices.Contains(want.codes, code) || code != 0 && !slices.Contains(want.codes, code) {
			t.Errorf("closed with %d, not one of %d", code, want.codes)
		}
		s.noted.mu.Lock()
		defer s.noted.mu.Unlock()
		if !slices.Equal(s.noted.heard, want.messages) {
			t.Errorf("heard %q, not %q", s.noted.heard, want.messages)
		}
		if s.closed != 1 || s.clean && !want.clean || want.clean && code == 1000 && !s.clean || s.frames < want.frames {
			t.Errorf("closed %d times, clean %v, %d frames; want clean %v, %d frames", s.closed, s.clean, s.frames, want.clean, want.frames)
		}
		if lines := e.log.lines(); len(lines) > 1 || lines[0] != "" {
			t.Errorf("logged is %q", lines)
		}
	})
}

// nastyBytes are what clients have sent, or may, to do harm.
func nastyBytes() []string {
	frame := func(head byte, payload string) string { return string(masked(head, payload)) }
	long := func(head byte, size uint64) string {
		return string(append(binary.BigEndian.AppendUint64([]byte{head, 0xff}, size), 1, 2, 3, 4))
	}
	all := []string{
		"", "\x81", "\x81\xff", "\x81\xff\x80", "\x81\x01x", "\x00\x00",
		"\x81\xfe\x00\x05\x00\x00\x00\x00hello", "\x81\xfe\x00\x7e", "\x89\xfe\x00\x05", "\x89\xff\x80\x00\x00\x00\x00\x00\x00\x00",
		"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", // RFC 6455 §5.7
		frame(0x81, "hello") + frame(0x89, "x") + frame(0x8a, "") + frame(0x88, "\x03\xe8bye"),
		frame(0x01, "Hel") + frame(0x89, "between") + frame(0x80, "lo") + frame(0x81, ""),
		frame(0x01, "join:\xc3") + frame(0x00, "") + frame(0x80, "\xa9"),
		frame(0x01, "a") + frame(0x81, "b"), frame(0x80, "alone"), frame(0x00, "alone"), frame(0x82, "binary") + frame(0x81, "too late") + frame(0x89, ""),
		frame(0x02, "bin") + frame(0x80, "ary"), frame(0x81, "\xff\xfe"), frame(0xc1, "rsv1"), frame(0xa1, "rsv2"), frame(0x91, "rsv3"),
		frame(0x83, "unknown"), frame(0x8b, "unknown"), frame(0x09, "in fragments"), frame(0x89, strings.Repeat("x", 126)),
		frame(0x88, ""), frame(0x88, "\x03"), frame(0x88, "\x03\xed"), frame(0x88, "\x03\xe8\xff"), frame(0x88, "\x0b\xb8"), frame(0x88, "\xff\xff"), frame(0x88, "\x03\xf4"),
		frame(0x81, strings.Repeat("x", 16<<10)) + frame(0x89, "after all"), frame(0x81, strings.Repeat("x", 16<<10+1)),
		frame(0x01, strings.Repeat("x", 10<<10)) + frame(0x80, strings.Repeat("x", 6<<10)),
		frame(0x01, strings.Repeat("x", 10<<10)) + frame(0x00, strings.Repeat("x", 6<<10+1)),
		strings.Repeat(frame(0x89, "flood"), 100), frame(0x01, "") + strings.Repeat(frame(0x00, ""), 100), strings.Repeat(frame(0x81, "x"), 100),
	}
	for _, head := range []byte{0x81, 0x01, 0x82, 0x02, 0x80, 0x00} {
		for _, size := range []uint64{1 << 63, 1<<63 + 1, 1<<64 - 1, 1<<64 - 10, 1<<63 - 1, 1 << 32, 1 << 16, 1<<16 - 1, 5, 0} {
			all = append(all, long(head, size), frame(0x01, "begun")+long(head, size)+"and more")
		}
	}
	return all
}
