package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Opcodes of RFC 6455.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

const (
	finBit  = 0x80
	maskBit = 0x80

	lengthIn16 = 126 // a length of 126 says that the real one follows in 16 bits
	lengthIn64 = 127 // and 127 in 64

	// maxFrame bounds what a server may say at once: the longest first frame of Parley, 1,000 messages, is far below it.
	maxFrame = 64 << 20
)

var (
	errFragmented = errors.New("the server fragments its messages")
	errMasked     = errors.New("the server masks its frames")
)

// frame is one WebSocket frame of a server; its payload is part of the buffer it was found in.
type frame struct {
	opcode  byte
	payload []byte
}

// appendFrame appends a client's frame. Its masking key is zero, which is legal and leaves the payload as it is.
func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, finBit|opcode)
	switch n := len(payload); {
	case n < lengthIn16:
		dst = append(dst, maskBit|byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, maskBit|lengthIn16), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, maskBit|lengthIn64), uint64(n))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, payload...)
}

// nextFrame reads the frame that b begins with. A size of 0 says that it is not whole yet.
func nextFrame(b []byte) (f frame, size int, err error) {
	if len(b) < 2 {
		return frame{}, 0, nil
	}
	if b[1]&maskBit != 0 {
		return frame{}, 0, errMasked
	}
	if b[0]&finBit == 0 || b[0]&0xF == 0 {
		return frame{}, 0, errFragmented
	}
	head, length := 2, int(b[1])
	switch length {
	case lengthIn16:
		if head += 2; len(b) < head {
			return frame{}, 0, nil
		}
		length = int(binary.BigEndian.Uint16(b[2:]))
	case lengthIn64:
		if head += 8; len(b) < head {
			return frame{}, 0, nil
		}
		long := binary.BigEndian.Uint64(b[2:])
		if long > maxFrame {
			return frame{}, 0, fmt.Errorf("a frame of %d bytes", long)
		}
		length = int(long)
	}
	if len(b) < head+length {
		return frame{}, 0, nil
	}
	return frame{opcode: b[0] & 0xF, payload: b[head : head+length]}, head + length, nil
}
