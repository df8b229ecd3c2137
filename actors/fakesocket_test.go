package actors

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"sync"

	"parley/actors/protocol"
)

// fakeSocket is a connection's edge. While it is clogged it keeps what is written,
// as a real one would what the client does not read.
type fakeSocket struct {
	mu       sync.Mutex
	conn     *Connection // nil until it is connected
	bytes    []byte      // what the client has read
	kept     []byte      // what it has not
	clogged  bool
	space    int  // bytes that it takes though it is clogged
	owed     bool // Drained is due
	mute     bool // pings are not answered
	pings    [][]byte
	refusals int
	codes    []uint16
	end      chan struct{} // closed when Close was called
	reported sync.Once
}

func newFakeSocket() *fakeSocket { return &fakeSocket{end: make(chan struct{})} }

func (s *fakeSocket) Write(frames []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.clogged {
		s.read(frames)
		return true
	}
	s.kept = append(s.kept, frames...)
	s.refused()
	return false
}

// Offer takes whole frames, as many as there is space for.
func (s *fakeSocket) Offer(frames []byte) (taken int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.clogged {
		s.bytes = append(s.bytes, frames...)
		return len(frames)
	}
	for taken < len(frames) && taken+firstFrame(frames[taken:]) <= s.space {
		taken += firstFrame(frames[taken:])
	}
	s.kept = append(s.kept, frames[:taken]...)
	s.space -= taken
	if taken < len(frames) {
		s.refused()
	}
	return taken
}

func (s *fakeSocket) refused() {
	s.refusals++
	s.owed = true
}

func (s *fakeSocket) Close(code uint16, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes = append(s.codes, code)
	if len(s.codes) == 1 {
		close(s.end)
	}
}

// clog has the client stop reading, once so many bytes more have found their place.
func (s *fakeSocket) clog(space int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clogged, s.space, s.refusals = true, space, 0
}

// unclog has it read on; the session is told, as the transport would.
func (s *fakeSocket) unclog() {
	s.mu.Lock()
	s.clogged = false
	s.read(s.kept)
	s.kept = nil
	owed := s.owed
	s.owed = false
	s.mu.Unlock()
	if owed {
		s.conn.Drained()
	}
}

// refusedWrites says how often the session has written more than fits.
func (s *fakeSocket) refusedWrites() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusals
}

// closes gives the codes it was closed with.
func (s *fakeSocket) closes() []uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]uint16(nil), s.codes...)
}

// firstFrame is how many bytes the first of some frames has (RFC 6455 §5.2).
func firstFrame(frames []byte) int {
	switch n := int(frames[1]); n {
	case 126:
		return 4 + int(binary.BigEndian.Uint16(frames[2:]))
	case 127:
		return 10 + int(binary.BigEndian.Uint64(frames[2:]))
	default:
		return 2 + n
	}
}

// read has the client read frames: it keeps those with text, and answers pings.
func (s *fakeSocket) read(frames []byte) {
	for len(frames) > 0 {
		n := firstFrame(frames)
		if frames[0] == finPing {
			s.pings = append(s.pings, append([]byte(nil), protocol.Entry{Frame: frames[:n]}.Payload()...))
		} else {
			s.bytes = append(s.bytes, frames[:n]...)
		}
		frames = frames[n:]
	}
	s.answerPings()
}

func (s *fakeSocket) answerPings() {
	if s.mute {
		return
	}
	for _, payload := range s.pings {
		go s.conn.Pong(payload) // as the read loop does
	}
	s.pings = nil
}

// ignorePings has the client read without its answers to pings getting through.
func (s *fakeSocket) ignorePings(ignore bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = ignore
	s.answerPings()
}

// heard gives what the client has read, frame by frame.
func (s *fakeSocket) heard() []string {
	s.mu.Lock()
	rest := s.bytes[:len(s.bytes):len(s.bytes)]
	s.mu.Unlock()
	var frames []string
	for len(rest) > 0 {
		n := firstFrame(rest)
		frames = append(frames, string(protocol.Entry{Frame: rest[:n]}.Payload()))
		rest = rest[n:]
	}
	return frames
}

// heardOf gives the frames of a type.
func (s *fakeSocket) heardOf(kind string) []string {
	var of []string
	for _, f := range s.heard() {
		if strings.HasPrefix(f, `{"type":"`+kind+`"`) {
			of = append(of, f)
		}
	}
	return of
}

// feed gives what the client was told of a log: the first frame's part and what
// followed, byte for byte. kind is msg or dm.
func (s *fakeSocket) feed(kind string) []string {
	first, list := "init", "history"
	if kind == "dm" {
		first, list = "joined", "dms"
	}
	var told []string
	for _, f := range s.heard() {
		switch {
		case strings.HasPrefix(f, `{"type":"`+first+`"`):
			var m map[string]json.RawMessage
			var messages []json.RawMessage
			if json.Unmarshal([]byte(f), &m) != nil || json.Unmarshal(m[list], &messages) != nil {
				return []string{"not JSON: " + f}
			}
			for _, message := range messages {
				told = append(told, string(message))
			}
		case strings.HasPrefix(f, `{"type":"`+kind+`"`):
			told = append(told, f)
		}
	}
	return told
}
