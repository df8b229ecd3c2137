package sim

import "encoding/binary"

// opPing is of RFC 6455 §5.2.
const opPing = 0x9

// frameLen is how long the first frame is, 0 if that can't be said yet. A server's frames
// bear no mask (RFC 6455 §5.1).
func frameLen(b []byte) int {
	switch {
	case len(b) < 2:
		return 0
	case b[1] < 126:
		return 2 + int(b[1])
	case b[1] == 126 && len(b) >= 4:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case b[1] == 127 && len(b) >= 10:
		return 10 + int(binary.BigEndian.Uint64(b[2:]))
	default:
		return 0
	}
}

func payload(frame []byte) []byte {
	switch frame[1] {
	case 126:
		return frame[4:]
	case 127:
		return frame[10:]
	default:
		return frame[2:]
	}
}
