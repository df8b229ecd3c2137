package sim

import (
	"fmt"
	"time"

	"parley/actors"
	"parley/actors/protocol"
	"parley/drill/rig"
)

const (
	// sendBuffer is what the kernels between a node and a client take at once: small, so that
	// it is full often.
	sendBuffer = 8 << 10
	// slowPatience is how long a client may read nothing while something is kept for it, as
	// transport has it.
	slowPatience = 30 * time.Second
	// hopTime is how long a client's frame takes to the node at most, or a node's to it.
	hopTime = 2 * time.Millisecond
)

// socket is a client's connection, both ends of it. To the node it is what transport is:
// frames go out as far as the kernel takes them, the rest is kept, and Drained tells that
// nothing is. All of it happens in the world's goroutine, but Receive, which may wait.
type socket struct {
	world *world
	name  string
	node  *node
	conn  *actors.Connection
	// told is the client's side: a frame that arrives, and the end.
	told interface {
		hear(rig.Frame)
		closed(code uint16)
	}

	toClient []byte // written, and not yet read
	heard    []byte // read, the part of a frame
	reading  bool   // a read is due
	deaf     bool   // the client does not read
	kept     []byte // what the kernel did not take
	keptAt   time.Time
	owed     bool
	over     bool          // closed by whomever, or about to be
	reported bool          // the chat knows
	said     []said        // on its way to the node
	inbox    chan said     // to the goroutine that may wait in Receive
	ended    chan struct{} // closed with the connection
}

// connect opens a connection on a node; it fails where the node takes none.
func connect(w *world, name string, n *node, resume actors.Resume) (*socket, error) {
	s := &socket{world: w, name: name, node: n, inbox: make(chan said), ended: make(chan struct{})}
	conn, err := n.chat.Connect(s, resume)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", n.name, err)
	}
	w.trace.note("  %s is on %s, as its connection %d", name, n.name, conn.ID)
	s.conn = conn
	n.sockets[s] = struct{}{}
	go func() {
		for {
			select {
			case frame := <-s.inbox:
				if frame.pong != nil {
					conn.Pong(frame.pong)
				} else {
					conn.Receive(frame.text)
				}
			case <-s.ended:
				return
			}
		}
	}()
	return s, nil
}

// Write takes all, and says whether the kernel did.
func (s *socket) Write(frames []byte) (drained bool) {
	if s.over {
		return true
	}
	if len(s.kept) == 0 {
		n := min(len(frames), sendBuffer-len(s.toClient))
		s.give(frames[:n])
		frames = frames[n:]
	}
	if len(frames) == 0 {
		return len(s.kept) == 0
	}
	s.keep(frames)
	s.owed = true
	return false
}

// Offer takes what the kernel does, and the rest of the frame that it cuts.
func (s *socket) Offer(frames []byte) (taken int) {
	if s.over {
		return len(frames)
	}
	if len(s.kept) == 0 {
		n := min(len(frames), sendBuffer-len(s.toClient))
		s.give(frames[:n])
		if n == len(frames) {
			return n
		}
		for taken <= n { // a frame is kept even if none be cut: its leaving is what tells of room
			taken += protocol.FrameLen(frames[taken:])
			if taken == len(frames) {
				break
			}
		}
		s.keep(frames[n:taken])
	}
	s.owed = s.owed || taken < len(frames)
	return taken
}

func (s *socket) keep(b []byte) {
	if len(s.kept) == 0 {
		s.keptAt = time.Now()
	}
	s.kept = append(s.kept, b...)
}

// give puts bytes on their way.
func (s *socket) give(b []byte) {
	s.toClient = append(s.toClient, b...)
	s.readSoon()
}

func (s *socket) readSoon() {
	if !s.reading && !s.deaf && len(s.toClient) > 0 {
		s.reading = true
		s.world.after(s.hop(), s.name+" reads", s.read)
	}
}

func (s *socket) hop() time.Duration { return time.Duration(s.world.rand.Int64N(int64(hopTime))) }

