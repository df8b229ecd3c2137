package transport

const (
	closeProtocol = 1002
	closeTooLarge = 1009
)

// framing follows the frames of a client (RFC 6455 §5.2) through whatever pieces their
// bytes come in, reads their heads and skips the rest. The WebSocket library reads behind
// it, and only what it lets through: the library takes lengths of 2^63 and more for
// negative ones, and panics; and it takes lengths in more bytes than they need.
//
// The zero framing is at the start of a frame. It knows nothing of payloads, so that what
// is wrong there (UTF-8, close codes) is the library's to find.
type framing struct {
	claimed uint32   // the payload's length, as far as it was read; tooLong for all beyond
	skip    uint16   // bytes of the mask and of the payload that are still to come
	message uint16   // payload bytes of the unfinished message, over its fragments
	head    byte     // the frame's first byte
	width   byte     // bytes of the length still to come
	at      headByte // what the next byte is
	open    bool     // a message has begun and not ended
}

// headByte says what a byte of a frame's head holds.
type headByte byte

const (
	opcodeByte headByte = iota
	maskByte
	length16Byte
	length64Byte
)

// The parts of a frame's head.
const (
	finBit     = 0x80
	rsvBits    = 0x70
	controlBit = 0x08
	opcodeBits = 0x0f
	maskBit    = 0x80
	topBit     = 0x80

	opcodeContinuation = 0x0
	opcodeBinary       = 0x2
	opcodePong         = 0xa

	in16, in64 = 126, 127  // the length follows in as many bits
	longest7   = 125       // payload bytes whose length fits the second byte: all that control frames may have
	longest16  = 1<<16 - 1 // payload bytes whose length fits 16 bits
	tooLong    = 1 << 16   // bytes: over longest16, and over frameLimit
	maskSize   = 4         // bytes
)

// scan reads on in p, and tells how many bytes of it may be handed on: all, or those
// before one that no client may send, and the close code for that. Nothing may be scanned
// after it. parts is how many frames were seen that are neither a control frame nor the
// last of a message: what such frames cost, nobody else counts.
func (f *framing) scan(p []byte) (good, parts int, code uint16) {
	for i := 0; i < len(p); {
		if f.skip > 0 {
			n := min(int(f.skip), len(p)-i)
			f.skip -= uint16(n)
			i += n
			continue
		}
		part, code := f.step(p[i])
		if code != 0 {
			return i, parts, code
		}
		if part {
			parts++
		}
		i++
	}
	return len(p), parts, 0
}

// step takes a byte of a head.
func (f *framing) step(b byte) (part bool, code uint16) {
	switch f.at {
	case opcodeByte:
		f.head, f.at = b, maskByte
		return false, f.checkOpcode()
	case maskByte:
		return f.stepMask(b)
	default:
		if f.at == length64Byte && f.width == 8 && b&topBit != 0 {
			return false, closeProtocol // "the most significant bit MUST be 0"
		}
		f.claimed = min(f.claimed<<8|uint32(b), tooLong)
		if f.width--; f.width > 0 {
			return false, 0
		}
		if f.claimed <= longest7 || f.at == length64Byte && f.claimed <= longest16 {
			return false, closeProtocol // "the minimal number of bytes MUST be used"
		}
		return f.accept()
	}
}

// checkOpcode looks at the first byte of a frame.
func (f *framing) checkOpcode() (code uint16) {
	opcode := f.head & opcodeBits
	switch {
	case f.head&rsvBits != 0: // no extension is ever negotiated
		return closeProtocol
	case opcode&controlBit != 0:
		if opcode > opcodePong || f.head&finBit == 0 {
			return closeProtocol
		}
	case opcode > opcodeBinary || f.open != (opcode == opcodeContinuation):
		return closeProtocol
	}
	return 0
}

// stepMask looks at the second byte, which says whether there is a mask, and the length or
// where it is.
func (f *framing) stepMask(b byte) (part bool, code uint16) {
	length := b &^ maskBit
	if b&maskBit == 0 || f.head&controlBit != 0 && length > longest7 {
		return false, closeProtocol
	}
	f.claimed = 0
	switch length {
	case in16:
		f.at, f.width = length16Byte, 2
	case in64:
		f.at, f.width = length64Byte, 8
	default:
		f.claimed = uint32(length)
		return f.accept()
	}
	return false, 0
}

// accept ends a head, whose length is known, and has what it announces skipped.
func (f *framing) accept() (part bool, code uint16) {
	f.at = opcodeByte
	if f.head&controlBit != 0 {
		f.skip = maskSize + uint16(f.claimed)
		return false, 0
	}
	if f.claimed > frameLimit-uint32(f.message) {
		return false, closeTooLarge
	}
	f.skip = maskSize + uint16(f.claimed)
	f.open = f.head&finBit == 0
	if !f.open {
		f.message = 0
		return false, 0
	}
	f.message += uint16(f.claimed)
	return true, 0
}