// read has the client read what is there, and makes room for what was kept.
func (s *socket) read() {
	s.reading = false
	if s.deaf || s.over {
		return
	}
	s.hearAll()
	if len(s.kept) > 0 {
		n := min(len(s.kept), sendBuffer-len(s.toClient))
		s.toClient = append(s.toClient, s.kept[:n]...)
		s.kept, s.keptAt = s.kept[n:], time.Now()
	}
	if len(s.kept) == 0 && s.owed {
		s.owed, s.kept = false, nil
		s.conn.Drained()
	}
	s.readSoon()
}

// hearAll has the client read what there is, and tells it all whole frames.
func (s *socket) hearAll() {
	s.heard = append(s.heard, s.toClient...)
	s.toClient = nil
	for {
		n := frameLen(s.heard)
		if n == 0 || n > len(s.heard) {
			return
		}
		opcode, frame := s.heard[0]&0xf, append([]byte(nil), payload(s.heard[:n])...)
		s.heard = s.heard[n:]
		if opcode == opPing {
			s.send(said{pong: frame})
			continue
		}
		s.world.trace.note("  %s hears %s", s.name, short(frame))
		f := rig.ParseFrame(frame)
		f.At = time.Now()
		s.told.hear(f)
	}
}

// said is a frame from the client: text, or the answer to a ping.
type said struct {
	text string
	pong []byte
}

// say sends a frame to the node.
func (s *socket) say(frame string) {
	s.world.trace.note("  %s will say %s", s.name, short([]byte(frame)))
	s.send(said{text: frame})
}

func (s *socket) send(frame said) {
	s.said = append(s.said, frame)
	s.world.after(s.hop(), s.name+" says", s.pass)
}

// pass hands what was said to the one who waits in Receive, if he is back from there.
func (s *socket) pass() {
	if s.over || len(s.said) == 0 {
		return
	}
	select {
	case s.inbox <- s.said[0]:
		s.said = s.said[1:]
	default: // the session is behind
	}
	if len(s.said) > 0 {
		s.world.after(hopTime, s.name+" says", s.pass)
	}
}

// stall has the client stop reading, or read on.
func (s *socket) stall(on bool) {
	s.deaf = on
	s.readSoon()
}

// sweep ends the connection of a client that has not read for too long.
func (s *socket) sweep() {
	if !s.over && len(s.kept) > 0 && time.Since(s.keptAt) > slowPatience {
		s.conn.TooSlow()
		s.Close(protocol.CloseTooSlow, "")
	}
}

// Close ends the connection from the node's side. The client reads what the kernel has, if
// it reads.
func (s *socket) Close(code uint16, _ string) {
	if s.over {
		return
	}
	s.world.after(s.hop(), s.name+" is closed", func() {
		if !s.over {
			if !s.deaf {
				s.hearAll()
			}
			s.finish(code, false)
		}
	})
}

// drop ends the connection from the client's side; clean, with a goodbye.
func (s *socket) drop(clean bool) {
	if s.over {
		return
	}
	s.over = true
	s.world.trace.note("  %s leaves, goodbye %v", s.name, clean)
	s.told.closed(closedByClient)
	s.world.after(s.hop(), s.name+" is gone", func() { s.report(clean) })
}

// break ends the connection for both, without a word: its node has died, or a cable.
func (s *socket) sever() {
	if !s.over {
		s.finish(closedAbnormally, false)
	}
}

const (
	closedByClient   = 1000
	closedAbnormally = 1006
)

func (s *socket) finish(code uint16, clean bool) {
	s.over = true
	s.world.trace.note("  %s has ended, code %d", s.name, code)
	s.told.closed(code)
	s.report(clean)
}

// report tells the chat, as the read loop does with its last call.
func (s *socket) report(clean bool) {
	if s.reported {
		return
	}
	s.reported = true
	close(s.ended)
	delete(s.node.sockets, s)
	s.conn.Closed(clean)
}
